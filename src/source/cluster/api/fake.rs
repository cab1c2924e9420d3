//! A fake API server that runs in the process of a test. Every request waits for an answer from the test.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::channel::{Channel, Sender};
use kube::Client;
use kube::client::Body;
use prost::Message;
use tokio::sync::{mpsc, oneshot};

use crate::observation::{Event, Job, ObjectMeta, ObjectReference, OwnerReference, Pod};
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::credentials::Credentials;
use crate::source::cluster::api::decoding::protobuf::encode;
use crate::source::cluster::api::errors::Endpoint;

type Answer = Response<Channel<Bytes, std::io::Error>>;

/// Receives the requests of the client. The test answers each request.
pub(crate) struct FakeServer {
    calls: mpsc::UnboundedReceiver<Call>,
}

/// A request that waits for its answer.
pub(crate) struct Call {
    pub(crate) uri: String,
    /// The accepted content types; empty in a request for a log.
    pub(crate) accept: String,
    pub(crate) accept_encoding: Option<String>,
    /// Sends the answer to the client.
    answer: oneshot::Sender<Answer>,
}

/// Starts a fake server. Returns the server and a cluster whose client sends its requests to the server.
pub(crate) fn start() -> (FakeServer, Cluster) {
    let (sender, calls) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (answer, answered) = oneshot::channel();
        let accept = request.headers().get("accept");
        let accept = accept.map_or_else(String::new, |accept| accept.to_str().unwrap().to_owned());
        let encoding = request.headers().get("accept-encoding");
        let accept_encoding = encoding.map(|encoding| encoding.to_str().unwrap().to_owned());
        let uri = request.uri().to_string();
        let sent = sender.send(Call { uri, accept, accept_encoding, answer });
        async move {
            let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
            sent.map_err(|_| refused())?;
            answered.await.map_err(|_| refused())
        }
    });
    let endpoint = Endpoint {
        server: "https://fake".to_owned(),
        context: Some("test".to_owned()),
        ..Endpoint::default()
    };
    let credentials = Credentials::of_client(Client::new(service, "ns"));
    (FakeServer { calls }, Cluster::new(credentials, None, "ns".to_owned(), endpoint, None))
}

impl FakeServer {
    /// Waits for the next request.
    pub(crate) async fn next_call(&mut self) -> Call {
        self.calls.recv().await.unwrap()
    }

    /// Waits for one request per element of `parts`. Returns the requests in the order of `parts`: the address of each
    /// request contains the element at the same index.
    pub(crate) async fn calls<const N: usize>(&mut self, parts: [&str; N]) -> [Call; N] {
        let mut calls = Vec::new();
        for _ in parts {
            calls.push(self.next_call().await);
        }
        parts.map(|part| {
            let index = calls.iter().position(|call| call.uri.contains(part));
            let uris = || calls.iter().map(|call| call.uri.clone()).collect::<Vec<_>>();
            let index = index.unwrap_or_else(|| panic!("no {part} among {:?}", uris()));
            calls.swap_remove(index)
        })
    }

    /// Drops the requests that have already arrived and returns their number.
    pub(crate) fn drop_waiting_calls(&mut self) -> usize {
        std::iter::from_fn(|| self.calls.try_recv().ok()).count()
    }
}

impl Call {
    /// Answers with a head and leaves the body open. The test sends the body with the returned sender.
    pub(crate) fn answer_head(self, status: u16, kind: &str) -> Sender<Bytes, std::io::Error> {
        let (sender, body) = Channel::new(64);
        let response = Response::builder().status(status).header("content-type", kind).body(body);
        let _ = self.answer.send(response.unwrap());
        sender
    }

    /// Answers with a whole body.
    pub(crate) async fn answer(self, status: u16, kind: &str, body: impl Into<Bytes>) {
        self.answer_head(status, kind).send_data(body.into()).await.unwrap();
    }

    /// Answers with a list of encoded items, in protobuf.
    pub(crate) async fn answer_list(self, version: &str, items: &[Vec<u8>]) {
        self.answer(200, "application/vnd.kubernetes.protobuf", encode::list(version, items)).await;
    }

    /// Answers with the head of a watch in protobuf. The test sends the frames with the returned sender.
    pub(crate) fn answer_watch(self) -> Sender<Bytes, std::io::Error> {
        assert!(self.uri.contains("watch=true"), "{}", self.uri);
        self.answer_head(200, "application/vnd.kubernetes.protobuf;stream=watch")
    }

    /// Answers with an error.
    pub(crate) async fn answer_error(self, code: u16, reason: &str, message: &str) {
        let body = format!(r#"{{"kind":"Status","message":"{message}","reason":"{reason}","code":{code}}}"#);
        self.answer(code, "application/json", body).await;
    }

    /// Answers with an error that asks the client to wait this number of seconds.
    pub(crate) async fn answer_retry_after(self, status: u16, seconds: u32) {
        let (mut sender, body) = Channel::new(1);
        let response = Response::builder().status(status).header("retry-after", seconds).body(body);
        let _ = self.answer.send(response.unwrap());
        sender.send_data("busy".into()).await.unwrap();
    }

    /// Refuses the connection.
    pub(crate) fn refuse(self) {
        drop(self.answer);
    }
}

/// Encodes an event of a watch.
pub(crate) fn event(kind: &str, object: &[u8]) -> Bytes {
    encode::event(kind, object).into()
}

/// The metadata of an object, with the uid `uid-of-NAME`.
fn meta(name: &str, version: u64) -> ObjectMeta {
    let uid = format!("uid-of-{name}");
    ObjectMeta { name: name.to_owned(), uid, resource_version: version.to_string(), ..ObjectMeta::default() }
}

/// Encodes a Pod.
pub(crate) fn pod(name: &str, version: u64) -> Vec<u8> {
    Pod { metadata: meta(name, version), ..Pod::default() }.encode_to_vec()
}

/// Encodes a Pod of a Job.
pub(crate) fn pod_of(job: &str, name: &str, version: u64) -> Vec<u8> {
    let mut metadata = meta(name, version);
    let uid = format!("uid-of-{job}");
    let owner = OwnerReference { kind: "Job".to_owned(), uid, controller: true, ..OwnerReference::default() };
    metadata.owner_references.push(owner);
    Pod { metadata, ..Pod::default() }.encode_to_vec()
}

/// Encodes a Job.
pub(crate) fn job(name: &str, version: u64) -> Vec<u8> {
    Job { metadata: meta(name, version), ..Job::default() }.encode_to_vec()
}

/// Encodes an Event about a Pod.
pub(crate) fn event_about(pod: &str, version: u64) -> Vec<u8> {
    let involved_object = ObjectReference {
        kind: "Pod".to_owned(),
        name: pod.to_owned(),
        uid: format!("uid-of-{pod}"),
        ..ObjectReference::default()
    };
    Event { metadata: meta(&format!("{pod}.1"), version), involved_object, ..Event::default() }
        .encode_to_vec()
}
