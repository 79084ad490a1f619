//! What is searched for is found, and what people type means itself.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::clock::Clock as _;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use testkit::{Engine, Town};

use crate::acts::{get, list};
use crate::bad_input::assert_wrong;
use crate::office::{BIRTH, FIVE_DAYS, MAI_PHU, NO_LIMIT, Office, THANH_SEN, filing};

type Asked = pb::ListDossiersRequest;

fn by_name(words: &str) -> Asked {
    Asked {
        applicant_name: words.to_owned(),
        ..Asked::default()
    }
}

fn by_code(code: &str) -> Asked {
    Asked {
        code: code.to_owned(),
        ..Asked::default()
    }
}

/// The names that a list shows, in any order.
async fn names(office: &Office, asked: &Asked) -> BTreeSet<String> {
    let all = list(&office.counter.line, asked).await.unwrap();
    let names: Vec<_> = all.into_iter().map(|d| d.name).collect();
    let set: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(set.len(), names.len(), "a dossier is listed twice");
    set
}

async fn takes(office: &Office, case: &str, name: &str, phone: &str) -> pb::Dossier {
    let mut filed = filing(&office.unit, case);
    let applicant = filed.applicant.as_mut().unwrap();
    name.clone_into(&mut applicant.full_name);
    phone.clone_into(&mut applicant.phone);
    office.submit(filed).await.unwrap()
}

fn set(dossiers: &[&pb::Dossier]) -> BTreeSet<String> {
    dossiers.iter().map(|d| d.name.clone()).collect()
}

#[tokio::test]
async fn names_are_found_without_accents_in_any_order_and_wildcards_mean_themselves() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let duong = takes(&office, BIRTH, "Đặng Thị Hoà Đường", "0911111111").await;
        let quoted = takes(&office, BIRTH, "Y' Bhă O\"Niê", "0922222222").await;
        let percent = takes(&office, BIRTH, "Lê 100% An", "0933333333").await;
        let under = takes(&office, BIRTH, "Lê_Bình \\ Cường", "").await;

        for (words, found) in [
            ("dang thi hoa duong", set(&[&duong])),
            ("ĐƯỜNG đặng", set(&[&duong])),
            ("hòa  dang", set(&[&duong])),
            ("duong hoa thi dang", set(&[&duong])),
            ("dan", set(&[&duong])),
            ("le", set(&[&percent, &under])),
            ("duong binh", set(&[])),
            ("%", set(&[&percent])),
            ("0%", set(&[&percent])),
            ("l%e", set(&[])),
            ("_", set(&[&under])),
            ("l_", set(&[])),
            ("le_b", set(&[&under])),
            ("\\", set(&[&under])),
            ("\\%", set(&[])),
            ("'", set(&[&quoted])),
            ("y' bha", set(&[&quoted])),
            ("\"", set(&[&quoted])),
            ("' OR '1'='1", set(&[])),
            ("'); DROP TABLE dossier; --", set(&[])),
        ] {
            assert_eq!(names(&office, &by_name(words)).await, found, "{words}");
        }
        town.end().await;
    }
}

#[tokio::test]
async fn text_in_nfd_is_kept_in_nfc_and_found_in_either_form() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let (composed, decomposed) = (
            "Nguyễn Thị Ngần",
            "Nguye\u{302}\u{303}n Thi\u{323} Nga\u{302}\u{300}n",
        );
        assert_ne!(composed, decomposed);
        let filed = takes(&office, BIRTH, decomposed, "").await;
        let read = get(&office.counter.line, &filed.name).await.unwrap();
        assert_eq!(read.applicant.unwrap().full_name, composed);
        for words in [composed, decomposed, "ngan nguyen"] {
            assert_eq!(
                names(&office, &by_name(words)).await,
                set(&[&filed]),
                "{words}"
            );
        }
        // A name of 200 characters is 200 characters in either form.
        let longest = takes(&office, BIRTH, &"e\u{302}\u{303}".repeat(200), "").await;
        assert_eq!(longest.applicant.unwrap().full_name, "ễ".repeat(200));
        town.end().await;
    }
}

#[tokio::test]
async fn lists_are_narrowed_by_code_phone_unit_state_task_and_due_date() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let (ours, theirs) = (
            Office::open(&town, MAI_PHU).await,
            Office::open(&town, THANH_SEN).await,
        );
        let birth = takes(&ours, BIRTH, "Lê Văn Một", "0911111111").await;
        let birth = ours.all(&["Accept"], birth).await;
        let slow = takes(&ours, FIVE_DAYS, "Lê Văn Hai", "0922222222").await;
        let path = ["Accept", "Transfer", "Receive", "Assign"];
        let slow = ours.all(&path, slow).await;
        let undated = ours.bring(NO_LIMIT, pb::State::Accepted).await;
        let fresh = takes(&ours, BIRTH, "Lê Văn Ba", "0911111111").await;
        let mut elsewhere = filing(&ours.unit, FIVE_DAYS);
        theirs.unit.clone_into(&mut elsewhere.decider);
        let elsewhere = ours.submit(elsewhere).await.unwrap();

        let short = slow.code.rsplit_once('-').unwrap().0;
        for (asked, found) in [
            (by_code(&slow.code), set(&[&slow])),
            (by_code(&slow.code.to_lowercase()), set(&[&slow])),
            (by_code(short), set(&[&birth, &slow, &undated])),
            (by_code("TAM"), set(&[])),
            (by_code("H27%"), set(&[])),
            (by_code("_27"), set(&[])),
            (phone("0911111111"), set(&[&birth, &fresh])),
            (phone("0911"), set(&[])),
            (unit(&theirs.unit), set(&[&elsewhere])),
            (
                unit(&ours.unit),
                set(&[&birth, &slow, &undated, &fresh, &elsewhere]),
            ),
            (states(&[pb::State::Checking]), set(&[&fresh, &elsewhere])),
            (
                states(&[pb::State::Accepted, pb::State::Processing]),
                set(&[&birth, &slow, &undated]),
            ),
        ] {
            assert_eq!(names(&ours, &asked).await, found, "{asked:?}");
        }
        mine(&ours, &slow, set(&[&birth, &undated, &fresh, &elsewhere])).await;
        let tonight = town.clock.now() + TimeDelta::hours(12);
        assert_eq!(names(&ours, &before(tonight)).await, set(&[&birth]));
        let later = town.clock.now() + TimeDelta::days(30);
        assert_eq!(names(&ours, &before(later)).await, set(&[&birth, &slow]));
        town.end().await;
    }
}

fn phone(phone: &str) -> Asked {
    Asked {
        phone: phone.to_owned(),
        ..Asked::default()
    }
}

fn unit(unit: &str) -> Asked {
    Asked {
        unit: unit.to_owned(),
        ..Asked::default()
    }
}

fn states(states: &[pb::State]) -> Asked {
    Asked {
        states: states.iter().map(|s| i32::from(*s)).collect(),
        ..Asked::default()
    }
}

fn before(at: chrono::DateTime<chrono::Utc>) -> Asked {
    Asked {
        due_before: Some(prost_types::Timestamp {
            seconds: at.timestamp(),
            nanos: 0,
        }),
        ..Asked::default()
    }
}

/// `mine` is what waits for the role, or is assigned to the person.
async fn mine(office: &Office, assigned: &pb::Dossier, counter: BTreeSet<String>) {
    let asked = Asked {
        mine: true,
        ..Asked::default()
    };
    assert_eq!(names(office, &asked).await, counter);
    for (who, n) in [
        (&office.processing, 1),
        (&office.head, 0),
        (&office.clerk, 0),
    ] {
        let all = list(&who.line, &asked).await.unwrap();
        assert_eq!(all.len(), n);
        assert!(all.iter().all(|d| d.name == assigned.name));
    }
}

#[tokio::test]
async fn pages_have_neither_gaps_nor_doubles_and_tokens_serve_their_own_list() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let mut made = BTreeSet::new();
        for case in [BIRTH, FIVE_DAYS, NO_LIMIT, FIVE_DAYS, BIRTH] {
            made.insert(office.bring(case, pb::State::Accepted).await.name);
            made.insert(office.takes(case).await.name);
        }
        let asked = Asked {
            page_size: 1,
            ..Asked::default()
        };
        assert_eq!(names(&office, &asked).await, made);
        let all = list(&office.counter.line, &asked).await.unwrap();
        let dues: Vec<_> = all
            .iter()
            .map(|d| d.due.map_or(i64::MAX, |due| due.seconds))
            .collect();
        assert!(dues.is_sorted(), "not by due date: {dues:?}");

        wrong_lists(&office, asked).await;
        histories_and_names(&office, &made).await;
        town.end().await;
    }
}

/// A token of another list, and what no list can be asked for.
async fn wrong_lists(office: &Office, mut asked: Asked) {
    let mut client = DossierQueryServiceClient::new(office.counter.line.clone());
    let token = client
        .list_dossiers(asked.clone())
        .await
        .unwrap()
        .into_inner();
    asked.page_token = token.next_page_token;
    let foreign = Asked {
        mine: true,
        ..asked.clone()
    };
    let forged = Asked {
        page_token: "WzEsWzEsMl1d".to_owned(),
        ..Asked::default()
    };
    for (what, wrong, field) in [
        ("a token of another list", foreign, "page_token"),
        ("a forged token", forged, "page_token"),
        (
            "-1 a page",
            Asked {
                page_size: -1,
                ..Asked::default()
            },
            "page_size",
        ),
        (
            "201 a page",
            Asked {
                page_size: 201,
                ..Asked::default()
            },
            "page_size",
        ),
        (
            "an unknown state",
            Asked {
                states: vec![99],
                ..Asked::default()
            },
            "states",
        ),
        (
            "no state",
            Asked {
                states: vec![0],
                ..Asked::default()
            },
            "states",
        ),
        ("a NUL in a code", by_code("H27\0"), "code"),
        ("a NUL in a name", by_name("Nguyễn\0"), "applicant_name"),
        ("a long name", by_name(&"x".repeat(201)), "applicant_name"),
        ("a unit of wrong shape", unit("18583' OR 1=1"), "unit"),
    ] {
        let refused = client.list_dossiers(wrong).await.expect_err(what);
        assert_wrong(what, &refused, &[field]);
    }
}

/// A history's token is its own; a name that cannot be one is no fault of ours.
async fn histories_and_names(office: &Office, made: &BTreeSet<String>) {
    let mut client = DossierQueryServiceClient::new(office.counter.line.clone());
    let mut named = made.iter().cloned();
    let mut asked = pb::ListHistoryRequest {
        name: named.next().unwrap(),
        page_size: 1,
        page_token: String::new(),
    };
    let page = client
        .list_history(asked.clone())
        .await
        .unwrap()
        .into_inner();
    (asked.name, asked.page_token) = (named.next().unwrap(), page.next_page_token);
    let refused = client
        .list_history(asked)
        .await
        .expect_err("another dossier's token");
    assert_wrong("another dossier's token", &refused, &["page_token"]);
    for name in ["", "dossiers/", "dossiers/7", "codes/", "codes/\0", "18583"] {
        let refused = get(&office.counter.line, name).await.expect_err(name);
        assert_wrong(name, &refused, &["name"]);
    }
}
