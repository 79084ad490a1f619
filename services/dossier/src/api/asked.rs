//! What each crossing request asks: the command for workflow, and the words that
//! the file keeps.

use domain::ids::PersonId;
use domain::process::Command;
use proto::dossier::v1 as pb;

use super::convert::{self, Wrong};
use crate::app::cross::Asked;
use crate::app::notes::Note;

/// A command with what is said in words.
type Said = (Asked, Note);

fn said(command: Command, note: Note) -> Said {
    (Asked::Command(command), note)
}

/// A command that says why.
fn reasoned(wrong: &mut Wrong, command: Command, reason: &str) -> Said {
    let reason = wrong.text("reason", reason, 1, 2000);
    said(
        command,
        Note {
            reason,
            ..Note::default()
        },
    )
}

/// A command that says why, and on what legal ground.
fn grounded(wrong: &mut Wrong, command: Command, reason: &str, ground: &str) -> Said {
    let (asked, note) = reasoned(wrong, command, reason);
    let ground = wrong.text("ground", ground, 1, 500);
    (asked, Note { ground, ..note })
}

/// A command that names what is wanted, and why.
fn wanting(
    wrong: &mut Wrong,
    command: Command,
    items: &[pb::SupplementItem],
    reason: &str,
) -> Said {
    let items = convert::items(wrong, items);
    let (asked, note) = reasoned(wrong, command, reason);
    (asked, Note { items, ..note })
}

pub(super) fn intake_supplement(m: &pb::AskIntakeSupplementRequest, wrong: &mut Wrong) -> Said {
    wanting(wrong, Command::AskIntakeSupplement {}, &m.items, &m.reason)
}

pub(super) fn intake_supplement_received(
    _: &pb::ReceiveIntakeSupplementRequest,
    _: &mut Wrong,
) -> Said {
    said(Command::ReceiveIntakeSupplement {}, Note::default())
}

pub(super) fn intake_refusal(m: &pb::RefuseIntakeRequest, wrong: &mut Wrong) -> Said {
    grounded(wrong, Command::RefuseIntake {}, &m.reason, &m.ground)
}

pub(super) fn intake_expiry(m: &pb::ExpireIntakeSupplementRequest, wrong: &mut Wrong) -> Said {
    reasoned(wrong, Command::ExpireIntakeSupplement {}, &m.reason)
}

pub(super) fn supplement_expiry(m: &pb::ExpireSupplementRequest, wrong: &mut Wrong) -> Said {
    reasoned(wrong, Command::ExpireSupplement {}, &m.reason)
}

pub(super) fn sending_back(m: &pb::SendBackRequest, wrong: &mut Wrong) -> Said {
    reasoned(wrong, Command::SendBack {}, &m.reason)
}

pub(super) fn acceptance(_: &pb::AcceptRequest, _: &mut Wrong) -> Said {
    said(Command::Accept {}, Note::default())
}

pub(super) fn transfer(_: &pb::TransferRequest, _: &mut Wrong) -> Said {
    said(Command::Transfer {}, Note::default())
}

pub(super) fn receipt(_: &pb::ReceiveRequest, _: &mut Wrong) -> Said {
    said(Command::Receive {}, Note::default())
}

pub(super) fn misrouted(m: &pb::ReturnMisroutedRequest, wrong: &mut Wrong) -> Said {
    let ground = wrong.text("ground", &m.ground, 1, 500);
    said(
        Command::ReturnMisrouted {},
        Note {
            ground,
            ..Note::default()
        },
    )
}

pub(super) fn assignment(m: &pb::AssignRequest, wrong: &mut Wrong) -> Said {
    let person = PersonId(wrong.resource("person", "people/", &m.person));
    said(Command::Assign { person }, Note::default())
}

pub(super) fn step(m: &pb::CompleteStepRequest, wrong: &mut Wrong) -> Said {
    let reason = wrong.text("note", &m.note, 0, 2000);
    said(
        Command::CompleteStep {},
        Note {
            reason,
            ..Note::default()
        },
    )
}

pub(super) fn supplement(m: &pb::AskSupplementRequest, wrong: &mut Wrong) -> Said {
    let command = Command::AskSupplement {
        sector_ground: false,
    };
    wanting(wrong, command, &m.items, &m.reason)
}

pub(super) fn supplement_full(_: &pb::CompleteSupplementRequest, _: &mut Wrong) -> Said {
    said(Command::CompleteSupplement {}, Note::default())
}

pub(super) fn draft(m: &pb::SubmitForSignatureRequest, wrong: &mut Wrong) -> Said {
    (Asked::Draft(wrong.uuid("draft", &m.draft)), Note::default())
}

pub(super) fn signature(m: &pb::SignRequest, wrong: &mut Wrong) -> Said {
    let digest = wrong.digest("digest", &m.digest);
    said(Command::Sign { digest }, Note::default())
}

pub(super) fn signature_refusal(m: &pb::RefuseToSignRequest, wrong: &mut Wrong) -> Said {
    reasoned(wrong, Command::RefuseToSign {}, &m.reason)
}

pub(super) fn settlement_refusal(m: &pb::RefuseSettlementRequest, wrong: &mut Wrong) -> Said {
    reasoned(wrong, Command::RefuseSettlement {}, &m.reason)
}

pub(super) fn issue(m: &pb::IssueRequest, wrong: &mut Wrong) -> Said {
    let number = wrong.line("number", &m.number, 1, 50);
    said(
        Command::Issue {},
        Note {
            number,
            ..Note::default()
        },
    )
}

pub(super) fn hand_out(m: &pb::ReturnResultRequest, wrong: &mut Wrong) -> Said {
    let taker = wrong.line("taker", &m.taker, 1, 200);
    let way = convert::way(wrong, m.way());
    said(
        Command::ReturnResult {},
        Note {
            taker,
            way,
            ..Note::default()
        },
    )
}

pub(super) fn withdrawal(m: &pb::WithdrawRequest, wrong: &mut Wrong) -> Said {
    reasoned(wrong, Command::Withdraw {}, &m.reason)
}

pub(super) fn stop(m: &pb::StopRequest, wrong: &mut Wrong) -> Said {
    grounded(wrong, Command::Stop {}, &m.reason, &m.ground)
}

pub(super) fn extension(m: &pb::ExtendRequest, wrong: &mut Wrong) -> Said {
    let due = wrong.instant("new_due", m.new_due.as_ref());
    reasoned(wrong, Command::Extend { due }, &m.reason)
}
