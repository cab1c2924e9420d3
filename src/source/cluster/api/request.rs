//! Requests for collections, and their answers' bodies part by part.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use kube::api::{ListParams, WatchParams};
use kube::client::Body;
use tokio::time::{Instant, timeout};

use crate::observation::Object;
use crate::source::clock::local_now;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decode::{Encoding, ListDecoder, WatchDecoder};
use crate::source::cluster::api::errors::{Asked, Failure};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{ListMeta, Status, WatchEvent};

const ACCEPT_LIST: &str = "application/vnd.kubernetes.protobuf,application/json";
const ACCEPT_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch,application/json";

/// Custom resources have no protobuf.
const ACCEPT_JSON: &str = "application/json";

/// How long a server may be silent in an answer that it should give at once. It limits itself to 60 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(65);

/// Bytes of an error's body that are read.
const LONGEST_ERROR: usize = 256 << 10;

/// What is asked for: one collection, narrowed by selectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) kind: Kind,
    /// `None`: all.
    pub(crate) namespace: Option<String>,
    pub(crate) labels: Option<String>,
    pub(crate) fields: Option<String>,
}

impl Query {
    fn path(&self) -> String {
        let base = match self.kind.group() {
            "" => format!("/api/{}", self.kind.version()),
            group => format!("/apis/{group}/{}", self.kind.version()),
        };
        match &self.namespace {
            Some(namespace) => format!("{base}/namespaces/{namespace}/{}", self.kind.plural()),
            None => format!("{base}/{}", self.kind.plural()),
        }
    }

    fn list(&self, limit: Option<u32>, token: Option<String>) -> Result<Request<Vec<u8>>, Failure> {
        let parameters = ListParams {
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
            limit,
            continue_token: token,
            ..ListParams::default()
        };
        with_accept(kube::core::Request::new(self.path()).list(&parameters), self.accept(ACCEPT_LIST))
    }

    fn watch(&self, version: &str, seconds: u32) -> Result<Request<Vec<u8>>, Failure> {
        let parameters = WatchParams {
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
            timeout: Some(seconds),
            bookmarks: true,
            ..WatchParams::default()
        };
        let request = kube::core::Request::new(self.path()).watch(&parameters, version);
        let mut request = with_accept(request, self.accept(ACCEPT_WATCH))?;
        uncompressed(&mut request);
        Ok(request)
    }

    fn accept(&self, protobuf: &'static str) -> &'static str {
        if self.kind.is_json() { ACCEPT_JSON } else { protobuf }
    }

    /// The request in words, for errors.
    pub(crate) fn asked(&self) -> Asked {
        let resource = match self.kind.group() {
            "" => self.kind.plural().to_owned(),
            group => format!("{}.{group}", self.kind.plural()),
        };
        Asked { verb: "list", resource, namespace: self.namespace.clone() }
    }
}

/// What comes bit by bit must not wait for a compressor; and since 1.37 a server makes a member of each event, of which the
/// client reads only the first.
pub(crate) fn uncompressed<T>(request: &mut Request<T>) {
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

fn with_accept(
    request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    accept: &'static str,
) -> Result<Request<Vec<u8>>, Failure> {
    let mut request = request.map_err(|error| Failure::Unreached(kube::Error::BuildRequest(error)))?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
    Ok(request)
}

impl Cluster {
    /// Sends a request, learns the server's clock from the answer, and makes an error of an error.
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, Failure> {
        let sent = local_now();
        let response = self.client.send(request.map(Body::from)).await?;
        self.offset.learn(response.headers(), sent, local_now());
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }

    /// Asks for a collection; the answer's head has come when this returns.
    pub(crate) async fn list(&self, query: &Query) -> Result<Listing, Failure> {
        let deadline = self.request_timeout.map(|limit| Instant::now() + limit);
        Listing::open(self.clone(), query.clone(), None, None, deadline).await
    }

    /// The collection's resource version now.
    pub(crate) async fn version(&self, query: &Query) -> Result<String, Failure> {
        let limit = self.request_timeout.unwrap_or(PATIENCE).min(PATIENCE);
        let deadline = Some(Instant::now() + limit);
        let mut listing = Listing::open(self.clone(), query.clone(), Some(1), None, deadline).await?;
        while listing.part(|_| ()).await? {}
        Ok(listing.meta.resource_version)
    }

    /// Returns the number of objects in the collection, or `None` if the server does not report it: it counts only
    /// collections without a selector.
    ///
    /// Lists are requested in one piece, so their own metadata never contains the count. A list of one object does.
    pub(crate) async fn count(&self, query: &Query) -> Result<Option<u64>, Failure> {
        let deadline = Some(Instant::now() + PATIENCE);
        let mut listing = Listing::open(self.clone(), query.clone(), Some(1), None, deadline).await?;
        let mut received = 0;
        while listing.part(|_| received += 1).await? {}
        if listing.meta.r#continue.is_empty() {
            return Ok(Some(received));
        }
        let remaining = listing.meta.remaining_item_count.and_then(|count| u64::try_from(count).ok());
        Ok(remaining.map(|remaining| received + remaining))
    }

    /// Opens a watch of what changes after `version`, which the server ends after `seconds`.
    pub(crate) async fn watch(&self, query: &Query, version: &str, seconds: u32) -> Result<Watch, Failure> {
        let answer = timeout(PATIENCE, self.send(query.watch(version, seconds)?)).await;
        let response = answer.unwrap_or(Err(Failure::Silent(PATIENCE)))?;
        let decoder = WatchDecoder::new(Encoding::of(response.headers())?, query.kind.clone());
        Ok(Watch { decoder, body: response.into_body() })
    }
}

/// A list whose answer is coming.
pub(crate) struct Listing {
    cluster: Cluster,
    query: Query,
    deadline: Option<Instant>,
    decoder: Option<ListDecoder>,
    body: Body,
    meta: ListMeta,
}

impl Listing {
    async fn open(
        cluster: Cluster,
        query: Query,
        limit: Option<u32>,
        token: Option<String>,
        deadline: Option<Instant>,
    ) -> Result<Self, Failure> {
        let request = query.list(limit, token)?;
        let patience = patience(deadline);
        let answer = timeout(patience, cluster.send(request)).await;
        let response = answer.unwrap_or(Err(Failure::Silent(patience)))?;
        let decoder = Some(ListDecoder::new(Encoding::of(response.headers())?, query.kind.clone()));
        Ok(Self { cluster, query, deadline, decoder, body: response.into_body(), meta: ListMeta::default() })
    }

    /// Waits for the next part of the answer and hands on the items that it completes; `false` at the end.
    pub(crate) async fn more(&mut self, item: impl FnMut(Object)) -> Result<bool, Failure> {
        if self.part(item).await? {
            return Ok(true);
        }
        if self.meta.r#continue.is_empty() {
            return Ok(false);
        }
        // A server may send less than was asked for.
        let token = Some(std::mem::take(&mut self.meta.r#continue));
        *self = Self::open(self.cluster.clone(), self.query.clone(), None, token, self.deadline).await?;
        Ok(true)
    }

    async fn part(&mut self, item: impl FnMut(Object)) -> Result<bool, Failure> {
        let Some(part) = part(&mut self.body, patience(self.deadline)).await? else {
            if let Some(decoder) = self.decoder.take() {
                self.meta = decoder.finish()?;
            }
            return Ok(false);
        };
        if let Some(decoder) = &mut self.decoder {
            decoder.push(&part, item)?;
        }
        Ok(true)
    }

    /// The version that the list shows, once it has come whole.
    pub(crate) fn version(self) -> String {
        self.meta.resource_version
    }
}

/// How long to wait for the next part of an answer.
fn patience(deadline: Option<Instant>) -> Duration {
    deadline.map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()).min(PATIENCE))
}

/// An open watch.
pub(crate) struct Watch {
    decoder: WatchDecoder,
    body: Body,
}

impl Watch {
    /// The next event that has come already, without waiting.
    pub(crate) fn ready(&mut self) -> Result<Option<WatchEvent>, Failure> {
        Ok(self.decoder.next()?)
    }

    /// Waits for more; `false` at the end. An event that was cut off by the end is dropped: it comes again.
    pub(crate) async fn more(&mut self, silence: Duration) -> Result<bool, Failure> {
        let Some(part) = part(&mut self.body, silence).await? else { return Ok(false) };
        self.decoder.push(&part);
        Ok(true)
    }
}

/// The next part of a body; `None` at its end.
async fn part(body: &mut Body, silence: Duration) -> Result<Option<Bytes>, Failure> {
    loop {
        match timeout(silence, body.frame()).await {
            Err(_) => return Err(Failure::Silent(silence)),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => return Err(Failure::Broken(error.to_string())),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Makes an error of an answer that is one.
async fn refused(response: Response<Body>) -> Failure {
    let code = i32::from(response.status().as_u16());
    let retry_after = response
        .headers()
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<i32>().ok());
    let encoding = Encoding::of(response.headers());
    let body = timeout(PATIENCE, Limited::new(response.into_body(), LONGEST_ERROR).collect()).await;
    let status = match (encoding, body) {
        (Ok(encoding), Ok(Ok(body))) => encoding.status(body.to_bytes()).ok(),
        _ => None,
    };
    let mut status = status.unwrap_or_else(Status::default);
    status.code = code;
    if let Some(seconds) = retry_after {
        status.details.get_or_insert_default().retry_after_seconds = seconds;
    }
    Failure::Refused(status)
}
