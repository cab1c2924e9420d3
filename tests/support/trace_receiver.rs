//! A receiver of traces for tests: an HTTP server, with or without TLS, that stores its requests.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::read::GzDecoder;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// What a receiver does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// Sends this answer, without the version of HTTP, and closes the connection.
    Http(&'static str),
    /// Sends nothing.
    Silence,
}

pub(crate) const OK: Answer = Answer::Http("200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
pub(crate) const BUSY: Answer = Answer::Http(
    "503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
);
/// An answer after which the program waits before it tries again.
pub(crate) const BROKEN: Answer =
    Answer::Http("500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");

/// A request: its first line, its headers in lower case, and its body.
#[derive(Clone)]
pub(crate) struct ReceivedRequest {
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: Value,
}

impl ReceivedRequest {
    /// The root span of the trace.
    pub(crate) fn root(&self) -> &Value {
        &self.body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    }
}

/// A receiver of traces.
pub(crate) struct TraceReceiver {
    pub(crate) address: String,
    /// The certificate of a receiver with TLS, as PEM.
    pub(crate) certificate: Option<String>,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl TraceReceiver {
    /// Starts a receiver that gives these answers, one to each request. It gives the last one to all further requests.
    pub(crate) fn start(answers: &'static [Answer]) -> Self {
        Self::serve(answers, None)
    }

    /// Starts a receiver with TLS. Its certificate is signed by itself.
    pub(crate) fn start_with_tls(answers: &'static [Answer]) -> Self {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .expect("a configuration");
        let mut receiver = Self::serve(answers, Some(Arc::new(config)));
        receiver.certificate = Some(own.cert.pem());
        receiver
    }

    fn serve(answers: &'static [Answer], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (received, tls) = (Arc::clone(&received), tls.clone());
                thread::spawn(move || match tls {
                    None => receive(stream, answers, &received),
                    Some(config) => {
                        let connection = ServerConnection::new(config).expect("a connection");
                        receive(StreamOwned::new(connection, stream), answers, &received)
                    }
                });
            }
        });
        Self { address, certificate: None, requests }
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// Reads one request, answers it and closes the connection. Returns `None` if the client has closed the connection before.
fn receive(
    stream: impl Read + Write,
    answers: &[Answer],
    received: &Mutex<Vec<ReceivedRequest>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut headers = String::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        headers += &header.to_lowercase();
    }
    let length = headers.lines().find_map(|header| header.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.trim().parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    if headers.contains("content-encoding: gzip") {
        let mut text = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut text).expect("gzip");
        body = text;
    }
    let body = serde_json::from_slice(&body).expect("JSON");
    let count = {
        let mut received = received.lock().expect("no panic");
        received.push(ReceivedRequest { line: line.trim().to_owned(), headers, body });
        received.len()
    };
    match answers.get(count - 1).or(answers.last())? {
        Answer::Http(answer) => {
            write!(reader.get_mut(), "HTTP/1.1 {answer}").ok()?;
            reader.get_mut().flush().ok()
        }
        // The client closes the connection after its timeout.
        Answer::Silence => reader.read_to_end(&mut Vec::new()).ok().map(|_| ()),
    }
}

/// Returns an address at which nothing listens, because its port was given back.
pub(crate) fn unused_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}
