//! Configuration: strict about keys, silent about values.

use std::collections::BTreeMap;

use runtime::config::{ConfigError, ExposeSecret as _, SecretString, load_from};
use serde::Deserialize;

use motcua_runtime as runtime;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Whole {
    server: runtime::server::Config,
    telemetry: runtime::telemetry::Config,
    store: Store,
    sizes: BTreeMap<String, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Store {
    password: SecretString,
    connections: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            password: "".into(),
            connections: 8,
        }
    }
}

fn load(toml: &str, variables: &[(&str, &str)]) -> Result<Whole, String> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_from(toml, "MOTCUA_", variables).map_err(|error| {
        assert!(matches!(error, ConfigError::Refused(_)));
        error.to_string()
    })
}

#[test]
fn an_unknown_key_is_refused_by_its_name_wherever_it_stands() {
    for (toml, variables, key) in [
        ("servr = 1", vec![], "servr"),
        (
            "[server]\nadress = \"127.0.0.1:1\"",
            vec![],
            "server.adress",
        ),
        ("[store]\npasword = \"x\"", vec![], "store.pasword"),
        (
            "",
            vec![("MOTCUA_STORE__CONECTIONS", "3")],
            "store.conections",
        ),
        ("", vec![("MOTCUA_STOER__CONNECTIONS", "3")], "stoer"),
        (
            "[server.tls]\ncertificate_file = \"a\"\nkey_file = \"b\"\nverify = false",
            vec![],
            "server.tls.verify",
        ),
    ] {
        let refused = load(toml, &variables).unwrap_err();
        let told = format!("unknown key `{key}`");
        assert!(refused.contains(&told), "{toml}{variables:?}: {refused}");
    }
}

#[test]
fn variables_stand_above_the_file_and_others_are_passed_over() {
    let whole = load(
        "[store]\nconnections = 3\npassword = \"a\"",
        &[
            ("MOTCUA_STORE__CONNECTIONS", "5"),
            ("OTHER_STORE__CONNECTIONS", "7"),
            ("MOTCUA_TEST_POSTGRES", "postgres://x"),
        ],
    )
    .unwrap();
    assert_eq!(whole.store.connections, 5);
    assert_eq!(whole.store.password.expose_secret(), "a");
    assert!(!whole.server.development, "off unless it is said");
    assert_eq!(whole.telemetry.endpoint, None);
}

#[test]
fn neither_errors_nor_debug_repeat_a_value() {
    const SECRET: &str = "hunter2-bí-mật";
    for (toml, key) in [
        (
            format!("[store]\nconnections = \"{SECRET}\""),
            "store.connections",
        ),
        (
            format!("[store]\npassword = [\"{SECRET}\"]"),
            "store.password",
        ),
        (
            format!("[store]\npassword = {{ a = \"{SECRET}\" }}"),
            "store.password",
        ),
        (format!("[sizes]\na = \"{SECRET}\""), "sizes.a"),
        (
            format!("[server]\naddress = \"{SECRET}\""),
            "server.address",
        ),
        (
            format!("[telemetry]\nformat = \"{SECRET}\""),
            "telemetry.format",
        ),
        (format!("[store]\npassword = \"{SECRET}"), ""),
        (format!("store = \"{SECRET}\""), "store"),
    ] {
        let refused = load(&toml, &[]).unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
        assert!(refused.contains(key), "{key}: {refused}");
        let variables = [("MOTCUA_STORE__CONNECTIONS", SECRET)];
        let refused = load("", &variables).unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
    let whole = load(&format!("[store]\npassword = \"{SECRET}\""), &[]).unwrap();
    assert_eq!(whole.store.password.expose_secret(), SECRET);
    assert!(!format!("{whole:?}").contains("hunter2"));
    let key = runtime::auth::generate_key().unwrap();
    let text = key.to_text();
    for shown in [
        format!("{key:?}"),
        format!("{:?}", runtime::auth::Signer::new(&key)),
    ] {
        assert!(!shown.contains(text.expose_secret()), "{shown}");
    }
}
