//! Lives of dossiers, as the engine makes them: the file that they fold to, and
//! the events that tell of them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::case_file::{self, CaseFile, Channel, Fact, RowRef};
use domain::dossier::Verb;
use domain::ids::{DossierId, PersonId, TaskId, UnitId};
use domain::process::{Command, Ctx, Definition, Instance, Opening, Refusal, Terms, open};
use domain::working_time::{
    AfterPause, Calendar, Handover, Mode, local, national_calendar, parse_instant,
};
use feed::envelope::{self, Draft, Envelope};
use proptest::prelude::*;
use storage::event::NewEvent;
use uuid::Uuid;

/// The unit that takes dossiers in.
pub(crate) const UNIT: &str = "18583";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

/// One event of a dossier.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at: DateTime<Utc>,
    pub(crate) verb: &'static str,
    pub(crate) version: i64,
    pub(crate) facts: Vec<Fact>,
}

/// How a life begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    pub(crate) id: u128,
    pub(crate) receiver: &'static str,
    pub(crate) decider: &'static str,
    /// Empty: none is published.
    pub(crate) limit: &'static str,
    pub(crate) rehearsal: bool,
    pub(crate) submitted: &'static str,
}

impl Birth {
    pub(crate) fn new(id: u128) -> Self {
        Self {
            id,
            receiver: UNIT,
            decider: UNIT,
            limit: "10wd",
            rehearsal: false,
            submitted: "2026-09-01T08:00",
        }
    }
}

/// A life so far.
pub(crate) struct Life {
    pub(crate) file: CaseFile,
    pub(crate) events: Vec<Told>,
    pub(crate) now: DateTime<Utc>,
    definition: Definition,
    calendar: Calendar,
    tasks: u128,
}

impl Life {
    /// Submitted, and opened by the workflow.
    pub(crate) fn begin(birth: Birth) -> Self {
        let now = at(birth.submitted);
        let (id, receiver) = (Uuid::from_u128(birth.id), UnitId::from(birth.receiver));
        let file = CaseFile {
            id: DossierId(id),
            version: 0,
            case: "tt-0001".to_owned(),
            title: "Đăng ký khai sinh".to_owned(),
            receiver: receiver.clone(),
            decider: UnitId::from(birth.decider),
            channel: Channel::Counter,
            rehearsal: birth.rehearsal,
            submitted: now,
            filing: None,
            applicant: RowRef {
                row: id,
                version: 1,
                commitment: "00".to_owned(),
            },
            parts: Vec::new(),
            drafts: Vec::new(),
            notes: Vec::new(),
            code: None,
            instance: None,
        };
        let mut life = Self {
            file: file.clone(),
            events: Vec::new(),
            now,
            definition: Definition::standard(),
            calendar: national_calendar(),
            tasks: birth.id << 32,
        };
        let submitted = Fact::Submitted {
            file: Box::new(file),
        };
        life.tell("submitted", vec![submitted]);
        let opening = Opening {
            dossier: life.file.id,
            receiver,
            decider: UnitId::from(birth.decider),
            terms: Terms {
                limit: (!birth.limit.is_empty()).then(|| birth.limit.parse().unwrap()),
                mode: Mode::Day,
                supplement: AfterPause::Restart,
                handover: Handover::Electronic,
            },
            online: false,
        };
        let (_, opened) = open(&life.definition.clone(), &opening, &life.ctx(1));
        let moved = Fact::Moved {
            advanced: Box::new(opened),
        };
        life.tell("submit_at_counter", vec![moved]);
        life
    }

    fn ctx(&self, who: u128) -> Ctx<'_> {
        Ctx {
            now: self.now,
            person: Some(person(who)),
            task: TaskId(Uuid::from_u128(self.tasks)),
            receiver: &self.calendar,
            decider: &self.calendar,
        }
    }

    fn tell(&mut self, verb: &'static str, facts: Vec<Fact>) {
        let version = self.file.version + 1;
        self.file = self.file.apply(version, &facts);
        self.events.push(Told {
            at: self.now,
            verb,
            version,
            facts,
        });
    }

    pub(crate) fn instance(&self) -> &Instance {
        self.file.instance.as_ref().unwrap()
    }

    /// One verb, by whoever.
    pub(crate) fn by(&mut self, who: u128, command: &Command) -> Result<(), Refusal> {
        self.tasks += 1;
        let instance = self.instance();
        let advanced = instance.decide(&self.definition, command, &self.ctx(who))?;
        let verb = advanced.verb;
        let mut facts = vec![Fact::Moved {
            advanced: Box::new(advanced),
        }];
        let accepts = matches!(verb, Verb::Accept | Verb::AcceptAndSettle);
        if accepts && self.file.code.is_none() {
            let day = local(self.now).unwrap().date();
            let serial = u32::try_from(self.file.id.0.as_u128() % 9_000).unwrap() + 1;
            let code = case_file::code(&self.file.receiver, self.file.rehearsal, day, serial);
            facts.push(Fact::CodeGiven {
                code: code.unwrap(),
            });
        }
        self.tell(verb.name(), facts);
        Ok(())
    }

    /// Verbs that must be lawful, each by somebody else.
    pub(crate) fn go(&mut self, commands: &[Command]) {
        for (who, command) in (10..).zip(commands) {
            self.by(who, command)
                .unwrap_or_else(|why| panic!("{command:?}: {why}"));
        }
    }

    pub(crate) fn wait(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }

    /// From the counter to the hands of the officer.
    pub(crate) fn take_in_hand(&mut self) {
        self.go(&[
            Command::Accept {},
            Command::Transfer {},
            Command::Receive {},
            Command::Assign { person: person(3) },
        ]);
    }

    /// From the officer's hands to the citizen's.
    pub(crate) fn settle(&mut self) {
        self.go(&[
            Command::SubmitForSignature { digest: digest() },
            Command::Sign { digest: digest() },
            Command::Issue {},
            Command::ReturnResult {},
        ]);
    }

    /// Its events as the dossier service stores them.
    pub(crate) fn stored(&self) -> Vec<NewEvent> {
        let id = self.file.id.0;
        self.events
            .iter()
            .map(|told| {
                let draft = Draft {
                    id: Uuid::new_v5(&id, told.version.to_string().as_bytes()),
                    aggregate_kind: "dossier",
                    aggregate_id: id,
                    aggregate_version: told.version,
                    event_type: &format!("dossier.{}", told.verb),
                    schema_version: 1,
                    actor: "service:test",
                    unit: UNIT,
                    at: told.at,
                    request_id: "",
                };
                envelope::new_event(draft, &told.facts).unwrap()
            })
            .collect()
    }

    /// Its events as they are read from the feed.
    pub(crate) fn envelopes(&self) -> Vec<Envelope> {
        let stored = self.stored();
        let read = stored.iter().map(|new| envelope::decode(&new.envelope));
        read.collect::<Result<_, _>>().unwrap()
    }
}

pub(crate) fn digest() -> String {
    "ab".repeat(32)
}

/// What may be tried at any time.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(Command::AskIntakeSupplement {}),
        1 => Just(Command::ReceiveIntakeSupplement {}),
        1 => Just(Command::RefuseIntake {}),
        4 => Just(Command::Accept {}),
        1 => Just(Command::AcceptAndSettle {}),
        4 => Just(Command::Transfer {}),
        4 => Just(Command::Receive {}),
        1 => Just(Command::ReturnMisrouted {}),
        4 => Just(Command::Assign { person: person(3) }),
        1 => Just(Command::AskSupplement { sector_ground: true }),
        2 => Just(Command::CompleteSupplement {}),
        1 => Just(Command::RequireFinancialDuty {}),
        2 => Just(Command::CompleteFinancialDuty {}),
        1 => Just(Command::Suspend {}),
        2 => Just(Command::Resume {}),
        1 => Just(Command::Extend { due: at("2026-12-31T17:00") }),
        2 => Just(Command::CompleteStep {}),
        1 => Just(Command::SendBack {}),
        4 => Just(Command::SubmitForSignature { digest: digest() }),
        1 => Just(Command::RefuseToSign {}),
        4 => Just(Command::Sign { digest: digest() }),
        4 => Just(Command::Issue {}),
        1 => Just(Command::RefuseSettlement {}),
        1 => Just(Command::Withdraw {}),
        1 => Just(Command::Stop {}),
        2 => Just(Command::ReturnResult {}),
        1 => Just(Command::HandToPost {}),
        1 => Just(Command::ConfirmDelivery {}),
        1 => Just(Command::Recall {}),
    ]
}

/// Any history: what is not lawful is passed over.
pub(crate) fn any_life(id: u128) -> impl Strategy<Value = Life> + use<> {
    let commands = prop::collection::vec((any_command(), 0_i64..3000), 0..50);
    let limit = prop_oneof![3 => Just("10wd"), 1 => Just("")];
    (commands, limit, any::<bool>(), any::<bool>()).prop_map(
        move |(commands, limit, foreign, rehearsal)| {
            let mut life = Life::begin(Birth {
                decider: if foreign { "42-SYT" } else { UNIT },
                limit,
                rehearsal,
                ..Birth::new(id)
            });
            for (who, (command, minutes)) in (20..).zip(commands) {
                life.wait(minutes);
                let _ = life.by(who, &command);
            }
            life
        },
    )
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verbs: Vec<_> = self
            .events
            .iter()
            .map(|told| (told.verb, told.at))
            .collect();
        f.debug_tuple("Life").field(&verbs).finish()
    }
}
