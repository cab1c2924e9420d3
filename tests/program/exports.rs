//! Tests of the exports: other programs read them, and a receiver gets the traces.

use std::fs;

use serde_json::Value;

use super::support::trace_receiver::{Answer, BUSY, OK, TraceReceiver, unused_address};
use super::{CommandResult, program, run, seq};

const REFUSED: Answer =
    Answer::Http("401 Unauthorized\r\ncontent-length: 8\r\nconnection: close\r\n\r\nno token");
const PARTIAL: Answer = Answer::Http(
    "200 OK\r\nconnection: close\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"too \\u001b[2Jold\"}}",
);

/// Runs a simulation that sends its trace to `address`, with these variables.
fn push(address: &str, variables: &[(&str, &str)]) -> CommandResult {
    let mut command = program(&["simulate", "-o", "name", "--otlp-endpoint", address]);
    command.envs(variables.iter().copied());
    run(command, b"")
}

#[test]
fn a_trace_is_sent_with_the_headers_of_the_variables_and_again_if_the_receiver_is_busy() {
    let receiver = TraceReceiver::start(&[BUSY, OK]);
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
    let id = request.root()["traceId"].as_str().expect("an id");
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
        let receiver = TraceReceiver::start(answer);
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
    let result = push(&unused_address(), &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    assert_eq!(result.code, Some(3), "{result}");
    assert!(result.stderr.contains("connection refused"), "{result}");
}

#[test]
fn a_wrong_address_is_wrong_usage_and_grpc_gets_a_line() {
    let result = push("localhost:4318", &[]);
    assert_eq!((result.code, result.stdout.as_str()), (Some(2), ""), "{result}");
    assert!(result.stderr.contains("--otlp-endpoint is not the address of a receiver"), "{result}");
    let receiver = TraceReceiver::start(&[OK]);
    let result = push(&receiver.address, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    let line = "OTEL_EXPORTER_OTLP_PROTOCOL is grpc, but traces are sent as JSON over HTTP";
    assert!(result.stderr.starts_with(line) && result.code == Some(0), "{result}");
}

#[test]
fn a_compressed_trace_is_smaller_and_has_the_same_content() {
    let receiver = TraceReceiver::start(&[OK]);
    for compression in ["none", "gzip"] {
        let result = push(&receiver.address, &[("OTEL_EXPORTER_OTLP_COMPRESSION", compression)]);
        assert_eq!(result.code, Some(0), "{result}");
    }
    let requests = receiver.requests();
    let length = |index: usize| -> usize {
        let headers = &requests[index].headers;
        let length = headers.lines().find_map(|header| header.strip_prefix("content-length: "));
        length.and_then(|length| length.trim().parse().ok()).expect("a length")
    };
    assert!(requests[0].body == requests[1].body, "the same content");
    assert!(!requests[0].headers.contains("content-encoding"), "{}", requests[0].headers);
    assert!(requests[1].headers.contains("content-encoding: gzip"), "{}", requests[1].headers);
    assert!(length(1) * 5 < length(0), "{} and {}", length(0), length(1));
}

#[test]
fn the_certificate_of_a_receiver_is_checked_against_the_file_of_the_variable() {
    let receiver = TraceReceiver::start_with_tls(&[OK]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("receiver.pem");
    fs::write(&path, receiver.certificate.as_ref().expect("a certificate")).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let timeout = ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000");
    let trusted = push(&receiver.address, &[timeout, ("OTEL_EXPORTER_OTLP_CERTIFICATE", path)]);
    assert_eq!(trusted.code, Some(0), "{trusted}");
    assert_eq!(receiver.requests().len(), 1);
    let unknown = push(&receiver.address, &[timeout]);
    assert_eq!(unknown.code, Some(3), "{unknown}");
    assert!(unknown.stderr.contains("certificate"), "{unknown}");
    let missing = push(&receiver.address, &[timeout, ("OTEL_EXPORTER_OTLP_CERTIFICATE", "none.pem")]);
    assert_eq!(missing.code, Some(3), "{missing}");
    assert!(missing.stderr.contains("cannot read none.pem"), "{missing}");
    assert_eq!(receiver.requests().len(), 1);
}
