//! One collection against a server that answers, breaks and forgets.

use bytes::Bytes;
use prost::Message;

use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::{Call, FakeServer};
use crate::source::cluster::api::message::StatusDetails;
use crate::source::cluster::watch::collection_watcher::*;
use crate::source::cluster::watch::ownership::Root;

/// A reflector of Pods that runs, and the server that it asks.
struct Rig {
    fake: FakeServer,
    updates: mpsc::Receiver<Update>,
    signals: mpsc::UnboundedReceiver<Signal>,
    task: tokio::task::JoinHandle<Result<(), SourceError>>,
}

fn start(since: Option<&str>) -> Rig {
    let (fake, cluster) = fake::start();
    let (sender, updates) = mpsc::channel(16);
    let (signal, signals) = mpsc::unbounded_channel();
    let query = Query {
        kind: Kind::POD,
        namespace: Some("ns".to_owned()),
        labels: Some("a=b".to_owned()),
        fields: None,
    };
    let reflector = Reflector {
        id: 0,
        cluster: cluster.clone(),
        query,
        need: Need::Required,
        watch: true,
        since: since.map(str::to_owned),
        relevance: Arc::new(Relevance::new(
            vec![Root { kind: Kind::POD, names: Vec::new() }],
            Vec::new(),
            true,
        )),
        role: Role::Root(0),
        narrows: false,
        owners: Arc::new(Owners::new(cluster.clone())),
        named: None,
        after: Vec::new(),
        through: watch::channel(false).0,
        recovered: Arc::default(),
        updates: sender,
        signals: signal,
    };
    Rig { fake, updates, signals, task: tokio::spawn(reflector.run()) }
}

impl Rig {
    async fn call(&mut self) -> Call {
        self.fake.next_call().await
    }

    /// What is told next, as `Listed a`.
    async fn told(&mut self) -> Vec<String> {
        match self.updates.recv().await.unwrap() {
            Update::Observed(batch) => {
                batch.iter().map(|fact| format!("{:?} {}", fact.seen, fact.object.metadata().name)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Lists these Pods and lets the watch begin.
    async fn begun(since: Option<&str>, version: &str, pods: &[Vec<u8>]) -> (Self, Call) {
        let mut rig = start(since);
        let call = rig.call().await;
        assert!(
            call.uri.starts_with("/api/v1/namespaces/ns/pods?") && call.uri.contains("labelSelector=a%3Db")
        );
        assert!(call.accept.starts_with("application/vnd.kubernetes.protobuf"));
        // The client itself asks for what it can read.
        assert_eq!(call.accept_encoding, None);
        call.list(version, pods).await;
        if !pods.is_empty() {
            rig.told().await;
        }
        let call = rig.call().await;
        assert_eq!(call.accept_encoding.as_deref(), Some("identity"), "a watch is read as it comes");
        (rig, call)
    }
}

fn from(call: &Call) -> &str {
    call.uri.split("resourceVersion=").nth(1).unwrap()
}

/// An `ERROR` event.
fn error(code: i32, reason: &str) -> Bytes {
    let status = Status {
        message: "no".to_owned(),
        reason: reason.to_owned(),
        details: Some(StatusDetails::default()),
        code,
    };
    fake::event("ERROR", &status.encode_to_vec())
}

/// A bookmark.
fn bookmark(version: u64) -> Bytes {
    fake::event("BOOKMARK", &fake::pod("", version))
}

#[tokio::test(start_paused = true)]
async fn lists_then_watches_from_where_the_list_stands() {
    let mut rig = start(None);
    rig.call().await.list("7", &[fake::pod("a", 3), fake::pod("b", 5)]).await;
    assert_eq!(rig.told().await, ["Listed a", "Listed b"]);
    assert!(matches!(rig.signals.recv().await, Some(Signal::Listed)));
    let call = rig.call().await;
    assert_eq!(from(&call), "7");
    assert!(call.uri.contains("allowWatchBookmarks=true") && call.uri.contains("timeoutSeconds=2"));
    let mut watch = call.watch();
    watch.send_data(fake::event("ADDED", &fake::pod("c", 8))).await.unwrap();
    assert_eq!(rig.told().await, ["Added c"]);
    let two =
        [fake::event("MODIFIED", &fake::pod("a", 9)), fake::event("DELETED", &fake::pod("b", 10))].concat();
    watch.send_data(two.into()).await.unwrap();
    assert_eq!(rig.told().await, ["Changed a", "Deleted b"]);
}

#[tokio::test(start_paused = true)]
async fn a_clean_end_goes_on_from_the_last_version() {
    let (mut rig, call) = Rig::begun(None, "7", &[]).await;
    let mut watch = call.watch();
    watch.send_data(fake::event("ADDED", &fake::pod("a", 8))).await.unwrap();
    assert_eq!(rig.told().await, ["Added a"]);
    watch.send_data(bookmark(20)).await.unwrap();
    drop(watch);
    let call = rig.call().await;
    assert_eq!(from(&call), "20");
    let mut watch = call.watch();
    watch.send_data(fake::event("MODIFIED", &fake::pod("a", 21))).await.unwrap();
    assert_eq!(rig.told().await, ["Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn a_frame_cut_off_in_the_middle_comes_again_whole() {
    let (mut rig, call) = Rig::begun(None, "7", &[]).await;
    let mut watch = call.watch();
    let second = fake::event("MODIFIED", &fake::pod("a", 9));
    watch
        .send_data([&fake::event("ADDED", &fake::pod("a", 8))[..], &second[..20]].concat().into())
        .await
        .unwrap();
    assert_eq!(rig.told().await, ["Added a"]);
    watch.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let call = rig.call().await;
    assert_eq!(from(&call), "8");
    call.watch().send_data(second).await.unwrap();
    assert_eq!(rig.told().await, ["Changed a"]);
}

/// After the version is gone: what is unchanged is not told again, what is changed or new is, what is gone is missing.
async fn relists(mut rig: Rig) {
    let call = rig.call().await;
    assert!(!call.uri.contains("watch=") && !call.uri.contains("resourceVersion="), "{}", call.uri);
    call.list("30", &[fake::pod("a", 3), fake::pod("b", 25), fake::pod("d", 26)]).await;
    assert_eq!(rig.told().await, ["Listed b", "Listed d", "Missing c"]);
    assert_eq!(from(&rig.call().await), "30");
}

#[tokio::test(start_paused = true)]
async fn gone_as_an_answer_makes_a_new_list() {
    let pods = [fake::pod("a", 3), fake::pod("b", 5), fake::pod("c", 6)];
    let (rig, call) = Rig::begun(None, "7", &pods).await;
    call.status(410, "Expired", "too old resource version").await;
    relists(rig).await;
}

#[tokio::test(start_paused = true)]
async fn gone_as_an_event_makes_a_new_list() {
    let pods = [fake::pod("a", 3), fake::pod("b", 5), fake::pod("c", 6)];
    let (rig, call) = Rig::begun(None, "7", &pods).await;
    call.watch().send_data(error(410, "Expired")).await.unwrap();
    relists(rig).await;
}

#[tokio::test(start_paused = true)]
async fn another_error_event_only_opens_the_watch_again() {
    let (mut rig, call) = Rig::begun(None, "7", &[]).await;
    call.watch().send_data(error(500, "InternalError")).await.unwrap();
    assert_eq!(from(&rig.call().await), "7");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_every_watch_at_once_is_not_asked_hot() {
    let (mut rig, call) = Rig::begun(None, "7", &[]).await;
    drop(call.watch());
    let began = Instant::now();
    let mut calls = 0;
    while began.elapsed() < Duration::from_secs(60) {
        let call = rig.call().await;
        if call.uri.contains("watch=true") {
            calls += 1;
            drop(call.watch());
        } else {
            call.list("7", &[]).await;
        }
    }
    assert!((6..30).contains(&calls), "{calls} watches a minute");
}

#[tokio::test(start_paused = true)]
async fn what_happened_while_the_connection_was_lost_claims_no_time() {
    let (mut rig, call) = Rig::begun(None, "7", &[fake::pod("a", 3), fake::pod("b", 4)]).await;
    call.watch().abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    // The first try is at once, the next ones later and later.
    for _ in 0..4 {
        rig.call().await.refuse();
        tokio::task::yield_now().await;
        rig.fake.drop_waiting_calls();
    }
    let [watch, now] = rig.fake.calls(["watch=true", "limit=1"]).await;
    assert_eq!(from(&watch), "7");
    let mut watch = watch.watch();
    let backlog = [fake::event("MODIFIED", &fake::pod("a", 8)), fake::event("DELETED", &fake::pod("b", 9))];
    watch.send_data(backlog.concat().into()).await.unwrap();
    watch.send_data(fake::event("MODIFIED", &fake::pod("a", 12))).await.unwrap();
    now.list("11", &[]).await;
    let mut told = rig.told().await;
    if told.len() < 3 {
        told.extend(rig.told().await);
    }
    assert_eq!(told, ["Listed a", "Missing b", "Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_silent_for_too_long_is_opened_again() {
    let (mut rig, call) = Rig::begun(None, "7", &[]).await;
    let _open = call.watch();
    let began = Instant::now();
    let [watch, now] = rig.fake.calls(["watch=true", "limit=1"]).await;
    assert!((270..320).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    now.list("7", &[]).await;
    let mut watch = watch.watch();
    watch.send_data(bookmark(9)).await.unwrap();
    let began = Instant::now();
    // A server that sends bookmarks is missed sooner.
    let [again, _] = rig.fake.calls(["watch=true", "limit=1"]).await;
    assert_eq!(from(&again), "9");
    assert!((140..160).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_the_past_tells_what_the_list_cannot() {
    let (mut rig, call) = Rig::begun(Some("2"), "7", &[fake::pod("a", 6)]).await;
    assert_eq!(from(&call), "2");
    let mut watch = call.watch();
    let past = [
        fake::event("ADDED", &fake::pod("a", 3)),
        fake::event("ADDED", &fake::pod("gone", 4)),
        fake::event("DELETED", &fake::pod("gone", 5)),
        fake::event("MODIFIED", &fake::pod("a", 6)),
        fake::event("MODIFIED", &fake::pod("a", 8)),
    ];
    watch.send_data(past.concat().into()).await.unwrap();
    assert_eq!(rig.told().await, ["Listed gone", "Missing gone", "Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn a_past_that_is_forgotten_is_done_without() {
    let (mut rig, call) = Rig::begun(Some("2"), "7", &[fake::pod("a", 6)]).await;
    call.status(410, "Expired", "too old").await;
    assert_eq!(from(&rig.call().await), "7");
}

#[tokio::test(start_paused = true)]
async fn a_server_and_a_proxy_that_speak_only_json_are_understood() {
    let mut rig = start(None);
    let list = r#"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","uid":"a","resourceVersion":"3"}}]}"#;
    rig.call().await.answer(200, "application/json; charset=utf-8", list).await;
    assert_eq!(rig.told().await, ["Listed a"]);
    let mut watch = rig.call().await.open(200, "application/json");
    let event = r#"{"type":"MODIFIED","object":{"metadata":{"name":"a","uid":"a","resourceVersion":"8"}}}"#;
    watch.send_data(Bytes::from(format!("{event}\n"))).await.unwrap();
    assert_eq!(rig.told().await, ["Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_in_pages_is_one_list() {
    let mut rig = start(None);
    let page = |name, token| {
        format!(
            r#"{{"metadata":{{"resourceVersion":"7","continue":"{token}"}},"items":[{{"metadata":{{"name":"{name}","uid":"{name}"}}}}]}}"#
        )
    };
    rig.call().await.answer(200, "application/json", page("a", "more")).await;
    let call = rig.call().await;
    assert!(call.uri.contains("continue=more"), "{}", call.uri);
    call.answer(200, "application/json", page("b", "")).await;
    assert_eq!(rig.told().await, ["Listed a", "Listed b"]);
    assert_eq!(from(&rig.call().await), "7");
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_asked_again() {
    let mut rig = start(None);
    rig.call().await.status(429, "TooManyRequests", "slow down").await;
    rig.call().await.status(503, "ServiceUnavailable", "starting").await;
    rig.call().await.list("7", &[fake::pod("a", 3)]).await;
    assert_eq!(rig.told().await, ["Listed a"]);
}

#[tokio::test(start_paused = true)]
async fn a_first_list_that_fails_ends_it() {
    use crate::source::error::ErrorKind::{Configuration, Connection, Forbidden, NotFound, Usage};
    let cases = [
        (401, "Unauthorized", Configuration, "does not accept the credentials"),
        (403, "Forbidden", Forbidden, "text of the server"),
        (404, "NotFound", NotFound, "has no pods"),
        (400, "BadRequest", Usage, "text of the server"),
        (500, "InternalError", Connection, "text of the server"),
    ];
    for (code, reason, kind, part) in cases {
        let mut rig = start(None);
        rig.call().await.status(code, reason, "text of the server").await;
        let error = rig.task.await.unwrap().unwrap_err();
        assert_eq!(error.kind, kind, "{code}");
        assert!(error.summary.contains(part), "{code}: {error}");
        assert!(code == 400 || !error.hints.is_empty(), "{code}");
        assert!(!error.summary.ends_with('.'), "{error}");
    }
    let mut rig = start(None);
    rig.call().await.refuse();
    let error = rig.task.await.unwrap().unwrap_err();
    assert_eq!(error.summary, "cannot reach https://fake (context \"test\"): connection refused");
    let mut rig = start(None);
    rig.call().await.answer(200, "text/html", "<html>log in</html>").await;
    let error = rig.task.await.unwrap().unwrap_err();
    assert!(error.summary.contains("does not answer as a Kubernetes API server: it answered with text/html"));
}

#[tokio::test(start_paused = true)]
async fn a_later_failure_is_tried_for_ever() {
    let (mut rig, call) = Rig::begun(None, "7", &[]).await;
    call.status(403, "Forbidden", "no longer").await;
    for _ in 0..20 {
        let call = rig.call().await;
        if call.uri.contains("watch=true") {
            call.status(401, "Unauthorized", "expired").await;
        } else {
            call.refuse();
        }
    }
    assert!(!rig.task.is_finished());
    assert!(matches!(rig.signals.recv().await, Some(Signal::Listed)));
    assert!(matches!(rig.signals.recv().await, Some(Signal::Failing(0, why)) if why == "no longer"));
}

/// A list that takes long: the number of its objects is requested once and shown as soon as it is known.
#[tokio::test(start_paused = true)]
async fn a_long_list_reports_how_many_objects_are_to_come() {
    let mut rig = start(None);
    let mut list = rig.call().await.open(200, "application/json");
    list.send_data(r#"{"items":[{"metadata":{"name":"a","uid":"a"}},"#.into()).await.unwrap();
    sleep(COUNT_DELAY).await;
    list.send_data(r#"{"metadata":{"name":"b","uid":"b"}},"#.into()).await.unwrap();
    let progress = async |rig: &mut Rig| match rig.updates.recv().await.unwrap() {
        Update::Progress(Progress::Listing { count, total, .. }) => (count, total),
        other => panic!("{other:?}"),
    };
    assert_eq!(progress(&mut rig).await, (2, None));
    let call = rig.call().await;
    assert!(call.uri.contains("limit=1"), "{}", call.uri);
    let one = r#"{"metadata":{"continue":"more","remainingItemCount":41},"items":[{"metadata":{}}]}"#;
    call.answer(200, "application/json", one).await;
    sleep(COUNT_DELAY).await;
    list.send_data(r#"{"metadata":{"name":"c","uid":"c"}}"#.into()).await.unwrap();
    assert_eq!(progress(&mut rig).await, (3, Some(42)));
    assert_eq!(rig.fake.drop_waiting_calls(), 0, "the number is requested once");
    list.send_data(r#"],"metadata":{"resourceVersion":"7"}}"#.into()).await.unwrap();
    drop(list);
    assert_eq!(rig.told().await, ["Listed a", "Listed b", "Listed c"]);
}
