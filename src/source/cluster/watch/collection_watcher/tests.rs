//! Tests of one watcher whose server answers, loses connections and forgets old versions.

use bytes::Bytes;
use prost::Message;
use tokio::time::sleep;

use crate::source::Progress;
use crate::source::cluster::api::decoding::message::StatusDetails;
use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::{Call, FakeServer};
use crate::source::cluster::watch::collection_watcher::list::COUNT_DELAY;
use crate::source::cluster::watch::collection_watcher::*;
use crate::source::cluster::watch::ownership::Root;

/// A running watcher of Pods, and the fake server that it reads from.
pub(crate) struct WatcherTest {
    pub(crate) fake: FakeServer,
    pub(crate) updates: mpsc::Receiver<Update>,
    pub(crate) signals: mpsc::UnboundedReceiver<Signal>,
    pub(crate) refresh: watch::Sender<(u32, RefreshScope)>,
    pub(crate) recovered: Arc<Notify>,
    pub(crate) task: tokio::task::JoinHandle<Result<(), SourceError>>,
}

/// Starts a watcher. If `since` is given, its watch begins at that version.
pub(crate) fn start(since: Option<&str>) -> WatcherTest {
    let (fake, cluster) = fake::start();
    let recovered: Arc<Notify> = Arc::default();
    let (sender, updates) = mpsc::channel(16);
    let (signal, signals) = mpsc::unbounded_channel();
    let (refresh, refresh_receiver) = watch::channel((0, RefreshScope::Unwatched));
    let query = Query {
        kind: Kind::POD,
        namespace: Some("ns".to_owned()),
        labels: Some("a=b".to_owned()),
        fields: None,
    };
    let watcher = CollectionWatcher {
        id: 0,
        cluster: cluster.clone(),
        query,
        need: Need::Required,
        watch: true,
        since: since.map(str::to_owned),
        ownership: Arc::new(Ownership::new(
            vec![Root { kind: Kind::POD, names: Vec::new() }],
            Vec::new(),
            true,
        )),
        role: CollectionRole::Root(0),
        is_narrowed_by_owner: false,
        owner_lookup: Arc::new(OwnerLookup::new(cluster.clone())),
        named_resource: None,
        wait_for: Vec::new(),
        is_listed: watch::channel(false).0,
        recovered: Arc::clone(&recovered),
        refresh: refresh_receiver,
        updates: sender,
        signals: signal,
    };
    WatcherTest { fake, updates, signals, refresh, recovered, task: tokio::spawn(watcher.run()) }
}

impl WatcherTest {
    /// Waits for the next request.
    pub(crate) async fn call(&mut self) -> Call {
        self.fake.next_call().await
    }

    /// Receives the next batch of observations, each in the form `Listed NAME`.
    pub(crate) async fn receive_batch(&mut self) -> Vec<String> {
        loop {
            match self.updates.recv().await.unwrap() {
                Update::Observed(batch) => {
                    let describe =
                        |fact: &Observation| format!("{:?} {}", fact.seen, fact.object.metadata().name);
                    return batch.iter().map(describe).collect();
                }
                Update::Relisted(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Starts a watcher, answers its list with these Pods, and returns the request for the watch.
    pub(crate) async fn start_and_list(since: Option<&str>, version: &str, pods: &[Vec<u8>]) -> (Self, Call) {
        let mut test = start(since);
        let call = test.call().await;
        assert!(
            call.uri.starts_with("/api/v1/namespaces/ns/pods?") && call.uri.contains("labelSelector=a%3Db")
        );
        assert!(call.accept.starts_with("application/vnd.kubernetes.protobuf"));
        // This program sets `Accept-Encoding` only for a watch. For a list, kube's client sets the header.
        assert_eq!(call.accept_encoding, None);
        call.answer_list(version, pods).await;
        if !pods.is_empty() {
            test.receive_batch().await;
        }
        let call = test.call().await;
        assert_eq!(
            call.accept_encoding.as_deref(),
            Some("identity"),
            "the answer to a watch must not be compressed"
        );
        (test, call)
    }
}

/// The resource version at which a watch begins.
fn start_version(call: &Call) -> &str {
    call.uri.split("resourceVersion=").nth(1).unwrap()
}

/// Encodes an `ERROR` event.
fn error(code: i32, reason: &str) -> Bytes {
    let status = Status {
        message: "no".to_owned(),
        reason: reason.to_owned(),
        details: Some(StatusDetails::default()),
        code,
    };
    fake::event("ERROR", &status.encode_to_vec())
}

/// Encodes a bookmark.
fn bookmark(version: u64) -> Bytes {
    fake::event("BOOKMARK", &fake::pod("", version))
}

#[tokio::test(start_paused = true)]
async fn a_watch_begins_at_the_version_of_the_list() {
    let mut test = start(None);
    test.call().await.answer_list("7", &[fake::pod("a", 3), fake::pod("b", 5)]).await;
    assert_eq!(test.receive_batch().await, ["Listed a", "Listed b"]);
    assert!(matches!(test.signals.recv().await, Some(Signal::Listed)));
    let call = test.call().await;
    assert_eq!(start_version(&call), "7");
    assert!(call.uri.contains("allowWatchBookmarks=true") && call.uri.contains("timeoutSeconds=2"));
    let mut watch = call.answer_watch();
    watch.send_data(fake::event("ADDED", &fake::pod("c", 8))).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Added c"]);
    let two =
        [fake::event("MODIFIED", &fake::pod("a", 9)), fake::event("DELETED", &fake::pod("b", 10))].concat();
    watch.send_data(two.into()).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Changed a", "Deleted b"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_clean_end_the_next_watch_begins_at_the_last_version() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    let mut watch = call.answer_watch();
    watch.send_data(fake::event("ADDED", &fake::pod("a", 8))).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Added a"]);
    watch.send_data(bookmark(20)).await.unwrap();
    drop(watch);
    let call = test.call().await;
    assert_eq!(start_version(&call), "20");
    let mut watch = call.answer_watch();
    watch.send_data(fake::event("MODIFIED", &fake::pod("a", 21))).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_cut_off_is_delivered_by_the_next_watch() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    let mut watch = call.answer_watch();
    let second = fake::event("MODIFIED", &fake::pod("a", 9));
    watch
        .send_data([&fake::event("ADDED", &fake::pod("a", 8))[..], &second[..20]].concat().into())
        .await
        .unwrap();
    assert_eq!(test.receive_batch().await, ["Added a"]);
    watch.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let call = test.call().await;
    assert_eq!(start_version(&call), "8");
    call.answer_watch().send_data(second).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Changed a"]);
}

/// Checks the new list after the server has forgotten the version: unchanged objects are not reported again, changed
/// and new objects are reported as listed, and deleted objects are reported as missing.
async fn check_new_list(mut test: WatcherTest) {
    let call = test.call().await;
    assert!(!call.uri.contains("watch=") && !call.uri.contains("resourceVersion="), "{}", call.uri);
    call.answer_list("30", &[fake::pod("a", 3), fake::pod("b", 25), fake::pod("d", 26)]).await;
    assert_eq!(test.receive_batch().await, ["Listed b", "Listed d", "Missing c"]);
    assert_eq!(start_version(&test.call().await), "30");
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_status_410_leads_to_a_new_list() {
    let pods = [fake::pod("a", 3), fake::pod("b", 5), fake::pod("c", 6)];
    let (test, call) = WatcherTest::start_and_list(None, "7", &pods).await;
    call.answer_error(410, "Expired", "too old resource version").await;
    check_new_list(test).await;
}

#[tokio::test(start_paused = true)]
async fn an_error_event_with_status_410_leads_to_a_new_list() {
    let pods = [fake::pod("a", 3), fake::pod("b", 5), fake::pod("c", 6)];
    let (test, call) = WatcherTest::start_and_list(None, "7", &pods).await;
    call.answer_watch().send_data(error(410, "Expired")).await.unwrap();
    check_new_list(test).await;
}

#[tokio::test(start_paused = true)]
async fn any_other_error_event_leads_to_a_new_watch() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    call.answer_watch().send_data(error(500, "InternalError")).await.unwrap();
    assert_eq!(start_version(&test.call().await), "7");
}

#[tokio::test(start_paused = true)]
async fn a_change_while_the_connection_was_lost_is_reported_without_a_time() {
    let (mut test, call) =
        WatcherTest::start_and_list(None, "7", &[fake::pod("a", 3), fake::pod("b", 4)]).await;
    call.answer_watch().abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    // The first new attempt follows immediately. The later attempts follow after growing pauses.
    for _ in 0..4 {
        test.call().await.refuse();
        tokio::task::yield_now().await;
        test.fake.drop_waiting_calls();
    }
    let watch = test.call().await;
    assert_eq!(start_version(&watch), "7");
    let mut watch = watch.answer_watch();
    let now = test.call().await;
    assert!(now.uri.contains("limit=1"), "{}", now.uri);
    let backlog = [fake::event("MODIFIED", &fake::pod("a", 8)), fake::event("DELETED", &fake::pod("b", 9))];
    watch.send_data(backlog.concat().into()).await.unwrap();
    watch.send_data(fake::event("MODIFIED", &fake::pod("a", 12))).await.unwrap();
    now.answer_list("11", &[]).await;
    let mut received = test.receive_batch().await;
    if received.len() < 3 {
        received.extend(test.receive_batch().await);
    }
    assert_eq!(received, ["Listed a", "Missing b", "Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_long_silence_the_watch_is_opened_again() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    let _open = call.answer_watch();
    let began = Instant::now();
    let watch = test.call().await;
    assert!((270..320).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let mut watch = watch.answer_watch();
    test.call().await.answer_list("7", &[]).await;
    watch.send_data(bookmark(9)).await.unwrap();
    let began = Instant::now();
    // If the server has sent a bookmark, a shorter silence is enough.
    let again = test.call().await;
    assert_eq!(start_version(&again), "9");
    assert!((140..160).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_the_past_reports_changes_that_the_list_does_not_show() {
    let (mut test, call) = WatcherTest::start_and_list(Some("2"), "7", &[fake::pod("a", 6)]).await;
    assert_eq!(start_version(&call), "2");
    let mut watch = call.answer_watch();
    let past = [
        fake::event("ADDED", &fake::pod("a", 3)),
        fake::event("ADDED", &fake::pod("gone", 4)),
        fake::event("DELETED", &fake::pod("gone", 5)),
        fake::event("MODIFIED", &fake::pod("a", 6)),
        fake::event("MODIFIED", &fake::pod("a", 8)),
    ];
    watch.send_data(past.concat().into()).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Listed gone", "Missing gone", "Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn repeated_and_reordered_events_are_reported_once_and_do_not_move_the_watch_back() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[fake::pod("a", 6)]).await;
    let mut watch = call.answer_watch();
    let events = [
        fake::event("MODIFIED", &fake::pod("a", 10)),
        fake::event("MODIFIED", &fake::pod("a", 10)),
        fake::event("ADDED", &fake::pod("b", 9)),
        fake::event("MODIFIED", &fake::pod("a", 8)),
        fake::event("ADDED", &fake::pod("b", 9)),
    ];
    watch.send_data(events.concat().into()).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Changed a", "Added b"]);
    drop(watch);
    assert_eq!(start_version(&test.call().await), "10");
}

#[tokio::test(start_paused = true)]
async fn if_the_server_has_forgotten_the_past_the_watch_begins_at_the_list() {
    let (mut test, call) = WatcherTest::start_and_list(Some("2"), "7", &[fake::pod("a", 6)]).await;
    call.answer_error(410, "Expired", "too old").await;
    assert_eq!(start_version(&test.call().await), "7");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_in_json_is_understood() {
    let mut test = start(None);
    let list = r#"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","uid":"a","resourceVersion":"3"}}]}"#;
    test.call().await.answer(200, "application/json; charset=utf-8", list).await;
    assert_eq!(test.receive_batch().await, ["Listed a"]);
    let mut watch = test.call().await.answer_head(200, "application/json");
    let event = r#"{"type":"MODIFIED","object":{"metadata":{"name":"a","uid":"a","resourceVersion":"8"}}}"#;
    watch.send_data(Bytes::from(format!("{event}\n"))).await.unwrap();
    assert_eq!(test.receive_batch().await, ["Changed a"]);
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_a_list_are_read() {
    let mut test = start(None);
    let page = |name, token| {
        format!(
            r#"{{"metadata":{{"resourceVersion":"7","continue":"{token}"}},"items":[{{"metadata":{{"name":"{name}","uid":"{name}"}}}}]}}"#
        )
    };
    test.call().await.answer(200, "application/json", page("a", "more")).await;
    let call = test.call().await;
    assert!(call.uri.contains("continue=more"), "{}", call.uri);
    call.answer(200, "application/json", page("b", "")).await;
    assert_eq!(test.receive_batch().await, ["Listed a", "Listed b"]);
    assert_eq!(start_version(&test.call().await), "7");
}

#[tokio::test(start_paused = true)]
async fn the_first_list_is_requested_again_while_the_server_is_busy() {
    let mut test = start(None);
    test.call().await.answer_error(429, "TooManyRequests", "slow down").await;
    test.call().await.answer_error(503, "ServiceUnavailable", "starting").await;
    test.call().await.answer_list("7", &[fake::pod("a", 3)]).await;
    assert_eq!(test.receive_batch().await, ["Listed a"]);
}

#[tokio::test(start_paused = true)]
async fn a_first_list_that_fails_ends_the_watcher() {
    use crate::source::error::ErrorKind::{Configuration, Connection, Forbidden, NotFound, Rejected};
    let cases = [
        (401, "Unauthorized", Configuration, "does not accept the credentials"),
        (403, "Forbidden", Forbidden, "text of the server"),
        (404, "NotFound", NotFound, "has no pods"),
        (400, "BadRequest", Rejected, "text of the server"),
        (501, "NotImplemented", Connection, "text of the server"),
    ];
    for (code, reason, kind, part) in cases {
        let mut test = start(None);
        test.call().await.answer_error(code, reason, "text of the server").await;
        let error = test.task.await.unwrap().unwrap_err();
        assert_eq!(error.kind, kind, "{code}");
        assert!(error.summary.contains(part), "{code}: {error}");
        assert!(code == 400 || !error.hints.is_empty(), "{code}");
        assert!(!error.summary.ends_with('.'), "{error}");
    }
    let mut test = start(None);
    test.call().await.answer(200, "text/html", "<html>log in</html>").await;
    let error = test.task.await.unwrap().unwrap_err();
    assert!(error.summary.contains("does not answer as a Kubernetes API server: it answered with text/html"));
}

#[tokio::test(start_paused = true)]
async fn failed_requests_are_repeated_forever_after_a_successful_first_list() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    call.answer_error(403, "Forbidden", "no longer").await;
    for _ in 0..20 {
        let call = test.call().await;
        if call.uri.contains("watch=true") {
            call.answer_error(401, "Unauthorized", "expired").await;
        } else {
            call.refuse();
        }
    }
    assert!(!test.task.is_finished());
    assert!(matches!(test.signals.recv().await, Some(Signal::Listed)));
    assert!(
        matches!(test.signals.recv().await, Some(Signal::Failing { id: 0, reason, is_final: false, .. }) if reason == "forbidden (403)")
    );
}

#[tokio::test(start_paused = true)]
async fn during_a_long_list_the_number_of_its_objects_is_requested_once_and_reported() {
    let mut test = start(None);
    let mut list = test.call().await.answer_head(200, "application/json");
    list.send_data(r#"{"items":[{"metadata":{"name":"a","uid":"a"}},"#.into()).await.unwrap();
    sleep(COUNT_DELAY).await;
    list.send_data(r#"{"metadata":{"name":"b","uid":"b"}},"#.into()).await.unwrap();
    let progress = async |test: &mut WatcherTest| match test.updates.recv().await.unwrap() {
        Update::Progress(Progress::Listing { count, total, .. }) => (count, total),
        other => panic!("{other:?}"),
    };
    assert_eq!(progress(&mut test).await, (2, None));
    let call = test.call().await;
    assert!(call.uri.contains("limit=1"), "{}", call.uri);
    let one = r#"{"metadata":{"continue":"more","remainingItemCount":41},"items":[{"metadata":{}}]}"#;
    call.answer(200, "application/json", one).await;
    sleep(COUNT_DELAY).await;
    list.send_data(r#"{"metadata":{"name":"c","uid":"c"}}"#.into()).await.unwrap();
    assert_eq!(progress(&mut test).await, (3, Some(42)));
    assert_eq!(test.fake.drop_waiting_calls(), 0, "the number is requested once");
    list.send_data(r#"],"metadata":{"resourceVersion":"7"}}"#.into()).await.unwrap();
    drop(list);
    assert_eq!(test.receive_batch().await, ["Listed a", "Listed b", "Listed c"]);
}
