//! Commands beside a server and without one, and starts that are refused.

use std::time::Duration;

use testkit::Engine;

use crate::place::Place;

/// What `cargo run --release` starts.
#[tokio::test]
async fn the_program_without_a_command_serves_everything_and_lets_one_administrator_in() {
    let place = Place::new(Engine::Sqlite).await;
    let server = place.serve_as(&[], "first administrator").await;
    let says = |what: &str| server.said.iter().any(|line| line.starts_with(what));
    assert!(says("console      http://127.0.0.1:"), "{:?}", server.said);
    assert!(says(&format!("gRPC         {}", place.target())));
    assert!(server.leave(Duration::from_secs(30)).await.success());
    place.end().await;
}

#[tokio::test]
async fn a_folder_is_served_once_and_commands_answer_beside_a_server_and_without_one() {
    for engine in Engine::all() {
        let place = Place::new(engine).await;
        let server = place.serve().await;
        assert!(
            server
                .said
                .iter()
                .any(|line| line.contains(&place.target())),
            "{:?}",
            server.said
        );

        let second = place.run(&["serve", "all", "--demo"]).await;
        assert!(!second.status.success());
        let told = String::from_utf8_lossy(&second.stderr);
        assert!(told.contains("account is running already on"), "{told}");

        let secret = place
            .run(&["partner", "cong-dvc", "--scope", "dossier.file"])
            .await;
        assert!(
            secret.status.success(),
            "{}",
            String::from_utf8_lossy(&secret.stderr)
        );
        assert!(String::from_utf8_lossy(&secret.stdout).trim().len() >= 32);

        let beside = reports(&place).await;
        assert!(
            server.leave(Duration::from_secs(30)).await.success(),
            "{}",
            place.log()
        );
        // The same answers, from the files themselves.
        assert_eq!(reports(&place).await, beside);
        // The lock that the commands took is free again.
        let again = place.serve().await;
        assert!(again.leave(Duration::from_secs(30)).await.success());
        place.end().await;
    }
}

/// What `verify` and `readiness` say, without what time alone changes.
async fn reports(place: &Place) -> (Vec<String>, String) {
    let (status, verified) = place.ask(&["verify", "--json"]).await;
    assert!(status.success(), "{verified}");
    assert_eq!(verified["violations"], 0, "{verified}");
    let checks = verified["checks"].as_array().expect("checks");
    let names = checks.iter().map(|check| check["id"].to_string()).collect();

    let (status, readiness) = place.ask(&["readiness", "--json"]).await;
    assert_eq!(readiness["units"], 69, "{readiness}");
    // Nobody has rehearsed here: that alone is missing, and it is said.
    assert!(!status.success());
    assert_eq!(readiness["ready"], 0);
    for unit in readiness["by_unit"].as_array().expect("units") {
        assert_eq!(
            unit["missing"],
            serde_json::json!(["chưa vận hành thử nghiệm"]),
            "{unit}"
        );
    }
    (names, readiness.to_string())
}

#[tokio::test]
async fn a_rehearsal_makes_its_commune_ready() {
    let place = Place::new(Engine::Sqlite).await;
    let server = place.serve().await;
    let target = place.target();
    let (status, report) = place
        .ask(&[
            "trial",
            "--target",
            &target,
            "--units",
            "18583",
            "--per-unit",
            "3",
            "--json",
        ])
        .await;
    assert!(status.success(), "{report:#}");
    assert_eq!(report["units_passed"], 1);
    let (_, readiness) = place.ask(&["readiness", "--json"]).await;
    assert_eq!(readiness["ready"], 1, "{readiness}");
    let units = readiness["by_unit"].as_array().expect("units");
    let unit = units.iter().find(|unit| unit["code"] == "18583");
    assert_eq!(unit.expect("xã Mai Phụ")["last_trial"]["passed"], true);
    assert!(server.leave(Duration::from_secs(30)).await.success());
    place.end().await;
}

#[tokio::test]
async fn demonstration_passwords_are_refused_in_production() {
    let place = Place::new(Engine::Sqlite).await;
    let mut command = place.program();
    command
        .env("MOTCUA_ENVIRONMENT", "production")
        .args(["serve", "all", "--demo"]);
    let refused = command.output().await.expect("the program");
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("--demo is refused in production"), "{told}");
    assert!(!place.data().join("demo-passwords.csv").exists());
}

#[tokio::test]
async fn an_unknown_key_stops_the_start_wherever_it_stands_and_no_value_is_repeated() {
    let place = Place::new(Engine::Sqlite).await;
    let mut command = place.program();
    command
        .env("MOTCUA_STORAGE__ULR", "hunter2")
        .args(["serve", "all"]);
    let from_environment = command.output().await.expect("the program");

    let file = place.beside("motcua.toml");
    std::fs::write(&file, "[storage]\nulr = \"hunter2\"\n").expect("a file");
    let mut command = place.program();
    command.args(["serve", "all", "--config"]).arg(&file);
    let from_file = command.output().await.expect("the program");

    for refused in [from_environment, from_file] {
        assert!(!refused.status.success());
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("unknown key `storage.ulr`"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert!(!place.data().exists());
}

#[tokio::test]
async fn a_service_that_does_not_exist_is_named_and_nothing_starts() {
    let place = Place::new(Engine::Sqlite).await;
    let refused = place.run(&["serve", "dosier"]).await;
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("dosier is no service"), "{told}");
}
