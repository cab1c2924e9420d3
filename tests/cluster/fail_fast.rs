//! Tests of `--fail-fast`: each cause ends the run within two seconds. All cases run at the same time, because they
//! spend most of the time waiting.

use std::thread;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{CommandResult, Namespace, Running, kubectl, print_notice};
use crate::support::pod_builder::merge;
use crate::truth;

/// Maximum time from the [`Fact`] to the end of the program.
const MAX_DELAY: SignedDuration = SignedDuration::from_secs(2);

/// The name of a node without a kubelet.
const GHOST: &str = "seq-ghost";

/// The fact after which the program must end, because waiting is useless.
#[derive(Clone, Copy)]
enum Fact {
    /// The `count`th end of a container of the Pod.
    ContainerFinished(usize),
    /// The `count`th start of a container of the Pod.
    ContainerStarted(usize),
    /// The `count`th failed pull.
    PullFailed(usize),
    /// The first Event with this reason, plus this number of seconds.
    Event(&'static str, i64),
}

/// A cause, and how the program must report it.
struct Case {
    /// The name of the workload, and the start of the name of its Pods.
    name: &'static str,
    manifest: Value,
    flags: &'static [&'static str],
    code: i32,
    /// A part of the sentence about the cause.
    sentence: &'static str,
    fact: Fact,
}

impl Case {
    /// The kind of the workload.
    fn kind(&self) -> &'static str {
        if self.name == "web" { "deployment" } else { "job" }
    }
}

/// A Job with one Pod that is never tried again, changed by `patch`. The container runs `script`.
fn job(name: &str, script: &str, patch: Value) -> Value {
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": {"case": name}},
        "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": {"case": name}}, "spec": {
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
            "containers": [container(script)],
        }}},
    });
    merge(&mut job, patch);
    job
}

fn container(script: &str) -> Value {
    json!({"name": "main", "image": "busybox", "command": ["sh", "-c", script]})
}

/// A patch of the Pod template of a workload.
fn template(spec: &Value) -> Value {
    json!({"spec": {"template": {"spec": spec}}})
}

/// A patch that replaces the image of the container.
fn image(image: &str) -> Value {
    template(&json!({"containers": [{"name": "main", "image": image, "command": ["true"]}]}))
}

fn missing_config_map() -> Value {
    let from = json!({"configMapKeyRef": {"name": "nope", "key": "a"}});
    json!([{"name": "main", "image": "busybox", "command": ["true"], "env": [{"name": "A", "valueFrom": from}]}])
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"case": "web"}},
        "spec": {"selector": {"matchLabels": {"case": "web"}}, "template": {
            "metadata": {"labels": {"case": "web"}}, "spec": {"containers": missing_config_map()},
        }},
    })
}

/// Causes that are failures of containers.
fn failures() -> Vec<Case> {
    let indexed = json!({"spec": {"completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimit": null, "backoffLimitPerIndex": 0}});
    let crash = json!({"spec": {"backoffLimit": 6, "template": {"spec": {"restartPolicy": "OnFailure"}}}});
    vec![
        Case {
            name: "failed",
            manifest: job("failed", "sleep 1; exit 3", json!({})),
            flags: &["-o", "json"],
            code: 1,
            sentence: "no further try",
            fact: Fact::ContainerFinished(1),
        },
        Case {
            name: "index",
            manifest: job("index", "[ $JOB_COMPLETION_INDEX = 0 ] && sleep 600; sleep 1; exit 7", indexed),
            flags: &["--pod-exit-code", "--progress=none"],
            code: 7,
            sentence: "no further try",
            fact: Fact::ContainerFinished(1),
        },
        Case {
            name: "init",
            manifest: job(
                "init",
                "true",
                template(
                    &json!({"initContainers": [{"name": "fetch", "image": "busybox", "command": ["sh", "-c", "exit 5"]}]}),
                ),
            ),
            flags: &["--pod-exit-code"],
            code: 5,
            sentence: "no further try",
            fact: Fact::ContainerFinished(1),
        },
        Case {
            name: "crash",
            manifest: job("crash", "exit 42", crash),
            flags: &["--pod-exit-code"],
            code: 42,
            sentence: "ends again and again: exit code 42, 3 restarts",
            fact: Fact::ContainerStarted(4),
        },
        Case {
            name: "web",
            manifest: deployment(),
            flags: &[],
            code: 1,
            sentence: "cannot start: configmap \"nope\" not found",
            fact: Fact::Event("Failed", 0),
        },
    ]
}

/// Causes because of which a Pod cannot start.
fn start_failures(namespace: &str) -> Vec<Case> {
    let after_3s: &[&str] = &["--fail-fast-after=3s"];
    let secret = json!({"volumes": [{"name": "v", "secret": {"secretName": "nope"}}],
        "containers": [{"name": "main", "image": "busybox", "command": ["true"], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]});
    let huge = json!({"containers": [{"name": "main", "image": "busybox", "command": ["true"], "resources": {"requests": {"cpu": "9000"}}}]});
    let on_ghost =
        json!({"nodeSelector": {"seq.test/ghost": namespace}, "tolerations": [{"operator": "Exists"}]});
    vec![
        Case {
            name: "image",
            manifest: job("image", "", image(&format!("{namespace}:missing"))),
            flags: &["--pod-exit-code"],
            code: 1,
            sentence: ":missing: not found (2 attempts)",
            fact: Fact::PullFailed(2),
        },
        Case {
            name: "invalid",
            manifest: job("invalid", "", image("A:B:C")),
            flags: &["-o", "jsonl"],
            code: 1,
            sentence: "cannot start: the image name A:B:C is invalid",
            fact: Fact::Event("InspectFailed", 0),
        },
        Case {
            name: "config",
            manifest: job("config", "", template(&json!({"containers": missing_config_map()}))),
            flags: &[],
            code: 1,
            sentence: "cannot start: configmap \"nope\" not found",
            fact: Fact::Event("Failed", 0),
        },
        Case {
            name: "secret",
            manifest: job("secret", "", template(&secret)),
            flags: &[],
            code: 1,
            sentence: "secret \"nope\" not found",
            fact: Fact::Event("FailedMount", 0),
        },
        Case {
            name: "room",
            manifest: job("room", "", template(&huge)),
            flags: after_3s,
            code: 1,
            sentence: "has been unschedulable for 3s: Insufficient cpu",
            fact: Fact::Event("FailedScheduling", 3),
        },
        Case {
            name: "ghost",
            manifest: job("ghost", "true", template(&on_ghost)),
            flags: after_3s,
            code: 1,
            sentence: "cannot start: seq-ghost has not taken it up for 3s",
            fact: Fact::Event("Scheduled", 3),
        },
        Case {
            name: "denied",
            manifest: job("denied", "true", json!({})),
            flags: &[],
            code: 1,
            sentence: "the policy denies it",
            fact: Fact::Event("FailedCreate", 0),
        },
    ]
}

/// Applies a manifest and follows it with `--fail-fast`.
fn apply(namespace: &Namespace, manifest: &Value, flags: &[&str]) -> CommandResult {
    let arguments = [&["apply", "-f", "-", "--fail-fast", "--timeout=120s"], flags].concat();
    Running::start(namespace.command(&arguments), manifest.to_string().as_bytes()).wait()
}

#[expect(clippy::disallowed_methods, reason = "the test measures how late the program ends")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Follows the workload of each case, then creates all workloads. Returns each result with the time of the end.
fn follow_all(namespace: &Namespace, cases: &[Case]) -> Vec<(CommandResult, Timestamp)> {
    let follow = |case: &Case| {
        let selector = format!("case={}", case.name);
        let arguments = ["get", case.kind(), "-l", &selector, "-w", "--fail-fast", "--timeout=120s"];
        let mut running = namespace.start(&[&arguments, case.flags].concat());
        running.wait_for_text("No resources found");
        running
    };
    let running: Vec<Running> = cases.iter().map(follow).collect();
    let manifests: Vec<&Value> = cases.iter().map(|case| &case.manifest).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests});
    let create = ["--namespace", &namespace.name, "create", "-f", "-"];
    namespace.kubectl_with(&create, &list.to_string()).succeeds();
    let wait = |running: Running| thread::spawn(move || (running.wait(), now()));
    let threads: Vec<_> = running.into_iter().map(wait).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// The time of the fact of a case. `None` if only the logs of the nodes contain the time, and these logs are missing.
fn time_of(namespace: &Namespace, case: &Case) -> Option<Timestamp> {
    let of_pod =
        |kind, count, is_failure| truth::time_of(&namespace.name, case.name, kind, count, is_failure);
    match case.fact {
        Fact::ContainerFinished(count) => of_pod("containerFinished", count, false),
        Fact::ContainerStarted(count) => of_pod("containerStarted", count, false),
        Fact::PullFailed(count) => of_pod("pullFinished", count, true),
        Fact::Event(reason, seconds) => {
            let selector = format!("--field-selector=reason={reason}");
            let events = namespace.kubectl(&["get", "events", &selector, "-o", "json"]).succeeds().json();
            let of_case = events["items"].as_array().unwrap().iter().filter(|event| {
                let name = event["involvedObject"]["name"].as_str().unwrap();
                name == case.name || name.starts_with(&format!("{}-", case.name))
            });
            // The name of an Event ends with its time in nanoseconds.
            let nanos = of_case.map(|event| {
                let name = event["metadata"]["name"].as_str().unwrap();
                i128::from_str_radix(name.rsplit_once('.').unwrap().1, 16).unwrap()
            });
            let first = Timestamp::from_nanosecond(nanos.min().unwrap()).unwrap();
            Some(first + SignedDuration::from_secs(seconds))
        }
    }
}

/// Creates a node without a kubelet, to which the scheduler can bind Pods with a node selector.
fn create_ghost_node(namespace: &Namespace) {
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": GHOST, "labels": {"seq.test/ghost": namespace.name}},
        // Other Pods must not be bound to this node.
        "spec": {"taints": [{"key": "seq.test/ghost", "effect": "NoSchedule"}]},
    });
    namespace.kubectl_with(&["create", "-f", "-"], &node.to_string()).succeeds();
    let status = json!({"status": {"capacity": {"cpu": "4", "memory": "8Gi", "pods": "10"}, "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}}});
    kubectl(&["patch", "node", GHOST, "--subresource=status", "-p", &status.to_string()]).succeeds();
}

/// Creates a policy that denies the Pods of one Job.
fn create_policy(namespace: &Namespace) -> String {
    let name = format!("{}-deny", namespace.name);
    let rule =
        json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]});
    let policy = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
            "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [
                {"expression": "object.metadata.?labels['case'].orValue('') != 'denied'", "message": "the policy denies it"}]}},
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": {"namespaceSelector":
                {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}}}},
    ]});
    namespace.kubectl_with(&["create", "-f", "-"], &policy.to_string()).succeeds();
    // The API server enforces a new policy a moment later.
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "labels": {"case": "denied"}},
        "spec": {"containers": [{"name": "main", "image": "busybox"}]}});
    let create = ["--namespace", &namespace.name, "create", "--dry-run=server", "-f", "-"];
    let is_denied = || namespace.kubectl_with(&create, &pod.to_string()).code != Some(0);
    for _ in 0..100 {
        if is_denied() {
            return name;
        }
        thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the policy is not enforced");
}

#[test]
#[ignore = "needs a cluster"]
fn for_each_cause_the_run_ends_within_two_seconds() {
    let namespace = Namespace::new("fail-fast");
    create_ghost_node(&namespace);
    let policy = create_policy(&namespace);
    let mut cases = failures();
    cases.extend(start_failures(&namespace.name));
    let results = follow_all(&namespace, &cases);
    for (kind, name) in [
        ("node", GHOST),
        ("validatingadmissionpolicy", &policy),
        ("validatingadmissionpolicybinding", &policy),
    ] {
        kubectl(&["delete", kind, name, "--wait=false"]);
    }
    for (case, (result, ended)) in cases.iter().zip(results) {
        let result = result.exits_with(case.code);
        let sentence = result.stderr.lines().find(|line| line.starts_with("stopped following: "));
        let sentence = sentence.unwrap_or_else(|| panic!("no sentence in\n{result:#}"));
        assert!(sentence.contains(case.sentence), "{sentence}");
        let about_pod = !matches!(case.fact, Fact::Event("FailedCreate", _));
        let command =
            if about_pod { "to see why: kubectl seq pod " } else { "to see why: kubectl seq get job " };
        let command = result.stderr.lines().find(|line| line.starts_with(command));
        assert!(command.is_some_and(|line| line.ends_with(&format!(" -n {}", namespace.name))), "{result:#}");
        // The workload is not touched.
        namespace.kubectl(&["get", case.kind(), case.name]).succeeds();
        let Some(fact) = time_of(&namespace, case) else { continue };
        let delay = ended.duration_since(fact);
        print_notice(&format!("{}: {delay:#} from the fact to the exit", case.name));
        assert!(delay <= MAX_DELAY, "{delay:#}\n{result:#}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_quota_that_allows_no_pod_ends_the_run() {
    let namespace = Namespace::new("fast-quota");
    namespace.kubectl(&["create", "quota", "none", "--hard=pods=0"]).succeeds();
    apply(&namespace, &job("held", "true", json!({})), &[])
        .exits_with(1)
        .reports("job/held cannot create Pods: exceeded quota: none");
}

#[test]
#[ignore = "needs a cluster"]
fn an_obstacle_that_passes_by_itself_does_not_end_the_run() {
    let namespace = Namespace::new("fast-passes");
    let flaky = job("flaky", "", image(&format!("{}:flaky", namespace.name)));
    let retried = job("retried", "exit 3", json!({"spec": {"backoffLimit": 3}}));
    let placed =
        job("placed", "true", template(&json!({"nodeSelector": {"seq.test/placed": namespace.name}})));
    thread::scope(|scope| {
        let namespace = &namespace;
        let flaky = scope.spawn(move || apply(namespace, &flaky, &[]));
        // The next try comes ten seconds after the failure.
        let retried = scope.spawn(move || apply(namespace, &retried, &["--timeout=6s"]));
        let placed = scope.spawn(move || apply(namespace, &placed, &["--fail-fast-after=30s"]));
        thread::sleep(std::time::Duration::from_secs(3));
        let label = format!("seq.test/placed={}", namespace.name);
        let node = kubectl(&["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]).succeeds().stdout;
        kubectl(&["label", "node", &node, &label]).succeeds();
        let placed = placed.join().unwrap();
        kubectl(&["label", "node", &node, "seq.test/placed-"]).succeeds();
        placed.succeeds().prints("waits: node(s) didn't match");
        flaky.join().unwrap().succeeds().prints(":flaky: not found");
        let retried = retried.join().unwrap().exits_with(124);
        retried.reports("timed out after 6s: job/retried had not ended: 1 failed");
    });
}

#[test]
#[ignore = "needs a cluster"]
fn without_the_flag_the_cause_is_a_line_that_is_printed_once() {
    let namespace = Namespace::new("fast-warns");
    let config = job("config", "", template(&json!({"containers": missing_config_map()})));
    let arguments = ["apply", "-f", "-", "--timeout=5s"];
    let result = Running::start(namespace.command(&arguments), config.to_string().as_bytes()).wait();
    let result = result.exits_with(124);
    let sentence = " cannot start: configmap \"nope\" not found";
    assert_eq!(result.stdout.matches(sentence).count(), 1, "{result:#}");
    assert!(!result.stderr.contains("cannot start"), "{result:#}");
    result.reports("timed out after 5s: job/config had not ended: 1 waits: CreateContainerConfigError: configmap \"nope\" not found");
    // Without lines, the same sentence is a message.
    let result = namespace.seq(&["get", "job/config", "-w", "--timeout=2s", "-o", "json"]).exits_with(124);
    assert_eq!(result.stderr.matches(sentence).count(), 1, "{result:#}");
    assert!(result.stderr.lines().any(|line| line.starts_with("warning: config-")), "{result:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn the_exit_code_of_the_container_passes_through() {
    let namespace = Namespace::new("exit-code");
    let apply = |manifest: &Value, flags: &[&str]| {
        let arguments = [&["apply", "-f", "-", "--pod-exit-code", "--timeout=60s"], flags].concat();
        Running::start(namespace.command(&arguments), manifest.to_string().as_bytes()).wait()
    };
    let failing = |name, code| job(name, &format!("exit {code}"), json!({}));
    apply(&failing("three", 3), &[]).exits_with(3);
    let listed = namespace.seq(&["get", "job/three", "-w", "-o", "jsonl", "--pod-exit-code"]).exits_with(3);
    let end: Value = serde_json::from_str(listed.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&end["type"], &end["exitCode"]), (&json!("end"), &json!(3)), "{listed:#}");
    // With several workloads, no container speaks for all of them.
    let both = json!({"apiVersion": "v1", "kind": "List", "items": [failing("four", 4), failing("five", 5)]});
    apply(&both, &[]).exits_with(1);
    apply(&job("well", "true", json!({})), &[]).succeeds();
    // The deadline stops the container.
    apply(&job("late", "sleep 600", json!({"spec": {"activeDeadlineSeconds": 2}})), &[]).exits_with(1);
    apply(&job("slow", "sleep 600", json!({})), &["--timeout=2s"]).exits_with(124);
}
