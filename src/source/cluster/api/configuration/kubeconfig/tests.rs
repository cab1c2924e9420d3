//! Tests of the flags that override the kubeconfig.

use crate::source::cluster::api::configuration::kubeconfig::*;

/// A kubeconfig with two clusters, two contexts and two users.
pub(crate) const KUBECONFIG: &str = "
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

/// Overrides [`KUBECONFIG`] by the flags. Returns the cluster and the user to use.
fn override_by(connection: &Connection) -> (kube::config::Cluster, AuthInfo) {
    let mut config = Kubeconfig::from_yaml(KUBECONFIG).unwrap();
    let options = connection.override_kubeconfig(&mut config).unwrap();
    let cluster = config.clusters.into_iter().find(|named| Some(&named.name) == options.cluster.as_ref());
    let user = config.auth_infos.into_iter().find(|named| Some(&named.name) == options.user.as_ref());
    (cluster.unwrap().cluster.unwrap(), user.unwrap().auth_info.unwrap())
}

#[test]
fn the_server_flag_removes_the_tls_name_of_the_old_server() {
    let (cluster, _) =
        override_by(&Connection { server: Some("localhost:8080".to_owned()), ..Connection::default() });
    assert_eq!((cluster.server.as_deref(), cluster.tls_server_name), (Some("http://localhost:8080"), None));
    let (cluster, _) = override_by(&Connection { insecure_skip_tls_verify: true, ..Connection::default() });
    assert_eq!((cluster.insecure_skip_tls_verify, cluster.certificate_authority_data), (Some(true), None));
}

#[test]
fn an_authority_for_an_unchecked_server_is_refused() {
    for (connection, kind) in [
        (
            Connection {
                insecure_skip_tls_verify: true,
                certificate_authority: Some("ca.crt".to_owned()),
                ..Connection::default()
            },
            ErrorKind::Usage,
        ),
        (Connection::default(), ErrorKind::Configuration),
    ] {
        let mut config = Kubeconfig::from_yaml(
            "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {server: 'https://x', \
             insecure-skip-tls-verify: true, certificate-authority: ca.crt}}], users: [{name: a, user: {}}]}",
        )
        .unwrap();
        let error = connection.override_kubeconfig(&mut config).err().unwrap();
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[test]
fn the_nearest_context_cluster_and_user_are_named() {
    let override_with = |connection: Connection| {
        let mut config = Kubeconfig::from_yaml(
            "{current-context: alpha, contexts: [{name: alpha, context: {cluster: beta, user: gamma}}], clusters: [{name: beta, cluster: \
             {server: 'https://x'}}], users: [{name: gamma, user: {}}]}",
        )
        .unwrap();
        connection.override_kubeconfig(&mut config).err().unwrap().hints.remove(0)
    };
    let context = Connection { context: Some("alhpa".to_owned()), ..Connection::default() };
    assert_eq!(override_with(context), "Did you mean alpha?");
    let cluster = Connection { cluster: Some("betta".to_owned()), ..Connection::default() };
    assert_eq!(override_with(cluster), "Did you mean beta?");
    let user = Connection { user: Some("gama".to_owned()), ..Connection::default() };
    assert_eq!(override_with(user), "Did you mean gamma?");
}

#[test]
fn flags_for_a_token_and_for_impersonation_override_the_user() {
    let (_, user) = override_by(&Connection { token: Some("given".to_owned()), ..Connection::default() });
    assert!(user.exec.is_none() && user.token.is_some() && user.token_file.is_none());
    let (_, user) = override_by(&Connection {
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

#[test]
fn no_kubeconfig_is_needed_if_the_server_flag_is_given() {
    let mut config = Kubeconfig::default();
    let server = Connection { server: Some("http://127.0.0.1:1".to_owned()), ..Connection::default() };
    let options = server.override_kubeconfig(&mut config).unwrap();
    let (config, _) = build_config(config, &options).unwrap();
    assert_eq!(config.cluster_url.to_string(), "http://127.0.0.1:1/");
}
