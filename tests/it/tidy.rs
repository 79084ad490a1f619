//! The rules of the house that no compiler holds (`ARCHITECTURE.md`).

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Source, assert_none, read, root, sources};

/// Files of more than [`LINES`] lines, each with its reason. The list may only
/// shrink: an entry that is no longer needed fails.
const LONG_FILES: &[(&str, &str)] = &[];

const LINES: usize = 400;

/// Names that say nothing about what is inside.
const VAGUE: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "shared",
];

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let findings: Vec<_> = sources(&["crates", "services", "tests"], "Cargo.toml")
        .into_iter()
        .filter(|m| !m.text.contains("[lints]\nworkspace = true"))
        .map(|m| m.path)
        .collect();
    assert_none("[lints] workspace = true", &findings);
}

#[test]
fn grpc_codes_are_chosen_in_the_error_rooms_only() {
    let findings = lines_where(
        |path| {
            let elsewhere = ["crates/runtime/", "crates/testkit/", "services/motcua/"];
            !elsewhere.iter().any(|folder| path.starts_with(folder))
                && !is_test(path)
                && !room(path).iter().any(|r| *r == "error" || *r == "failure")
        },
        // Reading the code of an answer is not choosing one; `services/motcua`
        // only reads, as a client.
        |line| word(line, "Code::") && !line.contains(".code()"),
    );
    assert_none(
        "an error becomes a code in error.rs or failure.rs, once",
        &findings,
    );
}

#[test]
fn tables_are_known_to_the_store_room_only() {
    let findings = lines_where(
        |path| in_room(path, &["api", "app", "jobs"]),
        |line| word(line, "sea_orm::") || word(line, "sqlx::"),
    );
    assert_none(
        "api, app and jobs reach the database through store",
        &findings,
    );
}

#[test]
fn the_wire_is_known_to_neither_app_nor_store() {
    let findings = lines_where(
        |path| in_room(path, &["app", "store"]),
        |line| word(line, "tonic::"),
    );
    assert_none(
        "app and store answer to api; they know no transport",
        &findings,
    );
}

#[test]
fn only_the_use_case_room_opens_a_unit_of_work() {
    let findings = lines_where(
        |path| in_room(path, &["api", "store"]),
        |line| line.contains(".run(\"") || line.contains(".begin("),
    );
    assert_none(
        "app begins and commits; store takes the open transaction",
        &findings,
    );
}

#[test]
fn no_file_is_longer_than_one_can_hold_in_mind() {
    let listed: BTreeMap<_, _> = LONG_FILES.iter().copied().collect();
    let mut findings = Vec::new();
    let mut long = BTreeSet::new();
    for Source { path, text } in rust() {
        let lines = text.lines().count();
        if lines > LINES {
            long.insert(path.clone());
            if !listed.contains_key(path.as_str()) {
                findings.push(format!("{path} has {lines} lines"));
            }
        }
    }
    findings.extend(
        listed
            .keys()
            .filter(|p| !long.contains(**p))
            .map(|p| format!("{p} need not be listed")),
    );
    assert_none("400 lines a file", &findings);
}

#[test]
fn modules_are_named_after_what_they_hold() {
    let findings: Vec<_> = rust()
        .into_iter()
        .filter(|s| {
            let name = s.path.rsplit('/').next().unwrap();
            let stem = name.trim_end_matches(".rs");
            stem == "mod" || VAGUE.contains(&stem)
        })
        .map(|s| s.path)
        .collect();
    assert_none("no mod.rs, no drawer for everything", &findings);
}

#[test]
fn every_rust_file_is_part_of_a_crate() {
    let files = rust();
    let texts: BTreeMap<_, _> = files
        .iter()
        .map(|s| (s.path.as_str(), s.text.as_str()))
        .collect();
    let mut findings = Vec::new();
    for file in &files {
        let (folder, name) = file.path.rsplit_once('/').unwrap();
        let stem = name.trim_end_matches(".rs");
        let crate_root = matches!(stem, "lib" | "main" | "build")
            || folder.ends_with("/bin")
            || folder.ends_with("/tests")
            || folder.ends_with("/benches")
            || folder.ends_with("/examples");
        if crate_root {
            continue;
        }
        let parents = [
            format!("{folder}.rs"),
            format!("{folder}/lib.rs"),
            format!("{folder}/main.rs"),
        ];
        let declared = parents
            .iter()
            .filter_map(|p| texts.get(p.as_str()))
            .any(|text| {
                text.lines()
                    .any(|line| line.trim_end().ends_with(&format!("mod {stem};")))
            });
        if !declared {
            findings.push(format!("{} is declared nowhere", file.path));
        }
    }
    assert_none("a file that nothing compiles is a lie", &findings);
}

#[test]
fn a_todo_names_its_issue() {
    let mark = concat!("TO", "DO");
    let findings = lines_where(
        |_| true,
        |line| {
            word(line, mark) && !line.contains(&format!("{mark}(#")) && !line.contains("concat!")
        },
    );
    assert_none("TODO(#12): …", &findings);
}

#[test]
fn nothing_names_a_machine_that_it_was_written_on() {
    let marks = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/fa", "rm/"),
    ];
    let mut texts = rust();
    for ending in [
        ".md",
        ".toml",
        ".yaml",
        ".proto",
        ".html",
        "Dockerfile",
        ".py",
        "run",
    ] {
        texts.extend(sources(
            &[
                "crates", "services", "proto", "deploy", "k8s", "tests", ".ci",
            ],
            ending,
        ));
    }
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
        "deny.toml",
    ] {
        texts.push(Source {
            path: name.to_owned(),
            text: read(name),
        });
    }
    let findings: Vec<_> = texts
        .iter()
        .filter(|s| marks.iter().any(|m| s.text.contains(m)))
        .map(|s| s.path.clone())
        .collect();
    assert_none("paths of one machine mean nothing on another", &findings);
}

#[test]
fn relative_links_lead_somewhere() {
    let mut pages = sources(
        &["crates", "services", "proto", "deploy", "k8s", "tests"],
        ".md",
    );
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        pages.push(Source {
            path: name.to_owned(),
            text: read(name),
        });
    }
    let mut findings = Vec::new();
    for page in &pages {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in page
            .text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !root().join(folder).join(target).exists() {
                findings.push(format!("{} → {target}", page.path));
            }
        }
    }
    assert_none("links in Markdown resolve", &findings);
}

fn rust() -> Vec<Source> {
    sources(&["crates", "services", "tests"], ".rs")
}

/// The parts of a path below `src`, without the ending: `app`, `accept`.
fn room(path: &str) -> Vec<&str> {
    let below = path.split_once("/src/").map_or("", |(_, below)| below);
    below.trim_end_matches(".rs").split('/').collect()
}

fn in_room(path: &str, rooms: &[&str]) -> bool {
    path.starts_with("services/") && room(path).first().is_some_and(|r| rooms.contains(r))
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || room(path).contains(&"tests")
}

fn lines_where(path: impl Fn(&str) -> bool, line: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in rust().iter().filter(|s| path(&s.path)) {
        for (number, text) in source.text.lines().enumerate() {
            let code = text.trim_start();
            if line(text) && (!code.starts_with("//") || code.contains(concat!("TO", "DO"))) {
                found.push(format!("{}:{}: {}", source.path, number + 1, code));
            }
        }
    }
    found
}

/// True when `name` stands in the line and is not the end of a longer name.
fn word(line: &str, name: &str) -> bool {
    line.match_indices(name)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
