//! Tests of the decisions whether objects are followed.

use crate::observation::{Event, Job, ObjectReference, Pod};
use crate::source::cluster::api::fake;
use crate::source::cluster::watch::gone::is_pod_name_of_job;
use crate::source::cluster::watch::ownership::rules::JOB_UID_LABELS;
use crate::source::cluster::watch::ownership::*;
use prost::Message;

/// Returns an [`Ownership`] whose named objects are the Jobs with these names and uids.
fn ownership_of_names(names: &[(&str, Option<&str>)]) -> Ownership {
    let name =
        |(name, uid): &(&str, Option<&str>)| Name { name: (*name).to_owned(), uid: uid.map(str::to_owned) };
    ownership_of_jobs(names.iter().map(name).collect())
}

/// Returns an [`Ownership`] whose named objects are these Jobs. Without names, all Jobs are named objects.
fn ownership_of_jobs(names: Vec<Name>) -> Ownership {
    Ownership::new(vec![Root { kind: Kind::JOB, names }], Vec::new(), true)
}

fn listed_observation(object: Object) -> Observation {
    Observation { received: "2026-11-23T12:00:00Z".parse().unwrap(), seen: Seen::Listed, object }
}

/// Whether the object is followed.
fn admits(ownership: &Ownership, object: Object) -> bool {
    let mut batch = Vec::new();
    let role = if matches!(object, Object::Job(_)) { CollectionRole::Root(0) } else { CollectionRole::Child };
    ownership.admit(listed_observation(object), role, &mut batch);
    !batch.is_empty()
}

fn job(name: &str, uid: &str) -> Object {
    let mut job = Job::decode(&fake::job(name, 1)[..]).unwrap();
    job.metadata.uid = uid.to_owned();
    Object::Job(Box::new(job))
}

fn pod(owner: &str) -> Pod {
    Pod::decode(&fake::pod_of(owner, &format!("pod-of-{owner}"), 1)[..]).unwrap()
}

#[test]
fn a_name_means_the_first_job_that_has_it() {
    let ownership = ownership_of_names(&[("pi", None)]);
    assert!(!admits(&ownership, job("other", "0")));
    assert!(admits(&ownership, job("pi", "1")));
    assert!(!admits(&ownership, job("pi", "2")), "an object of the same name that was created later");
    assert!(admits(&ownership, job("pi", "1")));
}

#[test]
fn a_uid_excludes_other_objects_of_the_same_name() {
    let ownership = ownership_of_names(&[("pi", Some("2")), ("e", None)]);
    assert!(!admits(&ownership, job("pi", "1")));
    assert_eq!(ownership.missing_names(0), ["pi", "e"]);
    assert!(admits(&ownership, job("pi", "2")));
    assert_eq!(ownership.missing_names(0), ["e"]);
}

#[test]
fn a_pod_is_followed_because_of_its_owner_or_the_label_of_its_job() {
    let ownership = ownership_of_names(&[("pi", None)]);
    assert!(admits(&ownership, job("pi", "uid-of-pi")));
    assert!(admits(&ownership, Object::Pod(Box::new(pod("pi")))));
    assert!(!admits(&ownership, Object::Pod(Box::new(pod("older")))));
    let mut orphan = pod("pi");
    orphan.metadata.uid = "orphan".to_owned();
    orphan.metadata.owner_references.clear();
    assert!(!admits(&ownership, Object::Pod(Box::new(orphan.clone()))));
    for label in JOB_UID_LABELS {
        orphan.metadata.uid = label.to_owned();
        orphan.metadata.labels = [(label.to_owned(), "uid-of-pi".to_owned())].into();
        assert!(admits(&ownership, Object::Pod(Box::new(orphan.clone()))), "{label}");
    }
}

#[test]
fn the_name_of_a_pod_reveals_its_job() {
    for (pod, job, expected) in [
        ("pi-x8k2p", "pi", true),
        ("pi-3-x8k2p", "pi", true),
        ("pi-e-x8k2p", "pi", false),
        ("pi-x8k2", "pi", false),
        ("pi", "pi", false),
        ("pie-x8k2p", "pi", false),
        (
            "a-job-of-a-very-long-name-that-does-not-fit-into-the-n-1x8k2p",
            "a-job-of-a-very-long-name-that-does-not-fit-into-the-names",
            true,
        ),
    ] {
        assert_eq!(is_pod_name_of_job(pod, job), expected, "{pod} of {job}");
    }
}

#[test]
fn an_event_about_a_gone_pod_is_followed_only_for_a_job_of_the_same_namespace() {
    let ownership = Ownership::new(vec![Root { kind: Kind::JOB, names: Vec::new() }], Vec::new(), false);
    let Object::Job(mut pi) = job("pi", "uid-of-pi") else { panic!() };
    pi.metadata.namespace = "here".to_owned();
    assert!(admits(&ownership, Object::Job(pi)));
    for (namespace, is_followed) in [("here", true), ("elsewhere", false)] {
        let mut event = Event::default();
        event.involved_object.kind = "Pod".to_owned();
        event.involved_object.namespace = namespace.to_owned();
        event.involved_object.name = "pi-x8k2p".to_owned();
        event.involved_object.uid = "gone".to_owned();
        assert_eq!(admits(&ownership, Object::Event(Box::new(event))), is_followed, "{namespace}");
    }
}

#[test]
fn the_number_of_held_observations_is_limited() {
    let ownership = ownership_of_jobs(Vec::new());
    for number in 0..2 * MAX_HELD_OBSERVATIONS {
        let mut pod = pod("late");
        pod.metadata.uid = number.to_string();
        pod.metadata.creation_timestamp = Some(listed_observation(job("x", "x")).received.into());
        assert!(!admits(&ownership, Object::Pod(Box::new(pod))));
    }
    let mut batch = Vec::new();
    ownership.admit(listed_observation(job("late", "uid-of-late")), CollectionRole::Root(0), &mut batch);
    assert_eq!(batch.len(), 1 + MAX_HELD_OBSERVATIONS);
}

#[test]
fn uids_that_are_not_uuids_are_distinguished_too() {
    assert_eq!(uid_key("10e515db-f97c-4eac-b14c-6ece23111d5d"), 0x10e5_15db_f97c_4eac_b14c_6ece_2311_1d5d);
    assert_ne!(uid_key("a"), uid_key("b"));
    assert_ne!(uid_key("1"), uid_key("01"));
}

/// An Event of the Job controller about a Job, or of the kubelet about a Pod, at this time.
fn event_at(kind: &str, name: &str, uid: &str, at: &str) -> Object {
    let mut event = Event::default();
    event.involved_object.kind = kind.to_owned();
    event.involved_object.name = name.to_owned();
    event.involved_object.uid = uid.to_owned();
    event.reporting_component = if kind == "Job" { "job-controller" } else { "kubelet" }.to_owned();
    event.first_timestamp = Some(at.parse::<Timestamp>().unwrap().into());
    Object::Event(Box::new(event))
}

#[test]
fn a_missing_job_is_gone_if_its_events_show_that_it_existed() {
    let ownership = ownership_of_names(&[("pi", None), ("never", None), ("young", None)]);
    assert!(ownership.await_events_of_missing(0, "jobs.batch"));
    assert!(admits(&ownership, event_at("Job", "pi", "second", "2026-11-23T11:30:00Z")));
    assert!(admits(&ownership, event_at("Job", "pi", "first", "2026-11-23T11:00:00Z")));
    assert!(admits(&ownership, event_at("Job", "young", "young", "2026-11-23T11:59:59Z")));
    assert!(admits(&ownership, event_at("Pod", "pi-x8k2p", "pod", "2026-11-23T11:00:00Z")));
    assert!(!admits(&ownership, event_at("Pod", "other-x8k2p", "pod", "2026-11-23T11:00:00Z")));
    // A Job of another API group has the same kind.
    let mut other = event_at("Job", "never", "other", "2026-11-23T11:00:00Z");
    if let Object::Event(event) = &mut other {
        event.reporting_component = "vc-controller".to_owned();
    }
    assert!(admits(&ownership, other));
    let mut batch = Vec::new();
    let unknown = ownership.conclude_missing("2026-11-23T12:00:00Z".parse().unwrap(), &mut batch);
    let unknown: Vec<(&str, &[String])> =
        unknown.iter().map(|unknown| (unknown.resource.as_str(), unknown.names.as_slice())).collect();
    assert_eq!(unknown, [("jobs.batch", &["never".to_owned(), "young".to_owned()][..])]);
    let found: Vec<_> = batch
        .iter()
        .map(|found| (found.seen, &*found.object.metadata().name, &*found.object.metadata().uid))
        .collect();
    assert_eq!(found, [(Seen::Missing, "pi", "second")]);
    assert!(!admits(&ownership, job("pi", "third")), "a Job of the same name that is created later");
}

#[test]
fn events_that_may_claim_the_pods_of_a_job_for_another_owner_are_followed() {
    let ownership = ownership_of_names(&[("pi", None)]);
    assert!(admits(&ownership, job("pi", "1")));
    for (kind, owner, pod, is_followed) in [
        ("DaemonSet", "pi", "pi-x8k2p", true),
        ("ReplicaSet", "pi-0", "pi-0-x8k2p", true),
        ("Job", "pi-3", "pi-3-x8k2p", true),
        ("Job", "pie", "pie-x8k2p", false),
        ("ReplicaSet", "web", "web-x8k2p", false),
    ] {
        let Object::Event(mut event) = event_at(kind, owner, "2", "2026-11-23T11:00:00Z") else { panic!() };
        event.message = format!("Created pod: {pod}");
        event.reason = "SuccessfulCreate".to_owned();
        assert_eq!(admits(&ownership, Object::Event(event.clone())), is_followed, "{owner} {pod}");
        event.reason = "SuccessfulDelete".to_owned();
        assert!(!admits(&ownership, Object::Event(event)), "{owner} {pod}");
    }
}

#[test]
fn the_event_that_names_a_preemptor_is_followed_in_any_order() {
    let pod_event = |uid: &str, name: &str, reason: &str, message: &str| {
        let about = ObjectReference {
            kind: "Pod".into(),
            namespace: job("pi", "1").metadata().namespace.clone(),
            name: name.into(),
            uid: uid.into(),
            ..ObjectReference::default()
        };
        let event = Event {
            involved_object: about,
            reason: reason.into(),
            message: message.into(),
            ..Event::default()
        };
        Object::Event(Box::new(event))
    };
    let preempted = || pod_event("victim", "pi-x8k2p", "Preempted", "Preempted by pod 1-2-3 on node n");
    let named = || pod_event("1-2-3", "urgent", "FailedScheduling", "0/1 nodes are available");
    let other = || pod_event("4-5-6", "other", "FailedScheduling", "0/1 nodes are available");
    for objects in [[named(), other(), preempted()], [preempted(), other(), named()]] {
        let ownership = Ownership::new(vec![Root { kind: Kind::JOB, names: Vec::new() }], Vec::new(), false);
        assert!(admits(&ownership, job("pi", "uid-of-pi")));
        let mut batch = Vec::new();
        for object in objects {
            ownership.admit(listed_observation(object), CollectionRole::Child, &mut batch);
        }
        let mut pods: Vec<String> = batch
            .iter()
            .map(|observation| match &observation.object {
                Object::Event(event) => event.involved_object.name.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        pods.sort();
        assert_eq!(pods, ["pi-x8k2p", "urgent"]);
    }
}
