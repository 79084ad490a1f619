//! A partner system in Python: stubs made from `proto/`, then a whole exchange
//! through the gateway, on each engine.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use proto::account::v1::RegisterPartnerRequest;
use proto::account::v1::provisioning_service_client::ProvisioningServiceClient;
use serde_json::json;
use tempfile::TempDir;
use testkit::{Engine, Town, required};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use uuid::Uuid;

/// Nothing that Python does here takes longer.
const LIMIT: Duration = Duration::from_mins(2);

/// What the script must have proven, in order.
const PROVEN: &[&str] = &[
    "a partner gets a token for its secret and none for another",
    "a dossier is filed and awaits reception",
    "the same request gives the same dossier",
    "the same key with another body is refused",
    "the same partner id and revision under another key exist already",
    "the partner reads its dossier back",
    "another partner's dossier is not found",
    "wrong fields are named all at once, in Vietnamese",
    "without the scope it is denied",
    "a forged, an unsigned and a missing token are refused",
    "the reception officer sees it in the list",
    "the officer accepts it: code and due date, once",
    "a stale etag is refused with the current one",
    "the partner reads code, state and due date",
    "anyone with the code and four digits of ID number or telephone looks it up",
    "a wrong factor is not found, and looks like an unknown code",
    "after five wrong tries even the right one waits, as long as told",
    "the server says that it serves",
    "reflection lists the services",
    "a message over 1 MiB is refused",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_that_knows_only_the_contract_files_reads_and_acts() {
    if !python_is_there().await {
        assert!(!required("python"), "Python with grpcio is required");
        println!("skipped: python3 has no grpcio, grpcio-tools and grpcio-status");
        return;
    }
    let stubs = stubs().await;
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let partners = json!({
            "portal": register(&town, "portal", &["dossier.file", "dossier.read", "dossier.lookup"]).await,
            "mirror": register(&town, "mirror", &["dossier.read"]).await,
        });
        let login = "18583.tiepnhan1";
        let given = json!({
            "address": town.address(),
            "partners": partners,
            "login": login,
            "password": town.password(login),
        });
        let done = script(stubs.path(), &given.to_string()).await;
        let told = String::from_utf8_lossy(&done.stderr);
        let out = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{engine:?}: {out}{told}");
        assert_eq!(out.lines().collect::<Vec<_>>(), PROVEN, "{engine:?}");
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

async fn python_is_there() -> bool {
    let asked = python(&["-c", "import grpc, grpc_tools, grpc_status"]).output();
    asked.await.is_ok_and(|done| done.status.success())
}

/// Stubs for our contract, and for the two standard services, below a folder of
/// the test's own. `google/rpc` comes with the Python package.
async fn stubs() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let trees = [
        (root.join("../proto"), "motcua"),
        // Their folder is not `grpc`: Python has a package of that name.
        (root.join("clients/standard"), ""),
    ];
    for (tree, package) in trees {
        let mut command = python(&["-m", "grpc_tools.protoc"]);
        command.arg("-I").arg(&tree);
        for out in ["--python_out", "--grpc_python_out"] {
            command.arg(format!("{out}={}", folder.path().display()));
        }
        command.args(contracts(&tree.join(package)));
        let made = command.output().await.expect("protoc");
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{told}");
    }
    folder
}

fn contracts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(contracts(&path));
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            found.push(path);
        }
    }
    found.sort();
    found
}

async fn register(town: &Town, client: &str, scopes: &[&str]) -> String {
    let request = RegisterPartnerRequest {
        request_id: Uuid::new_v5(&Uuid::nil(), client.as_bytes()).to_string(),
        client_id: client.to_owned(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
    };
    let mut operator = ProvisioningServiceClient::new(town.operator());
    let answer = operator.register_partner(request).await;
    answer.expect("a partner").into_inner().client_secret
}

/// Runs the script; secrets go to its standard input.
async fn script(stubs: &Path, given: &str) -> Output {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/partner.py");
    let mut child = python(&[])
        .arg(file)
        .env("PYTHONPATH", stubs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the script");
    let mut input = child.stdin.take().expect("its input");
    let writing = input.write_all(given.as_bytes()).await;
    writing.expect("what it is given");
    drop(input);
    let ended = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    ended.expect("the script ends").expect("its output")
}

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1")
        .kill_on_drop(true);
    command
}
