//! Whole feeds: the order of updates, missing objects, kinds that overtake others, lost connections.

use crate::observation::Seen;
use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::FakeServer;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::follow::*;
use crate::source::cluster::watch::target::{Name, NamespaceScope, Objects, Target};
use crate::source::error::ErrorKind;

fn jobs(names: &[&str]) -> Selection {
    target(Resource::job(), names)
}

fn target(resource: Resource, names: &[&str]) -> Selection {
    let objects = match names {
        [] => Objects::Matching { labels: Some("app=web".to_owned()), fields: None },
        names => {
            Objects::Named(names.iter().map(|name| Name { name: (*name).to_owned(), uid: None }).collect())
        }
    };
    let scope = NamespaceScope::Namespace("ns".to_owned());
    Selection { targets: vec![Target { resource, scope, objects }], since: None }
}

/// Opens a feed of the selection at a fake server.
fn open(selection: Selection, watch: bool) -> (FakeServer, Feed) {
    let (fake, cluster) = fake::start();
    (fake, open_feed(&cluster, selection, watch))
}

/// Receives the feed's observations up to the next update of another kind, and that update.
async fn receive_until_other(feed: &mut Feed) -> (Vec<String>, Option<Update>) {
    let mut received = Vec::new();
    loop {
        match feed.updates.recv().await {
            Some(Update::Observed(batch)) => {
                received.extend(batch.iter().map(|fact| fact_name(fact.seen, &fact.object)));
            }
            Some(Update::Progress(_)) => {}
            other => return (received, other),
        }
    }
}

/// The observation as `Listed NAME`.
fn fact_name(seen: Seen, object: &crate::observation::Object) -> String {
    format!("{seen:?} {}", object.metadata().name)
}

/// Receives the next update, which must be a batch of observations.
async fn receive_batch(feed: &mut Feed) -> Vec<String> {
    match feed.updates.recv().await {
        Some(Update::Observed(batch)) => {
            batch.iter().map(|fact| fact_name(fact.seen, &fact.object)).collect()
        }
        other => panic!("{other:?}"),
    }
}

const ALL: [&str; 3] = ["/jobs?", "/pods?", "/events?"];

#[tokio::test(start_paused = true)]
async fn a_job_its_pods_and_their_events_are_reported_once() {
    let (mut fake, mut feed) = open(jobs(&["pi"]), false);
    // All collections are requested at the same time.
    let [jobs, pods, events] = fake.calls(ALL).await;
    assert!(jobs.uri.contains("fieldSelector=metadata.name%3Dpi"), "{}", jobs.uri);
    assert!(pods.uri.contains("labelSelector=job-name%3Dpi"), "{}", pods.uri);
    // The Job is reported first even if its list arrives last, because it decides which objects belong.
    events.list("9", &[fake::event_about("pi-aaaaa", 5), fake::event_about("other-bbbbb", 6)]).await;
    pods.list("9", &[fake::pod_of("pi", "pi-aaaaa", 3), fake::pod_of("older-pi", "pi-ccccc", 4)]).await;
    tokio::task::yield_now().await;
    jobs.list("9", &[fake::job("pi", 2)]).await;
    let (facts, synced) = receive_until_other(&mut feed).await;
    assert_eq!(facts[0], "Listed pi");
    assert_eq!(facts.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{facts:?}");
    assert!(facts.contains(&"Listed pi-aaaaa".to_owned()) && facts.contains(&"Listed pi-aaaaa.1".to_owned()));
    assert!(matches!(synced, Some(Update::Synced)));
    assert!(feed.updates.recv().await.is_none(), "the feed has ended");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_exist_is_reported_in_kubectls_words() {
    let (mut fake, mut feed) = open(jobs(&["nope"]), true);
    let [jobs, pods, events] = fake.calls(ALL).await;
    // Failures of the other collections are not reported before it.
    pods.status(403, "Forbidden", "pods is forbidden").await;
    events.status(403, "Forbidden", "events is forbidden").await;
    tokio::task::yield_now().await;
    jobs.list("9", &[]).await;
    let (facts, failed) = receive_until_other(&mut feed).await;
    let Some(Update::Failed(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(
        (facts.len(), error.kind, error.summary.as_str()),
        (0, ErrorKind::NotFound, "jobs.batch \"nope\" not found")
    );
    assert!(feed.updates.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_selector_without_a_match_is_not_an_error() {
    let (mut fake, mut feed) = open(jobs(&[]), false);
    let [jobs, pods, events] = fake.calls(ALL).await;
    assert!(jobs.uri.contains("labelSelector=app%3Dweb") && pods.uri.contains("labelSelector=job-name"));
    jobs.list("9", &[]).await;
    pods.list("9", &[fake::pod_of("pi", "pi-aaaaa", 3)]).await;
    events.list("9", &[]).await;
    let (facts, synced) = receive_until_other(&mut feed).await;
    assert!(facts.is_empty() && matches!(synced, Some(Update::Synced)));
}

#[tokio::test(start_paused = true)]
async fn without_permission_for_events_the_feed_goes_on_with_a_notice() {
    let (mut fake, mut feed) = open(jobs(&["pi"]), false);
    let [jobs, pods, events] = fake.calls(ALL).await;
    events.status(403, "Forbidden", "events is forbidden").await;
    jobs.list("9", &[fake::job("pi", 2)]).await;
    pods.list("9", &[]).await;
    let (_, notice) = receive_until_other(&mut feed).await;
    let Some(Update::Notice(notice)) = notice else { panic!("{notice:?}") };
    assert!(notice.contains("the right to list and watch events in namespace ns is missing"), "{notice}");
    assert!(!notice.contains('\n'));
    let (_, synced) = receive_until_other(&mut feed).await;
    assert!(matches!(synced, Some(Update::Synced)));
}

#[tokio::test(start_paused = true)]
async fn without_permission_for_pods_the_feed_fails() {
    let (mut fake, mut feed) = open(jobs(&["pi"]), true);
    let [jobs, pods, _events] = fake.calls(ALL).await;
    pods.status(403, "Forbidden", "pods is forbidden").await;
    jobs.list("9", &[fake::job("pi", 2)]).await;
    let (_, failed) = receive_until_other(&mut feed).await;
    let Some(Update::Failed(error)) = failed else { panic!("{failed:?}") };
    assert_eq!((error.kind, error.summary.as_str()), (ErrorKind::Forbidden, "pods is forbidden"));
    assert!(error.hints[0].contains("`kubectl auth can-i list pods -n ns`"), "{:?}", error.hints);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_overtakes_its_owner_is_not_lost() {
    let (mut fake, mut feed) = open(jobs(&[]), true);
    for call in fake.calls(ALL).await {
        call.list("9", &[]).await;
    }
    assert!(matches!(receive_until_other(&mut feed).await.1, Some(Update::Synced)));
    let [jobs, pods, events] = fake.calls(ALL).await;
    let (mut jobs, mut pods, mut events) = (jobs.watch(), pods.watch(), events.watch());
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

fn feed_time() -> jiff::Timestamp {
    crate::source::clock::Clock::server().now()
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_reported_only_if_it_lasts() {
    let (mut fake, mut feed) = open(target(Resource::pod(), &["a"]), true);
    let [pods, events] = fake.calls(["/pods?", "/events?"]).await;
    assert!(events.uri.contains("fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Da"));
    pods.list("9", &[fake::pod("a", 2)]).await;
    events.list("9", &[]).await;
    assert!(matches!(receive_until_other(&mut feed).await.1, Some(Update::Synced)));
    let [pods, events] = fake.calls(["/pods?", "/events?"]).await;
    let _events = events.watch();
    // A short loss is not reported.
    pods.watch().abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let pods = fake.next_call().await.watch();
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
    assert!(matches!(&lost, Some(Update::Lost(why)) if why == "connection refused"), "{lost:?}");
    assert!((LOST_AFTER..LOST_AFTER * 3).contains(&began.elapsed()), "{:?}", began.elapsed());
    let mut open = Vec::new();
    let restored = loop {
        tokio::select! {
            biased;
            update = feed.updates.recv() => break update,
            call = fake.next_call() => {
                if call.uri.contains("watch=true") {
                    open.push(call.watch());
                } else {
                    call.list("9", &[]).await;
                }
            }
        }
    };
    assert!(matches!(restored, Some(Update::Restored)), "{restored:?}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_feed_ends_all_requests() {
    let (mut fake, feed) = open(jobs(&["pi"]), true);
    let calls = fake.calls(ALL).await;
    drop(feed);
    drop(calls);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.drop_waiting_calls(), 0);
}
