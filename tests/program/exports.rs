//! Tests of the exports: other programs read them, and a receiver gets the traces.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::{CommandResult, program, run, seq};

/// A request of a receiver: its first line, its headers in lower case, and its body.
struct ReceivedRequest {
    line: String,
    headers: String,
    body: Value,
}

/// A receiver of traces that gives these answers, one to each request.
struct Receiver {
    address: String,
    requests: JoinHandle<Vec<ReceivedRequest>>,
}

impl Receiver {
    fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let serve = move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (stream, _) = listener.accept().expect("a connection");
                requests.push(receive(stream, answer));
            }
            requests
        };
        Self { address, requests: thread::spawn(serve) }
    }

    fn requests(self) -> Vec<ReceivedRequest> {
        self.requests.join().expect("the receiver ended")
    }
}

/// Reads one request, answers it and closes the connection.
fn receive(stream: TcpStream, answer: &str) -> ReceivedRequest {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request");
    let mut headers = String::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        if header.trim().is_empty() {
            break;
        }
        headers += &header.to_lowercase();
    }
    let length =
        headers.lines().find_map(|header| header.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.trim().parse().expect("a number")];
    reader.read_exact(&mut body).expect("a body");
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 {answer}").expect("an answer");
    ReceivedRequest {
        line: line.trim().to_owned(),
        headers,
        body: serde_json::from_slice(&body).expect("JSON"),
    }
}

const OK: &str = "200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
const BUSY: &str =
    "503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const REFUSED: &str = "401 Unauthorized\r\ncontent-length: 8\r\nconnection: close\r\n\r\nno token";
const PARTIAL: &str = "200 OK\r\nconnection: close\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"too \\u001b[2Jold\"}}";

/// Runs a simulation that sends its trace to `address`, with these variables.
fn push(address: &str, variables: &[(&str, &str)]) -> CommandResult {
    let mut command = program(&["simulate", "-o", "name", "--otlp-endpoint", address]);
    command.envs(variables.iter().copied());
    run(command, b"")
}

#[test]
fn a_trace_is_sent_with_the_headers_of_the_variables_and_again_if_the_receiver_is_busy() {
    let receiver = Receiver::start(&[BUSY, OK]);
    let result = push(&receiver.address, &[("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=batch")]);
    assert_eq!((result.code, result.stdout.as_str()), (Some(0), "job.batch/pi\n"), "{result}");
    let address = receiver.address.clone();
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    let request = &requests[1];
    assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
    for header in ["content-type: application/json", "x-tenant: batch"] {
        assert!(request.headers.contains(header), "{}", request.headers);
    }
    assert_eq!(request.body, requests[0].body);
    let root = &request.body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    let id = root["traceId"].as_str().expect("an id");
    assert_eq!(result.stderr, format!("sent the trace of job/pi to {address}/v1/traces: {id}\n"));
    let printed: Value = serde_json::from_str(&seq(&["simulate", "-o", "otlp"]).stdout).expect("JSON");
    assert!(printed == request.body, "the same ids");
}

#[test]
fn a_trace_that_is_not_accepted_is_an_error_with_the_reason_and_no_secret() {
    for (answer, reason) in [
        (&[REFUSED], "the receiver answered 401 Unauthorized: no token"),
        (&[PARTIAL], "the receiver rejected 3 spans: too "),
    ] {
        let receiver = Receiver::start(answer);
        let address = format!("{}/otlp?key=secret", receiver.address);
        let result = push(&address, &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")]);
        assert_eq!((result.code, result.stdout.as_str()), (Some(3), "job.batch/pi\n"), "{result}");
        let start = format!("error: traces cannot be sent to {}/otlp/v1/traces: {reason}", receiver.address);
        assert!(result.stderr.starts_with(&start), "{result}");
        assert!(!result.stderr.contains("secret") && !result.stderr.contains('\u{1b}'), "{result}");
        assert_eq!(receiver.requests()[0].line, "POST /otlp/v1/traces?key=secret HTTP/1.1");
    }
}

#[test]
fn without_a_receiver_the_exit_code_of_a_simulation_is_3() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let result = push(&address, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    assert_eq!(result.code, Some(3), "{result}");
    assert!(result.stderr.contains("connection refused"), "{result}");
}

#[test]
fn a_wrong_address_is_wrong_usage_and_grpc_gets_a_line() {
    let result = push("localhost:4318", &[]);
    assert_eq!((result.code, result.stdout.as_str()), (Some(2), ""), "{result}");
    assert!(result.stderr.contains("--otlp-endpoint is not the address of a receiver"), "{result}");
    let receiver = Receiver::start(&[OK]);
    let result = push(&receiver.address, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    let line = "OTEL_EXPORTER_OTLP_PROTOCOL is grpc, but traces are sent as JSON over HTTP";
    assert!(result.stderr.starts_with(line) && result.code == Some(0), "{result}");
    receiver.requests();
}
