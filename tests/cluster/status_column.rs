//! Compares the STATUS column with the text that the API server prints, for Pods in random states.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::document::{pods, text};
use crate::harness::{Namespace, kubectl, print_notice};
use crate::support::random::RandomNumbers;

/// Number of Pods that the test creates.
const PODS: usize = 240;

/// Number of Pods that must be compared. A controller can change the others between two requests.
const MIN_COMPARED_PODS: usize = 200;

/// The oldest minor version of Kubernetes 1 whose API server prints a failure before `Completed`.
const MIN_MINOR_VERSION: u32 = 37;

/// The variable that repeats a run with the seed that a failed test has printed.
const SEED_VARIABLE: &str = "KUBECTL_SEQ_TEST_SEED";

/// A node without a kubelet. A deleted Pod of this node stays until the Pod garbage collector removes it.
const NODE: &str = "no-node";

#[test]
#[ignore = "needs a cluster"]
fn the_status_column_is_the_text_that_the_api_server_prints() {
    if server_minor_version() < MIN_MINOR_VERSION {
        print_notice("skipped: the API server is too old to print a failure before Completed");
        return;
    }
    let seed = std::env::var(SEED_VARIABLE).map_or_else(|_| new_seed(), |seed| seed.parse().unwrap());
    let mut random = RandomNumbers(seed);
    let namespace = Namespace::new("status");
    let objects: Vec<Value> = (0..PODS).map(|number| random_pod(number, &mut random)).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    namespace.kubectl_with(&["create", "-n", &namespace.name, "-f", "-"], &list).succeeds();
    let replace = ["replace", "-n", &namespace.name, "--subresource=status", "-f", "-"];
    namespace.kubectl_with(&replace, &list).succeeds();
    let deleted: Vec<String> = (0..PODS).filter(|_| random.next_below(4) == 0).map(pod_name).collect();
    let deleted: Vec<&str> = deleted.iter().map(String::as_str).collect();
    namespace.kubectl(&[&["delete", "pods", "--wait=false"], deleted.as_slice()].concat()).succeeds();

    let before = printed_by_server(&namespace);
    let document = namespace.seq(&["get", "pods", "-o", "json"]).succeeds().json();
    let after = printed_by_server(&namespace);

    let mut compared = 0;
    let mut differences = Vec::new();
    for pod in pods(&document) {
        let (name, status) = (text(pod, "name"), text(pod, "status"));
        let Some(printed) = before.get(name).filter(|printed| after.get(name) == Some(*printed)) else {
            continue;
        };
        compared += 1;
        if status != printed {
            let number: usize = name.trim_start_matches("pod-").parse().unwrap();
            differences.push(format!("{status} instead of {printed}: {:#}", objects[number]));
        }
    }
    assert!(compared >= MIN_COMPARED_PODS, "{compared} Pods compared, {SEED_VARIABLE}={seed}");
    assert!(differences.is_empty(), "{SEED_VARIABLE}={seed}\n{}", differences.join("\n"));
    let texts: BTreeSet<&String> = after.values().collect();
    assert!(texts.len() > 15, "the states are too similar: {texts:?}, {SEED_VARIABLE}={seed}");
}

/// Returns a seed that differs from run to run.
fn new_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

/// Returns 37 for Kubernetes 1.37.
fn server_minor_version() -> u32 {
    let version = kubectl(&["version", "-o", "json"]).succeeds().json();
    text(&version["serverVersion"], "minor").trim_end_matches('+').parse().unwrap()
}

/// Returns the STATUS column of every Pod, as the API server prints it.
fn printed_by_server(namespace: &Namespace) -> BTreeMap<String, String> {
    let table = namespace.kubectl(&["get", "pods", "--no-headers"]).succeeds().stdout;
    let row = |line: &str| {
        let mut cells = line.split_whitespace().map(str::to_owned);
        (cells.next().unwrap(), cells.nth(1).unwrap())
    };
    table.lines().map(row).collect()
}

fn pod_name(number: usize) -> String {
    format!("pod-{number}")
}

/// Returns a Pod in a random state. No kubelet handles the Pod, so the state stays.
fn random_pod(number: usize, random: &mut RandomNumbers) -> Value {
    let mut inits = Vec::new();
    for index in 0..random.next_below(4) {
        let mut init = json!({"name": format!("init-{index}"), "image": "app:1"});
        if random.next_below(3) == 0 {
            init["restartPolicy"] = json!("Always");
        }
        inits.push(init);
    }
    let mains: Vec<Value> = (0..=random.next_below(3))
        .map(|index| json!({"name": format!("main-{index}"), "image": "app:1"}))
        .collect();
    // Most init containers must have ended, because otherwise no main container decides the text.
    let all_done = random.next_below(3) > 0;
    let init_statuses: Vec<Value> =
        inits.iter().map(|init| random_init_status(init, all_done, random)).collect();
    let main_statuses: Vec<Value> =
        mains.iter().map(|main| container_status(main, &random_state(random), random)).collect();
    let mut conditions = Vec::new();
    for kind in ["PodScheduled", "Initialized", "ContainersReady", "Ready"] {
        if random.next_below(4) == 0 {
            continue;
        }
        let status = random.choose(&["True", "True", "False", "Unknown"]);
        let reason = if kind == "PodScheduled" && random.next_below(5) == 0 { "SchedulingGated" } else { "" };
        conditions.push(json!({"type": kind, "status": status, "reason": reason}));
    }
    let phase = random.choose(&["Pending", "Running", "Running", "Succeeded", "Failed", "Unknown"]);
    let reason = random.choose(&["", "", "", "NodeLost", "Evicted", "DeadlineExceeded"]);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod_name(number)},
        "spec": {"nodeName": NODE, "initContainers": inits, "containers": mains},
        "status": {
            "phase": phase, "reason": reason, "conditions": conditions,
            "initContainerStatuses": init_statuses, "containerStatuses": main_statuses,
        },
    })
}

fn random_init_status(init: &Value, is_done: bool, random: &mut RandomNumbers) -> Value {
    let is_sidecar = init["restartPolicy"] == "Always";
    let state = match (is_done, is_sidecar) {
        (true, false) => json!({"terminated": {"exitCode": 0, "reason": "Completed"}}),
        (true, true) => json!({"running": {"startedAt": "2026-01-01T12:00:00Z"}}),
        (false, _) => random_state(random),
    };
    let mut status = container_status(init, &state, random);
    status["started"] = json!(is_done || random.next_below(2) == 0);
    status
}

fn container_status(container: &Value, state: &Value, random: &mut RandomNumbers) -> Value {
    let restarts = random.choose(&[&0, &0, &1, &7]);
    json!({
        "name": container["name"], "image": "app:1", "imageID": "", "ready": random.next_below(2) == 0,
        "restartCount": restarts, "state": state,
    })
}

fn random_state(random: &mut RandomNumbers) -> Value {
    match random.next_below(8) {
        0 => json!({"waiting": {"reason": random.choose(&["", "PodInitializing", "ContainerCreating"])}}),
        1 => json!({"waiting": {"reason": random.choose(&["CrashLoopBackOff", "ErrImagePull"])}}),
        2 => json!({"running": {"startedAt": "2026-01-01T12:00:00Z"}}),
        3 => json!({"running": {"startedAt": null}}),
        4 => json!({"terminated": {"exitCode": 0, "reason": "Completed"}}),
        5 => json!({"terminated": {"exitCode": random.choose(&[&0, &1, &255])}}),
        6 => json!({"terminated": {"exitCode": 137, "signal": random.choose(&[&0, &9])}}),
        _ => {
            let reason = random.choose(&["Error", "OOMKilled", "ContainerStatusUnknown", "StartError"]);
            let signal = random.choose(&[&0, &0, &15]);
            json!({"terminated": {"exitCode": random.choose(&[&1, &143]), "signal": signal, "reason": reason}})
        }
    }
}
