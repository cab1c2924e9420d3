//! Made-up observations: one Pod, told in seconds since noon.

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::observation::{Observation, Seen};
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::support::{object_of, tell_pod, timeline};

/// What 0 is.
pub(crate) fn noon() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

/// Seconds since noon as a time.
pub(crate) fn at(seconds: f64) -> Timestamp {
    noon() + SignedDuration::try_from_secs_f64(seconds).unwrap()
}

/// Seconds since noon as the API server writes them in a status.
pub(crate) fn t(seconds: i64) -> String {
    (noon() + SignedDuration::from_secs(seconds)).to_string()
}

/// A Pod created at 0, with one main container and no status, changed by `patch`.
pub(crate) fn pod(patch: Value) -> Value {
    let mut pod = json!({
        "metadata": {"namespace": "default", "name": "p", "uid": "u", "creationTimestamp": t(0)},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "app:1"}]},
        "status": {"phase": "Pending", "conditions": [], "containerStatuses": []},
    });
    merge(&mut pod, patch);
    pod
}

/// The same on a node since second 1, with the kubelet's first write.
pub(crate) fn bound(patch: Value) -> Value {
    let mut pod = pod(json!({
        "spec": {"nodeName": "node-1"},
        "status": {"startTime": t(1), "conditions": [cond("PodScheduled", "True", 1)]},
    }));
    merge(&mut pod, patch);
    pod
}

/// Merges objects; lists of conditions are joined, other lists replaced.
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

pub(crate) fn cond(kind: &str, status: &str, since: i64) -> Value {
    json!({"type": kind, "status": status, "lastTransitionTime": t(since)})
}

pub(crate) fn cond_why(kind: &str, status: &str, since: i64, reason: &str) -> Value {
    json!({"type": kind, "status": status, "lastTransitionTime": t(since), "reason": reason, "message": reason})
}

/// A container status: `state` and `last` as one of [`waiting`], [`running`], [`terminated`] or null.
#[expect(clippy::needless_pass_by_value, reason = "a state is written where it is used")]
pub(crate) fn status(name: &str, restarts: i32, state: Value, last: Value) -> Value {
    let id = |state: &Value| state["terminated"]["containerID"].as_str().map(str::to_owned);
    let id = id(&state).or_else(|| id(&last)).unwrap_or_default();
    let id = if state.get("running").is_some() { format!("{name}-{restarts}") } else { id };
    json!({"name": name, "restartCount": restarts, "state": state, "lastState": last, "containerID": id})
}

pub(crate) fn waiting(reason: &str) -> Value {
    json!({"waiting": {"reason": reason}})
}

pub(crate) fn running(since: i64) -> Value {
    json!({"running": {"startedAt": t(since)}})
}

/// A run that ended; `id` is `NAME-RESTARTS`.
pub(crate) fn terminated(id: &str, from: i64, to: i64, exit: i32, reason: &str) -> Value {
    json!({"terminated": {"containerID": id, "startedAt": t(from), "finishedAt": t(to), "exitCode": exit, "reason": reason}})
}

/// What the kubelet writes when it has lost a container.
pub(crate) fn lost(reason: &str) -> Value {
    json!({"terminated": {"startedAt": null, "finishedAt": null, "exitCode": 137, "reason": reason}})
}

/// A kubelet's Event about a container of the Pod, or about the Pod itself if `container` is empty.
pub(crate) fn event(reason: &str, container: &str, seconds: f64, message: &str) -> Value {
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

/// The same, repeated `count` times until `last`.
pub(crate) fn repeated(mut event: Value, count: i32, last: i64) -> Value {
    event["count"] = json!(count);
    event["lastTimestamp"] = json!(t(last));
    event
}

/// The scheduler's Event.
pub(crate) fn scheduled(seconds: f64) -> Value {
    let first = at(seconds);
    json!({
        "metadata": {"name": format!("p.{:016x}", first.as_nanosecond())},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "u"},
        "reason": "Scheduled", "eventTime": first.to_string(), "reportingComponent": "default-scheduler",
    })
}

pub(crate) fn pulled(container: &str, seconds: f64, pull: &str, wait: &str) -> Value {
    let message = format!(
        "Successfully pulled image \"app:1\" in {pull} ({wait} including waiting). Image size: 7 bytes."
    );
    event("Pulled", container, seconds, &message)
}

/// One observation: a Pod, or an Event if it has a reason.
pub(crate) fn observed(seen: Seen, seconds: f64, object: Value) -> Observation {
    let kind = match &object {
        object if object.get("involvedObject").is_some() => "Event",
        object if object["spec"].get("containers").is_some() => "Pod",
        _ => "Job",
    };
    Observation { received: at(seconds), seen, object: object_of(kind, object) }
}

/// A story that a list at second 1000 tells.
pub(crate) fn listed(objects: impl IntoIterator<Item = Value>) -> String {
    let list: Vec<_> = objects.into_iter().map(|object| observed(Seen::Listed, 1000.0, object)).collect();
    told(&timeline(&list))
}

/// A story that a watch tells.
pub(crate) fn watched(observations: impl IntoIterator<Item = (f64, Seen, Value)>) -> String {
    let list: Vec<_> =
        observations.into_iter().map(|(at, seen, object)| observed(seen, at, object)).collect();
    told(&timeline(&list))
}

/// The only Pod of a timeline, without its name.
pub(crate) fn told(timeline: &Timeline) -> String {
    let mut text = String::new();
    for workload in timeline.workloads() {
        for (_, pod) in timeline.pods(workload) {
            tell_pod(&mut text, &pod, noon());
        }
    }
    text
}

/// Fails unless the story has all these lines, in this order, each told from its beginning.
#[track_caller]
pub(crate) fn tells(story: &str, lines: &[&str]) {
    let mut rest = story.lines();
    for line in lines {
        assert!(rest.any(|told| told.trim_start().starts_with(line)), "no `{line}` in\n{story}");
    }
}

/// Fails if the story has a line that begins so.
#[track_caller]
pub(crate) fn keeps_quiet_of(story: &str, line: &str) {
    assert!(!story.lines().any(|told| told.trim_start().starts_with(line)), "`{line}` in\n{story}");
}

/// A Pod that ran from 5 to 9 and is done, by its status alone.
pub(crate) fn done() -> Value {
    bound(json!({"status": {
        "phase": "Succeeded",
        "conditions": [cond("PodReadyToStartContainers", "False", 10), cond("Ready", "False", 9), cond("Initialized", "True", 1)],
        "containerStatuses": [status("main", 0, terminated("main-0", 5, 9, 0, "Completed"), json!({}))],
    }}))
}

/// A Pod whose main container runs since 5.
pub(crate) fn works() -> Value {
    bound(json!({"status": {
        "phase": "Running",
        "conditions": [cond("PodReadyToStartContainers", "True", 3), cond("Ready", "True", 5), cond("ContainersReady", "True", 5)],
        "containerStatuses": [status("main", 0, running(5), json!({}))],
    }}))
}

pub(crate) fn with(mut object: Value, patch: Value) -> Value {
    merge(&mut object, patch);
    object
}

pub(crate) fn deleted_at(deadline: i64, grace: i64) -> Value {
    json!({"metadata": {"deletionTimestamp": t(deadline), "deletionGracePeriodSeconds": grace}})
}
