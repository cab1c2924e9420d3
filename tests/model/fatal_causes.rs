//! Tests of the causes that end a run with `--fail-fast`: failures for good, and Pods that cannot start.

use jiff::SignedDuration;
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Changed, Listed};
use kubectl_seq::testing::timeline::{FatalCause, FatalKind, Timeline};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::order::shuffled;
use crate::support::pod_builder::{
    at, condition, condition_with_reason, container_status, kubelet_event, merge, noon, observation, patched,
    pod, repeated, running, running_pod, scheduled_pod, terminated, time, waiting,
};

/// How long a Pod may wait for a node in these tests.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Names a cause and the second from which on it is fatal: `p Unschedulable from 61`.
fn describe(timeline: &Timeline, cause: &FatalCause) -> String {
    let name_of_workload = || {
        let mut workloads = timeline.workloads().iter();
        workloads.find(|workload| workload.uid == cause.workload).unwrap().name.to_string()
    };
    let subject = cause.pod.map_or_else(name_of_workload, |pod| timeline.identity(pod).name.to_string());
    let kind = match &cause.kind {
        FatalKind::Failed { exit_code, .. } => format!("failed {}", exit_code.unwrap_or_default()),
        FatalKind::ImageNotPullable { image, attempts, .. } => format!("cannot pull {image} {attempts}"),
        FatalKind::InvalidImageName { .. } => "invalid name".to_owned(),
        FatalKind::ImageNotPresent { .. } => "not present".to_owned(),
        FatalKind::Misconfigured { cause } => cause.to_string(),
        FatalKind::Unschedulable { reason } => format!("unschedulable: {}", reason.as_deref().unwrap_or("?")),
        FatalKind::NotTakenUp => "not taken up".to_owned(),
        FatalKind::CrashLoop { exit_code, restarts, .. } => {
            format!("crash loop {} {restarts}", exit_code.unwrap_or_default())
        }
        FatalKind::Refused { message } => format!("refused: {message}"),
        FatalKind::WorkloadFailed => "failed itself".to_owned(),
    };
    format!("{subject} {kind} from {}", cause.due.as_second() - noon().as_second())
}

fn causes_of(timeline: &Timeline, now: f64) -> Vec<String> {
    timeline.fatal_causes(PATIENCE, at(now)).iter().map(|cause| describe(timeline, cause)).collect()
}

/// The causes at `now` seconds. The order of the observations must not matter.
#[track_caller]
fn causes(now: f64, observations: &[Observation]) -> Vec<String> {
    let expected = causes_of(&timeline_of(observations), now);
    for seed in 1..=5 {
        let states_in_order = shuffled(observations, seed);
        assert_eq!(causes_of(&timeline_of(&states_in_order), now), expected, "seed {seed}");
    }
    expected
}

/// The causes at `now` seconds, if a list contains these objects.
#[track_caller]
pub(crate) fn listed(now: f64, objects: impl IntoIterator<Item = Value>) -> Vec<String> {
    let listed: Vec<Observation> =
        objects.into_iter().map(|object| observation(Listed, now, object)).collect();
    causes(now, &listed)
}

pub(crate) fn job(spec: Value, patch: Value) -> Value {
    let mut job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0), "generation": 1},
        "spec": {"parallelism": 3, "completions": 3}, "status": {"conditions": []},
    });
    merge(&mut job["spec"], spec);
    merge(&mut job, patch);
    job
}

pub(crate) fn of_job(mut pod: Value) -> Value {
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    merge(&mut pod, json!({"metadata": {"ownerReferences": owner}}));
    pod
}

/// A failed Pod of a Job.
pub(crate) fn failed_pod(name: &str, index: Option<u32>, ended: i64, code: i32) -> Value {
    let ran = container_status("main", 0, terminated(name, ended - 2, ended, code, "Error"), json!({}));
    let mut pod = of_job(scheduled_pod(json!({
        "metadata": {"name": name, "uid": name},
        "status": {"phase": "Failed", "containerStatuses": [ran]},
    })));
    if let Some(index) = index {
        pod["metadata"]["labels"] = json!({"batch.kubernetes.io/job-completion-index": index.to_string()});
    }
    pod
}

/// A Pod whose container waits for this reason.
pub(crate) fn stuck_pod(reason: &str, message: &str) -> Value {
    let mut state = waiting(reason);
    state["waiting"]["message"] = json!(message);
    scheduled_pod(json!({"status": {
        "conditions": [condition("PodReadyToStartContainers", "True", 2)],
        "containerStatuses": [container_status("main", 0, state, json!({}))],
    }}))
}

fn not_found() -> String {
    "Failed to pull image \"app:1\": rpc error: code = NotFound desc = failed to pull and unpack image \"app:1\": app:1: not found".to_owned()
}

#[test]
fn a_bare_pod_that_failed_is_a_cause_and_a_pod_that_succeeded_is_none() {
    let mut bare = failed_pod("p", None, 9, 3);
    bare["metadata"]["ownerReferences"] = json!([]);
    assert_eq!(listed(10.0, [bare]), ["p failed 3 from 9"]);
    assert_eq!(listed(10.0, [running_pod()]), [""; 0]);
}

#[test]
fn a_failure_is_final_only_if_the_job_allows_no_further_try() {
    let at_limit = |limit: i32, pods: Vec<Value>| {
        let failed = pods.len();
        let job = job(json!({"backoffLimit": limit}), json!({"status": {"failed": failed}}));
        listed(11.0, [vec![job], pods].concat())
    };
    let pods =
        || vec![failed_pod("a", None, 4, 3), failed_pod("b", None, 9, 4), failed_pod("c", None, 10, 5)];
    assert_eq!(at_limit(6, pods()), [""; 0]);
    assert_eq!(at_limit(3, pods()), [""; 0]);
    assert_eq!(at_limit(2, pods()), ["c failed 5 from 10"], "the failure that exceeds the limit");
    assert_eq!(at_limit(1, pods()), ["b failed 4 from 9"], "the first failure that exceeds the limit");
    assert_eq!(at_limit(0, vec![failed_pod("a", None, 10, 3)]), ["a failed 3 from 10"]);
}

#[test]
fn each_index_that_failed_for_good_is_a_cause_although_the_job_goes_on() {
    let indexed = |spec: Value, status: Value| {
        let mut all = json!({"completionMode": "Indexed", "backoffLimitPerIndex": 1});
        merge(&mut all, spec);
        job(all, json!({"status": status}))
    };
    let pods =
        || [failed_pod("a", Some(0), 4, 3), failed_pod("b", Some(0), 20, 4), failed_pod("c", Some(1), 20, 5)];
    let with = |now: f64, job: Value| listed(now, [job].into_iter().chain(pods()));
    assert_eq!(with(21.0, indexed(json!({}), json!({}))), ["b failed 4 from 20"]);
    assert_eq!(with(21.0, indexed(json!({"backoffLimitPerIndex": 2}), json!({}))), [""; 0]);
    // The controller reports the index later. Without a report, it has not counted both failures.
    assert_eq!(with(90.0, indexed(json!({}), json!({}))), [""; 0]);
    assert_eq!(with(90.0, indexed(json!({}), json!({"failedIndexes": "0"}))), ["b failed 4 from 20"]);
    let fail_index = json!({"backoffLimitPerIndex": 5, "podFailurePolicy": {"rules":
        [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [5]}}]}});
    assert_eq!(with(21.0, indexed(fail_index, json!({}))), ["c failed 5 from 20"]);
}

#[test]
fn a_failure_policy_can_fail_the_job_at_once_or_ignore_a_failure() {
    let policy = |action: &str| {
        json!({"backoffLimit": 0, "podFailurePolicy": {"rules":
            [{"action": action, "onExitCodes": {"operator": "In", "values": [42]}}]}})
    };
    let pods = || [failed_pod("a", None, 9, 42)];
    let with = |policy: Value| listed(10.0, [job(policy, json!({}))].into_iter().chain(pods()));
    let mut fail_job = policy("FailJob");
    fail_job["backoffLimit"] = json!(6);
    assert_eq!(with(fail_job), ["a failed 42 from 9"]);
    assert_eq!(with(policy("Ignore")), [""; 0]);
    assert_eq!(with(policy("Count")), ["a failed 42 from 9"]);
}

#[test]
fn a_job_that_fails_because_of_its_deadline_blames_no_pod() {
    let deadline = |kind: &str| {
        let mut condition = condition_with_reason(kind, "True", 10, "DeadlineExceeded");
        condition["message"] = json!("Job was active longer than specified deadline");
        job(json!({"backoffLimit": 6}), json!({"status": {"conditions": [condition]}}))
    };
    let pods = || [failed_pod("a", None, 4, 3)];
    for kind in ["FailureTarget", "Failed"] {
        let found = listed(11.0, [deadline(kind)].into_iter().chain(pods()));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("j failed itself"), "{found:?}");
    }
}

#[test]
fn a_success_policy_that_is_met_makes_no_failure_final() {
    let spec = json!({"completionMode": "Indexed", "backoffLimit": 0, "successPolicy": {"rules": [{"succeededIndexes": "1"}]}});
    let mut job = job(spec, json!({"status": {"conditions": [condition("SuccessCriteriaMet", "True", 10)]}}));
    job["status"]["completedIndexes"] = json!("1");
    assert_eq!(listed(11.0, [job, failed_pod("a", Some(0), 4, 3)]), [""; 0]);
}

#[test]
fn an_image_is_missing_only_after_the_second_failed_pull() {
    let pull = |count: i32| {
        let failed = repeated(kubelet_event("Failed", "main", 4.5, &not_found()), count, 16);
        let pulling = repeated(kubelet_event("Pulling", "main", 4.0, "Pulling image \"app:1\""), count, 15);
        let pod = stuck_pod("ErrImagePull", "rpc error: code = NotFound desc = app:1: not found");
        listed(17.0, [pod, pulling, failed])
    };
    assert_eq!(pull(1), [""; 0], "a flaky registry must not end the run");
    assert_eq!(pull(2), ["p cannot pull app:1 2 from 4"]);
}

#[test]
fn failed_pulls_are_also_counted_without_events() {
    let state = |second: f64, reason: &str| {
        observation(Changed, second, stuck_pod(reason, "rpc error: code = NotFound desc = app:1: not found"))
    };
    let mut states = vec![
        observation(Listed, 1.0, stuck_pod("ContainerCreating", "")),
        state(3.0, "ErrImagePull"),
        state(4.0, "ErrImagePull"),
        state(14.0, "ImagePullBackOff"),
    ];
    assert_eq!(causes_of(&timeline_of(&states), 15.0), [""; 0]);
    states.push(state(15.0, "ErrImagePull"));
    assert_eq!(causes_of(&timeline_of(&states), 15.0), ["p cannot pull app:1 2 from 2"]);
    // The third attempt succeeds.
    states.push(observation(Changed, 40.0, running_pod()));
    assert_eq!(causes_of(&timeline_of(&states), 41.0), [""; 0]);
}

#[test]
fn failures_with_different_messages_are_all_counted() {
    let failed = |second: f64, message: &str| {
        kubelet_event("Failed", "main", second, &format!("Failed to pull image \"app:1\": {message}"))
    };
    let pod = stuck_pod("ErrImagePull", "unauthorized");
    let events = [failed(4.0, "unauthorized (request 1)"), failed(16.0, "unauthorized (request 2)")];
    assert_eq!(listed(17.0, [pod].into_iter().chain(events)), ["p cannot pull app:1 2 from 2"]);
}

#[test]
fn a_registry_that_does_not_answer_gets_as_much_time_as_the_scheduler() {
    let cause = "Failed to pull image \"app:1\": dial tcp 10.0.0.1:443: i/o timeout";
    let failed = repeated(kubelet_event("Failed", "main", 4.5, cause), 3, 40);
    let pulling = repeated(kubelet_event("Pulling", "main", 4.0, "Pulling image \"app:1\""), 3, 39);
    let pod = stuck_pod("ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout");
    assert_eq!(listed(41.0, [pod, pulling, failed]), ["p cannot pull app:1 3 from 64"]);
}

#[test]
fn an_invalid_image_name_and_a_forbidden_pull_need_no_second_attempt() {
    let invalid = stuck_pod(
        "InvalidImageName",
        "Failed to apply default image tag \"A:B:C\": couldn't parse image name \"A:B:C\": invalid reference format",
    );
    let found = listed(5.0, [invalid]);
    assert!(found[0].starts_with("p invalid name"), "{found:?}");
    let never =
        stuck_pod("ErrImageNeverPull", "Container image \"app:1\" is not present with pull policy of Never");
    let found = listed(5.0, [never]);
    assert!(found[0].starts_with("p not present"), "{found:?}");
}

#[test]
fn a_missing_config_map_or_secret_is_a_cause_at_once() {
    for cause in
        ["configmap \"nope\" not found", "secret \"nope\" not found", "couldn't find key a in ConfigMap x/y"]
    {
        let found = listed(5.0, [stuck_pod("CreateContainerConfigError", cause)]);
        assert!(found.len() == 1 && found[0].starts_with(&format!("p {cause} from")), "{found:?}");
    }
    // The kubelet has not read the object yet.
    let slow = "failed to sync configmap cache: timed out waiting for the condition";
    assert_eq!(listed(5.0, [stuck_pod("CreateContainerConfigError", slow)]), [""; 0]);
}

#[test]
fn a_volume_is_a_cause_only_if_its_config_map_or_secret_is_missing() {
    let with_mount = |cause: &str| {
        let message = format!("MountVolume.SetUp failed for volume \"v\" : {cause}");
        let pod = scheduled_pod(json!({"status": {
            "conditions": [condition("PodReadyToStartContainers", "False", 1)],
            "containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))],
        }}));
        listed(5.0, [pod, kubelet_event("FailedMount", "", 2.0, &message)])
    };
    for cause in ["secret \"nope\" not found", "references non-existent secret key: k"] {
        let found = with_mount(cause);
        assert!(found.len() == 1 && found[0].contains(cause), "{found:?}");
    }
    for cause in
        ["mount failed: exit status 32", "failed to sync secret cache: timed out waiting for the condition"]
    {
        assert_eq!(with_mount(cause), [""; 0], "{cause}");
    }
    // The volume was mounted at the next attempt, because the container runs.
    let message = "MountVolume.SetUp failed for volume \"v\" : secret \"nope\" not found";
    assert_eq!(listed(9.0, [running_pod(), kubelet_event("FailedMount", "", 2.0, message)]), [""; 0]);
}

fn unschedulable_pod() -> Value {
    let mut condition = condition_with_reason("PodScheduled", "False", 1, "Unschedulable");
    condition["message"] = json!("0/2 nodes are available: 2 Insufficient cpu.");
    pod(json!({"status": {"conditions": [condition]}}))
}

fn autoscaler_event(reason: &str, second: f64) -> Value {
    let mut event = kubelet_event(reason, "", second, "pod triggered scale-up: [{pool 1->2 (max: 9)}]");
    event["source"] = json!({"component": "cluster-autoscaler"});
    event
}

#[test]
fn an_unschedulable_pod_has_a_minute_and_a_new_node_another_one() {
    assert_eq!(listed(5.0, [unschedulable_pod()]), ["p unschedulable: Insufficient cpu from 61"]);
    for reason in ["TriggeredScaleUp", "Nominated"] {
        let found = listed(50.0, [unschedulable_pod(), autoscaler_event(reason, 30.5)]);
        assert_eq!(found, ["p unschedulable: Insufficient cpu from 90"], "{reason}");
        // Further reports do not begin the wait once more.
        let again = [autoscaler_event(reason, 30.5), autoscaler_event(reason, 80.5)];
        let found = listed(85.0, [unschedulable_pod()].into_iter().chain(again));
        assert_eq!(found, ["p unschedulable: Insufficient cpu from 90"], "{reason}");
    }
    let refused = kubelet_event(
        "NotTriggerScaleUp",
        "",
        30.5,
        "pod didn't trigger scale-up: 1 max node group size reached",
    );
    assert_eq!(listed(50.0, [unschedulable_pod(), refused]), ["p unschedulable: Insufficient cpu from 61"]);
    // The Pod gets a node in time.
    assert_eq!(
        causes(
            40.0,
            &[observation(Listed, 5.0, unschedulable_pod()), observation(Changed, 30.0, running_pod())]
        ),
        [""; 0]
    );
}

#[test]
fn a_pod_behind_a_scheduling_gate_is_not_unschedulable() {
    let gated = pod(json!({
        "spec": {"schedulingGates": [{"name": "example.test/wait"}]},
        "status": {"conditions": [condition_with_reason("PodScheduled", "False", 0, "SchedulingGated")]},
    }));
    assert_eq!(listed(500.0, [gated]), [""; 0]);
}

#[test]
fn a_node_has_a_minute_to_take_a_pod_up() {
    let mut pod = scheduled_pod(json!({}));
    pod["status"].as_object_mut().unwrap().remove("startTime");
    let found = listed(5.0, [pod]);
    assert!(found.len() == 1 && found[0].starts_with("p not taken up from 6"), "{found:?}");
}

/// A Pod whose container has been started again this number of times. It runs since second `since`.
fn restarted_pod(restarts: i32, since: i64) -> Value {
    let last = terminated(&format!("main-{}", restarts - 1), since - 20, since - 10, 7, "Error");
    let status = container_status("main", restarts, running(since), last);
    patched(
        running_pod(),
        json!({"spec": {"restartPolicy": "Always"}, "status": {"containerStatuses": [status]}}),
    )
}

#[test]
fn the_third_restart_is_a_crash_loop() {
    assert_eq!(listed(101.0, [restarted_pod(2, 100)]), [""; 0]);
    let found = listed(101.0, [restarted_pod(3, 100)]);
    assert!(found.len() == 1 && found[0].starts_with("p crash loop 7 3 from 90"), "{found:?}");
    // A container that has run for ten minutes has recovered.
    assert_eq!(listed(701.0, [restarted_pod(3, 100)]), [""; 0]);
}

#[test]
fn a_container_that_has_succeeded_after_restarts_is_no_crash_loop() {
    let done = container_status("init", 3, terminated("init-3", 50, 60, 0, "Completed"), json!({}));
    let main = container_status("main", 0, waiting("PodInitializing"), json!({}));
    let mut pod = scheduled_pod(json!({
        "spec": {"restartPolicy": "OnFailure", "initContainers": [{"name": "init", "image": "app:1"}]},
        "status": {"initContainerStatuses": [done], "containerStatuses": [main]},
    }));
    assert_eq!(listed(62.0, [pod.clone()]), [""; 0]);
    let failing = container_status("init", 3, terminated("init-3", 50, 60, 9, "Error"), json!({}));
    pod["status"]["initContainerStatuses"] = json!([failing]);
    let found = listed(62.0, [pod]);
    assert!(found.len() == 1 && found[0].starts_with("p crash loop 9 3"), "{found:?}");
}

#[test]
fn a_pod_that_is_being_deleted_is_no_cause() {
    let deleted = json!({"metadata": {"deletionTimestamp": time(35), "deletionGracePeriodSeconds": 30}});
    let stuck = stuck_pod("CreateContainerConfigError", "configmap \"nope\" not found");
    assert_eq!(listed(6.0, [patched(stuck, deleted)]), [""; 0]);
}
