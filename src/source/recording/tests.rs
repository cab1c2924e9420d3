//! What goes into a recording, and what comes out of it or of something else.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::replay::play;
use crate::observation::{Event, Job, Object, Observation, Pod, Seen};
use crate::source::Update;
use crate::source::clock::Clock;
use crate::source::error::ErrorKind;
use crate::source::recording::read::Problem;
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

/// A Pod in which every text that somebody may have written has the word.
fn pod_with(secret: &str) -> Object {
    let said = |what: &str| format!("{what} https://user:{secret}@registry.example/v2?token={secret}");
    let state = json!({
        "waiting": {"reason": "ErrImagePull", "message": said("cannot pull")},
        "terminated": {"reason": "Error", "message": said("died"), "exitCode": 3}
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
        "status": {"phase": "Pending", "message": said("evicted"), "reason": said("Evicted"),
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said("0/1 nodes are available: 1 see")},
                {"type": "Ready", "status": "False", "message": said("not ready")}],
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
        recorder.take(update).unwrap();
    }
}

fn read(text: &str) -> Result<Vec<Entry>, Problem> {
    Lines::new(Cursor::new(text.as_bytes().to_vec()))?.collect()
}

#[test]
fn what_is_written_is_what_is_applied_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut updates = [
        Update::Observed(vec![observed(0, job("pi")), observed(1, pod_with("x"))]),
        Update::Synced,
        Update::Lost("not told".into()),
        Update::Observed(vec![observed(
            2,
            event_with("Scheduled", "Successfully assigned default/pi to node-1"),
        )]),
    ];
    let mut recorder = Recorder::create(&path, true).unwrap();
    for update in &mut updates {
        recorder.take(update).unwrap();
    }
    recorder.end(second(3)).unwrap();
    let [Update::Observed(first), _, _, Update::Observed(then)] = updates else { unreachable!() };
    let mut expected: Vec<Entry> = first.into_iter().map(Entry::Observation).collect();
    expected.push(Entry::Synced);
    expected.extend(then.into_iter().map(Entry::Observation));
    expected.push(Entry::End(second(3)));
    assert_eq!(read(&fs::read_to_string(&path).unwrap()).unwrap(), expected);
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
    record(&path, &mut [Update::Observed(list), Update::Notice(secret.into()), Update::Lost(secret.into())]);
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
fn the_file_is_its_owners_alone_and_no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("run.jsonl"), folder.path().join("link.jsonl"));
    fs::write(&path, "something else\n".repeat(1000)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut recorder = Recorder::create(&path, true).unwrap();
    assert!(
        fs::read_to_string(&path).unwrap().starts_with("something"),
        "kept until there is something to write"
    );
    recorder.take(&mut Update::Synced).unwrap();
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
fn what_is_no_recording_is_said_to_be_none() {
    for (text, why) in [
        ("", "no recording of kubectl seq: it is empty"),
        ("\n\n", "it is empty"),
        ("hello\n", "its first line is no header"),
        ("{\"kind\":\"Timeline\",\"formatVersion\":1}\n", "its first line is no header"),
        ("{\"kind\":\"Recording\"}\n", "it has no formatVersion"),
        ("{\"kind\":\"Recording\",\"formatVersion\":-1}\n", "it has no formatVersion"),
        (
            "{\"kind\":\"Recording\",\"formatVersion\":2,\"followed\":[]}\n",
            "format version 2; this program knows versions up to 1",
        ),
        ("{\"kind\":\"Recording\",\"formatVersion\":99999999999}\n", "format version 4294967295"),
        ("{\"kind\":\"Recording\",\"formatVersion\":1,\"followed\":3}\n", "line 1: invalid type"),
        ("[[[[[[[[", "its first line is no header"),
        ("\u{0}\u{1b}[2J", "its first line is no header"),
    ] {
        let problem = read(text).unwrap_err().to_string();
        assert!(problem.contains(why), "{text}: {problem}");
    }
}

#[test]
fn a_wrong_line_is_named() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(5 << 20));
    let observation =
        |what: &str| format!("{{\"received\":\"2027-01-01T00:00:00Z\",\"seen\":\"Added\",{what}}}");
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
        (&observation("\"kind\":\"Secret\",\"object\":{}"), "unknown variant `Secret`"),
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
            "is no time of a run",
        ),
        ("{\"seen\":\"Added\",\"kind\":\"Pod\",\"object\":{}}", "missing field `received`"),
        ("{\"mark\":\"end\"}", "missing field `at`"),
        ("{\"mark\":\"end\",\"at\":\"tomorrow\"}", "failed to parse"),
    ] {
        let text = format!("{HEADER}\n{{\"mark\":\"synced\"}}\n\n{line}\n{{\"mark\":\"synced\"}}\n");
        let mut lines = Lines::new(Cursor::new(text)).unwrap();
        assert!(matches!(lines.next(), Some(Ok(Entry::Synced))));
        let problem = lines.next().unwrap().unwrap_err().to_string();
        let line: String = line.chars().take(100).collect();
        assert!(problem.starts_with("line 4: ") && problem.contains(why), "{line}: {problem}");
        assert!(lines.next().is_none());
    }
    let invalid = [HEADER.as_bytes(), b"\n{\"mark\":\"\xff\"}\n"].concat();
    let problem = Lines::new(Cursor::new(invalid)).unwrap().next().unwrap().unwrap_err();
    assert!(matches!(problem, Problem::Malformed(2, _)), "{problem}");
}

#[test]
fn what_a_newer_program_adds_is_passed_over() {
    let text = format!(
        "{}\n{}\n{}\n{}",
        "{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true,\"more\":{}}",
        "{\"mark\":\"pause\",\"why\":[1]}",
        "{\"received\":\"2027-01-01T00:00:00Z\",\"by\":{\"x\":1},\"seen\":\"Added\",\"kind\":\"Job\",\"object\":{\"new\":[]}}",
        "{\"mark\":\"end\",\"at\":\"2027-01-01T00:00:01Z\"}",
    );
    let entries = read(&text).unwrap();
    assert!(
        matches!(entries.as_slice(), [Entry::Other, Entry::Observation(_), Entry::End(_)]),
        "{entries:?}"
    );
}

/// Whatever byte of a recording is another one, it is read or it is an error.
#[test]
fn no_byte_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    record(
        &path,
        &mut [Update::Observed(vec![observed(0, job("pi")), observed(1, pod_with("x"))]), Update::Synced],
    );
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() {
        for byte in [0, b'"', b'{', b'}', b'9', b'-', b'\n', 0xff] {
            let mut broken = whole.clone();
            broken[place] = byte;
            if let Ok(lines) = Lines::new(Cursor::new(broken)) {
                assert!(lines.count() <= 6);
            }
        }
        if let Ok(lines) = Lines::new(Cursor::new(&whole[..place])) {
            let told: Vec<_> = lines.collect();
            assert!(told.iter().rev().skip(1).all(Result::is_ok), "only the last line may break off");
        }
    }
}

async fn updates(text: &str, pace: Pace) -> (Vec<String>, Clock) {
    let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let began = tokio::time::Instant::now();
    let mut replay = play(input, "run.jsonl".into(), pace, None, None).unwrap();
    let mut told = Vec::new();
    while let Some(update) = replay.feed.updates.recv().await {
        let what = match update {
            Update::Observed(observations) => format!("{} observed", observations.len()),
            other => format!("{other:?}"),
        };
        told.push(format!("{:.1} {what}", began.elapsed().as_secs_f64()));
    }
    (told, replay.feed.clock)
}

fn told_at(at: i64) -> String {
    format!("{{\"received\":\"{}\",\"seen\":\"Added\",\"kind\":\"Job\",\"object\":{{}}}}\n", second(at))
}

#[tokio::test(start_paused = true)]
async fn it_is_played_at_its_pace_and_the_clock_stops_with_it() {
    let synced = "{\"mark\":\"synced\"}\n";
    let end = format!("{{\"mark\":\"end\",\"at\":\"{}\"}}\n", second(50));
    let text =
        [HEADER, "\n", &told_at(0), &told_at(1), synced, &told_at(20), &told_at(20), &told_at(30), &end]
            .concat();
    let (told, clock) = updates(&text, Pace::Speed(10.0)).await;
    assert_eq!(told, ["0.0 2 observed", "0.0 Synced", "2.0 2 observed", "3.0 1 observed"]);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(clock.now(), second(50));
    let (told, clock) = updates(&text, Pace::AtOnce).await;
    assert_eq!(told, ["0.0 2 observed", "0.0 Synced", "0.0 3 observed"]);
    assert_eq!(clock.now(), second(50));
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_shown_as_far_as_it_goes() {
    let whole = [HEADER, "\n", &told_at(0), "{\"mark\":\"synced\"}\n", &told_at(20)].concat();
    let (told, clock) = updates(&whole, Pace::AtOnce).await;
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[3].contains("run.jsonl was cut off (it has no end mark)"), "{told:?}");
    assert_eq!(clock.now(), second(20));
    let (told, clock) = updates(&whole[..whole.len() - 9], Pace::Speed(1.0)).await;
    assert!(told[2].contains("run.jsonl was cut off (line 4 breaks off)"), "{told:?}");
    assert_eq!(clock.now(), second(0));
    // Before all was told it is shown even so.
    let (told, _) = updates(&whole[..HEADER.len() + 3], Pace::AtOnce).await;
    assert_eq!(told.last().map(String::as_str), Some("0.0 Synced"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_line_ends_it_with_an_error() {
    let text = [HEADER, "\n", &told_at(0), "{\"mark\":\"synced\"}\n", "oops\n", &told_at(20)].concat();
    let (told, _) = updates(&text, Pace::AtOnce).await;
    assert!(told[2].contains("Failed") && told[2].contains("cannot replay run.jsonl: line 4: "), "{told:?}");
    assert_eq!(told.len(), 3);
}
