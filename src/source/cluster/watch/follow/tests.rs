//! Whole feeds: order, what is missing, what overtakes what, lost connections.

use crate::observation::Seen;
use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::FakeServer;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::follow::*;
use crate::source::cluster::watch::target::{Name, Objects, Scope, Target};
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
    let scope = Scope::Namespace("ns".to_owned());
    Selection { targets: vec![Target { resource, scope, objects }], since: None }
}

fn opened(selection: Selection, watch: bool) -> (FakeServer, Feed) {
    let (fake, cluster) = fake::start();
    (fake, open_feed(&cluster, selection, watch))
}

/// What the feed tells up to the next update that is not an observation; that one is last.
async fn told(feed: &mut Feed) -> (Vec<String>, Option<Update>) {
    let mut told = Vec::new();
    loop {
        match feed.updates.recv().await {
            Some(Update::Observed(batch)) => {
                told.extend(batch.iter().map(|fact| fact_name(fact.seen, &fact.object)));
            }
            Some(Update::Progress(_)) => {}
            other => return (told, other),
        }
    }
}

fn fact_name(seen: Seen, object: &crate::observation::Object) -> String {
    format!("{seen:?} {}", object.metadata().name)
}

async fn next(feed: &mut Feed) -> Vec<String> {
    match feed.updates.recv().await {
        Some(Update::Observed(batch)) => {
            batch.iter().map(|fact| fact_name(fact.seen, &fact.object)).collect()
        }
        other => panic!("{other:?}"),
    }
}

const ALL: [&str; 3] = ["/jobs?", "/pods?", "/events?"];

#[tokio::test(start_paused = true)]
async fn a_job_its_pods_and_their_events_are_told_once() {
    let (mut fake, mut feed) = opened(jobs(&["pi"]), false);
    // All are asked for at once.
    let [jobs, pods, events] = fake.calls(ALL).await;
    assert!(jobs.uri.contains("fieldSelector=metadata.name%3Dpi"), "{}", jobs.uri);
    assert!(pods.uri.contains("labelSelector=job-name%3Dpi"), "{}", pods.uri);
    // Whatever comes first, the Job is told first: it decides what belongs.
    events.list("9", &[fake::event_about("pi-aaaaa", 5), fake::event_about("other-bbbbb", 6)]).await;
    pods.list("9", &[fake::pod_of("pi", "pi-aaaaa", 3), fake::pod_of("older-pi", "pi-ccccc", 4)]).await;
    tokio::task::yield_now().await;
    jobs.list("9", &[fake::job("pi", 2)]).await;
    let (facts, synced) = told(&mut feed).await;
    assert_eq!(facts[0], "Listed pi");
    assert_eq!(facts.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{facts:?}");
    assert!(facts.contains(&"Listed pi-aaaaa".to_owned()) && facts.contains(&"Listed pi-aaaaa.1".to_owned()));
    assert!(matches!(synced, Some(Update::Synced)));
    assert!(feed.updates.recv().await.is_none(), "the feed has ended");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_there_is_told_in_kubectls_words() {
    let (mut fake, mut feed) = opened(jobs(&["nope"]), true);
    let [jobs, pods, events] = fake.calls(ALL).await;
    // Failures of the others do not come before it.
    pods.status(403, "Forbidden", "pods is forbidden").await;
    events.status(403, "Forbidden", "events is forbidden").await;
    tokio::task::yield_now().await;
    jobs.list("9", &[]).await;
    let (facts, failed) = told(&mut feed).await;
    let Some(Update::Failed(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(
        (facts.len(), error.kind, error.summary.as_str()),
        (0, ErrorKind::NotFound, "jobs.batch \"nope\" not found")
    );
    assert!(feed.updates.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn no_match_is_no_error() {
    let (mut fake, mut feed) = opened(jobs(&[]), false);
    let [jobs, pods, events] = fake.calls(ALL).await;
    assert!(jobs.uri.contains("labelSelector=app%3Dweb") && pods.uri.contains("labelSelector=job-name"));
    jobs.list("9", &[]).await;
    pods.list("9", &[fake::pod_of("pi", "pi-aaaaa", 3)]).await;
    events.list("9", &[]).await;
    let (facts, synced) = told(&mut feed).await;
    assert!(facts.is_empty() && matches!(synced, Some(Update::Synced)));
}

#[tokio::test(start_paused = true)]
async fn forbidden_events_are_done_without() {
    let (mut fake, mut feed) = opened(jobs(&["pi"]), false);
    let [jobs, pods, events] = fake.calls(ALL).await;
    events.status(403, "Forbidden", "events is forbidden").await;
    jobs.list("9", &[fake::job("pi", 2)]).await;
    pods.list("9", &[]).await;
    let (_, notice) = told(&mut feed).await;
    let Some(Update::Notice(notice)) = notice else { panic!("{notice:?}") };
    assert!(notice.contains("the right to list and watch events in namespace ns is missing"), "{notice}");
    assert!(!notice.contains('\n'));
    let (_, synced) = told(&mut feed).await;
    assert!(matches!(synced, Some(Update::Synced)));
}

#[tokio::test(start_paused = true)]
async fn forbidden_pods_end_the_run() {
    let (mut fake, mut feed) = opened(jobs(&["pi"]), true);
    let [jobs, pods, _events] = fake.calls(ALL).await;
    pods.status(403, "Forbidden", "pods is forbidden").await;
    jobs.list("9", &[fake::job("pi", 2)]).await;
    let (_, failed) = told(&mut feed).await;
    let Some(Update::Failed(error)) = failed else { panic!("{failed:?}") };
    assert_eq!((error.kind, error.summary.as_str()), (ErrorKind::Forbidden, "pods is forbidden"));
    assert!(error.hints[0].contains("`kubectl auth can-i list pods -n ns`"), "{:?}", error.hints);
}

#[tokio::test(start_paused = true)]
async fn what_overtakes_its_job_or_pod_is_not_lost() {
    let (mut fake, mut feed) = opened(jobs(&[]), true);
    for call in fake.calls(ALL).await {
        call.list("9", &[]).await;
    }
    assert!(matches!(told(&mut feed).await.1, Some(Update::Synced)));
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
    assert_eq!(next(&mut feed).await, ["Added pi", "Added odd-name", "Added odd-name.1"]);
}

fn feed_time() -> jiff::Timestamp {
    crate::source::clock::Clock::server().now()
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_told_only_if_it_lasts() {
    let (mut fake, mut feed) = opened(target(Resource::pod(), &["a"]), true);
    let [pods, events] = fake.calls(["/pods?", "/events?"]).await;
    assert!(events.uri.contains("fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Da"));
    pods.list("9", &[fake::pod("a", 2)]).await;
    events.list("9", &[]).await;
    assert!(matches!(told(&mut feed).await.1, Some(Update::Synced)));
    let [pods, events] = fake.calls(["/pods?", "/events?"]).await;
    let _events = events.watch();
    // A moment is not told.
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
    assert!((MOMENT..MOMENT * 3).contains(&began.elapsed()), "{:?}", began.elapsed());
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
async fn nobody_listening_ends_all_requests() {
    let (mut fake, feed) = opened(jobs(&["pi"]), true);
    let calls = fake.calls(ALL).await;
    drop(feed);
    drop(calls);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.drop_waiting_calls(), 0);
}
