//! Tests of what a recording loses: lines on a full disk, time in which the API server could not be read, and the name of a
//! preemptor in another run.

use std::path::Path;

use serde_json::{Value, json};

use super::{add, collector, complete, job, observed, second};
use crate::app::record::collector::RunCollector;
use crate::app::record::followed_run::FollowedRun;
use crate::app::record::writer::{RecordingWriter, UnfinishedRecording};
use crate::observation::{Outage, Seen, Unwatched};
use crate::source::Update;
use crate::source::recording::RecordingEntry;
use crate::source::recording::compression::FrameCompressor;
use crate::source::recording::directory::listing::WholeRecording;
use crate::source::recording::directory::run_file::RunFile;
use crate::timeline::Timeline;

fn pod(name: &str, uid: &str, owner: &str, phase: &str) -> Value {
    json!({"metadata": {"namespace": "default", "name": name, "uid": uid, "creationTimestamp": second(1).to_string(),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "pi", "uid": owner, "controller": true}]},
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "app:1"}]},
        "status": {"phase": phase, "startTime": second(2).to_string()}})
}

fn outage(resource: &str, kind: &str, is_optional: bool) -> Outage {
    let reason = "connection refused".to_owned();
    Outage {
        kind: kind.to_owned(),
        resource: resource.to_owned(),
        namespace: None,
        since: second(3),
        reason,
        is_optional,
    }
}

/// The times in which nobody watched, and the timeline of the entries.
fn read(path: &Path) -> (Vec<Unwatched>, Timeline) {
    let (mut gaps, mut timeline) = (Vec::new(), Timeline::default());
    for entry in WholeRecording::read(path).unwrap().entries {
        match entry {
            RecordingEntry::Observation(observation) => timeline.apply(&observation),
            RecordingEntry::Unwatched(unwatched) => gaps.push(unwatched),
            RecordingEntry::Synced
            | RecordingEntry::Outages { .. }
            | RecordingEntry::Relist(_)
            | RecordingEntry::End(_)
            | RecordingEntry::Unknown => {}
        }
    }
    timeline.recompute();
    (gaps, timeline)
}

/// Completes the recordings of all runs that have ended.
fn finish(collector: &mut RunCollector) -> Vec<std::path::PathBuf> {
    let mut compressor = FrameCompressor::new().unwrap();
    let mut runs = collector.take_ended(second(20)).unwrap();
    runs.iter_mut()
        .map(|run| run.file.as_mut().unwrap().finish(&run.header, &mut compressor).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn on_a_full_disk_the_memory_is_bounded_and_the_recording_names_the_time_whose_lines_it_lacks() {
    let parent = tempfile::tempdir().unwrap();
    // A folder that does not exist fails like a full disk.
    let folder = parent.path().join("recordings");
    let mut collector = collector(Some(&folder));
    let mut writer = RecordingWriter::new().unwrap();
    writer.set_max_pending_bytes(20_000);
    add(&mut collector, [Update::Synced, observed("Job", Seen::Added, job("u", &json!({"active": 1})))]);
    for number in 0..400 {
        let phase = if number == 399 { "Succeeded" } else { "Running" };
        add(&mut collector, [observed("Pod", Seen::Changed, pod("pi-x8k2p", "p", "u", phase))]);
        assert_eq!(writer.write_lines(collector.runs_mut(), second(10)).unwrap(), [""; 0]);
        let pending: usize = collector.runs_mut().map(|run| run.pending_bytes()).sum();
        assert!(pending < 20_000, "{pending} bytes after {number} lines");
    }
    std::fs::create_dir(&folder).unwrap();
    writer.write_lines(collector.runs_mut(), second(15)).unwrap();
    add(&mut collector, [observed("Job", Seen::Changed, job("u", &complete(8)))]);
    writer.write_lines(collector.runs_mut(), second(16)).unwrap();
    let paths = finish(&mut collector);
    let (gaps, timeline) = read(&paths[0]);
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!(
        (gap.since, gap.until, gap.reason.as_str()),
        (second(10), second(15), "the recording could not be written")
    );
    // The latest state is there: the Pod has ended.
    let root = timeline.roots().next().unwrap();
    let pods: Vec<_> = timeline.overviews(root).map(|(_, pod)| pod.outcome.has_ended()).collect();
    assert_eq!((root.has_ended(), pods), (true, vec![true]));
}

#[tokio::test(start_paused = true)]
async fn the_newest_finished_recordings_are_given_up_when_even_they_need_too_much_memory() {
    let folder = tempfile::tempdir().unwrap().path().join("none");
    let mut collector = collector(Some(&folder));
    let mut writer = RecordingWriter::new().unwrap();
    writer.set_max_pending_bytes(20_000);
    add(&mut collector, [Update::Synced]);
    for number in 0..40 {
        add(&mut collector, [observed("Job", Seen::Added, job(&format!("u{number}"), &complete(8)))]);
    }
    for (number, mut run) in collector.take_ended(second(20)).unwrap().into_iter().enumerate() {
        let (line, header, file) = (number.to_string(), run.header.clone(), run.file.take());
        writer.add_finished(UnfinishedRecording { line, header, file });
    }
    add(&mut collector, [observed("Job", Seen::Added, job("last", &json!({"active": 1})))]);
    let given_up = writer.write_lines(collector.runs_mut(), second(10)).unwrap();
    assert!((20..40).contains(&given_up.len()), "{given_up:?}");
    assert_eq!(given_up[0], "39");
}

#[tokio::test(start_paused = true)]
async fn a_run_names_the_outage_in_which_it_lost_observation_time_and_a_later_run_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let outages = |received, outages| Update::Outages { received: second(received), outages };
    for (lost, resource) in [
        (vec![outage("jobs", "Job", false), outage("pods", "Pod", false)], Some(None)),
        (vec![outage("pods", "Pod", true)], Some(Some("pods".to_owned()))),
        // Neither belongs to a Job.
        (vec![outage("events", "Event", true), outage("replicasets", "ReplicaSet", false)], None),
    ] {
        let mut collector = collector(Some(folder.path()));
        add(&mut collector, [Update::Synced, observed("Job", Seen::Added, job("u", &json!({"active": 1})))]);
        // The collections are read again one after the other.
        add(
            &mut collector,
            [outages(5, lost.clone()), outages(6, lost[1..].to_vec()), outages(7, Vec::new())],
        );
        add(&mut collector, [observed("Job", Seen::Changed, job("u", &complete(8)))]);
        add(&mut collector, [observed("Job", Seen::Added, job("later", &complete(8)))]);
        let paths = finish(&mut collector);
        let gaps: Vec<Unwatched> = paths.iter().flat_map(|path| read(path).0).collect();
        let expected = resource.map(|resource| Unwatched {
            since: second(3),
            until: second(if resource.is_some() { 6 } else { 7 }),
            reason: "connection refused".to_owned(),
            resource,
        });
        assert_eq!((paths.len(), gaps), (2, Vec::from_iter(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_was_interrupted_in_an_outage_lacks_the_time_since_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = collector(Some(folder.path()));
    add(&mut first, [Update::Synced, observed("Job", Seen::Added, job("u", &json!({"active": 1})))]);
    let outages = vec![outage("pods", "Pod", true)];
    add(&mut first, [Update::Outages { received: second(12), outages }]);
    let file = first.runs_mut().next().unwrap().file.as_mut().unwrap();
    file.write(&mut FrameCompressor::new().unwrap()).unwrap();
    let (name, path) = (file.name.clone(), file.path());
    let mut next = collector(Some(folder.path()));
    let (file, _) = RunFile::reopen(folder.path(), name).unwrap();
    next.resume("u", FollowedRun::resume(file, WholeRecording::read(&path).unwrap()));
    add(&mut next, [Update::Synced]);
    next.conclude_resumed(second(15), second(14), |_| true).unwrap();
    let paths = finish(&mut next);
    let gaps: Vec<Unwatched> = paths.iter().flat_map(|path| read(path).0).collect();
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((gap.since, gap.until), (second(3), second(15)));
    // The outage is over.
    let entries = WholeRecording::read(&paths[0]).unwrap().entries;
    let last = entries.iter().rev().find(|entry| matches!(entry, RecordingEntry::Outages { .. }));
    assert!(matches!(last, Some(RecordingEntry::Outages { outages, .. }) if outages.is_empty()), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn the_run_of_a_preempted_pod_has_the_name_of_its_preemptor_whichever_event_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let urgent = "3f0e5d1a-4a53-44a1-9b5a-1d8e6f0c2b7d";
    let event = |reason: &str, name: &str, uid: &str, message: &str| {
        let about = json!({"kind": "Pod", "namespace": "default", "name": name, "uid": uid});
        let object = json!({"metadata": {"namespace": "default", "name": format!("{name}.{reason}"), "uid": format!("{uid}{reason}")},
            "involvedObject": about, "reason": reason, "message": message, "eventTime": second(5).to_string()});
        observed("Event", Seen::Added, object)
    };
    for is_preemption_first in [false, true] {
        let mut collector = collector(Some(folder.path()));
        let victim = pod("pi-x8k2p", "p", "u", "Failed");
        add(&mut collector, [Update::Synced, observed("Job", Seen::Added, job("u", &json!({"active": 1})))]);
        add(&mut collector, [observed("Pod", Seen::Added, victim)]);
        let mut events = [
            event("FailedScheduling", "urgent", urgent, "0/1 nodes are available: 1 Insufficient cpu."),
            event("Preempted", "pi-x8k2p", "p", &format!("Preempted by pod {urgent} on node node-1")),
        ];
        if is_preemption_first {
            events.reverse();
        }
        add(&mut collector, events);
        add(&mut collector, [observed("Job", Seen::Changed, job("u", &complete(8)))]);
        let paths = finish(&mut collector);
        let text =
            String::from_utf8(zstd::decode_all(&std::fs::read(&paths[0]).unwrap()[..]).unwrap()).unwrap();
        assert_eq!(text.matches("\"name\":\"urgent\"").count(), 1, "{text}");
    }
}
