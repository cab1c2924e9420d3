//! Tests of the formats that scripts of users read. If an expected value here changes, these scripts can break.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::export::document::WorkloadEntry;
use crate::export::fixture::{at, ended_pod, summary, waiting_pod, workload};
use crate::export::pod::PodEntry;
use crate::export::schema::generate_timeline_schema;
use crate::export::*;
use crate::lifecycle::PhaseKind;
use crate::observation::{Object, Observation, Seen};
use crate::timeline::Timeline;

fn to_value(entry: &impl serde::Serialize) -> Value {
    serde_json::to_value(entry).unwrap()
}

fn parse_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Returns the keys of an object in the order of the output.
fn keys(entry: &impl serde::Serialize) -> Vec<String> {
    struct Keys(Vec<String>);
    impl<'de> serde::de::Visitor<'de> for &mut Keys {
        type Value = ();
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some((key, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                self.0.push(key);
            }
            Ok(())
        }
    }
    let text = serde_json::to_string(entry).unwrap();
    let mut keys = Keys(Vec::new());
    serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(&text), &mut keys).unwrap();
    keys.0
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn all_fields_are_written_in_the_documented_order() {
    let (job, numbers, pod) = (workload(), summary(), ended_pod());
    let entry = WorkloadEntry::new(&job, &numbers);
    assert_eq!(keys(&document(&Timeline::default(), at(0))), words("apiVersion kind observedAt workloads"));
    assert_eq!(
        keys(&entry),
        words(
            "apiVersion kind namespace name uid parent outcome reason message createdAt startedAt finishedAt \
             completions parallelism active succeeded failed gone nextRunAt waitingSince budget whatIf timeLeft gang queue summary incomplete holds backOffs findings waits images"
        )
    );
    assert_eq!(keys(&entry.parent), words("kind name uid"));
    assert_eq!(
        keys(&entry.summary),
        words(
            "pods wallMillis slotMillis runMillis coldStartMillis queuedMillis backOffMillis idleMillis coldStart \
             run queued concurrency slots slotRanges gangWaitMillis heldMillis held lostWork reserved partial"
        )
    );
    assert_eq!(keys(&entry.summary.cold_start), words("p50Millis p95Millis maxMillis"));
    assert_eq!(keys(&entry.summary.concurrency), words("max mean"));
    assert_eq!(
        keys(&entry.summary.slots),
        words(
            "workMillis setupMillis pullingMillis pullFailingMillis initializingMillis startingMillis startupMillis \
             unreadyMillis queuedMillis terminatingMillis backOffMillis unknownMillis idleMillis"
        )
    );
    assert_eq!(
        keys(&entry.summary.lost_work),
        words("millis failedMillis preemptedMillis evictedMillis nodeLostMillis deletedMillis")
    );
    let entry = PodEntry::new(&pod, None, at(0));
    assert_eq!(
        keys(&entry),
        words(
            "namespace name uid node index attempt role status outcome exitCode reason instants phases queuedMillis \
             coldStartMillis unreadyMillis runMillis runRangeMillis clamped gone disruption clockSkewMillis containers"
        )
    );
    assert_eq!(
        keys(&entry.instants),
        words("created scheduled sandboxReady workStarted ready workEnded deleteRequested deleted")
    );
    assert_eq!(keys(&entry.instants.created), words("at earliest latest source precisionMillis"));
    assert_eq!(keys(&entry.phases[0]), words("phase start end millis source container reason"));
    let container = &entry.containers[0];
    assert_eq!(keys(container), words("name role image restarts pull runs runsNotSeen"));
    assert_eq!(keys(&container.pull), words("start end millis waitMillis bytes cached"));
    assert_eq!(keys(&container.runs[0]), words("start end exitCode signal reason"));
}

#[test]
fn a_workload_is_written_with_all_values() {
    let (job, numbers) = (workload(), summary());
    assert_eq!(
        to_value(&WorkloadEntry::new(&job, &numbers)),
        parse_json(
            r#"{
            "apiVersion": "batch/v1", "kind": "Job", "namespace": "default", "name": "pi", "uid": "job-uid",
            "parent": {"kind": "CronJob", "name": "nightly", "uid": "cron-uid"},
            "outcome": "Failed", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the \u001b[31mspecified\u001b[0m \"backoff\" limit: #1",
            "createdAt": "2026-01-01T00:00:00.000Z", "startedAt": null, "finishedAt": "2026-01-01T00:00:30.000Z",
            "completions": 20, "parallelism": 4, "active": 0, "succeeded": 19, "failed": 7, "gone": false,
            "nextRunAt": null, "waitingSince": null, "budget": [], "whatIf": null, "timeLeft": null, "gang": null, "queue": null,
            "summary": {
                "pods": 27, "wallMillis": 30000, "slotMillis": 100, "runMillis": 12000, "coldStartMillis": 11000,
                "queuedMillis": 900, "backOffMillis": 3, "idleMillis": 13,
                "coldStart": {"p50Millis": 400, "p95Millis": 5000, "maxMillis": 6000},
                "run": {"p50Millis": 500, "p95Millis": 600, "maxMillis": 700},
                "queued": {"p50Millis": null, "p95Millis": null, "maxMillis": null},
                "concurrency": {"max": 4, "mean": 1.235},
                "slots": {
                    "workMillis": 15, "setupMillis": 11, "pullingMillis": 12, "pullFailingMillis": 5, "initializingMillis": 13,
                    "startingMillis": 14, "startupMillis": 0, "unreadyMillis": 4, "queuedMillis": 10, "terminatingMillis": 2,
                    "backOffMillis": 3, "unknownMillis": 7, "idleMillis": 13
                },
                "slotRanges": {
                    "workMillis": [15, 15], "setupMillis": [11, 11], "pullingMillis": [12, 12], "pullFailingMillis": [5, 5],
                    "initializingMillis": [13, 13], "startingMillis": [14, 14], "startupMillis": [0, 0],
                    "unreadyMillis": [4, 4], "queuedMillis": [10, 10], "terminatingMillis": [2, 2], "backOffMillis": [3, 3],
                    "unknownMillis": [7, 7], "idleMillis": [13, 13]
                },
                "gangWaitMillis": null, "heldMillis": 0, "held": [], "lostWork": {
                    "millis": 4, "failedMillis": 3, "preemptedMillis": 1, "evictedMillis": 0, "nodeLostMillis": 0,
                    "deletedMillis": 0
                },
                "reserved": [],
                "partial": false
            },
            "incomplete": [], "holds": [], "backOffs": [], "findings": [], "waits": [], "images": []
        }"#,
        )
    );
}

#[test]
fn an_ended_pod_is_written_with_all_values() {
    assert_eq!(
        to_value(&PodEntry::new(&ended_pod(), None, at(60_000))),
        parse_json(
            r#"{
            "namespace": "default", "name": "pi-0-j272m", "uid": "pod-uid", "node": "node-1", "index": 0,
            "attempt": 2, "role": null, "status": "Error", "outcome": "Failed", "exitCode": 137, "reason": "OOMKilled",
            "instants": {
                "created": {"at": "2026-01-01T00:00:00.000Z", "earliest": "2025-12-31T23:59:59.950Z",
                            "latest": "2026-01-01T00:00:00.050Z", "source": "event", "precisionMillis": 100},
                "scheduled": {"at": "2026-01-01T00:00:00.012Z", "earliest": "2025-12-31T23:59:59.962Z",
                              "latest": "2026-01-01T00:00:00.062Z", "source": "event", "precisionMillis": 100},
                "sandboxReady": {"at": "2026-01-01T00:00:00.800Z", "earliest": "2026-01-01T00:00:00.300Z",
                                 "latest": "2026-01-01T00:00:01.300Z", "source": "status",
                                 "precisionMillis": 1000},
                "workStarted": {"at": "2026-01-01T00:00:06.100Z", "earliest": "2026-01-01T00:00:05.600Z",
                                "latest": "2026-01-01T00:00:06.600Z", "source": "inferred",
                                "precisionMillis": 1000},
                "ready": {"at": "2026-01-01T00:00:06.500Z", "earliest": "2026-01-01T00:00:06.000Z",
                          "latest": "2026-01-01T00:00:07.000Z", "source": "status", "precisionMillis": 1000},
                "workEnded": {"at": "2026-01-01T00:00:09.000Z", "earliest": "2026-01-01T00:00:08.500Z",
                              "latest": "2026-01-01T00:00:09.500Z", "source": "status",
                              "precisionMillis": 1000},
                "deleteRequested": {"at": "2026-01-01T00:00:08.000Z", "earliest": "2026-01-01T00:00:07.975Z",
                                    "latest": "2026-01-01T00:00:08.025Z", "source": "observed",
                                    "precisionMillis": 50},
                "deleted": {"at": "2026-01-01T00:00:09.500Z", "earliest": "2026-01-01T00:00:09.475Z",
                            "latest": "2026-01-01T00:00:09.525Z", "source": "observed", "precisionMillis": 50}
            },
            "phases": [
                {"phase": "Queued", "start": "2026-01-01T00:00:00.000Z", "end": "2026-01-01T00:00:00.012Z",
                 "millis": 12, "source": "event", "container": null, "reason": null},
                {"phase": "Setup", "start": "2026-01-01T00:00:00.012Z", "end": "2026-01-01T00:00:00.800Z",
                 "millis": 788, "source": "event", "container": null, "reason": null},
                {"phase": "Pulling", "start": "2026-01-01T00:00:00.800Z", "end": "2026-01-01T00:00:05.900Z",
                 "millis": 5100, "source": "event", "container": "init", "reason": "ImagePullBackOff"},
                {"phase": "Running", "start": "2026-01-01T00:00:06.100Z", "end": "2026-01-01T00:00:09.000Z",
                 "millis": 2900, "source": "status", "container": null, "reason": null}
            ],
            "queuedMillis": 12, "coldStartMillis": 6088, "unreadyMillis": 400, "runMillis": 2900, "runRangeMillis": [2900, 2900], "clamped": true, "gone": false,
            "disruption": null,
            "clockSkewMillis": 0,
            "containers": [
                {"name": "init", "role": "init", "image": "perl:5.34.0", "restarts": 1,
                 "pull": {"start": "2026-01-01T00:00:01.000Z", "end": "2026-01-01T00:00:05.900Z", "millis": 4900,
                          "waitMillis": 200, "bytes": 352321536, "cached": false},
                 "runs": [{"start": "2026-01-01T00:00:05.950Z", "end": "2026-01-01T00:00:06.050Z",
                           "exitCode": 0, "signal": null, "reason": "Error"}],
                 "runsNotSeen": 1},
                {"name": "pi", "role": "main", "image": "perl:5.34.0", "restarts": 1, "pull": null,
                 "runs": [{"start": "2026-01-01T00:00:06.100Z", "end": "2026-01-01T00:00:09.000Z",
                           "exitCode": 137, "signal": 9, "reason": "Error"}],
                 "runsNotSeen": 1}
            ]
        }"#,
        )
    );
}

#[test]
fn unknown_values_are_null_and_open_phases_last_until_now() {
    let pod = waiting_pod();
    let entry = to_value(&PodEntry::new(&pod, None, at(1500)));
    for field in
        ["node", "index", "exitCode", "queuedMillis", "coldStartMillis", "unreadyMillis", "runMillis"]
    {
        assert_eq!(entry[field], Value::Null, "{field}");
    }
    for instant in
        ["scheduled", "sandboxReady", "workStarted", "ready", "workEnded", "deleteRequested", "deleted"]
    {
        assert_eq!(entry["instants"][instant], Value::Null, "{instant}");
    }
    let phase = &entry["phases"][0];
    assert_eq!((&phase["end"], &phase["millis"]), (&Value::Null, &json!(1500)));
    assert_eq!(phase["reason"], "Insufficient cpu");
}

#[test]
fn an_end_that_was_not_observed_is_null() {
    let mut pod = ended_pod();
    let life = pod.life.to_mut();
    life.end_unknown = true;
    life.phases.last_mut().unwrap().end = None;
    let entry = to_value(&PodEntry::new(&pod, None, at(60_000)));
    let phase = &entry["phases"][3];
    assert_eq!((&phase["end"], &phase["millis"]), (&Value::Null, &Value::Null));
}

#[test]
fn times_are_truncated_to_three_decimals() {
    let mut job = workload();
    job.created = Some("2026-01-01T00:00:00.999999999Z".parse().unwrap());
    job.started = Some("2026-01-01T00:00:00.1Z".parse().unwrap());
    let entry = to_value(&WorkloadEntry::new(&job, &summary()));
    assert_eq!(entry["createdAt"], "2026-01-01T00:00:00.999Z");
    assert_eq!(entry["startedAt"], "2026-01-01T00:00:00.100Z");
}

#[test]
fn json_has_the_indentation_of_kubectl() {
    let mut out = Vec::new();
    write_json(&document(&Timeline::default(), at(1)), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{
    "apiVersion": "kubectl-seq/v1",
    "kind": "Timeline",
    "observedAt": "2026-01-01T00:00:00.001Z",
    "workloads": []
}
"#
    );
}

#[test]
fn yaml_quotes_strings_that_readers_could_interpret_as_another_type() {
    let (mut job, numbers) = (workload(), summary());
    job.name = "2026-01-01".into();
    job.reason = Some("no".into());
    job.namespace = "0x10".into();
    let timeline = Timeline::default();
    let mut document = document(&timeline, at(1));
    document.workloads.push(WorkloadEntry::new(&job, &numbers));
    let mut out = Vec::new();
    write_yaml(&document, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let head: Vec<_> = text.lines().take(22).collect();
    assert_eq!(
        head.join("\n"),
        r#"apiVersion: kubectl-seq/v1
kind: Timeline
observedAt: "2026-01-01T00:00:00.001Z"
workloads:
- apiVersion: batch/v1
  kind: Job
  namespace: "0x10"
  name: "2026-01-01"
  uid: job-uid
  parent:
    kind: CronJob
    name: nightly
    uid: cron-uid
  outcome: Failed
  reason: "no"
  message: "Job has reached the \e[31mspecified\e[0m \"backoff\" limit: #1"
  createdAt: "2026-01-01T00:00:00.000Z"
  startedAt: null
  finishedAt: "2026-01-01T00:00:30.000Z"
  completions: 20
  parallelism: 4
  active: 0"#
    );
    let parsed: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(parsed, to_value(&document));
}

#[test]
fn the_end_line_contains_the_exit_code() {
    let mut out = Vec::new();
    ChangeWriter::write_end(&Timeline::default(), 124, at(1), &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"type\":\"end\",\"observedAt\":\"2026-01-01T00:00:00.001Z\",\"exitCode\":124,\"workloads\":[]}\n"
    );
}

#[test]
fn writers_return_a_broken_pipe_with_its_kind() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (timeline, now) = (Timeline::default(), at(0));
    let document = document(&timeline, now);
    for result in [
        write_json(&document, &mut Closed),
        write_yaml(&document, &mut Closed),
        ChangeWriter::write_end(&timeline, 0, now, &mut Closed),
    ] {
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}

/// A timeline to which a listed Job and its Pod were applied.
fn timeline_with_job_and_pod() -> Timeline {
    let job = r#"{"metadata": {"name": "pi", "namespace": "default", "uid": "job-uid",
        "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"completions": 1, "parallelism": 1}, "status": {"active": 1, "startTime": "2026-01-01T00:00:00Z"}}"#;
    let mut timeline = Timeline::default();
    timeline.apply(&listed(Object::Job(serde_json::from_str(job).unwrap())));
    timeline.apply(&pod_observation(r#"{"phase": "Pending"}"#));
    timeline
}

fn pod_observation(status: &str) -> Observation {
    let text = format!(
        r#"{{"metadata": {{"name": "pi-abcde", "namespace": "default", "uid": "pod-uid",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": [{{"kind": "Job", "name": "pi", "uid": "job-uid", "controller": true}}]}},
            "spec": {{"containers": [{{"name": "pi", "image": "perl"}}]}}, "status": {status}}}"#
    );
    listed(Object::Pod(serde_json::from_str(&text).unwrap()))
}

fn listed(object: Object) -> Observation {
    Observation { received: at(500), seen: Seen::Listed, object }
}

#[test]
fn the_document_contains_the_workloads_and_their_pods() {
    let mut timeline = timeline_with_job_and_pod();
    timeline.recompute();
    let document = to_value(&document(&timeline, at(1000)));
    assert_eq!(document["observedAt"], "2026-01-01T00:00:01.000Z");
    let job = &document["workloads"][0];
    assert_eq!(
        (&job["kind"], &job["name"], &job["apiVersion"]),
        (&json!("Job"), &json!("pi"), &json!("batch/v1"))
    );
    assert_eq!(job["summary"]["pods"], 1);
    assert_eq!(job["summary"]["wallMillis"], 1000);
    assert_eq!(job["pods"].as_array().unwrap().len(), 1);
    assert_eq!(job["pods"][0]["name"], "pi-abcde");
    // An unknown value is null. It is never left out.
    let schema = generate_timeline_schema();
    let described = schema["$defs"]["WorkloadEntry"]["properties"].as_object().unwrap().keys();
    let missing: Vec<&String> = described.filter(|field| job.get(field).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");

    let mut names = Vec::new();
    write_names(&timeline, &mut names).unwrap();
    assert_eq!(names, b"job.batch/pi\n");
}

#[test]
fn each_change_is_written_as_one_line() {
    let mut timeline = timeline_with_job_and_pod();
    let mut lines = ChangeWriter::default();
    let mut write = |timeline: &mut Timeline, now| -> Vec<Value> {
        let changes = timeline.recompute();
        let mut out = Vec::new();
        lines.write_changes(timeline, &changes, at(now), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(parse_json).collect()
    };
    let first = write(&mut timeline, 1000);
    let types: Vec<_> = first.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["workload", "pod"]);
    assert_eq!(first[0]["workload"]["name"], "pi");
    assert_eq!(first[0]["workload"].get("pods"), None);
    assert_eq!(first[0]["workload"]["summary"]["pods"], 1);
    assert_eq!((&first[1]["workloadUid"], &first[1]["pod"]["uid"]), (&json!("job-uid"), &json!("pod-uid")));
    assert_eq!(first[1]["observedAt"], "2026-01-01T00:00:01.000Z");

    timeline.apply(&pod_observation(r#"{"phase": "Pending"}"#));
    assert_eq!(write(&mut timeline, 2000), Vec::<Value>::new(), "an equal state is no change");

    let succeeded = r#"{"phase": "Succeeded", "containerStatuses": [{"name": "pi", "state": {"terminated":
        {"exitCode": 0, "reason": "Completed", "startedAt": "2026-01-01T00:00:01Z",
         "finishedAt": "2026-01-01T00:00:02Z"}}}]}"#;
    timeline.apply(&pod_observation(succeeded));
    let last = write(&mut timeline, 3000);
    assert_eq!(last.len(), 1, "{last:?}");
    assert_eq!(last[0]["pod"]["outcome"], "Succeeded");
}

#[test]
fn the_documentation_names_every_phase_and_every_field() {
    let page = include_str!("../../docs/document.md");
    let (job, numbers, pod) = (workload(), summary(), ended_pod());
    let workload = WorkloadEntry::new(&job, &numbers);
    let pod = PodEntry::new(&pod, None, at(0));
    let container = &pod.containers[0];
    let mut words: Vec<String> = PhaseKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    words.extend(keys(&workload));
    words.extend(keys(&workload.summary));
    words.extend(keys(&workload.summary.slots));
    words.extend(keys(&workload.summary.lost_work));
    words.extend(keys(&pod));
    words.extend(keys(&pod.instants));
    words.extend(keys(&pod.instants.created));
    words.extend(keys(&pod.phases[0]));
    words.extend(keys(container));
    words.extend(keys(&container.pull));
    words.extend(keys(&container.runs[0]));
    for word in words {
        assert!(page.contains(&format!("`{word}`")), "docs/document.md does not describe `{word}`");
    }
}
