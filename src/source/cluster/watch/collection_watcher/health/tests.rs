//! Tests of one watcher whose requests fail: how often it repeats them, and what it reports.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::Call;
use crate::source::cluster::watch::collection_watcher::tests::{WatcherTest, start};
use crate::source::cluster::watch::collection_watcher::{MIN_WATCH_LIFE, Signal};
use crate::source::feed::RefreshScope;

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_every_watch_immediately_receives_few_requests() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    drop(call.answer_watch());
    let began = Instant::now();
    let mut calls = 0;
    while began.elapsed() < Duration::from_secs(60) {
        let call = test.call().await;
        if call.uri.contains("watch=true") {
            calls += 1;
            drop(call.answer_watch());
        } else {
            call.answer_list("7", &[]).await;
        }
    }
    assert!((6..30).contains(&calls), "{calls} watches a minute");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_every_watch_after_one_event_receives_at_most_one_request_a_second() {
    // A watch that lives for just less than ten seconds does not count as a success either.
    for life in [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)] {
        let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
        let (began, mut requests, mut version) = (Instant::now(), 0, 8);
        let mut next = Some(call);
        while began.elapsed() < Duration::from_secs(60) {
            let call = match next.take() {
                Some(call) => call,
                None => test.call().await,
            };
            requests += 1;
            if call.uri.contains("watch=true") {
                let mut watch = call.answer_watch();
                watch.send_data(fake::event("MODIFIED", &fake::pod("a", version))).await.unwrap();
                version += 1;
                tokio::time::sleep(life).await;
            } else {
                call.answer_list(&version.to_string(), &[]).await;
            }
            while test.updates.try_recv().is_ok() {}
        }
        assert!((8..=60).contains(&requests), "{requests} requests a minute with watches of {life:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_expires_every_version_receives_at_most_one_request_a_second() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    let (began, mut requests, mut next) = (Instant::now(), 0, Some(call));
    while began.elapsed() < Duration::from_secs(60) {
        let call = match next.take() {
            Some(call) => call,
            None => test.call().await,
        };
        requests += 1;
        if call.uri.contains("watch=true") {
            call.answer_error(410, "Expired", "too old").await;
        } else {
            call.answer_list("7", &[]).await;
        }
    }
    assert!((8..=60).contains(&requests), "{requests} requests a minute");
}

#[tokio::test(start_paused = true)]
async fn watchers_that_wake_each_other_receive_at_most_one_request_a_second() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    call.answer_error(503, "ServiceUnavailable", "busy").await;
    let recovered = Arc::clone(&test.recovered);
    let began = Instant::now();
    let mut requests = 0;
    while began.elapsed() < Duration::from_secs(60) {
        tokio::select! {
            call = test.fake.next_call() => {
                requests += 1;
                call.answer_error(503, "ServiceUnavailable", "busy").await;
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => recovered.notify_waiters(),
        }
    }
    assert!((15..=60).contains(&requests), "{requests} requests a minute");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_lived_for_ten_seconds_is_opened_again_at_once() {
    let (mut test, mut call) = WatcherTest::start_and_list(None, "7", &[]).await;
    for _ in 0..5 {
        let watch = call.answer_watch();
        tokio::time::sleep(MIN_WATCH_LIFE).await;
        drop(watch);
        let began = Instant::now();
        call = test.call().await;
        assert!(began.elapsed() < Duration::from_millis(150), "{:?}", began.elapsed());
        if !call.uri.contains("watch=true") {
            call.answer_list("7", &[]).await;
            call = test.call().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_server_asks_for_is_kept_although_another_watcher_recovers() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[]).await;
    call.answer_retry_after(429, 20).await;
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(5)).await;
    test.recovered.notify_waiters();
    test.call().await;
    assert!((20..=25).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

/// A fault of the first list that may pass.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// An answer with this status.
    Status(u16),
    /// The connection breaks before the answer.
    Refused,
    /// The connection breaks in the middle of the answer.
    Reset,
    /// The answer ends in the middle of the list, without an error of the connection.
    Cut,
}

const FAULTS: [Fault; 8] = [
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(504),
    Fault::Status(429),
    Fault::Refused,
    Fault::Reset,
    Fault::Cut,
];

impl Fault {
    async fn answer(self, call: Call) {
        match self {
            Self::Status(code) => call.answer(code, "text/html", "<html>no</html>").await,
            Self::Refused => call.refuse(),
            Self::Reset => {
                let body = call.answer_head(200, "application/json");
                body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            }
            Self::Cut => call.answer(200, "application/json", r#"{"items":[{"metadata":{"na"#).await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_list_is_repeated_with_growing_pauses_for_thirty_seconds_after_a_temporary_fault() {
    for fault in FAULTS {
        let mut test = start(None);
        let (began, mut calls) = (Instant::now(), 0);
        let error = loop {
            tokio::select! {
                biased;
                ended = &mut test.task => break ended.unwrap().unwrap_err(),
                call = test.fake.next_call() => {
                    calls += 1;
                    fault.answer(call).await;
                }
            }
        };
        assert!((15..=30).contains(&began.elapsed().as_secs()), "{fault:?}: {:?}", began.elapsed());
        assert!((7..=14).contains(&calls), "{fault:?}: {calls} requests");
        assert_eq!(error.kind, crate::source::error::ErrorKind::Connection, "{fault:?}: {error}");
        let Ok(Signal::Repeating(reason, patience)) = test.signals.try_recv() else { panic!("{fault:?}") };
        assert!(
            !reason.is_empty() && patience == Duration::from_secs(30),
            "{fault:?}: {reason} {patience:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_list_succeeds_after_a_temporary_fault() {
    for fault in FAULTS {
        let mut test = start(None);
        for _ in 0..3 {
            fault.answer(test.call().await).await;
        }
        test.call().await.answer_list("7", &[fake::pod("a", 3)]).await;
        assert_eq!(test.receive_batch().await, ["Listed a"], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_list_waits_as_long_as_the_server_asks() {
    let mut test = start(None);
    test.call().await.answer_retry_after(429, 8).await;
    let began = Instant::now();
    test.call().await.answer_retry_after(503, 40).await;
    assert!((8..=10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    // The server asks for more time than the program has.
    assert!(test.task.await.unwrap().is_err());
    assert!(began.elapsed() < Duration::from_secs(11), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn before_the_end_a_collection_without_a_watch_is_listed_once_more() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[fake::pod("a", 3)]).await;
    call.answer_error(403, "Forbidden", "no").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    test.fake.drop_waiting_calls();
    test.refresh.send_replace((1, RefreshScope::Unwatched));
    loop {
        let call = test.call().await;
        if !call.uri.contains("watch=true") {
            break call.answer_list("9", &[fake::pod("a", 8)]).await;
        }
    }
    assert_eq!(test.receive_batch().await, ["Listed a"]);
    let mut signals = Vec::new();
    while !matches!(signals.last(), Some(Signal::Refreshed(0))) {
        signals.push(test.signals.recv().await.unwrap());
    }
    assert!(matches!(signals[signals.len() - 2], Signal::Healthy(0)), "{signals:?}");
}

#[tokio::test(start_paused = true)]
async fn before_the_end_an_open_watch_of_pods_is_checked_by_a_list_only_if_pods_have_not_ended() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[fake::pod("a", 3)]).await;
    let _open = call.answer_watch();
    test.refresh.send_replace((1, RefreshScope::Unwatched));
    while !matches!(test.signals.recv().await, Some(Signal::Refreshed(0))) {}
    assert_eq!(test.fake.drop_waiting_calls(), 0);
    test.refresh.send_replace((2, RefreshScope::UnwatchedAndPods));
    test.call().await.answer_list("9", &[fake::pod("a", 8)]).await;
    assert_eq!(test.receive_batch().await, ["Listed a"]);
    assert!(matches!(test.signals.recv().await, Some(Signal::Refreshed(0))));
}

#[tokio::test(start_paused = true)]
async fn if_only_watches_are_refused_the_collection_is_listed_again_and_again() {
    let (mut test, call) = WatcherTest::start_and_list(None, "7", &[fake::pod("a", 3)]).await;
    call.answer_error(403, "Forbidden", "no").await;
    for version in 8..12 {
        let call = test.call().await;
        assert!(!call.uri.contains("watch=true"), "{}", call.uri);
        call.answer_list(&version.to_string(), &[fake::pod("a", version)]).await;
        assert_eq!(test.receive_batch().await, ["Listed a"]);
        test.call().await.answer_error(403, "Forbidden", "no").await;
    }
    assert!(matches!(test.signals.recv().await, Some(Signal::Listed)));
    for _ in 0..4 {
        let signal = test.signals.recv().await;
        assert!(matches!(signal, Some(Signal::Failing { .. })), "{signal:?}");
    }
}
