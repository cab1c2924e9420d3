//! Builds observations of one Pod. Times are seconds after noon.

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::observation::{Observation, Seen};
use serde_json::{Value, json};

use crate::support::scenario::parse_object;

/// The time of second 0.
pub(crate) fn noon() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

/// Returns the time this many seconds after noon.
pub(crate) fn at(seconds: f64) -> Timestamp {
    noon() + SignedDuration::try_from_secs_f64(seconds).unwrap()
}

/// Returns the time this many seconds after noon, in the format of the API server.
pub(crate) fn time(seconds: i64) -> String {
    (noon() + SignedDuration::from_secs(seconds)).to_string()
}

/// A Pod created at 0, with one main container and no status, changed by `patch`.
pub(crate) fn pod(patch: Value) -> Value {
    let mut pod = json!({
        "metadata": {"namespace": "default", "name": "p", "uid": "u", "creationTimestamp": time(0)},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "app:1"}]},
        "status": {"phase": "Pending", "conditions": [], "containerStatuses": []},
    });
    merge(&mut pod, patch);
    pod
}

/// A Pod like [`pod`] that was bound to a node at second 1, after the kubelet's first status update.
pub(crate) fn scheduled_pod(patch: Value) -> Value {
    let mut pod = pod(json!({
        "spec": {"nodeName": "node-1"},
        "status": {"startTime": time(1), "conditions": [condition("PodScheduled", "True", 1)]},
    }));
    merge(&mut pod, patch);
    pod
}

/// Merges `patch` into `into`. A condition replaces the condition of the same type. Other lists are replaced as a
/// whole.
pub(crate) fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                if key == "conditions" {
                    let known = into.entry(key).or_insert_with(|| json!([])).as_array_mut().unwrap();
                    for new in value.as_array().unwrap() {
                        known.retain(|old| old["type"] != new["type"]);
                        known.push(new.clone());
                    }
                    continue;
                }
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

/// A condition with the transition time `since`.
pub(crate) fn condition(kind: &str, status: &str, since: i64) -> Value {
    json!({"type": kind, "status": status, "lastTransitionTime": time(since)})
}

/// A condition with a reason, which is also its message.
pub(crate) fn condition_with_reason(kind: &str, status: &str, since: i64, reason: &str) -> Value {
    json!({"type": kind, "status": status, "lastTransitionTime": time(since), "reason": reason, "message": reason})
}

/// A container status. `state` and `last` are made by [`waiting`], [`running`], [`terminated`] or [`lost_state`], or
/// are empty.
#[expect(clippy::needless_pass_by_value, reason = "callers build the states inline")]
pub(crate) fn container_status(name: &str, restarts: i32, state: Value, last: Value) -> Value {
    let id = |state: &Value| state["terminated"]["containerID"].as_str().map(str::to_owned);
    let id = id(&state).or_else(|| id(&last)).unwrap_or_default();
    let id = if state.get("running").is_some() { format!("{name}-{restarts}") } else { id };
    json!({"name": name, "restartCount": restarts, "state": state, "lastState": last, "containerID": id})
}

/// The state of a container that waits.
pub(crate) fn waiting(reason: &str) -> Value {
    json!({"waiting": {"reason": reason}})
}

/// The state of a container that runs.
pub(crate) fn running(since: i64) -> Value {
    json!({"running": {"startedAt": time(since)}})
}

/// The state of an ended run. `id` must be `NAME-RESTARTS`, the ID that `container_status` gives to the running
/// container.
pub(crate) fn terminated(id: &str, from: i64, to: i64, exit: i32, reason: &str) -> Value {
    json!({"terminated": {"containerID": id, "startedAt": time(from), "finishedAt": time(to), "exitCode": exit, "reason": reason}})
}

/// The state that the kubelet writes after losing a container.
pub(crate) fn lost_state(reason: &str) -> Value {
    json!({"terminated": {"startedAt": null, "finishedAt": null, "exitCode": 137, "reason": reason}})
}

/// An Event of the kubelet about a container of the Pod, or about the Pod itself if `container` is empty.
pub(crate) fn kubelet_event(reason: &str, container: &str, seconds: f64, message: &str) -> Value {
    let first = at(seconds);
    let path = if container.is_empty() { String::new() } else { format!("spec.containers{{{container}}}") };
    let second = Timestamp::from_second(first.as_second()).unwrap().to_string();
    json!({
        "metadata": {"name": format!("p.{:016x}", first.as_nanosecond()), "creationTimestamp": second},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "u", "fieldPath": path},
        "reason": reason, "message": message, "count": 1, "firstTimestamp": second, "lastTimestamp": second,
        "source": {"component": "kubelet"},
    })
}

/// Returns the Event after `count` occurrences, the last of them at second `last`.
pub(crate) fn repeated(mut event: Value, count: i32, last: i64) -> Value {
    event["count"] = json!(count);
    event["lastTimestamp"] = json!(time(last));
    event
}

/// The scheduler's `Scheduled` event.
pub(crate) fn scheduled_event(seconds: f64) -> Value {
    let first = at(seconds);
    json!({
        "metadata": {"name": format!("p.{:016x}", first.as_nanosecond())},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "u"},
        "reason": "Scheduled", "eventTime": first.to_string(), "reportingComponent": "default-scheduler",
    })
}

/// The `Pulled` event of a pull that took `pull`, and `with_queue` including the time in the node's queue.
pub(crate) fn pulled_event(container: &str, seconds: f64, pull: &str, with_queue: &str) -> Value {
    let message = format!(
        "Successfully pulled image \"app:1\" in {pull} ({with_queue} including waiting). Image size: 7 bytes."
    );
    kubelet_event("Pulled", container, seconds, &message)
}

/// An observation of a Pod, an Event or a Job.
pub(crate) fn observation(seen: Seen, seconds: f64, object: Value) -> Observation {
    let kind = match &object {
        object if object["kind"].is_string() => object["kind"].as_str().unwrap(),
        object if object.get("involvedObject").is_some() => "Event",
        object if object["spec"].get("containers").is_some() => "Pod",
        _ => "Job",
    }
    .to_owned();
    Observation { received: at(seconds), seen, object: parse_object(&kind, object) }
}

/// A Pod that ran from second 5 to 9 and succeeded.
pub(crate) fn succeeded_pod() -> Value {
    scheduled_pod(json!({"status": {
        "phase": "Succeeded",
        "conditions": [condition("PodReadyToStartContainers", "False", 10), condition("Ready", "False", 9), condition("Initialized", "True", 1)],
        "containerStatuses": [container_status("main", 0, terminated("main-0", 5, 9, 0, "Completed"), json!({}))],
    }}))
}

/// A Pod whose main container has been running since second 5.
pub(crate) fn running_pod() -> Value {
    scheduled_pod(json!({"status": {
        "phase": "Running",
        "conditions": [condition("PodReadyToStartContainers", "True", 3), condition("Ready", "True", 5), condition("ContainersReady", "True", 5)],
        "containerStatuses": [container_status("main", 0, running(5), json!({}))],
    }}))
}

/// Returns the object with a patch merged into it.
pub(crate) fn patched(mut object: Value, patch: Value) -> Value {
    merge(&mut object, patch);
    object
}

/// A patch that marks a Pod as being deleted. `deadline` is the second of its `deletionTimestamp`.
pub(crate) fn deletion(deadline: i64, grace: i64) -> Value {
    json!({"metadata": {"deletionTimestamp": time(deadline), "deletionGracePeriodSeconds": grace}})
}
