//! Tests of credentials, proxies and the kuberc on a real API server.

use std::fs;
use std::io::{Read as _, Write as _, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::harness::{Namespace, kubectl, manifest};
use crate::support::runner::{CommandResult, run};

/// A folder with kubeconfigs for the users of a namespace.
struct Users {
    folder: TempDir,
    /// The namespace, whose service account may read its objects.
    namespace: Namespace,
}

impl Users {
    fn new(topic: &str) -> Self {
        let namespace = Namespace::new(topic);
        let account = format!("--serviceaccount={}:default", namespace.name);
        namespace.kubectl(&["create", "rolebinding", "readers", "--clusterrole=view", &account]).succeeds();
        namespace.kubectl(&["create", "job", "pi", "--image=busybox", "--", "true"]).succeeds();
        Self { folder: tempfile::tempdir().unwrap(), namespace }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder and returns its path.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// Returns a token of the namespace's service account.
    fn token(&self) -> String {
        self.namespace.kubectl(&["create", "token", "default"]).succeeds().stdout
    }

    /// Writes a kubeconfig. `user` holds the fields of its user in YAML. Returns the flag that selects the kubeconfig.
    fn kubeconfig(&self, name: &str, user: &str) -> String {
        let view = "jsonpath={.clusters[0].cluster.server} {.clusters[0].cluster.certificate-authority-data}";
        let view =
            kubectl(&["config", "view", "--minify", "--raw", "--flatten", "-o", view]).succeeds().stdout;
        let (server, authority) = view.split_once(' ').unwrap();
        let text = format!(
            "apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: c, cluster: {{server: '{server}', certificate-authority-data: '{authority}'}}}}]
contexts: [{{name: test, context: {{cluster: c, user: u, namespace: {}}}}}]
users: [{{name: u, user: {{{user}}}}}]
",
            self.namespace.name
        );
        format!("--kubeconfig={}", self.write(name, &text))
    }

    /// Writes a credential plugin, and returns the flag that selects its kubeconfig. The plugin runs `script` with the
    /// number of the run in `$n`, and then prints the `$status` that `script` has set.
    fn plugin(&self, script: &str) -> String {
        let path = self.write(
            "plugin",
            &format!(
                r#"#!/bin/sh
cd {}
printf '%s\n' "$KUBERNETES_EXEC_INFO" >> runs
n=$(wc -l < runs)
{script}
printf '%s' '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":'
printf '%s}}\n' "$status"
"#,
                self.folder.path().display()
            ),
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let exec = format!(
            "apiVersion: client.authentication.k8s.io/v1, command: {path}, interactiveMode: IfAvailable"
        );
        self.kubeconfig("plugin.kubeconfig", &format!("exec: {{{exec}}}"))
    }

    /// Returns the values of `KUBERNETES_EXEC_INFO` with which the plugin has run.
    fn runs(&self) -> Vec<String> {
        fs::read_to_string(self.path("runs")).unwrap().lines().map(str::to_owned).collect()
    }
}

#[test]
#[ignore = "needs a cluster"]
fn tokens_token_files_and_id_tokens_are_accepted() {
    let users = Users::new("tokens");
    let token = users.token();
    users.write("token-file", &format!("{token}\n"));
    let provider =
        format!("name: oidc, config: {{id-token: {token}, client-id: x, idp-issuer-url: 'https://x'}}");
    for (name, user) in [
        ("token", format!("token: {token}")),
        ("file", "tokenFile: token-file".to_owned()),
        ("provider", format!("auth-provider: {{{provider}}}")),
    ] {
        let flag = users.kubeconfig(name, &user);
        users.namespace.seq(&["get", "job", "pi", "-o", "name", &flag]).succeeds().prints("job.batch/pi");
    }
    users.write("token-file", "wrong");
    let refused =
        users.namespace.seq(&["get", "job", "pi", &users.kubeconfig("file", "tokenFile: token-file")]);
    refused.exits_with(3).reports("does not accept the credentials");
}

#[test]
#[ignore = "needs a cluster"]
fn a_plugin_runs_once_and_again_if_the_server_refuses_its_token() {
    let users = Users::new("plugin");
    let token = users.token();
    let flag = users.plugin(&format!(r#"status='{{"token":"{token}"}}'"#));
    users.namespace.seq(&["get", "job", "pi", "-o", "name", &flag]).succeeds().prints("job.batch/pi");
    assert_eq!(users.runs().len(), 1);
    assert!(users.runs()[0].contains(r#""interactive":false"#), "{:?}", users.runs());
    fs::remove_file(users.path("runs")).unwrap();
    let flag =
        users.plugin(&format!(r#"[ $n = 1 ] && status='{{"token":"x"}}' || status='{{"token":"{token}"}}'"#));
    users.namespace.seq(&["get", "job", "pi", "-o", "name", &flag]).succeeds().prints("job.batch/pi");
    assert_eq!(users.runs().len(), 2);
}

#[test]
#[ignore = "needs a cluster"]
fn a_plugin_runs_again_before_its_token_expires_while_the_program_follows() {
    let users = Users::new("renewal");
    let token = users.token();
    let flag = users.plugin(&format!(
        r#"at=$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%SZ); status='{{"token":"{token}","expirationTimestamp":"'$at'"}}'"#
    ));
    let job = r#"{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "slow"}, "spec": {"backoffLimit": 0,
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "work", "image": "busybox",
        "command": ["sh", "-c", "sleep 5; echo the end; exit 3"]}]}}}}"#;
    let create = ["create", "--namespace", &users.namespace.name, "-f", "-"];
    users.namespace.kubectl_with(&create, job).succeeds();
    let followed = users.namespace.seq(&["get", "job/slow", "-w", "--fail-fast", "--timeout=100s", &flag]);
    followed.exits_with(1).prints("the end");
    assert!(users.runs().len() > 1, "{:?}", users.runs());
}

/// Starts a proxy that counts its connections. Returns its address.
fn start_proxy(connections: &Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::clone(connections);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            connections.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || serve_connect(client));
        }
    });
    address
}

/// Answers a `CONNECT` request and copies the bytes in both directions.
fn serve_connect(mut client: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap_or_default())?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Write)
    });
    copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

#[test]
#[ignore = "needs a cluster"]
fn a_proxy_url_is_always_used_and_a_variable_is_not_used_for_this_machine() {
    let users = Users::new("proxy");
    let connections = Arc::new(AtomicUsize::new(0));
    let proxy = start_proxy(&connections);
    let get = |variables: &[(&str, &str)], flags: &[&str]| {
        let mut command = users.namespace.command(&[&["get", "job", "pi", "-o", "name"], flags].concat());
        command.envs(variables.iter().copied());
        run(command, b"")
    };
    get(&[("NO_PROXY", "*")], &[&format!("--proxy-url={proxy}")]).succeeds().prints("job.batch/pi");
    assert!(connections.load(Ordering::SeqCst) > 0);
    let refused = get(&[], &["--proxy-url=http://127.0.0.1:1"]).exits_with(3);
    refused.reports("through the proxy http://127.0.0.1:1: connection refused");
    // The program uses no proxy here, because the server of a test cluster has a loopback address.
    get(&[("HTTPS_PROXY", "127.0.0.1:1"), ("NO_PROXY", "x,")], &[]).succeeds().prints("job.batch/pi");
    let far = ["--server=https://api.corp.test:6443", "--request-timeout=1s"];
    get(&[("https_proxy", "127.0.0.1:1")], &far)
        .exits_with(3)
        .reports("through the proxy http://127.0.0.1:1");
    let direct = get(&[("https_proxy", "127.0.0.1:1"), ("NO_PROXY", ".corp.test,")], &far).exits_with(3);
    direct.reports("unknown host");
}

#[test]
#[ignore = "needs a cluster"]
fn the_first_of_several_kubeconfigs_that_sets_a_value_counts() {
    let users = Users::new("several");
    let token = users.token();
    let flag = users.kubeconfig("second", "token: wrong");
    let second = flag.trim_start_matches("--kubeconfig=");
    let empty = users.write("empty", "");
    let first = users.write(
        "first",
        &format!("apiVersion: v1\nkind: Config\ncurrent-context: ''\nusers: [{{name: u, user: {{token: {token}}}}}]\n"),
    );
    for program in ["kubectl", env!("CARGO_BIN_EXE_kubectl-seq")] {
        let mut command = Command::new(program);
        command.args(["get", "job", "pi", "-o", "name"]);
        command.env("KUBECONFIG", format!("{empty}:{}/none:{first}:{second}", users.folder.path().display()));
        run(command, b"").succeeds().prints("job.batch/pi");
    }
}

/// Runs the program with a kuberc that sets this default for a command.
fn with_kuberc(users: &Users, command: &str, name: &str, value: &str, arguments: &[&str]) -> CommandResult {
    let text = format!(
        "apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults: [{{command: {command}, options: [{{name: {name}, default: '{value}'}}]}}]
"
    );
    let path = users.write("kuberc", &text);
    // The namespace comes from the context, because a flag would take precedence over the kuberc.
    let mut program = crate::harness::program_with_cluster(arguments);
    program.env("KUBERC", path);
    run(program, b"")
}

#[test]
#[ignore = "needs a cluster"]
fn defaults_of_the_kuberc_do_not_change_the_verdict_and_are_obeyed_by_get() {
    let (users, other) = (Users::new("kuberc"), Namespace::new("kuberc-other"));
    other.kubectl(&["create", "job", "failing", "--image=busybox", "--", "true"]).succeeds();
    other.kubectl(&["wait", "--for=condition=complete", "job/failing", "--timeout=100s"]).succeeds();
    let flag = users.kubeconfig("admin", &format!("token: {}", users.token()));
    let account = format!("--serviceaccount={}:default", users.namespace.name);
    for (namespace, name) in [(&users.namespace, "writers"), (&other, "readers")] {
        namespace.kubectl(&["create", "rolebinding", name, "--clusterrole=edit", &account]).succeeds();
    }
    let file = manifest("failing.yaml");
    for (name, value) in [
        ("namespace", other.name.as_str()),
        ("selector", "a=b"),
        ("watch", "true"),
        ("all-namespaces", "true"),
    ] {
        users.namespace.kubectl(&["delete", "job", "failing", "--ignore-not-found"]).succeeds();
        let applied = with_kuberc(&users, "get", name, value, &["apply", "-f", &file, &flag]).exits_with(1);
        applied.prints("job/failing");
    }
    let shown = with_kuberc(&users, "get", "namespace", &other.name, &["get", "jobs", "-o", "name", &flag]);
    assert_eq!(shown.succeeds().stdout, "job.batch/failing\n");
    let shown = with_kuberc(&users, "get", "selector", "job-name=pi", &["get", "jobs", "-o", "name", &flag]);
    assert_eq!(shown.succeeds().stdout, "job.batch/pi\n");
    // kubectl applies in the other namespace, so the program follows the Job in that namespace.
    let applied = with_kuberc(&users, "apply", "namespace", &other.name, &["apply", "-f", &file, &flag]);
    assert!(applied.stderr.contains(&other.name) || applied.stdout.contains(&other.name), "{applied:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn without_kubectl_only_the_commands_that_wrap_it_fail() {
    let users = Users::new("no-kubectl");
    let without_kubectl = |arguments: &[&str]| {
        let mut command = users.namespace.command(arguments);
        command.env("PATH", Path::new("/nonexistent"));
        run(command, b"")
    };
    users.namespace.kubectl(&["wait", "--for=condition=complete", "job/pi", "--timeout=100s"]).succeeds();
    without_kubectl(&["get", "job", "pi"]).succeeds().prints("job/pi");
    without_kubectl(&["pod", &users.namespace.pod("job-name=pi")]).succeeds().prints("pod/pi");
    let file = manifest("failing.yaml");
    for command in ["apply", "create", "replace"] {
        let failed = without_kubectl(&[command, "-f", &file]).exits_with(3);
        failed.reports("kubectl cannot be started: kubectl was not found");
        failed.reports("Install kubectl");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn the_hint_to_see_the_objects_again_shows_the_same_output() {
    let users = Users::new("hint");
    let flag = users.kubeconfig("user", &format!("token: {}", users.token()));
    users.namespace.kubectl(&["wait", "--for=condition=complete", "job/pi", "--timeout=100s"]).succeeds();
    let words = ["get", "jobs", "-w", "--field-selector=metadata.name=pi", "-o", "table", &flag];
    let followed = users.namespace.seq(&words).succeeds();
    let printed = format!("{}{}", followed.stdout, followed.stderr);
    let hint = printed.lines().find_map(|line| line.strip_prefix("to see it again: kubectl seq ")).unwrap();
    let again = users.namespace.seq(&hint.split(' ').collect::<Vec<_>>()).succeeds();
    assert!(again.stdout.contains("pi") && followed.stdout.contains(again.stdout.trim()), "{again:#}");
}
