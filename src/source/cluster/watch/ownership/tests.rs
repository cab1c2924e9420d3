//! What belongs to what the user named.

use crate::observation::{Job, Pod, Seen};
use crate::source::cluster::api::fake;
use crate::source::cluster::watch::ownership::*;
use prost::Message;

fn named(names: &[(&str, Option<&str>)]) -> Relevance {
    let name =
        |(name, uid): &(&str, Option<&str>)| Name { name: (*name).to_owned(), uid: uid.map(str::to_owned) };
    jobs(names.iter().map(name).collect())
}

fn jobs(names: Vec<Name>) -> Relevance {
    Relevance::new(vec![Root { kind: Kind::JOB, names }], Vec::new(), true)
}

fn fact(object: Object) -> Observation {
    Observation { received: "2026-11-23T12:00:00Z".parse().unwrap(), seen: Seen::Listed, object }
}

fn takes(relevance: &Relevance, object: Object) -> bool {
    let mut batch = Vec::new();
    let role = if matches!(object, Object::Job(_)) { Role::Root(0) } else { Role::Child };
    relevance.admit(fact(object), role, &mut batch);
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
fn the_first_job_of_a_name_is_meant_and_no_later_one() {
    let relevance = named(&[("pi", None)]);
    assert!(!takes(&relevance, job("other", "0")));
    assert!(takes(&relevance, job("pi", "1")));
    assert!(!takes(&relevance, job("pi", "2")), "made anew: another object");
    assert!(takes(&relevance, job("pi", "1")));
}

#[test]
fn a_uid_decides() {
    let relevance = named(&[("pi", Some("2")), ("e", None)]);
    assert!(!takes(&relevance, job("pi", "1")));
    assert_eq!(relevance.unbound(0), ["pi", "e"]);
    assert!(takes(&relevance, job("pi", "2")));
    assert_eq!(relevance.unbound(0), ["e"]);
}

#[test]
fn owner_and_label_say_whose_a_pod_is() {
    let relevance = named(&[("pi", None)]);
    assert!(takes(&relevance, job("pi", "uid-of-pi")));
    assert!(takes(&relevance, Object::Pod(Box::new(pod("pi")))));
    assert!(!takes(&relevance, Object::Pod(Box::new(pod("older")))));
    let mut orphan = pod("pi");
    orphan.metadata.uid = "orphan".to_owned();
    orphan.metadata.owner_references.clear();
    assert!(!takes(&relevance, Object::Pod(Box::new(orphan.clone()))));
    for label in CONTROLLER_UID {
        orphan.metadata.uid = label.to_owned();
        orphan.metadata.labels = [(label.to_owned(), "uid-of-pi".to_owned())].into();
        assert!(takes(&relevance, Object::Pod(Box::new(orphan.clone()))), "{label}");
    }
}

#[test]
fn pods_of_a_job_are_known_by_their_names() {
    for (pod, job, is) in [
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
        assert_eq!(is_pod_name(pod, job), is, "{pod} of {job}");
    }
}

#[test]
fn what_is_held_is_bounded() {
    let relevance = jobs(Vec::new());
    for number in 0..2 * HELD {
        let mut pod = pod("late");
        pod.metadata.uid = number.to_string();
        pod.metadata.creation_timestamp = Some(fact(job("x", "x")).received.into());
        assert!(!takes(&relevance, Object::Pod(Box::new(pod))));
    }
    let mut batch = Vec::new();
    relevance.admit(fact(job("late", "uid-of-late")), Role::Root(0), &mut batch);
    assert_eq!(batch.len(), 1 + HELD);
}

#[test]
fn uids_that_are_no_uuids_are_told_apart_too() {
    assert_eq!(key("10e515db-f97c-4eac-b14c-6ece23111d5d"), 0x10e5_15db_f97c_4eac_b14c_6ece_2311_1d5d);
    assert_ne!(key("a"), key("b"));
    assert_ne!(key("1"), key("01"));
}
