//! What holds work up: that it is not admitted, and all that may fail before the first container runs.

use std::fs;

use serde_json::Value;

use crate::document::{array, counts, end, millis, only_pod, text, workload};
use crate::harness::{Namespace, Running, manifest};

/// The reasons of a phase in order, each with its milliseconds.
fn reasons<'a>(pod: &'a Value, phase: &str) -> Vec<(&'a str, i64)> {
    let of_kind = array(pod, "phases").iter().filter(|other| other["phase"] == phase);
    of_kind.filter_map(|phase| Some((phase["reason"].as_str()?, phase["millis"].as_i64().unwrap()))).collect()
}

#[test]
#[ignore = "needs a cluster"]
fn admitted_by_a_patch_and_held_back_by_gates() {
    let namespace = Namespace::new("admitted");
    let file = manifest("admitted.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=90s"]);
    running.until_it_says("job/admitted is suspended");
    let listed = namespace.seq(&["get", "job", "admitted", "-o", "json"]).succeeds().json();
    let job = workload(&listed, "admitted");
    assert_eq!((text(job, "outcome"), array(job, "pods").len()), ("Suspended", 0), "{job:#}");
    assert_eq!(job["summary"]["slotMillis"], 0, "what is suspended has no slots: {job:#}");

    // What an admission controller does: where it may run, and that it may.
    let node =
        namespace.kubectl(&["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]).succeeds().stdout;
    let admit = format!(
        "{{\"spec\":{{\"suspend\":false,\"template\":{{\"spec\":{{\"nodeSelector\":{{\"kubernetes.io/hostname\":\"{node}\"}}}}}}}}}}"
    );
    namespace.kubectl(&["patch", "job", "admitted", "-p", &admit]).succeeds();
    let both = "SchedulingGated: example.test/admission, example.test/topology";
    let one = "SchedulingGated: example.test/topology";
    let ungate = || {
        for index in ["0", "1"] {
            let pod = namespace.pod(&format!("batch.kubernetes.io/job-completion-index={index}"));
            let first = "[{\"op\":\"remove\",\"path\":\"/spec/schedulingGates/0\"}]";
            namespace.kubectl(&["patch", "pod", &pod, "--type=json", "-p", first]).succeeds();
        }
    };
    for pod in ["admitted-0-", "admitted-1-"] {
        running.until_it_says(pod);
    }
    ungate();
    running.until_it_says(&format!("waits: {one}"));
    // A wait is worth a line when it is long.
    let drawn = namespace.seq_until(&["get", "job", "admitted", "--width=160"], "longest wait");
    drawn.says(one);
    ungate();
    let ended = running.wait().succeeds();
    ended.warns(&format!("waits: {both}"));
    let document = ended.json();
    namespace.hold(&document);
    let job = workload(&document, "admitted");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 2, 0]), "{job:#}");
    for pod in array(job, "pods") {
        assert_eq!((text(pod, "node"), text(pod, "outcome")), (node.as_str(), "Succeeded"), "{pod:#}");
        let told = reasons(pod, "Queued");
        assert_eq!(told.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), [both, one], "{pod:#}");
        let gated: i64 = told.iter().map(|(_, millis)| millis).sum();
        assert!(gated <= millis(pod, "Queued") && gated + 1000 > millis(pod, "Queued"), "{pod:#}");
    }
    let mut waits: Vec<(&str, i64)> = array(job, "waits")
        .iter()
        .map(|wait| (text(wait, "reason"), wait["pods"].as_i64().unwrap()))
        .collect();
    waits.sort_unstable();
    assert_eq!(waits, [(both, 2), (one, 2)], "{job:#}");
    // Slots are there from the admission on.
    let admitted = job["summary"]["slotMillis"].as_i64().unwrap();
    assert!(admitted < 2 * job["summary"]["wallMillis"].as_i64().unwrap() && admitted > 0, "{job:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn sandbox_volume_setting_and_image() {
    let namespace = Namespace::new("waits");
    // An image that no node has.
    let text = fs::read_to_string(manifest("waits.yaml")).unwrap().replace("IMAGE", &namespace.name);
    let command =
        namespace.command(&["apply", "-f", "-", "-o", "json", "--progress=lines", "--timeout=100s"]);
    let mut running = Running::start(command, &text);
    running.until_it_says("waits: CreateContainerConfigError");
    for reason in ["FailedCreatePodSandBox", "FailedMount"] {
        running.until_it_says(&format!("waits: {reason}"));
    }
    namespace
        .kubectl(&["annotate", "pods", "-l", "job-name=sandbox", "cluster.test/sandbox-error-"])
        .succeeds();
    namespace.kubectl(&["create", "configmap", "settings", "--from-literal=mode=test"]).succeeds();
    let ended = running.wait().succeeds();
    ended.warns("waits: ErrImagePull");
    let document = ended.json();
    namespace.hold(&document);
    for (name, phase, reason) in [
        ("sandbox", "Setup", "FailedCreatePodSandBox"),
        ("volume", "Setup", "FailedMount"),
        ("setting", "Starting", "CreateContainerConfigError"),
        ("image", "Pulling", "ImagePullBackOff"),
    ] {
        let job = workload(&document, name);
        assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
        let pod = only_pod(job);
        let [(told, waited)] = reasons(pod, phase)[..] else { panic!("{pod:#}") };
        assert!(told == reason && waited > 1000, "{pod:#}");
        // The wait is part of the cold start, and over when the work begins.
        assert!(pod["coldStartMillis"].as_i64() >= Some(waited), "{pod:#}");
        assert!(pod["reason"].is_null() && pod["attempt"] == 1, "{pod:#}");
        let [wait] = array(job, "waits") else { panic!("{job:#}") };
        assert_eq!((crate::document::text(wait, "reason"), &wait["longestMillis"]), (reason, &waited.into()));
    }
}
