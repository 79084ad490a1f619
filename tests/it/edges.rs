//! Who may depend on whom (`ARCHITECTURE.md`).

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde_json::Value;

use crate::tree::{assert_none, root};

/// Which of our crates a crate may depend on, besides `testkit` in tests.
const EDGES: &[(&str, &[&str])] = &[
    ("motcua-domain", &[]),
    ("motcua-proto", &[]),
    ("motcua-runtime", &["motcua-domain", "motcua-proto"]),
    ("motcua-storage", &["motcua-domain"]),
    (
        "motcua-feed",
        &[
            "motcua-domain",
            "motcua-proto",
            "motcua-runtime",
            "motcua-storage",
        ],
    ),
    ("motcua-account", SERVICE),
    ("motcua-workflow", SERVICE),
    ("motcua-dossier", SERVICE),
    ("motcua-notification", SERVICE),
    ("motcua-gateway", SERVICE),
    // The console is a client like any other: no database, no rule.
    (
        "motcua-console",
        &["motcua-domain", "motcua-proto", "motcua-runtime"],
    ),
    ("motcua", EVERYTHING),
    ("motcua-testkit", EVERYTHING),
    ("motcua-tests", EVERYTHING),
];

const SERVICE: &[&str] = &[
    "motcua-domain",
    "motcua-proto",
    "motcua-runtime",
    "motcua-storage",
    "motcua-feed",
];

const EVERYTHING: &[&str] = &[
    "motcua-domain",
    "motcua-proto",
    "motcua-runtime",
    "motcua-storage",
    "motcua-feed",
    "motcua-account",
    "motcua-workflow",
    "motcua-dossier",
    "motcua-notification",
    "motcua-gateway",
    "motcua-console",
    "motcua",
    "motcua-testkit",
];

/// Outside libraries that a crate must not name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("motcua-runtime", &["sea-orm", "sea-orm-migration", "sqlx"]),
    ("motcua-storage", &["tonic", "prost", "tonic-types"]),
    ("motcua-console", &["sea-orm", "sea-orm-migration", "sqlx"]),
    ("motcua-proto", &["sea-orm", "sqlx", "tokio"]),
];

/// What `domain` must not reach, not even through another crate.
const IMPURE: &[&str] = &[
    "tonic", "prost", "sea-orm", "sqlx", "tokio", "axum", "hyper", "rand",
];

#[test]
fn our_crates_depend_on_each_other_only_along_the_drawn_edges() {
    let allowed: BTreeMap<_, _> = EDGES.iter().copied().collect();
    let ours: BTreeSet<_> = allowed.keys().copied().collect();
    let mut findings = Vec::new();
    for (package, dependency, kind) in direct_dependencies() {
        let Some(may) = allowed.get(package.as_str()) else {
            findings.push(format!("{package} is not in the table of edges"));
            continue;
        };
        // A crate's own tests may turn on its own test support.
        let in_tests = kind == "dev" && (dependency == "motcua-testkit" || dependency == package);
        if ours.contains(dependency.as_str()) && !may.contains(&dependency.as_str()) && !in_tests {
            findings.push(format!(
                "{package} must not depend on {dependency} ({kind})"
            ));
        }
    }
    assert_none(
        "services meet in domain and proto, never in each other's crates",
        &findings,
    );
}

#[test]
fn a_crate_names_only_the_libraries_of_its_own_trade() {
    let foreign: BTreeMap<_, _> = FOREIGN.iter().copied().collect();
    let findings: Vec<_> = direct_dependencies()
        .into_iter()
        .filter(|(package, dependency, kind)| {
            kind == "normal"
                && foreign
                    .get(package.as_str())
                    .is_some_and(|f| f.contains(&dependency.as_str()))
        })
        .map(|(package, dependency, _)| format!("{package} names {dependency}"))
        .collect();
    assert_none(
        "a library is used in the crates that are there for it",
        &findings,
    );
}

#[test]
fn mutants_are_turned_on_by_the_tests_and_by_nobody_else() {
    let metadata = metadata();
    let mut by = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let features = dependency["features"].as_array().unwrap();
            if features.iter().any(|feature| feature == "mutants") {
                by.insert(package["name"].as_str().unwrap());
            }
        }
    }
    assert_eq!(by, BTreeSet::from(["motcua-tests"]));
}

#[test]
fn domain_reaches_no_wire_no_database_and_no_executor() {
    // From the lock file, hence with everything that its tests use.
    let lock: Value = Figment::from(Toml::file(root().join("Cargo.lock")))
        .extract()
        .unwrap();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let to = package.get("dependencies").and_then(Value::as_array);
        let names = to
            .into_iter()
            .flatten()
            .filter_map(|d| d.as_str()?.split(' ').next());
        edges
            .entry(package["name"].as_str().unwrap())
            .or_default()
            .extend(names);
    }
    let mut reached = BTreeSet::new();
    let mut open = vec!["motcua-domain"];
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(edges.get(name).into_iter().flatten());
        }
    }
    let findings: Vec<_> = IMPURE
        .iter()
        .filter(|i| reached.contains(**i))
        .filter(|i| !dev_only(i))
        .collect();
    assert!(findings.is_empty(), "domain reaches {findings:?}");
}

/// Proptest draws random numbers; that is its trade and stays in tests.
fn dev_only(name: &str) -> bool {
    name == "rand"
        && !direct_dependencies()
            .iter()
            .any(|(p, d, kind)| p == "motcua-domain" && d == "rand" && kind != "dev")
}

/// (package, dependency, `normal` | `dev` | `build`) of every workspace member.
fn direct_dependencies() -> Vec<(String, String, String)> {
    let metadata = metadata();
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            found.push((
                package["name"].as_str().unwrap().to_owned(),
                dependency["name"].as_str().unwrap().to_owned(),
                dependency["kind"].as_str().unwrap_or("normal").to_owned(),
            ));
        }
    }
    found
}

/// What cargo knows of the workspace's own packages.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
