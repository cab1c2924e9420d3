//! Reads the timeline document and checks the rules that every document follows.

use jiff::Timestamp;
use serde_json::Value;

use crate::support::schema::validate_document;

/// Returns the only workload with this name.
#[track_caller]
pub(crate) fn workload<'a>(document: &'a Value, name: &str) -> &'a Value {
    let mut found = array(document, "workloads").iter().filter(|workload| workload["name"] == name);
    let workload = found.next().unwrap_or_else(|| panic!("no {name} in {document:#}"));
    assert!(found.next().is_none(), "more than one {name} in {document:#}");
    workload
}

/// Returns the Pods of all workloads.
pub(crate) fn pods(document: &Value) -> impl Iterator<Item = &Value> {
    array(document, "workloads").iter().flat_map(|workload| array(workload, "pods"))
}

/// Returns the only Pod of a workload.
#[track_caller]
pub(crate) fn only_pod(workload: &Value) -> &Value {
    let pods = array(workload, "pods");
    assert_eq!(pods.len(), 1, "{workload:#}");
    &pods[0]
}

/// Returns the container with this name.
#[track_caller]
pub(crate) fn container<'a>(pod: &'a Value, name: &str) -> &'a Value {
    let mut containers = array(pod, "containers").iter();
    containers.find(|container| container["name"] == name).unwrap_or_else(|| panic!("no {name} in {pod:#}"))
}

/// Returns the text of a field.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value:#}"))
}

/// Returns the list of a field.
#[track_caller]
pub(crate) fn array<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().unwrap_or_else(|| panic!("no {field} in {value:#}"))
}

/// Returns the counts of the controller: active, succeeded, failed.
#[track_caller]
pub(crate) fn counts(job: &Value) -> [i64; 3] {
    ["active", "succeeded", "failed"].map(|count| job[count].as_i64().unwrap())
}

/// Returns the outcome and the reason of a workload. The reason is empty if there is none.
#[track_caller]
pub(crate) fn end(job: &Value) -> [&str; 2] {
    [text(job, "outcome"), job["reason"].as_str().unwrap_or_default()]
}

/// Returns the attempts at an index, in order. Fails if their numbers are not 1, 2, 3 and so on.
#[track_caller]
pub(crate) fn attempts(job: &Value, index: u64) -> Vec<&Value> {
    let mut attempts: Vec<&Value> = array(job, "pods").iter().filter(|pod| pod["index"] == index).collect();
    attempts.sort_by_key(|pod| pod["attempt"].as_u64());
    let numbers: Vec<u64> = attempts.iter().map(|pod| pod["attempt"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=attempts.len() as u64).collect::<Vec<_>>(), "{job:#}");
    attempts
}

/// Returns the time of an instant.
#[track_caller]
pub(crate) fn instant(pod: &Value, name: &str) -> Timestamp {
    time(&pod["instants"][name]["at"]).unwrap_or_else(|| panic!("no {name} in {pod:#}"))
}

/// Returns the total duration of the phases with this name, in milliseconds.
#[track_caller]
pub(crate) fn millis(pod: &Value, phase: &str) -> i64 {
    let of_kind = array(pod, "phases").iter().filter(|other| other["phase"] == phase);
    of_kind.map(|phase| phase["millis"].as_i64().unwrap()).sum()
}

/// Returns the role of a container.
pub(crate) fn role(container: &Value) -> &str {
    text(container, "role")
}

/// Returns the names of a Pod's phases.
pub(crate) fn phases(pod: &Value) -> Vec<&str> {
    array(pod, "phases").iter().map(|phase| text(phase, "phase")).collect()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// Whether the intervals of two instants overlap. Each interval may be wrong by some milliseconds.
pub(crate) fn overlap(one: &Value, other: &Value) -> bool {
    let bounds = |instant: &Value| {
        ["earliest", "latest"].map(|bound| time(&instant[bound]).map_or(0, Timestamp::as_millisecond))
    };
    let ([from, to], [other_from, other_to]) = (bounds(one), bounds(other));
    from <= other_to + 50 && other_from <= to + 50
}

/// Returns the workloads whose parent is `parent`.
pub(crate) fn children<'a>(document: &'a Value, parent: &'a Value) -> impl Iterator<Item = &'a Value> {
    array(document, "workloads").iter().filter(|workload| workload["parent"]["uid"] == parent["uid"])
}

/// Returns the number of Pods of a workload and of the workloads below it.
fn pods_below(document: &Value, workload: &Value) -> usize {
    let below: usize = children(document, workload).map(|child| pods_below(document, child)).sum();
    array(workload, "pods").len() + below
}

/// Checks the rules of every document: the schema, sums, orders and formats.
#[track_caller]
pub(crate) fn check(document: &Value) {
    validate_document(document);
    assert_eq!((&document["apiVersion"], &document["kind"]), (&"kubectl-seq/v1".into(), &"Timeline".into()));
    for workload in array(document, "workloads") {
        let summary = &workload["summary"];
        let slots = summary["slots"].as_object();
        let sum = slots.map(|slots| slots.values().map(|part| part.as_i64().unwrap()).sum::<i64>());
        // Slot time is unknown only if no field limits the number of Pods that run at once, as in a custom resource.
        assert!(sum.is_some() || workload["parallelism"].is_null(), "{workload:#}");
        assert_eq!(summary["slotMillis"], serde_json::json!(sum), "{workload:#}");
        assert_eq!(summary["pods"], pods_below(document, workload), "{workload:#}");
        array(workload, "pods").iter().for_each(check_pod);
    }
}

#[track_caller]
fn check_pod(pod: &Value) {
    let instants = &pod["instants"];
    let order = ["created", "scheduled", "sandboxReady", "workStarted", "workEnded"];
    let times: Vec<Timestamp> = order.iter().filter_map(|instant| time(&instants[instant]["at"])).collect();
    assert!(times.is_sorted(), "{pod:#}");
    for instant in instants.as_object().unwrap().values().filter(|instant| !instant.is_null()) {
        let interval = ["earliest", "at", "latest"].map(|bound| time(&instant[bound]).unwrap());
        assert!(interval.is_sorted(), "{pod:#}");
        let width = interval[2].as_millisecond() - interval[0].as_millisecond();
        assert_eq!(instant["precisionMillis"], width, "{pod:#}");
        assert_eq!(text(instant, "at").len(), "2026-01-01T00:00:00.000Z".len(), "{pod:#}");
        assert!(["status", "event", "observed", "inferred"].contains(&text(instant, "source")), "{pod:#}");
    }
    let mut until: Option<Timestamp> = None;
    for phase in array(pod, "phases") {
        let (start, end) = (time(&phase["start"]).unwrap(), time(&phase["end"]));
        assert!(until.is_none_or(|until| until <= start), "phases overlap: {pod:#}");
        if let Some(end) = end {
            let millis = end.as_millisecond() - start.as_millisecond();
            assert_eq!(phase["millis"], millis, "{pod:#}");
        }
        until = end.or(Some(start));
    }
    // Each duration equals the difference of its instants, except for rounding to a millisecond.
    for (range, from, to) in
        [("queuedMillis", "created", "scheduled"), ("coldStartMillis", "scheduled", "workStarted")]
    {
        if let Some(millis) = pod[range].as_i64() {
            let (from, to) = (time(&instants[from]["at"]).unwrap(), time(&instants[to]["at"]).unwrap());
            let between = to.as_millisecond() - from.as_millisecond();
            assert!((millis - between).abs() <= 1, "{range} {millis}, not {between}: {pod:#}");
        }
    }
    // The work is the time in which a main container ran, and lies inside its range.
    if let Some(millis) = pod["runMillis"].as_i64() {
        let is_work = |phase: &&Value| ["Running", "Terminating", "Unready"].contains(&text(phase, "phase"));
        let work = array(pod, "phases").iter().filter(is_work).filter_map(|phase| phase["millis"].as_i64());
        assert_eq!(millis, work.sum::<i64>(), "{pod:#}");
        let range: Vec<i64> = array(pod, "runRangeMillis").iter().filter_map(Value::as_i64).collect();
        assert!(range[0] <= millis && millis <= range[1], "{pod:#}");
    }
}
