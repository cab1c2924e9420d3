//! Tests with a receiver in a thread. They use real time, because a paused clock does not wait for the network.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use serde_json::json;

use super::*;
use crate::app::record::collector::RunCollector;
use crate::app::record::tests::{add, collector, complete, observed, second};
use crate::observation::Seen;
use crate::source::Update;
use crate::source::trace_receiver::ReceiverSettings;

/// Starts a receiver that answers each request with the next status; 0 is no answer. Returns its address and the names of
/// the workloads in its requests.
fn start_receiver(statuses: &'static [u16]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            let (mut stream, name) = read_request(stream);
            sender.send(name).unwrap();
            if *status == 0 {
                silent.push(stream);
            } else {
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
            }
        }
    });
    (address, received)
}

/// Reads a request. Returns the name of its root span.
fn read_request(stream: TcpStream) -> (TcpStream, String) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(text) = line.to_lowercase().strip_prefix("content-length: ") {
            length = text.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let name = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"].as_str().unwrap().to_owned();
    (reader.into_inner(), name)
}

fn queue(address: &str) -> TraceQueue {
    let get = |name: &str| (name == "OTEL_EXPORTER_OTLP_TIMEOUT").then(|| "300".to_owned());
    let sender = TraceSender::new(ReceiverSettings::from_flag(address, &get).unwrap()).unwrap();
    TraceQueue::new(TraceOptions { sender: Some(Box::new(sender)), ..TraceOptions::default() }).unwrap()
}

/// Runs of Jobs with these names that have ended. They are old if they ended before `began`.
fn finished_runs(names: &[&str], began: i64) -> Vec<FinishedRun> {
    let mut collector: RunCollector = collector(Some(std::path::Path::new("unused")));
    for name in names {
        let metadata = json!({"namespace": "default", "name": name, "uid": name, "creationTimestamp": second(0).to_string()});
        let job = json!({"metadata": metadata, "spec": {"completions": 1, "parallelism": 1}, "status": complete(8)});
        add(&mut collector, [observed("Job", Seen::Listed, job)]);
    }
    add(&mut collector, [Update::Synced]);
    collector.conclude_old_runs(
        second(began),
        &crate::source::recording::directory::listing::RecordingIndex::default(),
    );
    collector.take_ended(second(20)).unwrap()
}

fn add_runs(queue: &mut TraceQueue, names: &[&str], began: i64) {
    for run in finished_runs(names, began) {
        queue.add(run);
    }
}

/// Sends until the queue is empty. Returns the lines for the user.
async fn send_all(queue: &mut TraceQueue) -> Vec<Report> {
    let mut reports = Vec::new();
    while queue.unsent() > 0 {
        queue.send_next().await;
        reports.extend(queue.take_reports());
    }
    reports
}

fn warning(address: &str, text: &str) -> Report {
    Report::Warning(format!("traces cannot be sent to {address}/v1/traces: {text}"))
}

#[tokio::test]
async fn a_trace_that_fails_is_sent_again_after_the_others_and_costs_one_line() {
    let (address, received) = start_receiver(&[500, 200, 500, 200]);
    let mut queue = queue(&address);
    add_runs(&mut queue, &["a", "b"], 0);
    let reports = send_all(&mut queue).await;
    let failed = warning(&address, "the receiver answered 500 Internal Server Error; trying again");
    assert_eq!(reports, [failed, Report::Note("traces are sent again".to_owned())]);
    assert_eq!(received.iter().collect::<Vec<_>>(), ["RUN a", "RUN b", "RUN a", "RUN a"]);
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_nothing_but_its_own_traces() {
    let (address, received) = start_receiver(&[0, 200]);
    let mut queue = queue(&address);
    add_runs(&mut queue, &["a"], 0);
    // The loop of the program goes on with other work while the trace is being sent.
    let attempt = tokio::time::timeout(std::time::Duration::from_millis(50), queue.send_next()).await;
    assert!(attempt.is_err() && queue.unsent() == 1);
    let reports = send_all(&mut queue).await;
    let failed = warning(&address, "no answer within 0.3 s; trying again");
    assert_eq!(reports, [failed, Report::Note("traces are sent again".to_owned())]);
    assert_eq!(received.iter().count(), 2);
}

#[tokio::test]
async fn a_trace_that_the_receiver_will_never_accept_is_dropped_with_a_line() {
    let (address, received) = start_receiver(&[400, 200]);
    let mut queue = queue(&address);
    add_runs(&mut queue, &["a", "b"], 0);
    let reports = send_all(&mut queue).await;
    let text = "the receiver answered 400 Bad Request; the trace of default/job/a is dropped";
    assert_eq!(reports, [warning(&address, text)]);
    assert_eq!(received.iter().collect::<Vec<_>>(), ["RUN a", "RUN b"]);
}

#[tokio::test]
async fn runs_that_ended_earlier_are_not_sent() {
    let mut queue = queue("http://127.0.0.1:1");
    add_runs(&mut queue, &["a"], 9);
    assert_eq!(queue.unsent(), 0);
}

#[tokio::test]
async fn the_oldest_traces_are_dropped_when_too_many_wait_and_the_line_about_it_is_not_repeated() {
    let mut queue = queue("http://127.0.0.1:1");
    add_runs(&mut queue, &["a", "b", "c", "d"], 0);
    queue.limit_memory(3, MAX_PODS);
    queue.limit_memory(2, MAX_PODS);
    let names: Vec<&str> = queue.waiting.iter().map(|trace| trace.name.as_str()).collect();
    assert_eq!(names, ["default/job/c", "default/job/d"]);
    let text = "too many traces wait for the receiver: the oldest are dropped";
    assert_eq!(queue.take_reports(), [Report::Warning(text.to_owned())]);
    assert_eq!(queue.dropped, 2);
}
