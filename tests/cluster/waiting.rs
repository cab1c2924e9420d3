//! Tests of the reasons why Pods wait or do not exist yet: admission, scheduling, quotas, and failures before the first
//! container runs.

use std::fs;

use serde_json::{Value, json};

use crate::document::{array, counts, end, instant, millis, only_pod, text, workload};
use crate::harness::{Namespace, Running, manifest};

/// Returns the reason and the duration in milliseconds of each phase with this name. Leaves out phases without a
/// reason.
fn reasons<'a>(pod: &'a Value, phase: &str) -> Vec<(&'a str, i64)> {
    let of_kind = array(pod, "phases").iter().filter(|other| other["phase"] == phase);
    of_kind.filter_map(|phase| Some((phase["reason"].as_str()?, phase["millis"].as_i64().unwrap()))).collect()
}

#[test]
#[ignore = "needs a cluster"]
fn waits_for_admission_and_scheduling_gates_are_shown() {
    let namespace = Namespace::new("admitted");
    let file = manifest("admitted.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=90s"]);
    running.wait_for_text("job/admitted is suspended");
    let listed = namespace.seq(&["get", "job", "admitted", "-o", "json"]).succeeds().json();
    let job = workload(&listed, "admitted");
    assert_eq!((text(job, "outcome"), array(job, "pods").len()), ("Suspended", 0), "{job:#}");
    assert_eq!(job["summary"]["slotMillis"], 0, "a suspended Job has no slots: {job:#}");

    // An admission controller sets the node selector and resumes the Job.
    let node =
        namespace.kubectl(&["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]).succeeds().stdout;
    let admit = format!(
        "{{\"spec\":{{\"suspend\":false,\"template\":{{\"spec\":{{\"nodeSelector\":{{\"kubernetes.io/hostname\":\"{node}\"}}}}}}}}}}"
    );
    namespace.kubectl(&["patch", "job", "admitted", "-p", &admit]).succeeds();
    let both = "SchedulingGated: example.test/admission, example.test/topology";
    let one = "SchedulingGated: example.test/topology";
    let remove_first_gates = || {
        for index in ["0", "1"] {
            let pod = namespace.pod(&format!("batch.kubernetes.io/job-completion-index={index}"));
            let patch = "[{\"op\":\"remove\",\"path\":\"/spec/schedulingGates/0\"}]";
            namespace.kubectl(&["patch", "pod", &pod, "--type=json", "-p", patch]).succeeds();
        }
    };
    for pod in ["admitted-0-", "admitted-1-"] {
        running.wait_for_text(pod);
    }
    remove_first_gates();
    running.wait_for_text(&format!("waits: {one}"));
    // The picture mentions only long waits, so the test waits for this line.
    let drawn = namespace.seq_until(&["get", "job", "admitted", "--width=160"], "the wait for a node took ");
    drawn.prints(one);
    remove_first_gates();
    let result = running.wait().succeeds();
    result.reports(&format!("waits: {both}"));
    let document = result.json();
    namespace.check(&document);
    let job = workload(&document, "admitted");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 2, 0]), "{job:#}");
    for pod in array(job, "pods") {
        assert_eq!((text(pod, "node"), text(pod, "outcome")), (node.as_str(), "Succeeded"), "{pod:#}");
        let actual = reasons(pod, "Queued");
        assert_eq!(actual.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), [both, one], "{pod:#}");
        let gated: i64 = actual.iter().map(|(_, millis)| millis).sum();
        assert!(gated <= millis(pod, "Queued") && 2 * gated > millis(pod, "Queued"), "{pod:#}");
    }
    let mut waits: Vec<(&str, i64)> = array(job, "waits")
        .iter()
        .map(|wait| (text(wait, "reason"), wait["pods"].as_i64().unwrap()))
        // The list also contains the hold of the Job.
        .filter(|(reason, _)| reason.starts_with("SchedulingGated"))
        .collect();
    waits.sort_unstable();
    assert_eq!(waits, [(both, 2), (one, 2)], "{job:#}");
    // The Job has slots only after its admission.
    let slot_time = job["summary"]["slotMillis"].as_i64().unwrap();
    assert!(slot_time < 2 * job["summary"]["wallMillis"].as_i64().unwrap() && slot_time > 0, "{job:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn failures_of_sandbox_volume_configuration_and_image_are_shown_as_waits() {
    let namespace = Namespace::new("waits");
    // The name of the namespace serves as the name of an image that no node has.
    let input = fs::read_to_string(manifest("waits.yaml")).unwrap().replace("IMAGE", &namespace.name);
    let command =
        namespace.command(&["apply", "-f", "-", "-o", "json", "--progress=lines", "--timeout=100s"]);
    let mut running = Running::start(command, input.as_bytes());
    running.wait_for_text("cannot start: configmap \"settings\" not found");
    for reason in ["FailedCreatePodSandBox", "FailedMount"] {
        running.wait_for_text(&format!("waits: {reason}"));
    }
    namespace
        .kubectl(&["annotate", "pods", "-l", "job-name=sandbox", "cluster.test/sandbox-error-"])
        .succeeds();
    namespace.kubectl(&["create", "configmap", "settings", "--from-literal=mode=test"]).succeeds();
    let result = running.wait().succeeds();
    result.reports(&format!("waits: cannot pull {}:flaky: not found", namespace.name));
    let document = result.json();
    namespace.check(&document);
    for (name, phase, reason) in [
        ("sandbox", "Setup", "FailedCreatePodSandBox"),
        ("volume", "Setup", "FailedMount"),
        ("setting", "Starting", "CreateContainerConfigError"),
        ("image", "PullFailing", "ImagePullBackOff"),
    ] {
        let job = workload(&document, name);
        assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
        let pod = only_pod(job);
        let [(actual, waited)] = reasons(pod, phase)[..] else { panic!("{pod:#}") };
        // The phases of a setup name its part, and the waits of the Job name the failure.
        let part = match reason {
            "FailedCreatePodSandBox" => "sandbox",
            "FailedMount" => "mount",
            other => other,
        };
        // The duration depends on the machine, so the test only checks that the Pod waited.
        assert!(actual == part && waited > 0, "{pod:#}");
        // The wait is part of the cold start and ends when the work begins.
        assert!(pod["coldStartMillis"].as_i64() >= Some(waited), "{pod:#}");
        assert!(pod["reason"].is_null() && pod["attempt"] == 1, "{pod:#}");
        // While other tests pull images, the node's pull queue is a wait too.
        let waits = array(job, "waits").iter().filter(|wait| text(wait, "reason") != "pull queue");
        let waits: Vec<_> = waits.map(|wait| (text(wait, "reason"), &wait["longestMillis"])).collect();
        assert_eq!(waits, [(reason, &waited.into())], "{job:#}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_quota_explains_why_there_is_no_pod_yet() {
    let namespace = Namespace::new("quota");
    namespace.kubectl(&["apply", "-f", &manifest("quota.yaml")]).succeeds();
    namespace
        .kubectl(&["wait", "--for=jsonpath={.status.hard.pods}=0", "quota/none", "--timeout=30s"])
        .succeeds();
    let mut running =
        namespace.start(&["apply", "-f", &manifest("quick.yaml"), "--progress=lines", "--timeout=120s"]);
    running.wait_for_text("job/quick cannot create Pods: exceeded quota: none");
    let document = namespace.seq(&["get", "job", "quick", "-o", "json"]).succeeds().json();
    let job = workload(&document, "quick");
    assert_eq!([text(job, "outcome"), text(job, "reason")], ["Pending", "FailedCreate"], "{job:#}");
    assert_eq!(text(job, "message"), "exceeded quota: none, requested: pods=1, limited: pods=0", "{job:#}");
    assert!(text(job, "waitingSince") >= &text(job, "createdAt")[..19], "{job:#}");
    let drawn = namespace.seq(&["get", "job", "quick"]).succeeds();
    drawn.prints("no Pods yet");
    drawn.prints("FailedCreate: exceeded quota: none");
    namespace.kubectl(&["delete", "quota", "none"]).succeeds();
    running.wait().succeeds().prints("2 of 2 done");
    let document = namespace.seq(&["get", "job", "quick", "-o", "json"]).succeeds().json();
    assert_eq!(workload(&document, "quick")["waitingSince"], Value::Null, "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn a_missing_service_account_is_a_hold_until_it_exists() {
    let namespace = Namespace::new("account");
    let file = manifest("no-account.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=90s"]);
    running.wait_for_text("job/no-account cannot create Pods: error looking up service account");
    namespace.kubectl(&["create", "serviceaccount", "worker"]).succeeds();
    let document = running.wait().succeeds().json();
    namespace.check(&document);
    let job = workload(&document, "no-account");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
    assert!(job["waitingSince"].is_null(), "{job:#}");
    assert_eq!(text(only_pod(job), "outcome"), "Succeeded", "{job:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn an_unschedulable_pod_shows_the_action_of_the_autoscaler() {
    let namespace = Namespace::new("no-room");
    let file = manifest("no-room.yaml");
    let mut running = namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines"]);
    running.wait_for_text("Insufficient cpu");
    let uid = namespace.kubectl(&["get", "pod", "huge", "-o", "jsonpath={.metadata.uid}"]).succeeds().stdout;
    // The autoscaler truncates the time fields of an event to the second. The name of the event contains the
    // nanoseconds.
    let seen = namespace.seq(&["get", "pod", "huge", "-o", "json"]).succeeds().json();
    let now: jiff::Timestamp = text(&seen, "observedAt").parse().unwrap();
    let second = jiff::Timestamp::from_second(now.as_second()).unwrap().to_string();
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("huge.{:016x}", now.as_nanosecond())}, "type": "Normal",
        "firstTimestamp": second, "lastTimestamp": second, "count": 1,
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "huge", "namespace": namespace.name, "uid": uid},
        "reason": "TriggeredScaleUp", "source": {"component": "cluster-autoscaler"},
        "message": "pod triggered scale-up: [{pool 1->2 (max: 9)}]",
    });
    let create = ["--namespace", &namespace.name, "create", "-f", "-"];
    namespace.kubectl_with(&create, &event.to_string()).succeeds();
    namespace.seq_until(&["get", "pod", "huge", "--width=200"], "TriggeredScaleUp");
    namespace.kubectl(&["delete", "pod", "huge"]).succeeds();
    // The Job was deleted before it ended.
    let document = running.wait().exits_with(3).json();
    namespace.check(&document);
    let huge = workload(&document, "huge");
    assert_eq!((text(huge, "outcome"), counts(huge)), ("Unknown", [0, 0, 0]), "{huge:#}");
    let pod = only_pod(huge);
    assert_eq!((text(pod, "outcome"), &pod["node"]), ("NeverStarted", &Value::Null), "{pod:#}");
    let [(first, _), (second, _)] = reasons(pod, "Queued")[..] else { panic!("{pod:#}") };
    assert!(first.contains("Insufficient cpu") && second.ends_with("(TriggeredScaleUp)"), "{pod:#}");
    assert!(instant(pod, "created") < instant(pod, "deleteRequested"), "{pod:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_that_another_controller_manages_names_that_controller() {
    let namespace = Namespace::new("managed");
    namespace.kubectl(&["apply", "-f", &manifest("managed.yaml")]).succeeds();
    let document = namespace.seq(&["get", "job", "managed", "-o", "json"]).succeeds().json();
    let job = workload(&document, "managed");
    assert_eq!((text(job, "outcome"), counts(job), array(job, "pods").len()), ("Pending", [0, 0, 0], 0));
    assert!(text(job, "message").starts_with("managed by example.test/elsewhere"), "{job:#}");
    namespace.seq(&["get", "job", "managed"]).succeeds().prints("managed by example.test/elsewhere");
}
