//! Tests of credential plugins and of the renewal of credentials. Shell scripts replace the plugins.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use kube::config::AuthInfo;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::source::cluster::api::credentials::*;

/// A plugin whose script runs with the words `$1` (the folder of the test) and `$2` (the number of this run).
struct TestPlugin {
    folder: TempDir,
    plugin: CredentialPlugin,
}

impl TestPlugin {
    fn new(script: &str) -> Self {
        Self::with_fields(script, &json!({}))
    }

    /// Creates a plugin whose configuration contains these fields.
    fn with_fields(script: &str, fields: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("echo x >> $1/runs; set -- $1 $(wc -l < $1/runs); {script}");
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "/bin/sh",
            "args": ["-c", script, "plugin", folder.path()],
        });
        exec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let mut user: AuthInfo = serde_json::from_value(json!({ "exec": exec })).unwrap();
        Self { folder, plugin: CredentialPlugin::take_from(&mut user).unwrap() }
    }

    async fn obtain(&self) -> Result<Credentials, CredentialError> {
        Credentials::obtain(test_config(), Some(self.plugin.clone())).await
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default().lines().count()
    }
}

/// Returns a configuration without certificates, because reading those of the machine takes a second.
fn test_config() -> Config {
    let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
    config.root_cert = Some(Vec::new());
    config
}

/// Returns a command that prints the status of an `ExecCredential`.
fn print_status(status: &str) -> String {
    let head = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":"#;
    format!("cat <<END\n{head}{status}}}\nEND\n")
}

fn token_in(user: &AuthInfo) -> String {
    serde_json::to_value(user).unwrap()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plugin_runs_once_for_all_requests() {
    let test = TestPlugin::new(&print_status(r#"{"token":"t"}"#));
    let credentials = test.obtain().await.unwrap();
    for _ in 0..3 {
        assert_eq!(credentials.lend_client().await.unwrap().generation, 0);
    }
    assert_eq!(test.runs(), 1);
}

#[tokio::test]
async fn a_refusal_runs_the_plugin_again_once_for_all_refused_requests() {
    let test = TestPlugin::new(&print_status(r#"{"token":"t$2"}"#));
    let credentials = test.obtain().await.unwrap();
    let (first, second) =
        (credentials.lend_client().await.unwrap(), credentials.lend_client().await.unwrap());
    let renewed = tokio::join!(credentials.replace_client(&first), credentials.replace_client(&second));
    let generations = [renewed.0, renewed.1].map(|client| client.unwrap().unwrap().generation);
    assert_eq!((generations, test.runs()), ([1, 1], 2));
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    let expired = r#"{"token":"t","expirationTimestamp":"2001-01-01T00:00:00Z"}"#;
    let fresh = r#"{"token":"t","expirationTimestamp":"2999-01-01T00:00:00Z"}"#;
    let script = format!("[ $2 = 1 ] && {}[ $2 = 1 ] || {}", print_status(expired), print_status(fresh));
    let test = TestPlugin::new(&script);
    let credentials = test.obtain().await.unwrap();
    for _ in 0..3 {
        assert_eq!(credentials.lend_client().await.unwrap().generation, 1);
    }
    assert_eq!(test.runs(), 2);
}

#[test]
fn the_margin_before_the_end_is_a_tenth_of_the_life_but_at_most_a_minute() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for (expires_at, renewed_at) in [
        ("2026-01-01T01:00:00Z", "2026-01-01T00:59:00Z"),
        ("2026-01-01T00:00:20Z", "2026-01-01T00:00:18Z"),
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
    ] {
        assert_eq!(renewal_time(now, expires_at.parse().unwrap()).to_string(), renewed_at);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_not_repeated_at_once() {
    let test = TestPlugin::new(&format!("[ $2 = 2 ] && exit 7; {}", print_status(r#"{"token":"t"}"#)));
    let credentials = test.obtain().await.unwrap();
    let refused = credentials.lend_client().await.unwrap();
    for _ in 0..3 {
        let error = credentials.replace_client(&refused).await.err().unwrap();
        assert_eq!(error.to_string(), "the kubeconfig's credential plugin failed with exit code 7");
    }
    assert_eq!(test.runs(), 2);
    tokio::time::advance(FAILURE_PAUSE).await;
    assert_eq!(credentials.replace_client(&refused).await.unwrap().unwrap().generation, 1);
}

#[tokio::test]
async fn a_plugin_learns_whether_it_may_ask_and_which_cluster_is_meant() {
    let script =
        format!(r#"echo "$KUBERNETES_EXEC_INFO" > $1/info; {}"#, print_status(r#"{"token":"$NAME"}"#));
    let fields = json!({
        "interactiveMode": "IfAvailable",
        "env": [{"name": "NAME", "value": "from-env"}],
    });
    let test = TestPlugin::with_fields(&script, &fields);
    let obtained = test.plugin.run(Interaction::Forbidden).await.unwrap();
    assert_eq!(token_in(&obtained.user), "from-env");
    let info: Value = serde_json::from_slice(&fs::read(test.folder.path().join("info")).unwrap()).unwrap();
    let expected = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {"interactive": false},
    });
    assert_eq!(info, expected);
    let test = TestPlugin::with_fields("exit 0", &json!({"interactiveMode": "Always"}));
    let error = test.plugin.run(Interaction::Forbidden).await.unwrap_err();
    assert!(matches!(error, CredentialError::NeedsTerminal), "{error}");
    assert_eq!(test.runs(), 0);
}

#[tokio::test]
async fn an_answer_without_usable_credentials_is_an_error() {
    let yaml = "echo 'apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus: {token: t}'";
    for (script, is_usable) in [
        (yaml.to_owned(), true),
        (print_status(r#"{"token":"t"}"#), true),
        (print_status(r#"{"clientCertificateData":"c","clientKeyData":"k"}"#), true),
        (print_status(r#"{"clientCertificateData":"c"}"#), false),
        (print_status(r#"{"clientKeyData":"k","token":"t"}"#), false),
        (print_status("{}"), false),
        (print_status("null"), false),
        (print_status(r#"{"token":"t","expirationTimestamp":"soon"}"#), false),
        (yaml.replace("k8s.io/v1", "k8s.io/v1beta1"), false),
        (yaml.replace("ExecCredential", "Pod"), false),
        ("echo secret".to_owned(), false),
        (String::new(), false),
    ] {
        let obtained = TestPlugin::new(&script).plugin.run(Interaction::Forbidden).await;
        assert_eq!(obtained.is_ok(), is_usable, "{script}");
        let text = obtained.err().map_or_else(String::new, |error| error.to_string());
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn other_credentials_of_the_user_have_priority_over_the_plugin() {
    let has_plugin = |fields: &str| {
        let user = format!("{{exec: {{command: x}}, {fields}}}");
        let mut user: AuthInfo = serde_saphyr::from_str(&user).unwrap();
        CredentialPlugin::take_from(&mut user).is_some()
    };
    assert!(has_plugin("") && has_plugin("username: a") && has_plugin("as: joe"));
    for fields in ["token: t", "tokenFile: f", "client-certificate: c", "username: a, password: b"] {
        assert!(!has_plugin(fields), "{fields}");
    }
}

#[tokio::test]
async fn a_token_file_is_read_again_after_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let config = |path: &Path| {
        let mut config = test_config();
        config.auth_info.token_file = Some(path.to_str().unwrap().to_owned());
        config
    };
    let path = folder.path().join("token");
    fs::write(&path, "old\n").unwrap();
    let credentials = Credentials::obtain(config(&path), None).await.unwrap();
    let refused = credentials.lend_client().await.unwrap();
    assert!(credentials.replace_client(&refused).await.unwrap().is_none(), "the token is the same");
    fs::write(&path, "new\n").unwrap();
    assert_eq!(credentials.replace_client(&refused).await.unwrap().unwrap().generation, 1);
    fs::write(&path, "two\nlines").unwrap();
    let error = Credentials::obtain(config(&path), None).await.err().unwrap();
    assert!(matches!(error, CredentialError::InvalidToken), "{error}");
    fs::remove_file(&path).unwrap();
    credentials.current.lock().await.renew_at = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(credentials.lend_client().await.unwrap().generation, 1, "the last token still counts");
    let error = Credentials::obtain(config(&path), None).await.err().unwrap().to_string();
    assert!(error.ends_with("cannot be read: no such file"), "{error}");
}
