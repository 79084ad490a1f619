//! The files that operators start from: they parse, render and agree.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde_json::Value;

use crate::tree::{assert_none, read, root, sources};

const SERVICES: &[&str] = &[
    "account",
    "workflow",
    "dossier",
    "notification",
    "gateway",
    "console",
];

#[test]
fn the_example_configuration_parses_and_holds_no_secret() {
    for path in ["deploy/motcua.example.toml", "k8s/base/motcua.toml"] {
        let value = toml(path);
        let mut findings = Vec::new();
        keys(&value, "", &mut |key, value| {
            let secret = ["password", "secret", "token", "key"]
                .iter()
                .any(|s| key.ends_with(s));
            if secret && value.as_str().is_some_and(|text| !text.is_empty()) {
                findings.push(format!("{path}: {key}"));
            }
        });
        assert_none("secrets are named by file", &findings);
    }
}

#[test]
fn the_pods_configuration_uses_only_keys_that_the_example_explains() {
    let mut explained = BTreeSet::new();
    keys(&toml("deploy/motcua.example.toml"), "", &mut |key, _| {
        explained.insert(key.to_owned());
    });
    let mut findings = Vec::new();
    keys(&toml("k8s/base/motcua.toml"), "", &mut |key, _| {
        if !explained.contains(key) {
            findings.push(format!("k8s/base/motcua.toml: {key}"));
        }
    });
    let compose = yaml("deploy/compose.yaml").remove(0);
    for variable in compose["services"]["motcua"]["environment"]
        .as_object()
        .unwrap()
        .keys()
    {
        let key = variable
            .trim_start_matches("MOTCUA_")
            .to_lowercase()
            .replace("__", ".");
        if !explained.contains(&key) {
            findings.push(format!("deploy/compose.yaml: {variable}"));
        }
    }
    assert_none(
        "every key is explained in deploy/motcua.example.toml",
        &findings,
    );
}

#[test]
fn the_compose_file_mounts_only_files_that_exist_and_starts_after_its_database() {
    let compose = yaml("deploy/compose.yaml").remove(0);
    let services = compose["services"].as_object().unwrap();
    let mut findings = Vec::new();
    for (name, service) in services {
        if service["image"].is_null() && service["build"].is_null() {
            findings.push(format!("{name} has neither image nor build"));
        }
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            let known = match from.strip_prefix("./") {
                Some(file) => root().join("deploy").join(file).is_file(),
                None => compose["volumes"].get(from).is_some(),
            };
            if !known {
                findings.push(format!("{name} mounts {from}"));
            }
        }
    }
    assert_none("compose", &findings);
    let motcua = &services["motcua"];
    assert_eq!(
        motcua["depends_on"]["postgres"]["condition"],
        "service_healthy"
    );
    let dockerfile = motcua["build"]["dockerfile"].as_str().unwrap();
    assert!(root().join(dockerfile).is_file());
}

#[test]
fn the_image_runs_one_binary_as_nobody() {
    let file = read("deploy/Dockerfile");
    let last = file.rsplit("\nFROM ").next().unwrap();
    assert!(
        last.contains("\nUSER 65532:65532"),
        "the image runs as root"
    );
    assert!(last.contains("ENTRYPOINT [\"motcua\"]"));
    let pinned = toml("rust-toolchain.toml")["toolchain"]["channel"]
        .as_str()
        .unwrap()
        .to_owned();
    let tag = file
        .split("rust:")
        .nth(1)
        .unwrap()
        .split('-')
        .next()
        .unwrap();
    assert!(
        pinned.starts_with(tag),
        "image builds with {tag}, the toolchain file says {pinned}"
    );
}

#[test]
fn every_service_has_a_deployment_that_drains_and_may_do_little() {
    let rendered = rendered();
    let mut findings = Vec::new();
    for service in SERVICES {
        let Some(deployment) = find(&rendered, "Deployment", service) else {
            findings.push(format!("{service} has no Deployment"));
            continue;
        };
        for kind in ["Service", "PodDisruptionBudget"] {
            let Some(other) = find(&rendered, kind, service) else {
                findings.push(format!("{service} has no {kind}"));
                continue;
            };
            let selector = if kind == "Service" {
                &other["spec"]["selector"]
            } else {
                &other["spec"]["selector"]["matchLabels"]
            };
            if selector != &deployment["spec"]["selector"]["matchLabels"] {
                findings.push(format!("{kind} {service} selects other pods"));
            }
        }
        let pod = &deployment["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let security = &container["securityContext"];
        for (what, holds) in [
            ("grace of 45 s", pod["terminationGracePeriodSeconds"] == 45),
            (
                "runAsNonRoot",
                pod["securityContext"]["runAsNonRoot"] == true,
            ),
            (
                "no service account token",
                pod["automountServiceAccountToken"] == false,
            ),
            ("read-only root", security["readOnlyRootFilesystem"] == true),
            (
                "no escalation",
                security["allowPrivilegeEscalation"] == false,
            ),
            (
                "no capabilities",
                security["capabilities"]["drop"][0] == "ALL",
            ),
            ("startup probe", !container["startupProbe"].is_null()),
            ("readiness probe", !container["readinessProbe"].is_null()),
            ("liveness probe", !container["livenessProbe"].is_null()),
            (
                "memory limit",
                !container["resources"]["limits"]["memory"].is_null(),
            ),
            ("its own process", container["args"][1] == *service),
            (
                "no pod lost in a roll-out",
                deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0,
            ),
        ] {
            if !holds {
                findings.push(format!("{service}: {what}"));
            }
        }
    }
    if find(&rendered, "Job", "migrate").is_none() {
        findings.push("no migration job".to_owned());
    }
    assert_none("k8s/base", &findings);
}

#[test]
fn the_manifests_pass_strict_schema_validation() {
    let folder = scratch("k8s");
    let files = if let Some(text) = kustomized() {
        let file = folder.join("rendered.yaml");
        std::fs::write(&file, text).unwrap();
        vec![file]
    } else {
        // Without kubectl the resources are judged as they lie in the folder.
        resources()
            .iter()
            .map(|r| root().join("k8s/base").join(r))
            .collect()
    };
    let Some(output) = validate(&files) else {
        assert!(
            !required("kubernetes-validate"),
            "kubernetes-validate is required and absent"
        );
        println!("skipped: kubernetes-validate is not installed (pip install kubernetes-validate)");
        return;
    };
    assert!(output.status.success(), "{}", text_of(&output));

    // The check itself: an unknown key must be seen.
    let wrong = folder.join("wrong.yaml");
    let text = read("k8s/base/account.yaml").replace("replicas: 2", "replicsa: 2");
    std::fs::write(&wrong, text).unwrap();
    assert!(
        !validate(&[wrong]).unwrap().status.success(),
        "an unknown key passed"
    );
}

/// The documents as a cluster would get them, or as they lie in the folder.
fn rendered() -> Vec<Value> {
    match kustomized() {
        Some(text) => documents(&text),
        None => resources()
            .iter()
            .flat_map(|r| yaml(&format!("k8s/base/{r}")))
            .collect(),
    }
}

fn resources() -> Vec<String> {
    let kustomization = yaml("k8s/base/kustomization.yaml").remove(0);
    let listed: Vec<String> = kustomization["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r.as_str().unwrap().to_owned())
        .collect();
    let there = sources(&["k8s/base"], ".yaml");
    let forgotten: Vec<_> = there
        .iter()
        .map(|s| s.path.trim_start_matches("k8s/base/").to_owned())
        .filter(|name| name != "kustomization.yaml" && !listed.contains(name))
        .collect();
    assert_none("listed in kustomization.yaml", &forgotten);
    listed
}

fn kustomized() -> Option<String> {
    let output = run(
        "kubectl",
        &["kustomize".as_ref(), root().join("k8s/base").as_path()],
    );
    let Some(output) = output else {
        assert!(!required("kubectl"), "kubectl is required and absent");
        return None;
    };
    assert!(output.status.success(), "{}", text_of(&output));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn validate(files: &[PathBuf]) -> Option<Output> {
    let mut arguments = vec![Path::new("--strict")];
    arguments.extend(files.iter().map(PathBuf::as_path));
    run("kubernetes-validate", &arguments)
}

/// Runs a program, or answers `None` when it is not installed.
fn run(program: &str, arguments: &[&Path]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{program}: {error}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "CI says through it what may not be skipped"
)]
fn required(what: &str) -> bool {
    std::env::var("MOTCUA_TEST_REQUIRE").is_ok_and(|list| list.split(',').any(|r| r == what))
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn text_of(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn find<'a>(documents: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    documents
        .iter()
        .find(|d| d["kind"] == kind && d["metadata"]["name"] == name)
}

fn yaml(path: &str) -> Vec<Value> {
    documents(&read(path))
}

fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

fn toml(path: &str) -> Value {
    Figment::from(Toml::string(&read(path)))
        .extract()
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Visits every leaf with its dotted key.
fn keys(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    match value.as_object() {
        Some(table) => {
            for (key, value) in table {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                keys(value, &path, visit);
            }
        }
        None => visit(path, value),
    }
}
