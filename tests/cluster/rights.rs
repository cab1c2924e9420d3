//! Tests of users who lack some of the permissions.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Namespace, manifest};
use crate::support::runner::{program, run};

/// The Role and the ClusterRole for administrators.
const RBAC: &str = include_str!("../../docs/rbac.yaml");

/// The Pod that writes the timeline of a Job.
const IN_CLUSTER: &str = include_str!("../../examples/in-cluster.yaml");

/// The lines of the Role's rules.
fn rules() -> Vec<&'static str> {
    let role = RBAC.split("---").next().unwrap_or_default();
    role.lines().filter(|line| line.starts_with("- {")).collect()
}

/// Creates a Role with these rules and a service account that has only this Role. Returns the account as a user name.
fn user_with(namespace: &Namespace, name: &str, rules: &[&str]) -> String {
    let Namespace { name: home, .. } = namespace;
    let rules =
        if rules.is_empty() { "rules: []".to_owned() } else { format!("rules:\n{}", rules.join("\n")) };
    let role = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}, namespace: {home}}}\n{rules}\n"
    );
    namespace.kubectl_with(&["apply", "-f", "-"], &role).succeeds();
    namespace.kubectl(&["create", "serviceaccount", name]).succeeds();
    let (role, account) = (format!("--role={name}"), format!("--serviceaccount={home}:{name}"));
    namespace.kubectl(&["create", "rolebinding", name, &role, &account]).succeeds();
    let user = format!("system:serviceaccount:{home}:{name}");
    wait_until_allowed(namespace, &user, if rules.contains("[pods]") { "pods" } else { "jobs.batch" });
    user
}

/// Waits until the user may list the objects of a type, because a new RBAC rule takes effect after a moment.
fn wait_until_allowed(namespace: &Namespace, user: &str, resource: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while namespace.kubectl(&["auth", "can-i", "list", resource, "--as", user]).code != Some(0) {
        assert!(Instant::now() < deadline, "the Role has no effect");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "needs a cluster"]
fn the_role_of_the_page_is_enough_for_a_job_its_pods_and_their_logs() {
    let namespace = Namespace::new("role");
    let user = user_with(&namespace, "reader", &rules());
    namespace.kubectl(&["apply", "-f", &manifest("failing.yaml")]).succeeds();
    let followed =
        namespace.seq(&["get", "job", "failing", "-w", "--progress=lines", "--as", &user]).exits_with(1);
    for line in followed.stderr.lines() {
        assert!(!line.contains("forbidden") && !line.contains("add this rule"), "{followed:#}");
    }
    let pod = namespace.kubectl(&["get", "pods", "-o", "name"]).stdout;
    let pod = pod.lines().next().unwrap_or_default().trim_start_matches("pod/");
    let shown = namespace.seq(&["pod", pod, "--as", &user]);
    assert!(!shown.stderr.contains("forbidden"), "{shown:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn each_missing_right_gives_one_line_with_the_rule_to_add() {
    let namespace = Namespace::new("rights");
    namespace.kubectl(&["apply", "-f", &manifest("failing.yaml")]).succeeds();
    namespace.seq(&["get", "job", "failing", "-w", "--progress=none"]).exits_with(1);
    let rules = rules();
    assert_eq!(rules.len(), 4);
    for (index, missing) in rules.iter().enumerate() {
        let kept: Vec<&str> = rules.iter().filter(|rule| rule != &missing).copied().collect();
        let user = user_with(&namespace, &format!("lacks-{index}"), &kept);
        let words = ["get", "job", "failing", "-w", "--progress=lines", "--as", &user];
        let result = namespace.seq(&words);
        let is_needed = missing.contains("[jobs]") || missing.contains("[pods]");
        assert_eq!(result.code, Some(if is_needed { 3 } else { 1 }), "{missing}: {result:#}");
        // `get` on Pods is needed only for the YAML of a Pod, which this run does not show.
        let rule = missing.trim_start_matches("- ").replace("[get, list, watch]", "[list, watch]");
        let named = result.stderr.lines().filter(|line| line.contains("add this rule"));
        let named: Vec<&str> = named.collect();
        assert!(matches!(named[..], [line] if line.contains(&rule)), "{missing}: {result:#}");
    }
    // The Pod page reads logs too.
    let pod = namespace.kubectl(&["get", "pods", "-o", "name"]).stdout;
    let pod = pod.lines().next().unwrap_or_default().trim_start_matches("pod/");
    let user = format!("system:serviceaccount:{}:lacks-3", namespace.name);
    let shown = namespace.seq(&["pod", pod, "--as", &user]);
    let named =
        shown.stderr.lines().filter(|line| line.contains("add this rule") && line.contains("pods/log"));
    assert_eq!(named.count(), 1, "{shown:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn the_pod_of_the_example_writes_the_timeline_with_its_service_account() {
    let namespace = Namespace::new("inside");
    let in_namespace = |yaml: &str| {
        yaml.replace("namespace: default", &format!("namespace: {}", namespace.name))
            .replace("job, pi,", "job, quick,")
    };
    namespace.complete("quick.yaml");
    namespace.kubectl_with(&["apply", "-f", "-"], &in_namespace(RBAC)).succeeds();
    let example = in_namespace(IN_CLUSTER);
    let (accounts, _pod) = example.rsplit_once("---").expect("the Pod comes last");
    namespace.kubectl_with(&["apply", "-f", "-"], accounts).succeeds();
    namespace.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &example).succeeds();
    let user = format!("system:serviceaccount:{}:kubectl-seq", namespace.name);
    wait_until_allowed(&namespace, &user, "pods");

    // The command runs on this machine with only the token of the account, because the Pods of a test cluster may have
    // no network.
    let token = namespace.kubectl(&["create", "token", "kubectl-seq"]).stdout;
    let minimal = ["config", "view", "--minify", "--flatten", "--raw", "-o"];
    let field = |path: &str| namespace.kubectl(&[&minimal[..], &[path]].concat()).stdout;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kubeconfig = folder.path().join("config");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, clusters: [{{name: c, cluster: {{server: '{}', certificate-authority-data: '{}'}}}}], users: [{{name: c, user: {{token: '{}'}}}}], contexts: [{{name: c, context: {{cluster: c, user: c, namespace: {}}}}}]}}",
        field("jsonpath={.clusters[0].cluster.server}"),
        field("jsonpath={.clusters[0].cluster.certificate-authority-data}"),
        token.trim(),
        namespace.name,
    );
    std::fs::write(&kubeconfig, text).expect("a kubeconfig");
    let args = example.lines().find_map(|line| line.trim().strip_prefix("args: [")).expect("the arguments");
    let arguments: Vec<&str> = args.trim_end_matches(']').split(", ").collect();
    let mut command = program(&arguments);
    command.env("KUBECONFIG", &kubeconfig);
    let result = run(command, b"").succeeds();
    let document = result.json();
    assert_eq!(document["workloads"][0]["outcome"], "Succeeded", "{result:#}");
    assert_eq!(document["workloads"][0]["incomplete"], serde_json::json!([]), "{result:#}");
}
