//! Tests of `connect`: the namespace that the cluster uses, and the errors about a kubeconfig or a flag that cannot be
//! used.

use crate::source::cluster::api::client::*;
use crate::source::cluster::api::configuration::kubeconfig::tests::KUBECONFIG;
use crate::source::error::ErrorKind;

/// Connects with the kubeconfig [`KUBECONFIG`] and these flags.
async fn connect_with(connection: Connection) -> Result<Cluster, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, KUBECONFIG).unwrap();
    connect(&Connection { kubeconfig: Some(path), ..connection }).await
}

#[tokio::test]
async fn the_namespace_comes_from_the_flag_or_the_context_or_is_default() {
    let second = Connection { context: Some("second".to_owned()), ..Connection::default() };
    let cluster = connect_with(second.clone()).await.unwrap();
    assert_eq!((cluster.namespace.as_str(), cluster.context.as_deref()), ("default", Some("second")));
    assert_eq!(cluster.server, "http://two:8080/k8s");
    let cluster = connect_with(Connection { namespace: Some("other".to_owned()), ..second }).await.unwrap();
    assert_eq!(cluster.namespace, "other");
    let other_cluster = Connection { cluster: Some("two".to_owned()), ..Connection::default() };
    let cluster = connect_with(other_cluster).await.unwrap();
    assert_eq!((cluster.namespace.as_str(), cluster.server.as_str()), ("mine", "http://two:8080/k8s"));
}

#[tokio::test]
async fn an_error_names_the_flag_or_the_missing_entry_of_the_kubeconfig() {
    let cases = [
        (
            Connection { context: Some("none".to_owned()), ..Connection::default() },
            "context \"none\" does not exist",
        ),
        (
            Connection { cluster: Some("none".to_owned()), ..Connection::default() },
            "cluster \"none\" does not exist",
        ),
        (
            Connection { user: Some("none".to_owned()), ..Connection::default() },
            "user \"none\" does not exist",
        ),
        (
            Connection { request_timeout: Some("soon".to_owned()), ..Connection::default() },
            "invalid --request-timeout \"soon\"",
        ),
        (
            Connection { impersonate_uid: Some("1".to_owned()), ..Connection::default() },
            "`--as-uid`, `--as-group` and `--as-user-extra` require `--as`",
        ),
    ];
    for (connection, summary) in cases {
        let error = connect_with(connection).await.unwrap_err();
        assert_eq!(error.summary, summary);
        let is_flag = summary.contains("--");
        assert_eq!(error.kind, if is_flag { ErrorKind::Usage } else { ErrorKind::Configuration });
        assert!(!error.hints.is_empty());
    }
}

#[tokio::test]
async fn the_command_line_of_a_plugin_is_never_printed() {
    let plugin = Connection {
        user: Some("plugin".to_owned()),
        context: Some("second".to_owned()),
        ..Connection::default()
    };
    let error = connect_with(plugin).await.unwrap_err();
    assert_eq!(error.summary, "the kubeconfig's credential plugin cannot be started: no such file");
    assert!(!error.hints.iter().any(|hint| hint.contains("/nonexistent")));
}

#[tokio::test]
async fn the_error_about_invalid_yaml_does_not_quote_the_kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, "users: [{name: a, user: {token: secret-token}}\n\tbroken").unwrap();
    let error = connect(&Connection { kubeconfig: Some(path), ..Connection::default() }).await.unwrap_err();
    assert_eq!(error.summary, "the kubeconfig is not valid YAML");
}

#[test]
fn only_this_machine_is_loopback() {
    for (url, expected) in [
        ("https://127.0.0.1:6443", true),
        ("https://[::1]:6443", true),
        ("https://localhost", true),
        ("https://192.168.49.2:8443", false),
        ("https://localhost.example.com", false),
    ] {
        assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
    }
}

#[test]
fn an_address_is_printed_without_credentials() {
    assert_eq!(printable_address(&"https://user:pw@host:6443/".parse().unwrap()), "https://host:6443");
}
