//! The conventions of the contract (`proto/README.md`), over its descriptors.

use std::collections::BTreeSet;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FileDescriptor, MessageDescriptor, MethodDescriptor, Value,
};

use crate::tree::assert_none;

#[test]
fn every_method_says_who_may_call_it() {
    let pool = pool();
    let mut findings = Vec::new();
    for method in methods(&pool) {
        match access(&pool, &method) {
            None => findings.push(format!("{} has no access option", method.full_name())),
            Some(access) if access.audience == 0 => {
                findings.push(format!("{} has no audience", method.full_name()));
            }
            Some(access) => {
                let shaped = access.permission.is_empty()
                    || access
                        .permission
                        .split_once('.')
                        .is_some_and(|(area, verb)| {
                            [area, verb].iter().all(|part| {
                                !part.is_empty()
                                    && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                            })
                        });
                if !shaped {
                    findings.push(format!("{}: {:?}", method.full_name(), access.permission));
                }
            }
        }
    }
    assert_none(
        "option (motcua.common.v1.access) = {audience, permission: area.verb}",
        &findings,
    );
}

#[test]
fn every_method_has_a_request_and_a_response_of_its_own() {
    let pool = pool();
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for method in methods(&pool) {
        for (message, ending) in [(method.input(), "Request"), (method.output(), "Response")] {
            let wanted = format!("{}{ending}", method.name());
            if message.name() != wanted
                || message.package_name() != method.parent_file().package_name()
            {
                findings.push(format!(
                    "{} uses {}",
                    method.full_name(),
                    message.full_name()
                ));
            }
            if !used.insert(message.full_name().to_owned()) {
                findings.push(format!("{} is shared", message.full_name()));
            }
        }
    }
    assert_none("rpc Xxx(XxxRequest) returns (XxxResponse)", &findings);
}

#[test]
fn what_changes_something_carries_a_request_id() {
    let pool = pool();
    let mut findings = Vec::new();
    for method in methods(&pool) {
        let mutates = access(&pool, &method).is_some_and(|a| a.mutates);
        let first = method.input().get_field_by_name("request_id");
        let well = first.as_ref().is_some_and(|f| f.number() == 1);
        if mutates && !well {
            findings.push(format!(
                "{} lacks string request_id = 1",
                method.full_name()
            ));
        }
        if !mutates && first.is_some() {
            findings.push(format!(
                "{} has a request_id but does not say mutates",
                method.full_name()
            ));
        }
        let reads = ["Get", "List", "Count", "Explain", "LookUp", "Watch", "Read"]
            .iter()
            .any(|verb| method.name().starts_with(verb) && !method.name().starts_with("Readi"));
        if mutates && reads {
            findings.push(format!(
                "{} reads by its name and mutates",
                method.full_name()
            ));
        }
    }
    assert_none("mutates: true ⇔ string request_id = 1", &findings);
}

#[test]
fn what_changes_an_existing_dossier_carries_the_etag_that_was_seen() {
    let pool = pool();
    let findings: Vec<_> = methods(&pool)
        .into_iter()
        .filter(|m| m.parent_service().full_name() == "motcua.dossier.v1.DossierService")
        .filter(|m| has(&m.input(), "name") && !has(&m.input(), "etag"))
        .map(|m| m.full_name().to_owned())
        .collect();
    assert_none("string etag", &findings);
}

#[test]
fn lists_come_in_pages() {
    let pool = pool();
    let mut findings = Vec::new();
    for method in methods(&pool)
        .iter()
        .filter(|m| m.name().starts_with("List"))
    {
        for (message, field) in [
            (method.input(), "page_size"),
            (method.input(), "page_token"),
            (method.output(), "next_page_token"),
        ] {
            if !has(&message, field) {
                findings.push(format!("{} lacks {field}", message.full_name()));
            }
        }
    }
    assert_none("page_size, page_token, next_page_token", &findings);
}

#[test]
fn enums_begin_unspecified_and_carry_their_name() {
    let pool = pool();
    let mut findings = Vec::new();
    for kind in pool.all_enums().filter(|e| ours(e.full_name())) {
        let prefix = format!("{}_", upper_snake(kind.name()));
        for value in kind.values() {
            if !value.name().starts_with(&prefix) {
                findings.push(format!("{} should begin with {prefix}", value.full_name()));
            }
        }
        let zero = format!("{prefix}UNSPECIFIED");
        if kind.get_value(0).is_none_or(|v| v.name() != zero) {
            findings.push(format!("{} lacks {zero} = 0", kind.full_name()));
        }
    }
    assert_none("enum values", &findings);
}

#[test]
fn reasons_fit_into_the_error_details() {
    let pool = pool();
    let reasons = pool
        .get_enum_by_name("motcua.common.v1.ErrorReason")
        .unwrap();
    let findings: Vec<_> = reasons
        .values()
        .map(|v| v.name().trim_start_matches("ERROR_REASON_").to_owned())
        .filter(|name| name.len() > 63)
        .collect();
    assert_none("ErrorInfo.reason has at most 63 characters", &findings);
}

#[test]
fn folder_package_and_version_agree() {
    let pool = pool();
    let findings: Vec<_> = files(&pool)
        .filter(|file| {
            let folder = file
                .name()
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            folder.replace('/', ".") != file.package_name()
                || file.package_name().rsplit('.').next() != Some("v1")
        })
        .map(|file| file.name().to_owned())
        .collect();
    assert_none("proto/motcua/<area>/v1", &findings);
}

#[test]
fn everything_is_documented() {
    let pool = pool();
    let mut findings = Vec::new();
    let mut note = |file: &FileDescriptor, path: &[i32], name: &str| {
        if !documented(file, path) {
            findings.push(name.to_owned());
        }
    };
    for service in pool.services().filter(|s| ours(s.full_name())) {
        note(&service.parent_file(), service.path(), service.full_name());
        for method in service.methods() {
            note(&service.parent_file(), method.path(), method.full_name());
        }
    }
    for message in pool
        .all_messages()
        .filter(|m| ours(m.full_name()) && !m.is_map_entry())
    {
        note(&message.parent_file(), message.path(), message.full_name());
        for field in message.fields() {
            note(&message.parent_file(), field.path(), field.full_name());
        }
        for oneof in message.oneofs().filter(|o| !o.is_synthetic()) {
            note(&message.parent_file(), oneof.path(), oneof.full_name());
        }
    }
    for kind in pool.all_enums().filter(|e| ours(e.full_name())) {
        note(&kind.parent_file(), kind.path(), kind.full_name());
        for value in kind.values() {
            note(&kind.parent_file(), value.path(), value.full_name());
        }
    }
    assert_none(
        "a comment above every service, method, message, field and value",
        &findings,
    );
}

struct Access {
    audience: i32,
    permission: String,
    mutates: bool,
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::DESCRIPTORS).unwrap()
}

fn ours(full_name: &str) -> bool {
    full_name.starts_with("motcua.")
}

fn files(pool: &DescriptorPool) -> impl Iterator<Item = FileDescriptor> + '_ {
    pool.files().filter(|f| ours(f.package_name()))
}

fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    let found: Vec<_> = pool
        .services()
        .filter(|s| ours(s.full_name()))
        .flat_map(|s| s.methods().collect::<Vec<_>>())
        .collect();
    assert!(!found.is_empty(), "the contract has no method");
    found
}

fn access(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<Access> {
    let extension = pool
        .get_extension_by_name("motcua.common.v1.access")
        .unwrap();
    let options = method.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let value = options.get_extension(&extension);
    let access: &DynamicMessage = value.as_message()?;
    let get = |name: &str| {
        access
            .get_field_by_name(name)
            .map(std::borrow::Cow::into_owned)
    };
    Some(Access {
        audience: get("audience")
            .and_then(|v| v.as_enum_number())
            .unwrap_or_default(),
        permission: get("permission")
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default(),
        mutates: get("mutates")
            .as_ref()
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    })
}

fn has(message: &MessageDescriptor, field: &str) -> bool {
    message.get_field_by_name(field).is_some()
}

fn documented(file: &FileDescriptor, path: &[i32]) -> bool {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    info.into_iter()
        .flat_map(|info| &info.location)
        .any(|place| place.path == path && !place.leading_comments().trim().is_empty())
}

/// `ReturnWay` → `RETURN_WAY`.
fn upper_snake(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}
