//! Tests of the division of observations among runs.

mod losses;

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::app::record::collector::RunCollector;
use crate::app::record::finished_run::FinishedRun;
use crate::app::record::followed_run::FollowedRun;
use crate::app::record::retention::Retention;
use crate::observation::{ObjectKind, Observation, Seen};
use crate::source::Update;
use crate::source::recording::compression::FrameCompressor;
use crate::source::recording::directory::RecordingName;
use crate::source::recording::directory::listing::{
    RecordingFile, RecordingIndex, WholeRecording, list_recordings,
};
use crate::source::recording::directory::run_file::RunFile;
use crate::source::recording::{RecordingEntry, RecordingHeader};

pub(crate) fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn observed(kind: &str, seen: Seen, object: Value) -> Update {
    let object = ObjectKind::from_recording_tag(kind).unwrap().deserialize(object).unwrap();
    Update::Observed(vec![Observation { received: second(9), seen, object }])
}

pub(crate) fn job(uid: &str, status: &Value) -> Value {
    json!({"metadata": {"namespace": "default", "name": "pi", "uid": uid, "creationTimestamp": second(0).to_string()},
        "spec": {"completions": 1, "parallelism": 1}, "status": status})
}

/// The status of a Job that ended at this second.
pub(crate) fn complete(at: i64) -> Value {
    let at = second(at).to_string();
    json!({"succeeded": 1, "startTime": second(0).to_string(), "completionTime": at,
        "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": at}]})
}

fn deployment(generation: i64, updated: i32) -> Value {
    json!({"metadata": {"namespace": "default", "name": "web", "uid": "web", "generation": generation,
            "creationTimestamp": second(0).to_string()},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": generation, "replicas": 1, "updatedReplicas": updated, "availableReplicas": updated}})
}

fn replica_set(uid: &str, created: i64, replicas: i32) -> Value {
    json!({"metadata": {"namespace": "default", "name": uid, "uid": uid, "creationTimestamp": second(created).to_string(),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "web", "controller": true}]},
        "spec": {"replicas": replicas}, "status": {"replicas": replicas, "availableReplicas": replicas}})
}

pub(crate) fn collector(folder: Option<&Path>) -> RunCollector {
    RunCollector::new(folder.map(Path::to_owned), RecordingHeader::new(true), Vec::new())
}

pub(crate) fn add(collector: &mut RunCollector, updates: impl IntoIterator<Item = Update>) {
    for update in updates {
        collector.add_update(update).unwrap();
    }
}

/// The lines about the runs that are over.
fn finished(collector: &mut RunCollector) -> Vec<String> {
    collector.take_finished(second(20)).unwrap().iter().map(FinishedRun::describe).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_is_finished_when_its_end_is_followed_by_silence() {
    let mut collector = collector(None);
    let running = observed("Job", Seen::Added, job("u", &json!({"active": 1})));
    add(&mut collector, [Update::Synced, running]);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(finished(&mut collector), [""; 0]);
    add(&mut collector, [observed("Job", Seen::Changed, job("u", &complete(8)))]);
    assert_eq!(finished(&mut collector), [""; 0]);
    tokio::time::advance(Duration::from_secs(4)).await;
    let line = "2027-01-15T08:00:08Z default/job/pi Succeeded 8s, 0 Pods";
    assert_eq!(finished(&mut collector), [line]);
    // A later observation of the ended Job begins no new run. A Job with another uid begins one.
    add(&mut collector, [observed("Job", Seen::Changed, job("u", &complete(8)))]);
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(finished(&mut collector), [""; 0]);
    add(&mut collector, [observed("Job", Seen::Added, job("v", &complete(8)))]);
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(finished(&mut collector), [line]);
}

#[tokio::test(start_paused = true)]
async fn each_rollout_is_a_run_and_a_changed_number_of_replicas_is_none() {
    let mut collector = collector(None);
    add(
        &mut collector,
        [
            Update::Synced,
            observed("Deployment", Seen::Added, deployment(1, 1)),
            observed("ReplicaSet", Seen::Added, replica_set("one", 0, 1)),
        ],
    );
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(finished(&mut collector).len(), 1);
    add(&mut collector, [observed("ReplicaSet", Seen::Changed, replica_set("one", 0, 3))]);
    add(&mut collector, [observed("Deployment", Seen::Changed, deployment(2, 1))]);
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(finished(&mut collector), [""; 0]);
    for (new, old) in [("two", "one"), ("one", "two")] {
        add(
            &mut collector,
            [
                observed("Deployment", Seen::Changed, deployment(3, 0)),
                observed("ReplicaSet", Seen::Added, replica_set(new, 5, 1)),
                observed("ReplicaSet", Seen::Changed, replica_set(old, 0, 0)),
                observed("Deployment", Seen::Changed, deployment(3, 1)),
            ],
        );
        tokio::time::advance(Duration::from_secs(4)).await;
        let runs = collector.take_finished(second(20)).unwrap();
        let revisions: Vec<Option<String>> = runs.iter().map(|run| run.run().revision).collect();
        assert_eq!(revisions, [Some(new.to_owned())]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ended_earlier_is_finished_at_once_unless_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |began| {
        let mut collector = collector(Some(folder.path()));
        add(&mut collector, [observed("Job", Seen::Listed, job("u", &complete(8))), Update::Synced]);
        let known = list_recordings(folder.path()).unwrap();
        collector.conclude_old_runs(second(began), &RecordingIndex::new(&known));
        collector
    };
    // A run that ended after the program began is not old, so its last Events may still arrive.
    assert_eq!(finished(&mut begin(7)), [""; 0]);
    let mut collector = begin(9);
    let mut runs = collector.take_finished(second(20)).unwrap();
    let (header, file) = (runs[0].header.clone(), runs[0].file.as_mut().unwrap());
    let mut compressor = FrameCompressor::new().unwrap();
    let path = file.finish(&header, &mut compressor).unwrap();
    let recording = WholeRecording::read(&path).unwrap();
    assert_eq!(recording.header.run.unwrap().outcome.as_deref(), Some("Succeeded"));
    assert_eq!(finished(&mut begin(9)), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_run_names_the_time_in_which_nobody_watched_and_ends_if_its_workload_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut compressor = FrameCompressor::new().unwrap();
    let mut first = collector(Some(folder.path()));
    add(&mut first, [Update::Synced, observed("Job", Seen::Added, job("u", &json!({"active": 1})))]);
    let file = first.runs_mut().next().unwrap().file.as_mut().unwrap();
    file.write(&mut compressor).unwrap();
    let (name, path) = (file.name.clone(), file.path());
    for (covered, ended) in [(false, 0), (true, 1)] {
        let mut collector = collector(Some(folder.path()));
        let (file, _) = RunFile::reopen(folder.path(), name.clone()).unwrap();
        collector.resume("u", FollowedRun::resume(file, WholeRecording::read(&path).unwrap()));
        add(&mut collector, [Update::Synced]);
        collector.conclude_resumed(second(15), second(14), |_| covered).unwrap();
        tokio::time::advance(Duration::from_secs(4)).await;
        let mut runs = collector.take_finished(second(20)).unwrap();
        assert_eq!(runs.len(), ended);
        let Some(run) = runs.first_mut() else { continue };
        assert_eq!(run.run().outcome.as_deref(), Some("Unknown"));
        let header = run.header.clone();
        let path = run.file.as_mut().unwrap().finish(&header, &mut compressor).unwrap();
        let entries = WholeRecording::read(&path).unwrap().entries;
        let gaps: Vec<(Timestamp, Timestamp)> = entries
            .iter()
            .filter_map(|entry| match entry {
                RecordingEntry::Unwatched(unwatched) => Some((unwatched.since, unwatched.until)),
                RecordingEntry::Observation(_)
                | RecordingEntry::Synced
                | RecordingEntry::Outages { .. }
                | RecordingEntry::Relist(_)
                | RecordingEntry::End(_)
                | RecordingEntry::Unknown => None,
            })
            .collect();
        assert_eq!(gaps, [(second(9), second(15))]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_memory_does_not_grow_with_the_number_of_runs_that_were_deleted() {
    let mut collector = collector(None);
    add(&mut collector, [Update::Synced]);
    for number in 0..200 {
        let uid = format!("u{number}");
        add(&mut collector, [observed("Job", Seen::Added, job(&uid, &complete(8)))]);
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(finished(&mut collector).len(), 1);
        add(&mut collector, [observed("Job", Seen::Deleted, job(&uid, &complete(8)))]);
        assert!(collector.remembered() <= 20, "{}", collector.remembered());
    }
}

#[test]
fn only_complete_recordings_beyond_the_limits_are_deleted_the_oldest_first() {
    let file = |name: &str, modified: i64| RecordingFile {
        path: name.into(),
        name: RecordingName::parse(name).unwrap(),
        bytes: 100,
        modified: second(modified),
    };
    let files = || {
        vec![
            file("default_job_c_20260101T000000Z.jsonl", 30),
            file("default_job_a_20260101T000000Z.jsonl.zst", 10),
            file("default_job_b_20260101T000000Z.jsonl.zst", 20),
            file("default_job_p_20260101T000000Z.jsonl.zst.partial", 1),
        ]
    };
    for (age, bytes, deleted) in [
        (None, None, ""),
        (Some(15), None, "ab"),
        (None, Some(250), "a"),
        (None, Some(300), ""),
        (Some(25), Some(100), "ab"),
        (Some(5), Some(1000), "abc"),
    ] {
        let retention = Retention { age: age.map(SignedDuration::from_secs), bytes };
        let paths = retention.surplus(files(), second(36));
        let names: String =
            paths.iter().map(|path| path.to_str().unwrap().split('_').nth(2).unwrap()).collect();
        assert_eq!(names, deleted, "{retention:?}");
    }
}
