//! Tests of whole feeds: the order of updates, missing objects, objects that arrive before their owners, lost
//! connections.

use std::time::Duration;

use tokio::time::Instant;

use crate::observation::{Outage, Seen};
use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::FakeServer;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::follow::*;
use crate::source::cluster::watch::outages::{OUTAGE_REPORT_DELAY, REFRESH_LIMIT};
use crate::source::cluster::watch::target::{Name, NamespaceScope, Need, Objects, Target};
use crate::source::error::ErrorKind;

/// Selects the Jobs with these names. Without names, selects Jobs by a label.
fn select_jobs(names: &[&str]) -> Selection {
    select(Resource::job(), names)
}

/// Selects the objects of a type with these names. Without names, selects objects by a label.
fn select(resource: Resource, names: &[&str]) -> Selection {
    let objects = match names {
        [] => Objects::Matching { labels: Some("app=web".to_owned()), fields: None },
        names => {
            Objects::Named(names.iter().map(|name| Name { name: (*name).to_owned(), uid: None }).collect())
        }
    };
    let scope = NamespaceScope::Namespace("ns".to_owned());
    Selection {
        targets: vec![Target { resource, scope, objects, need: Need::Required }],
        ..Selection::default()
    }
}

/// Opens a feed of the selection at a fake server.
fn open(selection: Selection, watch: bool) -> (FakeServer, Feed) {
    let (fake, cluster) = fake::start();
    (fake, open_feed(&cluster, selection, watch))
}

/// Receives observations until another update arrives. Returns the observations and the other update.
async fn receive_until_other(feed: &mut Feed) -> (Vec<String>, Option<Update>) {
    let mut received = Vec::new();
    loop {
        match feed.updates.recv().await {
            Some(Update::Observed(batch)) => {
                received.extend(
                    batch.iter().map(|observation| describe_object(observation.seen, &observation.object)),
                );
            }
            Some(Update::Progress(_)) => {}
            other => return (received, other),
        }
    }
}

/// Describes an observation in the form `Listed NAME`.
fn describe_object(seen: Seen, object: &crate::observation::Object) -> String {
    format!("{seen:?} {}", object.metadata().name)
}

/// Receives the next update, which must be a batch of observations.
async fn receive_batch(feed: &mut Feed) -> Vec<String> {
    match feed.updates.recv().await {
        Some(Update::Observed(batch)) => {
            batch.iter().map(|observation| describe_object(observation.seen, &observation.object)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Parts of the addresses of the collections that are read for a Job.
const JOB_COLLECTIONS: [&str; 3] = ["/jobs?", "/pods?", "/events?"];

#[tokio::test(start_paused = true)]
async fn a_job_its_pods_and_their_events_are_reported_once() {
    let (mut fake, mut feed) = open(select_jobs(&["pi"]), false);
    // All collections are requested at the same time.
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    assert!(jobs.uri.contains("fieldSelector=metadata.name%3Dpi"), "{}", jobs.uri);
    assert!(pods.uri.contains("labelSelector=job-name%3Dpi"), "{}", pods.uri);
    // The Job is reported first although its list arrives last, because the Job decides which other objects are
    // followed.
    events.answer_list("9", &[fake::event_about("pi-aaaaa", 5), fake::event_about("other-bbbbb", 6)]).await;
    pods.answer_list("9", &[fake::pod_of("pi", "pi-aaaaa", 3), fake::pod_of("older-pi", "pi-ccccc", 4)])
        .await;
    tokio::task::yield_now().await;
    jobs.answer_list("9", &[fake::job("pi", 2)]).await;
    let (observed, synced) = receive_until_other(&mut feed).await;
    assert_eq!(observed[0], "Listed pi");
    assert_eq!(observed.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{observed:?}");
    assert!(
        observed.contains(&"Listed pi-aaaaa".to_owned())
            && observed.contains(&"Listed pi-aaaaa.1".to_owned())
    );
    assert!(matches!(synced, Some(Update::Synced)));
    assert!(feed.updates.recv().await.is_none(), "the feed has ended");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_exist_is_reported_in_the_same_words_as_by_kubectl() {
    let (mut fake, mut feed) = open(select_jobs(&["nope"]), true);
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    // The failures of other collections arrive first but are not reported.
    pods.answer_error(403, "Forbidden", "pods is forbidden").await;
    events.answer_error(403, "Forbidden", "events is forbidden").await;
    tokio::task::yield_now().await;
    jobs.answer_list("9", &[]).await;
    let (observed, mut failed) = receive_until_other(&mut feed).await;
    while matches!(failed, Some(Update::Outages { .. })) {
        failed = receive_until_other(&mut feed).await.1;
    }
    let Some(Update::Failed(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(
        (observed.len(), error.kind, error.summary.as_str()),
        (0, ErrorKind::NotFound, "jobs.batch \"nope\" not found")
    );
    assert!(feed.updates.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_selector_without_a_match_is_not_an_error() {
    let (mut fake, mut feed) = open(select_jobs(&[]), false);
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    assert!(jobs.uri.contains("labelSelector=app%3Dweb") && pods.uri.contains("labelSelector=job-name"));
    jobs.answer_list("9", &[]).await;
    pods.answer_list("9", &[fake::pod_of("pi", "pi-aaaaa", 3)]).await;
    events.answer_list("9", &[]).await;
    let (observed, synced) = receive_until_other(&mut feed).await;
    assert!(observed.is_empty() && matches!(synced, Some(Update::Synced)));
}

#[tokio::test(start_paused = true)]
async fn without_permission_for_events_the_feed_goes_on_with_a_notice() {
    let (mut fake, mut feed) = open(select_jobs(&["pi"]), false);
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    events.answer_error(403, "Forbidden", "events is forbidden").await;
    jobs.answer_list("9", &[fake::job("pi", 2)]).await;
    pods.answer_list("9", &[]).await;
    let (mut notice, mut outages) = (None, Vec::new());
    while notice.is_none() || outages.is_empty() {
        match receive_until_other(&mut feed).await.1 {
            Some(Update::Notice(text)) => notice = Some(text),
            Some(Update::Outages { outages: reported, .. }) => outages = reported,
            other => panic!("{other:?}"),
        }
    }
    let notice = notice.unwrap();
    let [Outage { resource, reason, is_optional: true, .. }] = &outages[..] else { panic!("{outages:?}") };
    assert_eq!((resource.as_str(), reason.as_str()), ("events", "forbidden (403)"));
    let rule = "a Role in namespace ns: {apiGroups: [\"\"], resources: [events], verbs: [list, watch]}";
    assert!(notice.contains("you may not list and watch them") && notice.ends_with(rule), "{notice}");
    assert!(!notice.contains('\n'));
    let (_, synced) = receive_until_other(&mut feed).await;
    assert!(matches!(synced, Some(Update::Synced)));
}

#[tokio::test(start_paused = true)]
async fn without_permission_for_pods_the_feed_fails() {
    let (mut fake, mut feed) = open(select_jobs(&["pi"]), true);
    let [jobs, pods, _events] = fake.calls(JOB_COLLECTIONS).await;
    pods.answer_error(403, "Forbidden", "pods is forbidden").await;
    jobs.answer_list("9", &[fake::job("pi", 2)]).await;
    let (_, failed) = receive_until_other(&mut feed).await;
    let Some(Update::Failed(error)) = failed else { panic!("{failed:?}") };
    assert_eq!((error.kind, error.summary.as_str()), (ErrorKind::Forbidden, "pods is forbidden"));
    let rule = "a Role in namespace ns: {apiGroups: [\"\"], resources: [pods], verbs: [list, watch]}";
    assert!(error.hints.len() == 1 && error.hints[0].ends_with(rule), "{:?}", error.hints);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_arrives_before_its_owner_is_reported_after_the_owner() {
    let (mut fake, mut feed) = open(select_jobs(&[]), true);
    for call in fake.calls(JOB_COLLECTIONS).await {
        call.answer_list("9", &[]).await;
    }
    assert!(matches!(receive_until_other(&mut feed).await.1, Some(Update::Synced)));
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    let (mut jobs, mut pods, mut events) = (jobs.answer_watch(), pods.answer_watch(), events.answer_watch());
    let now = || crate::observation::Time::from(feed_time());
    let recent = |mut pod: crate::observation::Pod| {
        pod.metadata.creation_timestamp = Some(now());
        prost::Message::encode_to_vec(&pod)
    };
    let pod: crate::observation::Pod =
        prost::Message::decode(&fake::pod_of("pi", "odd-name", 11)[..]).unwrap();
    let mut about: crate::observation::Event =
        prost::Message::decode(&fake::event_about("odd-name", 12)[..]).unwrap();
    about.first_timestamp = Some(now());
    events.send_data(fake::event("ADDED", &prost::Message::encode_to_vec(&about))).await.unwrap();
    tokio::task::yield_now().await;
    pods.send_data(fake::event("ADDED", &recent(pod))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(feed.updates.try_recv().is_err());
    jobs.send_data(fake::event("ADDED", &fake::job("pi", 10))).await.unwrap();
    assert_eq!(receive_batch(&mut feed).await, ["Added pi", "Added odd-name", "Added odd-name.1"]);
}

/// The current time on the feed's clock.
fn feed_time() -> jiff::Timestamp {
    crate::source::clock::Clock::server().now()
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_reported_only_if_it_stays_lost() {
    let (mut fake, mut feed) = open(select(Resource::pod(), &["a"]), true);
    let [pods, events, creations] =
        fake.calls(["/pods?", "fieldSelector=involvedObject", "reason%3DSuccessfulCreate"]).await;
    assert!(events.uri.contains("fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Da"));
    pods.answer_list("9", &[fake::pod("a", 2)]).await;
    events.answer_list("9", &[]).await;
    creations.answer_list("9", &[]).await;
    assert!(matches!(receive_until_other(&mut feed).await.1, Some(Update::Synced)));
    let [pods, events, creations] =
        fake.calls(["/pods?", "fieldSelector=involvedObject", "reason%3DSuccessfulCreate"]).await;
    let (_events, _creations) = (events.answer_watch(), creations.answer_watch());
    // A short loss is not reported.
    pods.answer_watch().abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let pods = fake.next_call().await.answer_watch();
    let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    pods.abort(reset);
    let began = Instant::now();
    let lost = loop {
        tokio::select! {
            biased;
            update = feed.updates.recv() => break update,
            call = fake.next_call() => call.refuse(),
        }
    };
    let Some(Update::Outages { outages, .. }) = &lost else { panic!("{lost:?}") };
    let [Outage { resource, reason, is_optional: false, .. }] = &outages[..] else { panic!("{outages:?}") };
    assert_eq!((resource.as_str(), reason.as_str()), ("pods", "connection refused"));
    let delay = Duration::from_millis(1900)..OUTAGE_REPORT_DELAY * 3;
    assert!(delay.contains(&began.elapsed()), "{:?}", began.elapsed());
    let mut open = Vec::new();
    let restored = loop {
        tokio::select! {
            biased;
            update = feed.updates.recv() => break update,
            call = fake.next_call() => {
                if call.uri.contains("watch=true") {
                    open.push(call.answer_watch());
                } else {
                    call.answer_list("9", &[]).await;
                }
            }
        }
    };
    assert!(matches!(&restored, Some(Update::Outages { outages, .. }) if outages.is_empty()), "{restored:?}");
}

/// A Pod that the Job `pi` created in the second `created`.
fn pod_created_at(name: &str, created: &str) -> Vec<u8> {
    let mut pod: crate::observation::Pod = prost::Message::decode(&fake::pod_of("pi", name, 3)[..]).unwrap();
    pod.metadata.namespace = "ns".to_owned();
    pod.metadata.creation_timestamp = Some(created.parse::<jiff::Timestamp>().unwrap().into());
    prost::Message::encode_to_vec(&pod)
}

/// The Event in which the Job `pi` reports at `at` that it created a Pod.
fn creation_event(pod: &str, at: &str) -> Vec<u8> {
    let at: jiff::Timestamp = at.parse().unwrap();
    let mut event: crate::observation::Event =
        prost::Message::decode(&fake::event_about("pi", 4)[..]).unwrap();
    event.metadata.name = format!("pi.{:016x}", at.as_nanosecond());
    event.metadata.uid = format!("creation of {pod}");
    event.involved_object.kind = "Job".to_owned();
    event.involved_object.namespace = "ns".to_owned();
    event.reason = "SuccessfulCreate".to_owned();
    event.message = format!("Created pod: {pod}");
    prost::Message::encode_to_vec(&event)
}

#[tokio::test(start_paused = true)]
async fn the_events_of_siblings_are_requested_for_a_pod_whose_creation_was_not_reported() {
    let (mut fake, mut feed) = open(select(Resource::pod(), &["pi-ccccc"]), false);
    let [pods, events, creations] =
        fake.calls(["/pods?", "fieldSelector=involvedObject", "reason%3DSuccessfulCreate"]).await;
    pods.answer_list("9", &[pod_created_at("pi-ccccc", "2026-11-23T12:00:07Z")]).await;
    events.answer_list("9", &[]).await;
    let reported = [
        creation_event("pi-aaaaa", "2026-11-23T12:00:07.1Z"),
        creation_event("pi-bbbbb", "2026-11-23T12:00:07.3Z"),
        creation_event("pi-older", "2026-11-23T12:00:06.9Z"),
    ];
    creations.answer_list("9", &reported).await;
    let siblings = fake.calls(["name%3Dpi-aaaaa", "name%3Dpi-bbbbb"]).await;
    assert!(siblings.iter().all(|call| call.uri.contains("%2Creason%3DScheduled")));
    let [first, second] = siblings;
    second.answer_error(403, "Forbidden", "no").await;
    let mut event: crate::observation::Event =
        prost::Message::decode(&fake::event_about("pi-aaaaa", 5)[..]).unwrap();
    event.reason = "Scheduled".to_owned();
    event.involved_object.namespace = "ns".to_owned();
    first.answer_list("9", &[prost::Message::encode_to_vec(&event)]).await;
    let (observed, synced) = receive_until_other(&mut feed).await;
    assert!(observed.contains(&"Listed pi-aaaaa.1".to_owned()), "{observed:?}");
    assert!(matches!(synced, Some(Update::Synced)), "a failed request does not matter");
    assert_eq!(fake.drop_waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_sibling_is_requested_for_a_pod_whose_creation_was_reported() {
    let (mut fake, mut feed) = open(select(Resource::pod(), &["pi-ccccc"]), false);
    let [pods, events, creations] =
        fake.calls(["/pods?", "fieldSelector=involvedObject", "reason%3DSuccessfulCreate"]).await;
    pods.answer_list("9", &[pod_created_at("pi-ccccc", "2026-11-23T12:00:07Z")]).await;
    events.answer_list("9", &[]).await;
    let reported = ["pi-aaaaa", "pi-ccccc"].map(|pod| creation_event(pod, "2026-11-23T12:00:07.1Z"));
    creations.answer_list("9", &reported).await;
    assert!(matches!(receive_until_other(&mut feed).await.1, Some(Update::Synced)));
    assert_eq!(fake.drop_waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn events_that_cannot_be_listed_at_first_do_not_delay_the_rest_and_are_listed_later() {
    let (mut fake, mut feed) = open(select_jobs(&["pi"]), true);
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    events.refuse();
    jobs.answer_list("9", &[fake::job("pi", 2)]).await;
    pods.answer_list("9", &[fake::pod_of("pi", "pi-aaaaa", 3)]).await;
    let (began, mut open, mut is_synced, mut last) = (Instant::now(), Vec::new(), false, Vec::new());
    let late = loop {
        tokio::select! {
            update = feed.updates.recv() => match update.unwrap() {
                Update::Synced => {
                    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
                    is_synced = true;
                }
                Update::Outages { outages, .. } => last.push(outages.len()),
                Update::Observed(batch) if is_synced => break batch,
                Update::Observed(_) | Update::Progress(_) => {}
                Update::Notice(notice) => assert!(notice.contains("trying again"), "{notice}"),
                other => panic!("{other:?}"),
            },
            call = fake.next_call() => {
                if call.uri.contains("watch=true") {
                    open.push(call.answer_watch());
                } else if !call.uri.contains("/events?") {
                    call.answer_list("9", &[]).await;
                } else if began.elapsed() < Duration::from_secs(20) {
                    call.answer_error(503, "ServiceUnavailable", "busy").await;
                } else {
                    call.answer_list("9", &[fake::event_about("pi-aaaaa", 5)]).await;
                }
            }
        }
    };
    assert_eq!(late[0].object.metadata().name, "pi-aaaaa.1");
    assert_eq!(last, [1], "the outage of the Events was reported");
    let relisted = feed.updates.recv().await;
    assert!(matches!(&relisted, Some(Update::Relisted(relist)) if relist.kind == "Event"), "{relisted:?}");
    let restored = feed.updates.recv().await;
    assert!(matches!(&restored, Some(Update::Outages { outages, .. }) if outages.is_empty()), "{restored:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_does_not_answer_before_the_end_counts_as_an_outage() {
    let (mut fake, mut feed) = open(select_jobs(&["pi"]), true);
    let [jobs, pods, events] = fake.calls(JOB_COLLECTIONS).await;
    events.answer_list("9", &[]).await;
    jobs.answer_list("9", &[fake::job("pi", 2)]).await;
    pods.answer_list("9", &[]).await;
    assert!(matches!(receive_until_other(&mut feed).await.1, Some(Update::Synced)));
    let [jobs, _pods, events] = fake.calls(JOB_COLLECTIONS).await;
    let (_jobs, _events) = (jobs.answer_watch(), events.answer_watch());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    feed.refresh.as_ref().unwrap().send(RefreshScope::Unwatched).unwrap();
    let outages = receive_until_other(&mut feed).await.1;
    let Some(Update::Outages { outages, .. }) = outages else { panic!("{outages:?}") };
    assert_eq!(outages.iter().map(|outage| &*outage.resource).collect::<Vec<_>>(), ["pods"]);
    assert!(matches!(feed.updates.recv().await, Some(Update::Refreshed)));
    assert_eq!(began.elapsed().as_secs(), REFRESH_LIMIT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_feed_ends_all_requests() {
    let (mut fake, feed) = open(select_jobs(&["pi"]), true);
    let calls = fake.calls(JOB_COLLECTIONS).await;
    drop(feed);
    drop(calls);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.drop_waiting_calls(), 0);
}
