//! Who took a dossier in or drafted its result does not sign it, whatever roles
//! their post has.

use std::collections::BTreeSet;

use domain::actor::{ActingPost, Role};
use domain::clock::{Clock as _, Ids as _};
use domain::ids::{PersonId, PostId, SessionId, UnitId};
use motcua::keys::Keys;
use proto::dossier::v1::State;
use runtime::auth::{Claims, Signer};
use runtime::client::Channel;
use runtime::clock::SystemIds;
use testkit::{Engine, Town};
use tonic::Code;

use crate::acts::{Call, act, get};
use crate::office::{FIVE_DAYS, MAI_PHU, Office};
use crate::record::{fingerprint, settled, told, told_well};

/// A line of a person in a post with every role, as a small commune may have one.
fn with_every_role(town: &Town, person: &str) -> Channel {
    let id = person.trim_start_matches("people/").parse().unwrap();
    let unit = UnitId::from(MAI_PHU);
    let post = ActingPost {
        id: PostId(SystemIds.next()),
        unit_path: vec![UnitId::from("42"), unit.clone()],
        unit,
        roles: BTreeSet::from([
            Role::Reception,
            Role::Processing,
            Role::DivisionHead,
            Role::Leader,
        ]),
    };
    let session = SessionId(SystemIds.next());
    let claims = Claims::person(PersonId(id), session, 1, Some(&post), town.clock.now());
    let issuer = Keys::new(town.config.keys(), false).issuer().unwrap();
    town.with_token(&Signer::new(&issuer).sign(&claims).unwrap())
}

#[tokio::test]
async fn who_accepted_or_submitted_the_draft_does_not_sign() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.bring(FIVE_DAYS, State::AwaitingSignature).await;
        settled(&town).await;
        let before = fingerprint(&town).await;
        for (who, rule) in [
            (&office.counter, "ACCEPTER_SIGNS"),
            (&office.processing, "DRAFTER_SIGNS"),
        ] {
            let line = with_every_role(&town, &who.name);
            let refused = act(&line, "Sign", &Call::on(&seen)).await.expect_err(rule);
            assert_eq!(told_well(&refused).code, Code::FailedPrecondition);
            assert_eq!(told(&refused, "rule").1, rule);
        }
        let mut other = Call::on(&seen);
        other.digest = "0".repeat(64);
        let refused = act(&office.leader.line, "Sign", &other)
            .await
            .expect_err("other");
        assert_eq!(told(&refused, "rule").1, "OTHER_DRAFT");
        assert_eq!(fingerprint(&town).await, before);

        // The same roles in other hands sign.
        let line = with_every_role(&town, &office.head.name);
        act(&line, "Sign", &Call::on(&seen)).await.unwrap();
        let signed = get(&office.leader.line, &seen.name).await.unwrap();
        assert_eq!(signed.state(), State::AwaitingIssue);
        town.end().await;
    }
}
