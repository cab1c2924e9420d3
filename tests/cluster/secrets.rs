//! Tests that no output of the program contains a secret of the objects, of the kubeconfig or of the server's
//! address. The only exception is the object of a Pod, which the user asked for and which kubectl shows too.

use std::fs;

use crate::harness::{CommandResult, Namespace, kubectl};

/// The word in every field that may hold a secret.
const SECRET: &str = "hunter2";

/// A Job that succeeds and one that fails. Both hold the secret in every field in which people put secrets.
const MANIFEST: &str = r#"
apiVersion: v1
kind: Secret
metadata: {name: registry}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"registry.example":{"username":"me","password":"hunter2"}}}'}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: holder
  annotations: {example.com/token: hunter2, hunter2.example.com/x: "1"}
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {example.com/token: hunter2}
    spec:
      restartPolicy: Never
      imagePullSecrets: [{name: registry}]
      initContainers:
      - name: prepare
        image: busybox:1.36
        env: [{name: PASSWORD, value: hunter2}]
        command: [sh, -c, "exit 0", hunter2]
      containers:
      - name: main
        image: busybox:1.36
        env:
        - {name: PASSWORD, value: hunter2}
        - {name: hunter2, value: "1"}
        command: [sh, -c, "sleep 1; exit $0"]
        args: ["CODE", hunter2]
        workingDir: /
        lifecycle: {preStop: {exec: {command: [echo, hunter2]}}}
        livenessProbe: {exec: {command: [echo, hunter2]}, periodSeconds: 3600, initialDelaySeconds: 3600}
"#;

/// Fails if a stream of the result contains the secret.
#[track_caller]
fn assert_without_secret(result: &CommandResult) {
    for text in [&result.stdout, &result.stderr] {
        assert!(!text.contains(SECRET), "{result:#}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn no_output_contains_a_secret_of_an_object() {
    let namespace = Namespace::new("secrets");
    let folder = tempfile::tempdir().unwrap();
    let [recording, summary] = ["run.jsonl", "summary.md"].map(|name| folder.path().join(name));
    let (record, summarize) =
        (format!("--record={}", recording.display()), format!("--summary={}", summary.display()));
    for (name, code) in [("good", 0), ("bad", 3)] {
        let manifest = MANIFEST.replace("holder", name).replace("CODE", &code.to_string());
        // From level 8 on, kubectl itself prints the whole manifest.
        let words = ["apply", "-f", "-", "-v=5", &record, &summarize];
        let result = namespace.seq_with(&words, &manifest).exits_with(i32::from(code != 0));
        assert!(result.stdout.contains(&format!("job/{name}")), "{result:#}");
        assert_without_secret(&result);
        for path in [&recording, &summary] {
            let text = fs::read_to_string(path).unwrap();
            assert!(!text.is_empty() && !text.contains(SECRET), "{text}");
        }
    }
    let manager = "--field-manager=hunter2";
    namespace.kubectl(&["label", "jobs,pods", "--all", "a=b", manager]).succeeds();
    // The objects hold the secret, so the test can fail.
    let pod = namespace.pod("batch.kubernetes.io/job-name=bad");
    for format in ["yaml", "json"] {
        assert!(namespace.seq(&["pod", &pod, "-o", format]).succeeds().stdout.contains(SECRET));
    }
    for format in ["seq", "table", "wide", "grid", "runs", "json", "jsonl", "yaml", "name"] {
        for words in [&["get", "jobs,pods"] as &[&str], &["get", "jobs", "--watch"], &["get", "job/bad"]] {
            let flags = ["-o", format, "-v=9", "--explain", "--ci=github", "--what-if"];
            let flags = &flags[..if format == "runs" || format == "name" { 3 } else { 5 }];
            let result = namespace.seq(&[words, flags].concat());
            assert!(matches!(result.code, Some(0 | 1)), "{result:#}");
            assert_without_secret(&result);
        }
    }
    for words in [
        &["pod", &pod] as &[&str],
        &["pod", &pod, "--explain", "-v=9"],
        &["get", "pods", "--logs", "-v=9"],
        &["get", "secret", "registry"],
        &["get", "job", "absent", "-v=9"],
        &["get", "nothing/absent", "-v=9"],
        &["version", "--verbose"],
        &["version", "--verbose", "-o", "json"],
        &["__complete", "--", "get", "job", ""],
    ] {
        assert_without_secret(&namespace.seq(words));
    }
    // Deleted objects are shown from their Events.
    namespace.kubectl(&["delete", "jobs", "--all"]).succeeds();
    assert_without_secret(&namespace.seq(&["get", "job/good", "-v=9", "--explain"]));
}

#[test]
#[ignore = "needs a cluster"]
fn no_output_contains_a_secret_of_the_kubeconfig_or_of_the_address() {
    let namespace = Namespace::new("kubeconfig");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let view = kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]).succeeds();
    let original: serde_json::Value = view.json();
    let server = original["clusters"][0]["cluster"]["server"].as_str().unwrap().to_owned();
    let with_user = server.replace("://", "://me:hunter2@");
    // Each change puts the secret into one field. Some of them make the connection fail, so errors are checked too.
    let changes: [(&str, serde_json::Value); 8] = [
        ("/users/0/user/token", "hunter2".into()),
        ("/users/0/user/username", "hunter2".into()),
        ("/users/0/user/password", "hunter2".into()),
        ("/users/0/user/client-key-data", "aHVudGVyMg==".into()),
        (
            "/users/0/user/exec",
            serde_json::json!({"apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh", "args": ["-c", "echo hunter2; exit 1"], "interactiveMode": "Never",
            "env": [{"name": "PASSWORD", "value": "hunter2"}]}),
        ),
        (
            "/users/0/user/auth-provider",
            serde_json::json!({"name": "oidc",
            "config": {"client-secret": "hunter2", "refresh-token": "hunter2", "id-token": "hunter2"}}),
        ),
        ("/clusters/0/cluster/server", with_user.into()),
        ("/clusters/0/cluster/proxy-url", "http://me:hunter2@127.0.0.1:1".into()),
    ];
    for (field, value) in changes {
        let mut config = original.clone();
        let (parent, name) = field.rsplit_once('/').unwrap();
        let parent = config.pointer_mut(parent).unwrap();
        if matches!(name, "exec" | "auth-provider" | "token" | "username" | "password") {
            *parent = serde_json::json!({});
        }
        if matches!(name, "username" | "password") {
            *parent = serde_json::json!({"username": "me", "password": "other"});
        }
        parent[name] = value;
        fs::write(&path, config.to_string()).unwrap();
        let kubeconfig = format!("--kubeconfig={}", path.display());
        for words in [
            &["get", "jobs", "-v=9"] as &[&str],
            &["get", "jobs", "-w", "--timeout=2s"],
            &["pod", "absent", "-v=6"],
            &["apply", "-f", "/nonexistent.yaml"],
            &["version", "--verbose"],
            &["version", "--verbose", "-o", "json"],
        ] {
            let result = namespace.seq(&[words, &[&kubeconfig, "--request-timeout=3s"]].concat());
            assert!(
                !format!("{}{}", result.stdout, result.stderr).contains("aHVudGVyMg"),
                "{field} {result:#}"
            );
            assert_without_secret(&result);
        }
    }
    let address = server.replace("://", "://me:hunter2@");
    for flags in [
        &["--server", &address] as &[&str],
        &["--server", "https://me:hunter2@127.0.0.1:1/"],
        &["--server", "https://127.0.0.1:1/?token=hunter2"],
        &["--token", "hunter2"],
        &["--username", "me", "--password", "hunter2"],
        &["--token=hunter2", "--server=https://127.0.0.1:1"],
    ] {
        for words in [
            &["get", "jobs", "-v=9"] as &[&str],
            &["get", "jobs", "-w", "--timeout=2s", "--progress=lines"],
            &["version", "--verbose"],
            &["pod", "absent"],
        ] {
            assert_without_secret(&namespace.seq(&[words, flags, &["--request-timeout=3s"]].concat()));
        }
    }
}
