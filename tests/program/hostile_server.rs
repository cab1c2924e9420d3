//! Tests with an API server whose answers never end. Each answer has a maximum size, so the memory of the program stays
//! small.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::runner::{Running, program};

/// Maximum memory of the program in KiB.
const MAX_MEMORY: u64 = 256 << 10;

/// Maximum time until the program ends by itself.
const MAX_TIME: Duration = Duration::from_secs(150);

/// An answer of the server.
enum Answer {
    /// A whole JSON document.
    Json(&'static str),
    /// This start of a body with this status, and then the letter x without end.
    Endless(u16, &'static str),
}

/// Starts a server that answers each request as `answer` says for its address. Returns the server's port.
fn start_server(answer: fn(&str) -> Answer) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a local server and a program");
    let port = listener.local_addr().expect("a local server and a program").port();
    thread::spawn(move || {
        for client in listener.incoming() {
            // An error means that the program has closed the connection.
            thread::spawn(move || client.and_then(|client| serve(client, answer)));
        }
    });
    port
}

fn serve(mut client: TcpStream, answer: fn(&str) -> Answer) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let head = |status| {
        format!("HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    };
    match answer(request.split(' ').nth(1).unwrap_or_default()) {
        Answer::Json(body) => write!(client, "{}{body}", head(200)),
        Answer::Endless(status, start) => {
            write!(client, "{}{start}", head(status))?;
            let part = vec![b'x'; 64 << 10];
            loop {
                client.write_all(&part)?;
            }
        }
    }
}

/// The result of a program.
struct Watched {
    code: Option<i32>,
    output: String,
    /// The largest memory of the program, in KiB.
    memory: u64,
}

/// Runs the program with the server at this port, and measures its memory. Stops the program after
/// [`MAX_TIME`].
fn run_with_server(port: u16, arguments: &[&str]) -> Watched {
    let server = format!("--server=http://127.0.0.1:{port}");
    let mut command: Command = program(&[arguments, &[&server, "--kubeconfig=/dev/null"]].concat());
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a local server and a program");
    let (began, mut memory) = (Instant::now(), 0);
    while child.try_wait().expect("a local server and a program").is_none() {
        memory = memory.max(memory_of(&child));
        if began.elapsed() > MAX_TIME {
            child.kill().expect("a local server and a program");
        }
        thread::sleep(Duration::from_millis(5));
    }
    let result = child.wait_with_output().expect("a local server and a program");
    let output = [result.stdout, result.stderr].concat();
    Watched {
        code: result.status.code(),
        output: String::from_utf8(output).expect("a local server and a program"),
        memory,
    }
}

/// Returns the largest memory of a process so far, in KiB. Returns 0 if the process has ended.
fn memory_of(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Fails unless the exit code is `code`, the program has printed `text`, and its memory is small.
#[track_caller]
fn check(watched: &Watched, code: Option<i32>, text: &str) {
    assert_eq!(watched.code, code, "{}", watched.output);
    assert!(watched.output.contains(text), "{text:?} is missing in\n{}", watched.output);
    assert!((1..=MAX_MEMORY).contains(&watched.memory), "{} KiB", watched.memory);
}

const EMPTY_LIST: &str = r#"{"metadata":{"resourceVersion":"7"},"items":[]}"#;

const JOBS: &str = r#"{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"pi","namespace":"default","uid":"u",
    "resourceVersion":"3"},"spec":{"completions":1,"parallelism":1},"status":{"active":1}}]}"#;

const PODS: &str = r#"{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"p","namespace":"default","uid":"p",
    "resourceVersion":"3","creationTimestamp":"2026-11-28T00:00:00Z"},"spec":{"containers":[{"name":"main","image":"i"}]},
    "status":{"phase":"Failed","containerStatuses":[{"name":"main","restartCount":0,"image":"i","containerID":"c","state":
    {"terminated":{"exitCode":1,"startedAt":"2026-11-28T00:00:01Z","finishedAt":"2026-11-28T00:00:02Z"}}}]}}]}"#;

#[test]
fn an_object_of_a_list_that_never_ends_is_an_error() {
    let port = start_server(|_| Answer::Endless(200, r#"{"items":[{"metadata":{"name":""#));
    for arguments in [&["get", "jobs"][..], &["get", "jobs", "-w"], &["get", "pod", "p", "-o", "json"]] {
        let watched = run_with_server(port, arguments);
        check(&watched, Some(3), "an object of its answer is longer than 8 MiB");
    }
}

#[test]
fn an_error_that_never_ends_is_an_error_with_its_status() {
    let port = start_server(|_| Answer::Endless(403, r#"{"kind":"Status","message":""#));
    let watched = run_with_server(port, &["get", "jobs"]);
    check(&watched, Some(3), "HTTP status 403, and the answer is longer than 64 KiB");
}

#[test]
fn a_list_of_types_that_never_ends_is_an_error() {
    let port = start_server(|_| Answer::Endless(200, r#"{"items":[""#));
    let watched = run_with_server(port, &["get", "widgets"]);
    check(&watched, Some(3), "the answer is longer than 16 MiB");
}

/// Number of watches that the program has begun in the test of watches.
static WATCHES: AtomicUsize = AtomicUsize::new(0);

#[test]
fn an_event_of_a_watch_that_never_ends_is_an_outage() {
    let port = start_server(|address| match address {
        _ if address.contains("watch=true") => {
            WATCHES.fetch_add(1, Ordering::Relaxed);
            Answer::Endless(200, r#"{"type":"ADDED","object":{"x":""#)
        }
        _ if address.contains("/jobs?") => Answer::Json(JOBS),
        _ => Answer::Json(EMPTY_LIST),
    });
    let server = format!("--server=http://127.0.0.1:{port}");
    let arguments = ["get", "job", "pi", "-w", "--progress=lines", &server, "--kubeconfig=/dev/null"];
    let mut running = Running::start(program(&arguments), b"");
    let collections = ["jobs", "pods", "events"];
    let count_failures = |printed: &str, collection: &str| {
        let failing = printed.lines().filter(|line| line.contains("cannot read"));
        failing.filter(|line| line.contains(collection)).count()
    };
    // After a watch has failed, the program starts it again.
    running.wait_until("an outage of each collection", |printed| {
        collections.iter().all(|collection| count_failures(printed, collection) > 0)
            && WATCHES.load(Ordering::Relaxed) >= 3 * collections.len()
    });
    let memory = running.peak_memory().expect("the program follows");
    assert!((1..=MAX_MEMORY).contains(&memory), "{memory} KiB");
    running.signal("KILL");
    let result = running.wait();
    let printed = format!("{}{}", result.stdout, result.stderr);
    assert!(printed.contains("the answer is too long"), "{printed}");
    // Each collection fails once. A watch that is opened but fails on its first event is no success, so no outage ends.
    for collection in collections {
        assert_eq!(count_failures(&printed, collection), 1, "{printed}");
    }
    assert!(!printed.contains(" again"), "{printed}");
}

#[test]
fn a_log_that_never_ends_is_replaced_by_a_sentence() {
    let port = start_server(|address| match address {
        _ if address.contains("/log?") => Answer::Endless(200, "one\ntwo\n"),
        _ if address.contains("/pods?") => Answer::Json(PODS),
        _ => Answer::Json(EMPTY_LIST),
    });
    let watched = run_with_server(port, &["pod", "p"]);
    check(&watched, Some(0), "the log cannot be shown: the answer is longer than 1 MiB");
}
