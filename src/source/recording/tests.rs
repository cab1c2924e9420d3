//! Tests that write, read and replay recordings.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::observation::{Event, Job, Object, ObjectKind, Observation, Outage, Pod, Seen};
use crate::source::Update;
use crate::source::clock::Clock;
use crate::source::error::{ErrorKind, SourceError};
use crate::source::recording::compression::{FRAME_INTERVAL, RecordingInput};
use crate::source::recording::read::RecordingError;
use crate::source::recording::replay::replay_input;
use crate::source::recording::*;

const HEADER: &str = r#"{"formatVersion":1,"kind":"Recording","followed":true}"#;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn observed(at: i64, object: Object) -> Observation {
    Observation { received: second(at), seen: Seen::Added, object }
}

fn job(name: &str) -> Object {
    let object = json!({"metadata": {"name": name, "uid": name}, "status": {"active": 1}});
    Object::Job(Box::new(serde_json::from_value::<Job>(object).unwrap()))
}

/// A Pod that contains `secret` in every text that a user or a program may write.
fn pod_with(secret: &str) -> Object {
    let with_secret = |text: &str| format!("{text} https://user:{secret}@registry.example/v2?token={secret}");
    let state = json!({
        "waiting": {"reason": "ErrImagePull", "message": with_secret("cannot pull")},
        "terminated": {"reason": "Error", "message": with_secret("died"), "exitCode": 3}
    });
    let container = json!({"name": "main", "image": format!("https://user:{secret}@registry/app"),
        "env": [{"name": "PASSWORD", "value": secret}], "args": [secret], "command": ["sh", secret]});
    let pod = json!({
        "metadata": {"name": "pi-x8k2p", "namespace": "default", "uid": "u1", "resourceVersion": "7", "finalizers": [secret],
            "labels": {"team": secret, "batch.kubernetes.io/controller-uid": "j", "kueue.x-k8s.io/queue-name": "batch"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": secret, "note": secret},
            "managedFields": [
                {"manager": secret, "time": "2027-01-15T08:00:07Z", "subresource": "status"},
                {"manager": "kubelet", "time": "2027-01-15T08:00:05Z", "subresource": "status", "fieldsV1": {"f:x": secret}}
            ]},
        "spec": {"containers": [container], "initContainers": [container], "volumes": [{"name": secret}]},
        "status": {"phase": "Pending", "message": with_secret("evicted"), "reason": with_secret("Evicted"),
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": with_secret("0/1 nodes are available: 1 see")},
                {"type": "Ready", "status": "False", "message": with_secret("not ready")}],
            "containerStatuses": [{"name": "main", "state": state, "lastState": state}]}
    });
    Object::Pod(Box::new(serde_json::from_value::<Pod>(pod).unwrap()))
}

fn event_with(reason: &str, message: &str) -> Object {
    let event = json!({"metadata": {"name": "pi.1", "annotations": {"a": message}}, "reason": reason, "message": message,
        "involvedObject": {"kind": "Pod", "name": "pi", "uid": "u1"}});
    Object::Event(Box::new(serde_json::from_value::<Event>(event).unwrap()))
}

fn record(path: &Path, updates: &mut [Update]) {
    let mut recorder = Recorder::create(path, true).unwrap();
    for update in updates {
        recorder.record(update).unwrap();
    }
}

fn read(text: &str) -> Result<Vec<RecordingEntry>, RecordingError> {
    RecordingLines::new(Cursor::new(text.as_bytes().to_vec()))?.collect()
}

/// An outage of the Pods in one namespace.
fn pods_outage() -> Outage {
    Outage {
        kind: "Pod".to_owned(),
        resource: "pods".to_owned(),
        namespace: Some("default".to_owned()),
        since: second(1),
        reason: "forbidden (403)".to_owned(),
        is_optional: false,
    }
}

#[test]
fn reading_returns_the_observations_that_the_run_shows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut updates = [
        Update::Observed(vec![observed(0, job("pi")), observed(1, pod_with("x"))]),
        Update::Synced,
        Update::Outages { received: second(2), outages: vec![pods_outage()] },
        Update::Observed(vec![observed(
            2,
            event_with("Scheduled", "Successfully assigned default/pi to node-1"),
        )]),
    ];
    let mut recorder = Recorder::create(&path, true).unwrap();
    for update in &mut updates {
        recorder.record(update).unwrap();
    }
    recorder.record_end(second(3)).unwrap();
    let [Update::Observed(first), _, Update::Outages { received, outages }, Update::Observed(then)] = updates
    else {
        unreachable!()
    };
    let mut expected: Vec<RecordingEntry> = first.into_iter().map(RecordingEntry::Observation).collect();
    expected.push(RecordingEntry::Synced);
    expected.push(RecordingEntry::Outages { at: received, outages });
    expected.extend(then.into_iter().map(RecordingEntry::Observation));
    expected.push(RecordingEntry::End(second(3)));
    assert_eq!(read(&fs::read_to_string(&path).unwrap()).unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_a_compressed_recording_ends_after_a_second_although_nothing_more_is_observed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl.zst");
    let mut recorder = Recorder::create(&path, true).unwrap();
    recorder.record(&mut Update::Observed(vec![observed(0, job("pi"))])).unwrap();
    tokio::time::advance(FRAME_INTERVAL / 2).await;
    recorder.write_due_lines().unwrap();
    let observed_jobs = || {
        let file = std::io::BufReader::new(fs::File::open(&path).unwrap());
        let lines = RecordingLines::new(RecordingInput::new(file).unwrap().lines);
        lines.map_or(0, Iterator::count)
    };
    assert_eq!(observed_jobs(), 0);
    tokio::time::advance(FRAME_INTERVAL / 2).await;
    recorder.write_due_lines().unwrap();
    assert_eq!(observed_jobs(), 1);
    recorder.record(&mut Update::Observed(vec![observed(1, job("e"))])).unwrap();
    drop(recorder);
    assert_eq!(observed_jobs(), 2);
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let meta = || json!({"metadata": {"name": "x", "uid": "u"}});
    let objects = ObjectKind::all().map(|kind| observed(0, kind.deserialize(meta()).unwrap()));
    let mut updates = [Update::Observed(objects.collect())];
    record(&path, &mut updates);
    let [Update::Observed(written)] = updates else { unreachable!() };
    let entries: Vec<RecordingEntry> = written.into_iter().map(RecordingEntry::Observation).collect();
    assert_eq!(read(&fs::read_to_string(&path).unwrap()).unwrap(), entries);
}

#[test]
fn no_secret_is_written() {
    let secret = "hunter2";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut list = vec![observed(0, pod_with(secret))];
    for reason in [
        "Failed",
        "Pulled",
        "FailedScheduling",
        "NotTriggerScaleUp",
        "Killing",
        "Unhealthy",
        "FailedCreate",
        "Odd",
    ] {
        for message in [
            format!("https://user:{secret}@registry.example"),
            format!("Error: {secret}!"),
            format!("Failed to pull image \"app\": {secret}"),
            format!("(combined from similar events): Error creating: {secret}"),
            format!("0/1 nodes are available: 1 key={secret}, 2 Insufficient cpu. preemption: {secret}"),
        ] {
            list.push(observed(1, event_with(reason, &message)));
        }
    }
    let custom = json!({"kind": "X", "metadata": {"name": "x", "uid": "x"}, "spec": {"env": secret},
        "status": {"phase": format!("a {secret}"), "conditions": [{"type": "Failed", "status": "True", "reason": "R", "message": secret}]}});
    list.push(observed(2, Object::Custom(Box::new(serde_json::from_value(custom).unwrap()))));
    let deployment = json!({"metadata": {"name": "d", "uid": "d", "labels": {"x": secret}},
        "spec": {"selector": {"matchLabels": {"x": secret}}}, "status": {"conditions": [{"type": "Progressing", "message": secret}]}});
    list.push(observed(2, Object::Deployment(Box::new(serde_json::from_value(deployment).unwrap()))));
    record(
        &path,
        &mut [
            Update::Observed(list),
            Update::Notice(secret.into()),
            Update::Failed(SourceError::new(ErrorKind::Connection, secret)),
        ],
    );
    let written = fs::read_to_string(&path).unwrap();
    assert!(!written.contains(secret), "{written}");
    for word in
        ["team", "annotations", "managedFields", "finalizers", "token", "registry.example", "preemption"]
    {
        assert!(!written.contains(word), "{word} in {written}");
    }
    for kept in [
        "\"kubeletWrote\":\"2027-01-15T08:00:05Z\"",
        "controller-uid",
        "queue-name\":\"batch",
        "ErrImagePull",
        "\"exitCode\":3",
        "Insufficient cpu",
    ] {
        assert!(written.contains(kept), "{kept} not in {written}");
    }
}

#[test]
fn only_the_owner_can_read_the_file_and_no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("run.jsonl"), folder.path().join("link.jsonl"));
    fs::write(&path, "something else\n".repeat(1000)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut recorder = Recorder::create(&path, true).unwrap();
    assert!(
        fs::read_to_string(&path).unwrap().starts_with("something"),
        "the old file stays until there is something to write"
    );
    recorder.record(&mut Update::Synced).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for (path, why) in [
        (link, "a symbolic link"),
        (folder.path().to_owned(), "directory"),
        (folder.path().join("no/run"), "no such file"),
    ] {
        let error = Recorder::create(&path, true).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.summary.contains(why), "{error}");
    }
}

#[test]
fn the_error_says_why_a_file_is_not_a_recording() {
    for (text, why) in [
        ("", "it is not a recording of kubectl seq: it is empty"),
        ("\n\n", "it is empty"),
        ("hello\n", "its first line is not a header"),
        ("{\"kind\":\"Timeline\",\"formatVersion\":1}\n", "its first line is not a header"),
        ("{\"kind\":\"Recording\"}\n", "it has no formatVersion"),
        ("{\"kind\":\"Recording\",\"formatVersion\":-1}\n", "it has no formatVersion"),
        (
            "{\"kind\":\"Recording\",\"formatVersion\":2,\"followed\":[]}\n",
            "format version 2; this program reads versions up to 1",
        ),
        ("{\"kind\":\"Recording\",\"formatVersion\":99999999999}\n", "format version 4294967295"),
        ("{\"kind\":\"Recording\",\"formatVersion\":1,\"followed\":3}\n", "line 1: invalid type"),
        ("[[[[[[[[", "its first line is not a header"),
        ("\u{0}\u{1b}[2J", "its first line is not a header"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn the_error_names_the_invalid_line() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(5 << 20));
    let observation =
        |fields: &str| format!("{{\"received\":\"2027-01-01T00:00:00Z\",\"seen\":\"Added\",{fields}}}");
    for (line, why) in [
        ("garbage", "expected value, at column 1"),
        ("[]", "invalid type: sequence, expected an observation or a mark"),
        ("{}", "missing field `object`"),
        ("\u{1b}]0;x\u{7}", "expected value"),
        (&deep, "missing field `object`"),
        (
            &observation(&format!("\"kind\":\"Custom\",\"object\":{{\"spec\":{deep}}}")),
            "recursion limit exceeded",
        ),
        (&long, "it is longer than 4 MiB"),
        (&observation("\"kind\":\"Pod\",\"object\":3"), "invalid type: integer `3`"),
        (
            &observation("\"kind\":\"Secret\",\"object\":{}"),
            "unknown kind `Secret`; this version of kubectl seq knows Job, CronJob, ",
        ),
        (&observation("\"object\":{},\"kind\":\"Pod\""), "`kind` must come before `object`"),
        (
            &observation(
                "\"kind\":\"Pod\",\"object\":{\"status\":{\"containerStatuses\":[{\"restartCount\":1e99}]}}",
            ),
            "invalid type: floating point",
        ),
        (
            &observation("\"kind\":\"Pod\",\"object\":{\"metadata\":{\"name\":\"a\u{1}\"}}"),
            "control character",
        ),
        (
            &observation("\"kind\":\"Pod\",\"object\":{},\"received\":\"9999-01-01T00:00:00Z\""),
            "is not a time of a run",
        ),
        ("{\"seen\":\"Added\",\"kind\":\"Pod\",\"object\":{}}", "missing field `received`"),
        ("{\"mark\":\"end\"}", "missing field `at`"),
        ("{\"mark\":\"end\",\"at\":\"tomorrow\"}", "failed to parse"),
    ] {
        let text = format!("{HEADER}\n{{\"mark\":\"synced\"}}\n\n{line}\n{{\"mark\":\"synced\"}}\n");
        let mut lines = RecordingLines::new(Cursor::new(text)).unwrap();
        assert!(matches!(lines.next(), Some(Ok(RecordingEntry::Synced))));
        let error = lines.next().unwrap().unwrap_err().to_string();
        let line: String = line.chars().take(100).collect();
        assert!(error.starts_with("line 4: ") && error.contains(why), "{line}: {error}");
        assert!(lines.next().is_none());
    }
    let invalid = [HEADER.as_bytes(), b"\n{\"mark\":\"\xff\"}\n"].concat();
    let error = RecordingLines::new(Cursor::new(invalid)).unwrap().next().unwrap().unwrap_err();
    assert!(matches!(error, RecordingError::InvalidLine { line: 2, .. }), "{error}");
}

#[test]
fn fields_and_marks_of_a_newer_program_are_skipped() {
    let text = format!(
        "{}\n{}\n{}\n{}",
        "{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true,\"more\":{}}",
        "{\"mark\":\"pause\",\"why\":[1]}",
        "{\"received\":\"2027-01-01T00:00:00Z\",\"by\":{\"x\":1},\"seen\":\"Added\",\"kind\":\"Job\",\"object\":{\"new\":[]}}",
        "{\"mark\":\"end\",\"at\":\"2027-01-01T00:00:01Z\"}",
    );
    let entries = read(&text).unwrap();
    assert!(
        matches!(
            entries.as_slice(),
            [RecordingEntry::Unknown, RecordingEntry::Observation(_), RecordingEntry::End(_)]
        ),
        "{entries:?}"
    );
}

/// Changes each byte of a recording, and cuts the recording off at each byte.
#[test]
fn reading_a_damaged_recording_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    record(
        &path,
        &mut [Update::Observed(vec![observed(0, job("pi")), observed(1, pod_with("x"))]), Update::Synced],
    );
    let whole = fs::read(&path).unwrap();
    for position in 0..whole.len() {
        for byte in [0, b'"', b'{', b'}', b'9', b'-', b'\n', 0xff] {
            let mut broken = whole.clone();
            broken[position] = byte;
            if let Ok(lines) = RecordingLines::new(Cursor::new(broken)) {
                assert!(lines.count() <= 6);
            }
        }
        if let Ok(lines) = RecordingLines::new(Cursor::new(&whole[..position])) {
            let entries: Vec<_> = lines.collect();
            assert!(entries.iter().rev().skip(1).all(Result::is_ok), "only the last line may be incomplete");
        }
    }
}

/// Replays a recording. Returns the updates, each with the seconds until it was received, and the clock.
async fn replayed_updates(text: &str, pace: ReplayPace) -> (Vec<String>, Clock) {
    let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let began = tokio::time::Instant::now();
    let mut replay = replay_input(input, "run.jsonl".into(), pace, None, None).unwrap();
    let mut updates = Vec::new();
    while let Some(update) = replay.feed.updates.recv().await {
        let text = if let Update::Observed(observations) = update {
            format!("{} observed", observations.len())
        } else {
            format!("{update:?}")
        };
        updates.push(format!("{:.1} {text}", began.elapsed().as_secs_f64()));
    }
    (updates, replay.feed.clock)
}

fn job_line_at(at: i64) -> String {
    format!("{{\"received\":\"{}\",\"seen\":\"Added\",\"kind\":\"Job\",\"object\":{{}}}}\n", second(at))
}

#[tokio::test(start_paused = true)]
async fn a_replay_keeps_its_pace_and_the_clock_stops_at_the_end() {
    let synced = "{\"mark\":\"synced\"}\n";
    let end = format!("{{\"mark\":\"end\",\"at\":\"{}\"}}\n", second(50));
    let text = [
        HEADER,
        "\n",
        &job_line_at(0),
        &job_line_at(1),
        synced,
        &job_line_at(20),
        &job_line_at(20),
        &job_line_at(30),
        &end,
    ]
    .concat();
    let (updates, clock) = replayed_updates(&text, ReplayPace::Speed(10.0)).await;
    assert_eq!(updates, ["0.0 2 observed", "0.0 Synced", "2.0 2 observed", "3.0 1 observed"]);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(clock.now(), second(50));
    let (updates, clock) = replayed_updates(&text, ReplayPace::AtOnce).await;
    assert_eq!(updates, ["0.0 2 observed", "0.0 Synced", "0.0 3 observed"]);
    assert_eq!(clock.now(), second(50));
}

#[tokio::test(start_paused = true)]
async fn the_clock_starts_at_the_first_entry_that_has_a_time() {
    let synced = "{\"mark\":\"synced\"}\n";
    let end = format!("{{\"mark\":\"end\",\"at\":\"{}\"}}\n", second(50));
    let later_mark = "{\"mark\":\"ofANewerVersion\"}\n";
    let text = [HEADER, "\n", later_mark, synced, &job_line_at(10), &job_line_at(30), &end].concat();
    let (updates, clock) = replayed_updates(&text, ReplayPace::Speed(10.0)).await;
    assert_eq!(updates, ["0.0 Synced", "0.0 1 observed", "2.0 1 observed"]);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(clock.now(), second(50));
    // The same entries, but none of them is left for the chunks.
    let (updates, clock) = replayed_updates(&[HEADER, "\n", synced, &end].concat(), ReplayPace::AtOnce).await;
    assert_eq!((updates, clock.now()), (vec!["0.0 Synced".to_owned()], second(50)));
    // An invalid line behind the mark ends the replay after the mark.
    let (updates, _) = replayed_updates(&[HEADER, "\n", synced, "oops\n"].concat(), ReplayPace::AtOnce).await;
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert!(updates[1].contains("line 3: "), "{updates:?}");
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_was_cut_off_is_shown_up_to_its_last_complete_line() {
    let whole = [HEADER, "\n", &job_line_at(0), "{\"mark\":\"synced\"}\n", &job_line_at(20)].concat();
    let (updates, clock) = replayed_updates(&whole, ReplayPace::AtOnce).await;
    assert_eq!(updates.len(), 4, "{updates:?}");
    assert!(updates[3].contains("run.jsonl was cut off (it has no end mark)"), "{updates:?}");
    assert_eq!(clock.now(), second(20));
    let (updates, clock) = replayed_updates(&whole[..whole.len() - 9], ReplayPace::Speed(1.0)).await;
    assert!(updates[2].contains("run.jsonl was cut off (line 4 is incomplete)"), "{updates:?}");
    assert_eq!(clock.now(), second(0));
    // The mark `synced` is missing, but the update `Synced` is sent nevertheless, so that the run shows its first
    // picture.
    let (updates, _) = replayed_updates(&whole[..HEADER.len() + 3], ReplayPace::AtOnce).await;
    assert_eq!(updates.last().map(String::as_str), Some("0.0 Synced"), "{updates:?}");
}

#[tokio::test(start_paused = true)]
async fn an_invalid_line_ends_the_replay_with_an_error() {
    let text =
        [HEADER, "\n", &job_line_at(0), "{\"mark\":\"synced\"}\n", "oops\n", &job_line_at(20)].concat();
    let (updates, _) = replayed_updates(&text, ReplayPace::AtOnce).await;
    assert!(
        updates[2].contains("Failed") && updates[2].contains("cannot replay run.jsonl: line 4: "),
        "{updates:?}"
    );
    assert_eq!(updates.len(), 3);
}
