//! Who may reach which method: read from the contract at start-up.

use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, Value};
use proto::common::v1::Audience;

use crate::auth::Access;

/// The option that every method carries.
const OPTION: &str = "motcua.common.v1.access";

/// Why a server may not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The descriptor set cannot be read.
    #[error("the descriptor set cannot be read")]
    Descriptors,
    /// A mounted service is not of our contract.
    #[error("{0} is not in the contract")]
    Unknown(String),
    /// A method does not say who may call it.
    #[error("{0} does not say who may call it")]
    Silent(String),
}

/// The access rule of every mounted method, by path.
#[derive(Clone, Debug)]
pub(super) struct Table(BTreeMap<String, Access>);

impl Table {
    /// The rules of the mounted services.
    pub(super) fn of(descriptors: &[u8], mounted: &[&'static str]) -> Result<Self, AccessError> {
        let pool = DescriptorPool::decode(descriptors).map_err(|_| AccessError::Descriptors)?;
        let option = pool
            .get_extension_by_name(OPTION)
            .ok_or(AccessError::Descriptors)?;
        let mut rules = BTreeMap::new();
        for name in mounted {
            let service = pool
                .get_service_by_name(name)
                .ok_or_else(|| AccessError::Unknown((*name).to_owned()))?;
            for method in service.methods() {
                let path = format!("/{name}/{}", method.name());
                let silent = || AccessError::Silent(path.clone());
                let options = method.options();
                let value = options.get_extension(&option);
                let rule = value.as_message().ok_or_else(silent)?;
                let field = |name: &str| rule.get_field_by_name(name);
                let number = field("audience")
                    .and_then(|v| v.as_enum_number())
                    .unwrap_or_default();
                let audience = Audience::try_from(number).unwrap_or_default();
                if audience == Audience::Unspecified {
                    return Err(silent());
                }
                let permission = field("permission")
                    .and_then(|v| v.as_str().map(str::to_owned))
                    .unwrap_or_default();
                let mutates = field("mutates").is_some_and(|v| *v == Value::Bool(true));
                rules.insert(
                    path,
                    Access {
                        audience,
                        permission,
                        mutates,
                    },
                );
            }
        }
        Ok(Self(rules))
    }

    /// The rule of a path; none for health and reflection, which are mounted on
    /// purpose and by prefix.
    pub(super) fn rule(&self, path: &str) -> Option<&Access> {
        self.0.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_says_who_may_call_every_method() {
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
        let names: Vec<&'static str> = pool
            .services()
            .filter(|s| s.full_name().starts_with("motcua."))
            .map(|s| &*s.full_name().to_owned().leak())
            .collect();
        let table = Table::of(proto::DESCRIPTORS, &names).unwrap();
        let rule = table
            .rule("/motcua.dossier.v1.DossierService/Accept")
            .unwrap();
        assert_eq!(rule.audience, Audience::Person);
        assert_eq!(rule.permission, "dossier.accept");
        assert!(rule.mutates);
    }

    #[test]
    fn a_service_outside_the_contract_stops_start_up() {
        let refused = Table::of(proto::DESCRIPTORS, &["acme.v1.Thing"]).unwrap_err();
        assert_eq!(refused, AccessError::Unknown("acme.v1.Thing".to_owned()));
    }
}
