//! Tests of the collector and its turns, against a fake API server.

mod ends;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::Sender;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{ContainerProgress, LogCollector, LogGap, LogSource, LogUpdate, RewrittenText, Ticket};
use crate::source::cluster::api::fake::{self, Call};

const RUNNING: ContainerProgress = ContainerProgress {
    run: 0,
    has_started: true,
    is_previous_lost: false,
    has_ended: false,
    is_last_run: false,
    is_pod_gone: false,
};
const ENDED: ContainerProgress = ContainerProgress { has_ended: true, is_last_run: true, ..RUNNING };

type Body = Sender<bytes::Bytes, std::io::Error>;

fn source(pod: &str) -> LogSource {
    let [namespace, pod, container] = ["ns", pod, "main"].map(Arc::from);
    LogSource { namespace, pod, container }
}

/// A line as the kubelet sends it. Its time is `second` and a half seconds after 2026-01-01T00:00:00Z.
fn line(second: u32, text: &str) -> String {
    format!("2026-01-01T00:00:{second:02}.5Z {text}\n")
}

async fn send(body: &mut Body, text: String) {
    body.send_data(text.into()).await.unwrap();
}

fn answer_log(call: Call) -> Body {
    assert!(call.uri.contains("/log?"), "{}", call.uri);
    call.answer_head(200, "text/plain")
}

/// Waits for the next lines or the next gap, as texts.
async fn next_texts(collector: &mut LogCollector) -> Vec<String> {
    loop {
        match collector.next().await {
            LogUpdate::Lines { ticket, run, lines, .. } => {
                return lines.into_iter().map(|line| format!("{ticket}/{run} {}", line.text())).collect();
            }
            LogUpdate::Gap { ticket, run, gap } => return vec![format!("{ticket}/{run} {gap:?}")],
            LogUpdate::Forbidden(reason) => return vec![reason],
            LogUpdate::Complete => {}
        }
    }
}

async fn wait_until_complete(collector: &mut LogCollector) {
    let update = collector.next().await;
    assert!(matches!(update, LogUpdate::Complete), "{update:?}");
}

/// Answers the request that checks whether the log of a run is complete.
async fn answer_check(server: &mut LogServer, collector: &mut LogCollector, log: &str) {
    let call = next_call(server, collector).await;
    assert!(call.uri.contains("tailLines=8") && !call.uri.contains("sinceTime="), "{}", call.uri);
    assert!(!call.uri.contains("follow=true"), "{}", call.uri);
    send(&mut answer_log(call), log.to_owned()).await;
}

/// Receives the requests for logs.
struct LogServer(mpsc::UnboundedReceiver<Call>);

impl LogServer {
    async fn next_call(&mut self) -> Call {
        self.0.recv().await.unwrap()
    }
}

/// Starts a server. When the program checks which run has written the first lines, its kubelet knows no previous run.
fn start(max_streams: usize) -> (LogServer, LogCollector) {
    start_with(max_streams, |call| async move {
        call.answer_error(400, "BadRequest", "previous terminated container not found").await;
    })
}

/// Starts a server. When the program checks which run has written the first lines, the log of the previous run begins
/// with `first`.
fn start_with_previous(max_streams: usize, first: String) -> (LogServer, LogCollector) {
    start_with(max_streams, move |call| {
        let first = first.clone();
        async move { send(&mut answer_log(call), first).await }
    })
}

/// Starts a server that answers with `answer_check` when the program checks which run has written the first lines.
fn start_with<F: Future<Output = ()> + Send>(
    max_streams: usize,
    answer_check: impl Fn(Call) -> F + Send + 'static,
) -> (LogServer, LogCollector) {
    let (mut server, cluster) = fake::start();
    let (sender, calls) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let call = server.next_call().await;
            if call.uri.contains("limitBytes=") {
                assert!(
                    call.uri.contains("previous=true") && call.uri.contains("timestamps=true"),
                    "{}",
                    call.uri
                );
                answer_check(call).await;
            } else if sender.send(call).is_err() {
                break;
            }
        }
    });
    (LogServer(calls), LogCollector::new(cluster, max_streams, RewrittenText::default()))
}

fn update(collector: &mut LogCollector, ticket: Ticket, progress: ContainerProgress) {
    collector.update(ticket, progress, || source(&format!("pod-{ticket}")));
}

/// Waits for the next request. Fails if the collector returns an update first.
async fn next_call(server: &mut LogServer, collector: &mut LogCollector) -> Call {
    tokio::select! {
        call = server.next_call() => call,
        update = collector.next() => panic!("{update:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_stream_continues_after_the_last_line() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let call = server.next_call().await;
    assert!(call.uri.contains("follow=true") && !call.uri.contains("sinceTime"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(1, "a") + &line(1, "a") + "2026-01-01T00:00:02Z half a li").await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a", "0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("sinceTime=2026-01-01T00%3A00%3A00Z"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(1, "a") + &line(1, "a") + &line(1, "a") + &line(2, "half a line")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a", "0/0 half a line"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_log_is_read_again_after_the_container_has_ended() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    // A kubelet that restarts closes the stream as if the container had ended.
    drop(body);
    update(&mut collector, 0, ENDED);
    assert!(!collector.is_drained());
    let call = next_call(&mut server, &mut collector).await;
    assert!(!call.uri.contains("follow=true"), "{}", call.uri);
    let log = line(1, "a") + "2026-01-01T00:00:03Z without line feed";
    send(&mut answer_log(call), log.clone()).await;
    assert!(!collector.is_drained());
    send(&mut answer_log(next_call(&mut server, &mut collector).await), log).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 without line feed"]);
    wait_until_complete(&mut collector).await;
    assert!(collector.is_drained() && collector.is_complete(0));
}

#[tokio::test(start_paused = true)]
async fn each_run_of_a_container_is_read() {
    let (mut server, mut collector) = start(5);
    // Two runs have ended, and the third run continues. The log of the first run no longer exists.
    update(&mut collector, 0, ContainerProgress { run: 2, ..RUNNING });
    assert_eq!(next_texts(&mut collector).await, ["0/0 WholeRun"]);
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("previous=true"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(1, "second run")).await;
    drop(body);
    assert_eq!(next_texts(&mut collector).await, ["0/1 second run"]);
    answer_check(&mut server, &mut collector, &line(1, "second run")).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(!call.uri.contains("previous=true"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(5, "third run")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/2 third run"]);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_file_leaves_a_gap() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(5, "z")).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("previous=true"), "{}", call.uri);
    call.answer_error(400, "BadRequest", "previous terminated container not found").await;
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(5, "z")).await;
    let at = |second: i64| Timestamp::from_millisecond(1_767_225_600_500 + second * 1000).unwrap();
    assert_eq!(next_texts(&mut collector).await, [format!("0/0 {:?}", LogGap::Between(at(1), at(5)))]);
    assert_eq!(next_texts(&mut collector).await, ["0/0 z"]);
}

/// A long text that differs between Pods.
fn long_text(pod: usize) -> String {
    format!("{pod:02}").repeat(450_000)
}

#[tokio::test(start_paused = true)]
async fn long_lines_of_many_streams_are_not_cut_even_if_some_streams_stall() {
    const PODS: usize = 50;
    let (mut server, mut collector) = start(PODS);
    for ticket in 0..PODS {
        update(&mut collector, Ticket::try_from(ticket).unwrap(), RUNNING);
    }
    // The first 20 Pods write half of a line and then nothing for 5 s. The first answer of 10 of them never continues.
    let serve = async move {
        let mut answers = [0; PODS];
        loop {
            let call = server.next_call().await;
            let pod = call.uri.split("pod-").nth(1).and_then(|rest| rest.split('/').next());
            let pod: usize = pod.and_then(|number| number.parse().ok()).unwrap();
            answers[pod] += 1;
            let is_stuck = pod < 10 && answers[pod] == 1;
            let mut body = answer_log(call);
            tokio::spawn(async move {
                let log = line(1, "first") + &line(2, &long_text(pod)) + &line(3, "last");
                let (begin, rest) = log.split_at(400_000);
                send(&mut body, begin.to_owned()).await;
                if is_stuck {
                    std::future::pending::<()>().await;
                }
                if pod < 20 {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                // The client may have closed the stream.
                let _ = body.send_data(rest.to_owned().into()).await;
                std::future::pending::<()>().await;
            });
        }
    };
    let read = async {
        let mut logs: Vec<Vec<String>> = vec![Vec::new(); PODS];
        while logs.iter().any(|log| log.len() < 3) {
            if let LogUpdate::Lines { ticket, lines, .. } = collector.next().await {
                let texts = lines.iter().inspect(|line| assert!(!line.is_cut)).map(|line| line.text());
                logs[ticket as usize].extend(texts.map(std::borrow::Cow::into_owned));
            }
        }
        for (pod, log) in logs.into_iter().enumerate() {
            assert!(log == ["first".to_owned(), long_text(pod), "last".to_owned()], "log of Pod {pod}");
        }
    };
    tokio::select! {
        () = serve => {}
        result = timeout(Duration::from_secs(300), read) => result.expect("all lines arrive"),
    }
}

#[tokio::test(start_paused = true)]
async fn containers_beyond_the_limit_wait_for_their_turn() {
    let (mut server, mut collector) = start(1);
    for ticket in 0..3 {
        update(&mut collector, ticket, RUNNING);
    }
    let call = server.next_call().await;
    assert!(call.uri.contains("pod-0"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    // The stream is silent, so the next container gets its turn.
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-1"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(1, "b")).await;
    assert_eq!(next_texts(&mut collector).await, ["1/0 b"]);
    // A container that has ended is read before containers that still run.
    update(&mut collector, 3, ENDED);
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-3"), "{}", call.uri);
    drop(answer_log(call));
    // An answer without lines is requested once more.
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-3"), "{}", call.uri);
    drop(answer_log(call));
    wait_until_complete(&mut collector).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-2"), "{}", call.uri);
    let _body = answer_log(call);
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-0") && call.uri.contains("sinceTime="), "{}", call.uri);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_has_not_started_is_requested_again() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    server.next_call().await.answer_error(400, "BadRequest", "container is waiting to start").await;
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_no_longer_exists_is_given_up() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, ENDED);
    for _ in 0..6 {
        next_call(&mut server, &mut collector).await.answer_error(404, "NotFound", "pod not found").await;
    }
    let expected = r#"0/0 Refused { is_end: false, reason: "pod not found" }"#;
    assert_eq!(next_texts(&mut collector).await, [expected]);
    wait_until_complete(&mut collector).await;
    assert!(collector.is_drained());
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_was_deleted_during_a_lost_connection_leaves_a_gap() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    server.next_call().await.refuse();
    update(&mut collector, 0, ContainerProgress { is_pod_gone: true, ..ENDED });
    assert_eq!(next_texts(&mut collector).await, ["0/0 DeletedPod(None)"]);
    wait_until_complete(&mut collector).await;
}

#[tokio::test(start_paused = true)]
async fn missing_rights_to_read_logs_are_reported_once() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    update(&mut collector, 1, RUNNING);
    for _ in 0..2 {
        server.next_call().await.answer_error(403, "Forbidden", "no access to pods/log").await;
    }
    assert_eq!(next_texts(&mut collector).await, ["no access to pods/log"]);
    assert!(timeout(Duration::from_secs(60), collector.next()).await.is_err());
    assert!(collector.is_drained());
}

#[tokio::test(start_paused = true)]
async fn lines_of_two_runs_are_not_mixed_after_a_restart_between_two_requests() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    // The kubelet has restarted the container, but its status does not say so yet.
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(3, "second run")).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("previous=true"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(1, "a") + &line(2, "b")).await;
    drop(body);
    assert_eq!(next_texts(&mut collector).await, ["0/0 b"]);
    answer_check(&mut server, &mut collector, &(line(1, "a") + &line(2, "b"))).await;
    wait_until_complete(&mut collector).await;
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(3, "second run")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 second run"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_missed_is_read_later() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    // The answer already belongs to the second run.
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(3, "second run")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 second run"]);
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("previous=true") && call.uri.contains("sinceTime="), "{}", call.uri);
    drop(answer_log(call));
    for _ in 0..2 {
        let call = next_call(&mut server, &mut collector).await;
        assert!(call.uri.contains("previous=true") && !call.uri.contains("sinceTime="), "{}", call.uri);
        let mut body = answer_log(call);
        send(&mut body, line(1, "first run")).await;
    }
    assert_eq!(next_texts(&mut collector).await, ["0/0 first run"]);
    answer_check(&mut server, &mut collector, &line(1, "first run")).await;
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(3, "second run") + &line(4, "more")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 more"]);
}

#[tokio::test(start_paused = true)]
async fn a_container_between_two_runs_needs_no_stream() {
    let (mut server, mut collector) = start(1);
    update(&mut collector, 0, ContainerProgress { has_ended: true, ..RUNNING });
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    drop(body);
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    update(&mut collector, 1, RUNNING);
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-1"), "{}", call.uri);
    let _body = answer_log(call);
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("pod-0") && call.uri.contains("previous=true"), "{}", call.uri);
}
