//! The flags in place of the kubeconfig, and what is wrong with either.

use crate::source::cluster::connect::*;

const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: first
clusters:
- {name: one, cluster: {server: 'https://one:6443/', certificate-authority-data: Zm9v, tls-server-name: name}}
- {name: two, cluster: {server: 'http://two:8080/k8s'}}
contexts:
- {name: first, context: {cluster: one, user: me, namespace: mine}}
- {name: second, context: {cluster: two, user: nobody}}
users:
- {name: me, user: {token: secret-token, exec: {command: /nonexistent/plugin}}}
- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /nonexistent/plugin, interactiveMode: Never}}}
";

/// Connects with that kubeconfig.
async fn with_kubeconfig(connection: Connection) -> Result<Cluster, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, KUBECONFIG).unwrap();
    connect(&Connection { kubeconfig: Some(path), ..connection }).await
}

/// The kubeconfig after the flags: cluster and user that are in force.
fn overridden(connection: &Connection) -> (kube::config::Cluster, AuthInfo) {
    let mut config = Kubeconfig::from_yaml(KUBECONFIG).unwrap();
    let options = connection.override_kubeconfig(&mut config).unwrap();
    let cluster = config.clusters.into_iter().find(|named| Some(&named.name) == options.cluster.as_ref());
    let user = config.auth_infos.into_iter().find(|named| Some(&named.name) == options.user.as_ref());
    (cluster.unwrap().cluster.unwrap(), user.unwrap().auth_info.unwrap())
}

#[tokio::test]
async fn the_namespace_is_the_flags_then_the_contexts_then_default() {
    let second = Connection { context: Some("second".to_owned()), ..Connection::default() };
    let cluster = with_kubeconfig(second.clone()).await.unwrap();
    assert_eq!((cluster.namespace.as_str(), cluster.context.as_deref()), ("default", Some("second")));
    assert_eq!(cluster.server, "http://two:8080/k8s");
    let cluster =
        with_kubeconfig(Connection { namespace: Some("other".to_owned()), ..second }).await.unwrap();
    assert_eq!(cluster.namespace, "other");
    let third = Connection { cluster: Some("two".to_owned()), ..Connection::default() };
    let cluster = with_kubeconfig(third).await.unwrap();
    assert_eq!((cluster.namespace.as_str(), cluster.server.as_str()), ("mine", "http://two:8080/k8s"));
}

#[tokio::test]
async fn what_the_kubeconfig_lacks_is_a_clear_error() {
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
            "auth info \"none\" does not exist",
        ),
        (
            Connection { request_timeout: Some("soon".to_owned()), ..Connection::default() },
            "invalid --request-timeout \"soon\"",
        ),
        (
            Connection { impersonate_uid: Some("1".to_owned()), ..Connection::default() },
            "requesting uid, groups or user-extra without impersonating a user",
        ),
    ];
    for (connection, summary) in cases {
        let error = with_kubeconfig(connection).await.unwrap_err();
        assert_eq!(error.summary, summary);
        let flag = summary.contains("request");
        assert_eq!(error.kind, if flag { ErrorKind::Usage } else { ErrorKind::Connection });
        assert!(!error.hints.is_empty());
    }
}

#[tokio::test]
async fn a_plugins_command_line_is_never_told() {
    let plugin = Connection {
        user: Some("plugin".to_owned()),
        context: Some("second".to_owned()),
        ..Connection::default()
    };
    let error = with_kubeconfig(plugin).await.unwrap_err();
    assert_eq!(error.summary, "the kubeconfig's credential plugin cannot be started: no such file");
    assert!(!error.hints.iter().any(|hint| hint.contains("/nonexistent")));
}

#[tokio::test]
async fn a_kubeconfig_that_is_no_yaml_is_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, "users: [{name: a, user: {token: secret-token}}\n\tbroken").unwrap();
    let error = connect(&Connection { kubeconfig: Some(path), ..Connection::default() }).await.unwrap_err();
    assert_eq!(error.summary, "the kubeconfig is not valid YAML");
}

#[test]
fn another_server_is_not_judged_by_the_old_ones_name() {
    let (cluster, _) =
        overridden(&Connection { server: Some("localhost:8080".to_owned()), ..Connection::default() });
    assert_eq!((cluster.server.as_deref(), cluster.tls_server_name), (Some("http://localhost:8080"), None));
    let (cluster, _) = overridden(&Connection { insecure_skip_tls_verify: true, ..Connection::default() });
    assert_eq!((cluster.insecure_skip_tls_verify, cluster.certificate_authority_data), (Some(true), None));
}

#[test]
fn a_given_token_takes_the_place_of_all_other_credentials() {
    let (_, user) = overridden(&Connection { token: Some("given".to_owned()), ..Connection::default() });
    assert!(user.exec.is_none() && user.token.is_some() && user.token_file.is_none());
    let (_, user) = overridden(&Connection {
        impersonate: Some("joe".to_owned()),
        impersonate_groups: vec!["a".to_owned(), "b".to_owned()],
        impersonate_user_extra: vec!["k=1".to_owned(), "k=2".to_owned()],
        ..Connection::default()
    });
    assert_eq!(
        (user.impersonate.as_deref(), user.impersonate_groups.map(|groups| groups.len())),
        (Some("joe"), Some(2))
    );
    assert_eq!(user.impersonate_user_extra.unwrap()["k"], ["1", "2"]);
}

#[tokio::test]
async fn a_server_alone_is_enough() {
    let mut config = Kubeconfig::default();
    let server = Connection { server: Some("http://127.0.0.1:1".to_owned()), ..Connection::default() };
    let options = server.override_kubeconfig(&mut config).unwrap();
    let config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
    assert_eq!(config.cluster_url.to_string(), "http://127.0.0.1:1/");
}

#[test]
fn kubectl_gets_the_flags_as_they_were_typed() {
    let connection = Connection {
        kubeconfig: Some("/a b".into()),
        namespace: Some("ns".to_owned()),
        token: Some("t".to_owned()),
        impersonate: Some("joe".to_owned()),
        impersonate_groups: vec!["a".to_owned(), "b".to_owned()],
        insecure_skip_tls_verify: true,
        ..Connection::default()
    };
    let args = connection.kubectl_args();
    let expected = [
        "--kubeconfig=/a b",
        "--namespace=ns",
        "--token=t",
        "--as=joe",
        "--as-group=a",
        "--as-group=b",
        "--insecure-skip-tls-verify=true",
    ];
    assert_eq!(args, expected.map(OsString::from));
    assert_eq!(Connection::default().kubectl_args(), Vec::<OsString>::new());
    let shown = format!("{connection:?}");
    assert!(!shown.contains("token"), "{shown}");
}

#[test]
fn timeouts_are_read_as_kubectl_reads_them() {
    let timeout = |given: &str| {
        Connection { request_timeout: Some(given.to_owned()), ..Connection::default() }.timeout()
    };
    assert_eq!(timeout("0").unwrap(), None);
    assert_eq!(timeout("0s").unwrap(), None);
    assert_eq!(timeout("5").unwrap(), Some(Duration::from_secs(5)));
    assert_eq!(timeout("1m30s").unwrap(), Some(Duration::from_secs(90)));
    assert_eq!(timeout("500ms").unwrap(), Some(Duration::from_millis(500)));
    assert!(timeout("-1").is_err() && timeout("x").is_err());
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
fn an_address_is_told_without_credentials() {
    assert_eq!(address(&"https://user:pw@host:6443/".parse().unwrap()), "https://host:6443");
}
