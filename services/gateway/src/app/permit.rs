//! Who may do what at the edge, of those whom the contract's audience lets in.

use domain::actor::{Actor, Principal, Role};

use crate::error::Error;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Comparing the warehouse with its source, reading indicators.
    ReadWarehouse,
    /// Asking for a job.
    RunJob,
    /// Looking at jobs.
    ReadJob,
    /// Looking at rehearsals.
    ReadTrials,
}

impl Deed {
    /// The roles of which a person needs one.
    fn roles(self) -> &'static [Role] {
        match self {
            Deed::ReadWarehouse => &[
                Role::Monitor,
                Role::ProvinceAdmin,
                Role::TechnicalAdmin,
                Role::Inspector,
            ],
            Deed::RunJob => &[Role::ProvinceAdmin, Role::TechnicalAdmin],
            Deed::ReadJob => &[Role::ProvinceAdmin, Role::TechnicalAdmin, Role::Monitor],
            // As workflow answers on readiness.
            Deed::ReadTrials => &[
                Role::UnitAdmin,
                Role::ProvinceAdmin,
                Role::TechnicalAdmin,
                Role::Monitor,
                Role::Inspector,
            ],
        }
    }
}

/// Refuses who may not. One of our services may for itself; one that acts for
/// somebody may what that one may.
pub fn check(actor: &Actor, deed: Deed) -> Result<(), Error> {
    let may = match actor.principal {
        Principal::Service(_) => true,
        Principal::Person(_) => deed.roles().iter().any(|role| actor.has(*role)),
        Principal::Partner(_) => false,
    };
    if may { Ok(()) } else { Err(Error::Denied) }
}

/// The partner that calls, if it has the scope.
pub fn partner<'a>(actor: &'a Actor, scope: &str) -> Result<&'a str, Error> {
    match &actor.principal {
        Principal::Partner(client) if actor.scopes.contains(scope) => Ok(client),
        Principal::Partner(_) | Principal::Person(_) | Principal::Service(_) => Err(Error::Denied),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::actor::ActingPost;
    use domain::ids::{PersonId, PostId, UnitId};
    use uuid::Uuid;

    use super::*;

    fn actor(principal: Principal, roles: &[Role], scopes: &[&str]) -> Actor {
        Actor {
            principal,
            post: (!roles.is_empty()).then(|| ActingPost {
                id: PostId(Uuid::nil()),
                unit: UnitId::from("42"),
                unit_path: vec![UnitId::from("42")],
                roles: roles.iter().copied().collect(),
            }),
            session: None,
            epoch: 0,
            scopes: scopes
                .iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>(),
        }
    }

    fn person(role: Role) -> Actor {
        actor(Principal::Person(PersonId(Uuid::nil())), &[role], &[])
    }

    #[test]
    fn administrators_run_jobs_and_monitors_only_look_at_them() {
        assert!(check(&person(Role::TechnicalAdmin), Deed::RunJob).is_ok());
        assert!(check(&person(Role::Monitor), Deed::RunJob).is_err());
        assert!(check(&person(Role::Monitor), Deed::ReadJob).is_ok());
        assert!(check(&person(Role::Inspector), Deed::ReadJob).is_err());
    }

    #[test]
    fn an_officer_at_a_counter_sees_nothing_of_the_warehouse() {
        for deed in [
            Deed::ReadWarehouse,
            Deed::ReadJob,
            Deed::RunJob,
            Deed::ReadTrials,
        ] {
            assert!(check(&person(Role::Reception), deed).is_err(), "{deed:?}");
            let partner = actor(Principal::Partner("x".into()), &[], &["dossier.read"]);
            assert!(check(&partner, deed).is_err(), "{deed:?}");
            let service = actor(Principal::Service("operator".into()), &[], &[]);
            assert!(check(&service, deed).is_ok(), "{deed:?}");
        }
    }

    #[test]
    fn a_partner_needs_the_very_scope() {
        let caller = actor(Principal::Partner("dvc".into()), &[], &["dossier.file"]);
        assert_eq!(partner(&caller, "dossier.file").unwrap(), "dvc");
        assert!(partner(&caller, "dossier.read").is_err());
        let other = actor(Principal::Service("gateway".into()), &[], &["dossier.file"]);
        assert!(partner(&other, "dossier.file").is_err());
    }
}
