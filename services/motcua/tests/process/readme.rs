//! What the README shows is what the program says.

use std::path::Path;

use clap::CommandFactory as _;
use motcua::cli::Cli;
use testkit::Engine;

use crate::place::Place;

fn readme() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join("README.md")).unwrap()
}

#[tokio::test]
async fn the_due_dates_of_the_readme_are_what_the_program_answers() {
    let text = readme();
    let shown = text
        .split_once("<!-- checked: due -->\n```console\n")
        .and_then(|(_, rest)| rest.split_once("```\n<!-- /checked -->"))
        .map(|(shown, _)| shown)
        .expect("a marked example");
    let place = Place::new(Engine::Sqlite).await;
    let mut said = String::new();
    let mut asked = 0;
    for line in shown.lines().filter_map(|l| l.strip_prefix("$ motcua ")) {
        let arguments: Vec<&str> = line.split(' ').collect();
        let done = place.run(&arguments).await;
        assert!(done.status.success(), "{line}");
        said.extend(["$ motcua ", line, "\n"]);
        said.push_str(&String::from_utf8(done.stdout).unwrap());
        asked += 1;
    }
    assert!(asked >= 2, "{asked} examples");
    assert_eq!(said, shown);
    place.end().await;
}

#[test]
fn every_command_that_the_readme_names_is_one() {
    let text = readme();
    let mut seen = 0;
    for line in text.lines() {
        let line = line.trim_start_matches("$ ");
        let told = line
            .strip_prefix("motcua ")
            .or_else(|| line.strip_prefix("cargo run --release -- "));
        let Some(arguments) = told else { continue };
        let words = std::iter::once("motcua").chain(arguments.split_whitespace());
        let parsed = Cli::command().try_get_matches_from(words);
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        seen += 1;
    }
    assert!(seen >= 5, "{seen} commands");
}
