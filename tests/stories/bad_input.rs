//! Bad input is told field by field, in Vietnamese, and nothing is written.

use proto::dossier::v1 as pb;
use testkit::{Engine, Town};
use tonic::{Code, Status};

use crate::acts::{Call, act, key};
use crate::office::{BIRTH, FIVE_DAYS, MAI_PHU, Office, filing, part};
use crate::record::{fingerprint, settled, told, told_well};

/// What a refusal must look like.
pub(crate) fn assert_wrong(what: &str, status: &Status, fields: &[&str]) {
    let refusal = told_well(status);
    assert_eq!(refusal.code, Code::InvalidArgument, "{what}: {refusal:?}");
    assert_eq!(refusal.reason, "INVALID_FIELD", "{what}");
    assert_eq!(refusal.fields, fields, "{what}");
}

type Spoil = fn(&mut pb::SubmitRequest);

fn person(filed: &mut pb::SubmitRequest) -> &mut pb::Applicant {
    filed.applicant.as_mut().unwrap()
}

/// Entries of a table: what is wrong, how, and the fields that must be named.
macro_rules! spoilt {
    ($($what:literal: |$it:ident| $spoil:expr => [$($field:literal),*];)*) => {
        vec![$(($what, |$it| $spoil, &[$($field),*])),*]
    };
}

/// One wrong thing a line, and the fields that must be named.
fn spoilt_filings() -> Vec<(&'static str, Spoil, &'static [&'static str])> {
    spoilt! {
        "an empty key": |f| f.request_id.clear() => ["request_id"];
        "a key that is no UUID": |f| f.request_id = "7".into() => ["request_id"];
        "an unknown procedure": |f| f.case = "cases/tt-9999".into() => ["case"];
        "a procedure of wrong shape": |f| f.case = "tt-0001".into() => ["case"];
        "a quote in a procedure": |f| f.case = "cases/' OR 1=1".into() => ["case"];
        "a unit of wrong shape": |f| f.receiver = "18583".into() => ["receiver"];
        "an unknown deciding unit": |f| f.decider = "units/99999".into() => ["decider"];
        "a deciding unit of wrong shape": |f| f.decider = "units/".into() => ["decider"];
        "no applicant": |f| f.applicant = None => [
            "applicant", "applicant.full_name", "applicant.birth_date", "applicant.id_number"
        ];
        "no name": |f| person(f).full_name = "  ".into() => ["applicant.full_name"];
        "10,000 characters": |f| person(f).full_name = "Ễ".repeat(10_000) => ["applicant.full_name"];
        "a name of digits": |f| person(f).full_name = "12345".into() => ["applicant.full_name"];
        "a NUL in a name": |f| person(f).full_name = "Lê\0Văn".into() => ["applicant.full_name"];
        "an escape": |f| person(f).full_name = "Lê\u{1b}[31m".into() => ["applicant.full_name"];
        "two lines": |f| person(f).full_name = "Lê\nVăn".into() => ["applicant.full_name"];
        "11 digits": |f| person(f).id_number = "00309000000".into() => ["applicant.id_number"];
        "a letter": |f| person(f).id_number = "00309000000O".into() => ["applicant.id_number"];
        "wide digits": |f| person(f).id_number = "００３０９０".into() => ["applicant.id_number"];
        "another year": |f| person(f).id_number = "003091000001".into() => ["applicant.id_number"];
        "a future birth date": |f| person(f).birth_date = "2026-12-01".into() => [
            "applicant.birth_date", "applicant.id_number"
        ];
        "no such day": |f| person(f).birth_date = "1990-02-30".into() => ["applicant.birth_date"];
        "the other way": |f| person(f).birth_date = "17/05/1990".into() => ["applicant.birth_date"];
        "in short": |f| person(f).birth_date = "1990-5-17".into() => ["applicant.birth_date"];
        "a telephone of 9 digits": |f| person(f).phone = "091234567".into() => ["applicant.phone"];
        "a telephone of letters": |f| person(f).phone = "09123x5678".into() => ["applicant.phone"];
        "an e-mail without @": |f| person(f).email = "nguoi.nop".into() => ["applicant.email"];
        "a long address": |f| person(f).address = "x".repeat(501) => ["applicant.address"];
        "a NUL in the address": |f| person(f).address = "a\0b".into() => ["applicant.address"];
        "no part": |f| f.parts.clear() => ["parts"];
        "an unknown part": |f| f.parts = vec![part(99)] => ["parts.number"];
        "part 0": |f| f.parts = vec![part(0)] => ["parts.number"];
        "a negative part": |f| f.parts = vec![part(-1)] => ["parts.number"];
        "a part twice": |f| f.parts = vec![part(1), part(1)] => ["parts.number"];
        "zero copies": |f| f.parts[0].originals = 0 => ["parts"];
        "a negative count": |f| f.parts[0].copies = -1 => ["parts"];
        "too many copies": |f| f.parts[0].copies = 100 => ["parts"];
        "an unknown channel": |f| f.channel = 99 => ["channel"];
        "no channel": |f| f.channel = 0 => ["channel"];
        "online at the counter": |f| f.channel = 2 => ["channel"];
        "everything at once": |f| spoil_much(f) => [
            "request_id", "case", "applicant.full_name", "applicant.birth_date",
            "applicant.id_number", "applicant.phone", "applicant.email", "parts", "channel"
        ];
    }
}

fn spoil_much(filed: &mut pb::SubmitRequest) {
    filed.request_id.clear();
    filed.case.clear();
    filed.channel = -1;
    filed.parts[0].originals = 0;
    let applicant = person(filed);
    applicant.full_name.clear();
    applicant.birth_date = "hôm qua".into();
    applicant.id_number = "123".into();
    applicant.phone = "113".into();
    applicant.email = "@".into();
}

#[tokio::test]
async fn a_filing_with_wrong_fields_names_them_all_and_writes_nothing() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        office.takes(BIRTH).await;
        settled(&town).await;
        let before = fingerprint(&town).await;
        for (what, spoil, fields) in spoilt_filings() {
            let mut filed = filing(&office.unit, FIVE_DAYS);
            spoil(&mut filed);
            let refused = office.submit(filed).await.expect_err(what);
            assert_wrong(what, &refused, fields);
            assert_eq!(fingerprint(&town).await, before, "{what}");
        }
        // A rule of procedure, not a field.
        let mut filed = filing(&office.unit, "tt-0097");
        filed.decider = "units/18073".into();
        let refused = office.submit(filed).await.expect_err("a department's case");
        assert_eq!(told(&refused, "rule").1, "DECIDER");
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}

#[tokio::test]
async fn a_counter_takes_in_only_for_a_unit_that_receives_and_only_by_reception() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let stc = town.officer("42-stc.tiepnhan1").await;
        let before = fingerprint(&town).await;
        let denied = [
            ("another unit's counter", "units/18073"),
            ("an unknown unit", "units/99999"),
            ("the province", "units/42"),
        ];
        for (what, receiver) in denied {
            let refused = office
                .submit(filing(receiver, BIRTH))
                .await
                .expect_err(what);
            let refusal = told_well(&refused);
            let seen = (refusal.code, refusal.reason.as_str());
            assert_eq!(seen, (Code::PermissionDenied, "DENIED"), "{what}");
        }
        // Its own sub-unit and a department: known to the officer, taking in nothing.
        let sub = filing("units/18583-TTPVHCC", BIRTH);
        let refused = office.submit(sub).await.expect_err("a sub-unit");
        assert_wrong("a sub-unit", &refused, &["receiver"]);
        let mut counter = office.clone();
        counter.counter = stc;
        let refused = counter.submit(filing("units/42-STC", "tt-0080")).await;
        let refused = refused.expect_err("a department");
        assert_eq!(told(&refused, "rule").1, "RECEIVER");
        counter.counter = office.leader.clone();
        let refused = counter.submit(filing(&office.unit, BIRTH)).await;
        assert_eq!(
            told_well(&refused.expect_err("the leader")).reason,
            "DENIED"
        );
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}

type SpoilCall = fn(&mut Call);

/// Method, and the words that are wrong, with the fields that must be named.
fn spoilt_calls() -> Vec<(&'static str, SpoilCall, &'static [&'static str])> {
    spoilt! {
        "AskIntakeSupplement": |c| c.items.clear() => ["items"];
        "AskIntakeSupplement": |c| c.items[0].what.clear() => ["items.what"];
        "AskIntakeSupplement": |c| c.items[0].what = "x".repeat(501) => ["items.what"];
        "AskIntakeSupplement": |c| c.reason.clear() => ["reason"];
        "AskIntakeSupplement": |c| (c.items.clear(), c.reason.clear()).1 => ["items", "reason"];
        "RefuseIntake": |c| c.ground.clear() => ["ground"];
        "RefuseIntake": |c| c.reason = "x".repeat(2001) => ["reason"];
        "RefuseIntake": |c| c.reason = "a\0b".into() => ["reason"];
        "ReturnMisrouted": |c| c.ground.clear() => ["ground"];
        "Assign": |c| c.person.clear() => ["person"];
        "Assign": |c| c.person = "people/lan".into() => ["person"];
        "CompleteStep": |c| c.reason = "x".repeat(2001) => ["note"];
        "AskSupplement": |c| c.items = vec![c.items[0].clone(); 51] => ["items"];
        "SubmitForSignature": |c| c.draft.clear() => ["draft"];
        "Sign": |c| c.digest = "abc".into() => ["digest"];
        "RefuseToSign": |c| c.reason = " \n ".into() => ["reason"];
        "RefuseSettlement": |c| c.reason.clear() => ["reason"];
        "Issue": |c| c.number.clear() => ["number"];
        "Issue": |c| c.number = "9".repeat(51) => ["number"];
        "ReturnResult": |c| c.taker.clear() => ["taker"];
        "ReturnResult": |c| c.way = 0 => ["way"];
        "ReturnResult": |c| c.way = 77 => ["way"];
        "Withdraw": |c| c.reason.clear() => ["reason"];
        "SendBack": |c| c.reason.clear() => ["reason"];
        "ExpireIntakeSupplement": |c| c.reason.clear() => ["reason"];
        "ExpireSupplement": |c| c.reason.clear() => ["reason"];
        "Stop": |c| (c.reason.clear(), c.ground.clear()).1 => ["reason", "ground"];
        "Extend": |c| c.new_due = None => ["new_due"];
        "Extend": |c| c.new_due.as_mut().unwrap().nanos = -1 => ["new_due"];
        "AttachDraft": |c| c.title.clear() => ["title"];
        "AttachDraft": |c| c.content.clear() => ["content"];
        "AttachDraft": |c| c.content = "x".repeat(100_001) => ["content"];
        "UpdateApplicant": |c| c.parts.clear() => ["parts"];
        "UpdateApplicant": |c| c.parts = vec![part(50)] => ["parts.number"];
        "UpdateApplicant": |c| c.applicant.as_mut().unwrap().full_name.clear() => [
            "applicant.full_name"
        ];
    }
}

#[tokio::test]
async fn an_act_with_wrong_words_names_them_and_writes_nothing() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.takes(FIVE_DAYS).await;
        settled(&town).await;
        let before = fingerprint(&town).await;
        for (method, spoil, fields) in spoilt_calls() {
            let mut call = Call::on(&seen).to(&office.processing.name);
            call.draft = key();
            call.digest = "0".repeat(64);
            spoil(&mut call);
            let who = office.who_in(method, seen.state());
            let refused = act(&who.line, method, &call).await.expect_err(method);
            assert_wrong(method, &refused, fields);
        }
        for method in crate::acts::METHODS {
            let mut call = Call::on(&seen).to(&office.processing.name);
            call.draft = key();
            call.digest = "0".repeat(64);
            (call.request_id, call.name) = (String::new(), "dossiers/7".to_owned());
            let line = &office.who(method).line;
            let refused = act(line, method, &call).await.expect_err(method);
            assert_wrong(method, &refused, &["request_id", "name"]);
        }
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}
