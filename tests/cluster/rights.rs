//! Tests of users who lack some of the permissions.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Namespace, manifest};
use crate::support::runner::{Running, program, run};

/// The Role and the ClusterRole for administrators.
const RBAC: &str = include_str!("../../docs/rbac.yaml");

/// The Deployment that records everything.
const RECORD: &str = include_str!("../../docs/record.yaml");

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

/// Writes a kubeconfig with the token of a service account. Returns its path.
///
/// The commands of a test run on this machine with only this token, because the Pods of a test cluster may have no network.
fn write_kubeconfig(namespace: &Namespace, account: &str, folder: &Path) -> PathBuf {
    let token = namespace.kubectl(&["create", "token", account]).stdout;
    let minimal = ["config", "view", "--minify", "--flatten", "--raw", "-o"];
    let field = |path: &str| namespace.kubectl(&[&minimal[..], &[path]].concat()).stdout;
    let kubeconfig = folder.join("config");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, clusters: [{{name: c, cluster: {{server: '{}', certificate-authority-data: '{}'}}}}], users: [{{name: c, user: {{token: '{}'}}}}], contexts: [{{name: c, context: {{cluster: c, user: c, namespace: {}}}}}]}}",
        field("jsonpath={.clusters[0].cluster.server}"),
        field("jsonpath={.clusters[0].cluster.certificate-authority-data}"),
        token.trim(),
        namespace.name,
    );
    std::fs::write(&kubeconfig, text).expect("a kubeconfig");
    kubeconfig
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
    // This Job is in no queue, so it needs no rule for queues.
    let needed: Vec<&str> = rules().into_iter().filter(|rule| !rule.contains("kueue")).collect();
    assert_eq!((needed.len(), rules().len()), (4, 6));
    for (index, missing) in needed.iter().enumerate() {
        let kept: Vec<&str> = rules().into_iter().filter(|rule| rule != missing).collect();
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

    let folder = tempfile::tempdir().expect("a temporary folder");
    let kubeconfig = write_kubeconfig(&namespace, "kubectl-seq", folder.path());
    let args = example.lines().find_map(|line| line.trim().strip_prefix("args: [")).expect("the arguments");
    let arguments: Vec<&str> = args.trim_end_matches(']').split(", ").collect();
    let mut command = program(&arguments);
    command.env("KUBECONFIG", &kubeconfig);
    let result = run(command, b"").succeeds();
    let document = result.json();
    assert_eq!(document["workloads"][0]["outcome"], "Succeeded", "{result:#}");
    assert_eq!(document["workloads"][0]["incomplete"], serde_json::json!([]), "{result:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn record_runs_with_the_rights_and_the_arguments_of_its_manifest() {
    let namespace = Namespace::new("recorder");
    let in_namespace = |yaml: &str| {
        yaml.replace("namespace: kubectl-seq", &format!("namespace: {}", namespace.name))
            .replace("namespace: default", &format!("namespace: {}", namespace.name))
    };
    namespace.kubectl_with(&["apply", "-f", "-"], &in_namespace(RBAC)).succeeds();
    let manifest_text = in_namespace(RECORD);
    namespace.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &manifest_text).succeeds();
    let (account_and_binding, _) = manifest_text.split_once("kind: PersistentVolumeClaim").expect("a volume");
    let (account_and_binding, _) = account_and_binding.rsplit_once("---").expect("a document");
    namespace.kubectl_with(&["apply", "-f", "-"], account_and_binding).succeeds();
    let user = format!("system:serviceaccount:{}:record", namespace.name);
    wait_until_allowed(&namespace, &user, "pods");
    for verb in ["create", "delete", "patch", "update"] {
        let question = ["auth", "can-i", verb, "pods", "--as", &user];
        assert_eq!(namespace.kubectl(&question).code, Some(1), "{verb}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("recordings");
    let args = manifest_text.lines().find_map(|line| line.trim().strip_prefix("args: ["));
    let args = args.expect("the arguments").trim_end_matches(']').replace('"', "");
    let args = args.replace("/recordings", target.to_str().expect("UTF-8"));
    let arguments: Vec<&str> = args.split(", ").collect();
    let start = || {
        let mut command = program(&arguments);
        command.env("KUBECONFIG", write_kubeconfig(&namespace, "record", folder.path()));
        Running::start(command, b"")
    };
    let mut record = start();
    record.wait_for_text("following what runs");
    namespace.complete("quick.yaml");
    record.wait_for_text(&format!(" {}/job/quick Succeeded ", namespace.name));
    namespace.kubectl(&["apply", "-f", &manifest("sleeping.yaml")]).succeeds();
    namespace.wait_until_ready("sleeping", 1);
    let partial = || names(&target).into_iter().any(|name| name.contains("_job_sleeping_"));
    let deadline = Instant::now() + Duration::from_secs(30);
    while !partial() {
        assert!(Instant::now() < deadline, "{:?}", names(&target));
        thread::sleep(Duration::from_millis(50));
    }
    record.signal("TERM");
    let result = record.wait().exits_with(143);
    for line in result.stderr.lines() {
        assert!(!line.contains("forbidden"), "{result:#}");
    }
    // The next one continues the partial recording, and writes no run twice.
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    let mut record = start();
    record.wait_for_text(&format!(" {}/job/sleeping Unknown ", namespace.name));
    record.signal("INT");
    record.wait().exits_with(130);
    let own: Vec<String> =
        names(&target).into_iter().filter(|name| name.starts_with(&namespace.name)).collect();
    assert_eq!(own.len(), 2, "{own:?}");
    for name in own {
        assert!(name.ends_with(".jsonl.zst"), "{name}");
        let path = target.join(&name);
        let replayed = run(program(&["replay", path.to_str().expect("UTF-8"), "-o", "json"]), b"");
        let document = replayed.json();
        let gaps = document["workloads"][0]["incomplete"].as_array().map_or(0, Vec::len);
        assert_eq!(gaps, usize::from(name.contains("_job_sleeping_")), "{replayed:#}");
    }
}

/// The names of the files in a folder, which may not exist yet.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
