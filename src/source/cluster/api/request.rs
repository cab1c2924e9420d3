//! Sends requests to list and watch collections, and receives their answers part by part.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::api::{ListParams, WatchParams};
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};

use crate::observation::Object;
use crate::source::clock::local_now;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::decode::{Encoding, ListDecoder, WatchDecoder};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::decoding::message::{DecodeError, ListMeta, Status, WatchEvent};
use crate::source::cluster::api::errors::{RequestContext, RequestError};
use crate::source::cluster::api::resource::collection_path;
use crate::source::diagnostics;

/// The `Accept` header of a list of a built-in kind.
const ACCEPT_LIST: &str = "application/vnd.kubernetes.protobuf,application/json";
/// The `Accept` header of a watch of a built-in kind.
const ACCEPT_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch,application/json";

/// The `Accept` header for kinds that are read as custom resources. The API server cannot encode custom resources as
/// protobuf.
const ACCEPT_JSON: &str = "application/json";

/// Maximum time to wait for the next part of an answer, except in a watch. The time is longer than 60 s, because the
/// server itself ends a request with an error after 60 s.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(65);

/// Maximum number of bytes that are read from the body of an error answer.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// Maximum time to wait for the body of an error answer. The head of the answer already says what kind of error it is.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A collection of objects, narrowed by selectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) kind: Kind,
    /// The namespace, or `None` for all namespaces.
    pub(crate) namespace: Option<String>,
    /// The label selector, or `None` for objects with any labels.
    pub(crate) labels: Option<String>,
    /// The field selector, or `None` for objects with any fields.
    pub(crate) fields: Option<String>,
}

impl Query {
    /// Returns the path of the collection, without parameters.
    pub(crate) fn path(&self) -> String {
        let namespace = self.namespace.as_deref();
        collection_path(self.kind.group(), self.kind.version(), namespace, self.kind.plural())
    }

    /// Whether the collection holds only objects with the label `job-name`.
    pub(crate) fn needs_job_name(&self) -> bool {
        self.labels.as_ref().is_some_and(|labels| labels.starts_with("job-name"))
    }

    /// Whether an existing object may enter the collection, because the collection selects by a field that changes
    /// during the life of an object, such as `spec.nodeName`.
    pub(crate) fn selects_by_state(&self) -> bool {
        let is_constant = |term: &str| term.starts_with("metadata.") || term.starts_with("involvedObject.");
        self.fields.as_ref().is_some_and(|fields| !fields.split(',').all(is_constant))
    }

    /// Creates a list request. `limit` is the maximum number of items, and `token` is the continue token of the page.
    pub(crate) fn list_request(
        &self,
        limit: Option<u32>,
        token: Option<String>,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        let parameters = ListParams {
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
            limit,
            continue_token: token,
            ..ListParams::default()
        };
        with_accept(kube::core::Request::new(self.path()).list(&parameters), self.accept(ACCEPT_LIST))
    }

    /// Creates a request to watch the changes after `version`. The server ends the watch after `seconds`.
    fn watch_request(&self, version: &str, seconds: u32) -> Result<Request<Vec<u8>>, RequestError> {
        let parameters = WatchParams {
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
            timeout: Some(seconds),
            bookmarks: true,
            ..WatchParams::default()
        };
        let request = kube::core::Request::new(self.path()).watch(&parameters, version);
        let mut request = with_accept(request, self.accept(ACCEPT_WATCH))?;
        disable_compression(&mut request);
        Ok(request)
    }

    /// Returns the `Accept` header: `protobuf`, unless objects of the kind are requested only as JSON.
    fn accept(&self, protobuf: &'static str) -> &'static str {
        if self.kind.is_json_only() { ACCEPT_JSON } else { protobuf }
    }

    /// Returns the parts of a list request that appear in an error message.
    pub(crate) fn request_context(&self) -> RequestContext {
        let resource = match self.kind.group() {
            "" => self.kind.plural().to_owned(),
            group => format!("{}.{group}", self.kind.plural()),
        };
        RequestContext { verb: "list", resource, namespace: self.namespace.clone() }
    }
}

/// Asks the server not to compress the answer. There are two reasons: a compressor delays the small parts of a stream,
/// and since Kubernetes 1.37 a server compresses each event into its own gzip member, but the client reads only the
/// first member.
pub(crate) fn disable_compression<T>(request: &mut Request<T>) {
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

fn with_accept(
    request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    accept: &'static str,
) -> Result<Request<Vec<u8>>, RequestError> {
    let mut request = request.map_err(|error| RequestError::Unreachable(kube::Error::BuildRequest(error)))?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
    Ok(request)
}

impl Cluster {
    /// Sends a request, and measures the clock offset from the head of the answer. If the server does not accept the
    /// credentials, renews them and sends the request once more.
    ///
    /// # Errors
    ///
    /// No answer arrives, the answer has an error status, or the credentials cannot be renewed.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, RequestError> {
        let lent = self.credentials.lend_client().await?;
        let mut response = self.send_once(&lent.client, request.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(renewed) = self.credentials.replace_client(&lent).await?
        {
            response = self.send_once(&renewed.client, request).await?;
        }
        if response.status().is_success() { Ok(response) } else { Err(read_refusal(response).await) }
    }

    async fn send_once(
        &self,
        client: &Client,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Body>, RequestError> {
        let (sent, started) = (local_now(), Instant::now());
        let (method, address) = (request.method().clone(), request.uri().clone());
        let answer = client.send(request.map(Body::from)).await;
        diagnostics::log(diagnostics::REQUEST_LEVEL, || {
            let status = answer.as_ref().map(|response| response.status().to_string()).unwrap_or_default();
            format!(
                "\"Response\" verb=\"{method}\" url=\"{}{address}\" status=\"{status}\" milliseconds={}",
                self.server,
                started.elapsed().as_millis()
            )
        });
        let response = answer?;
        self.offset.narrow(response.headers(), sent, local_now());
        self.warnings.read(response.headers());
        Ok(response)
    }

    /// Requests a JSON document of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// The whole answer does not arrive within [`RESPONSE_TIMEOUT`], it is longer than `limit`, it has an error
    /// status, or it is not the expected document.
    pub(crate) async fn fetch_json<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<T, RequestError> {
        let read = async { read_body(self.send(request).await?.into_body(), limit).await };
        let body = timeout(RESPONSE_TIMEOUT, read).await;
        let body = body.unwrap_or(Err(RequestError::TimedOut(RESPONSE_TIMEOUT)))?;
        Ok(serde_json::from_slice(&body).map_err(DecodeError::from)?)
    }

    /// Requests a collection. Returns when the head of the answer has arrived.
    pub(crate) async fn list(&self, query: &Query) -> Result<ListResponse, RequestError> {
        diagnostics::log(4, || format!("listing {}", query.path()));
        let deadline = self.request_timeout.map(|limit| Instant::now() + limit);
        ListResponse::open(self.clone(), query.clone(), self.chunk_size, None, deadline).await
    }

    /// Requests the current resource version of the collection.
    pub(crate) async fn fetch_collection_version(&self, query: &Query) -> Result<String, RequestError> {
        let limit = self.request_timeout.unwrap_or(RESPONSE_TIMEOUT).min(RESPONSE_TIMEOUT);
        let deadline = Some(Instant::now() + limit);
        let mut list = ListResponse::open(self.clone(), query.clone(), Some(1), None, deadline).await?;
        while list.receive_part(|_| ()).await? {}
        Ok(list.meta.resource_version)
    }

    /// Requests the number of objects in the collection. Returns `None` if the server does not report the number:
    /// servers count only collections without a selector.
    ///
    /// The lists of a feed are requested without a limit, so their metadata does not contain the number. This request
    /// has a limit of one object, so the metadata of the answer contains the number of remaining objects.
    pub(crate) async fn fetch_count(&self, query: &Query) -> Result<Option<u64>, RequestError> {
        let deadline = Some(Instant::now() + RESPONSE_TIMEOUT);
        let mut list = ListResponse::open(self.clone(), query.clone(), Some(1), None, deadline).await?;
        let mut received = 0;
        while list.receive_part(|_| received += 1).await? {}
        if list.meta.r#continue.is_empty() {
            return Ok(Some(received));
        }
        let remaining = list.meta.remaining_item_count.and_then(|count| u64::try_from(count).ok());
        Ok(remaining.map(|remaining| received + remaining))
    }

    /// Opens a watch of the changes after `version`. The server ends the watch after `seconds`.
    pub(crate) async fn open_watch(
        &self,
        query: &Query,
        version: &str,
        seconds: u32,
    ) -> Result<WatchResponse, RequestError> {
        diagnostics::log(4, || format!("watching {} from version {version}", query.path()));
        let answer = timeout(RESPONSE_TIMEOUT, self.send(query.watch_request(version, seconds)?)).await;
        let response = answer.unwrap_or(Err(RequestError::TimedOut(RESPONSE_TIMEOUT)))?;
        let decoder = WatchDecoder::new(Encoding::from_headers(response.headers())?, query.kind.clone());
        Ok(WatchResponse { decoder, body: response.into_body() })
    }
}

/// The answer to a list request, which arrives in parts.
pub(crate) struct ListResponse {
    cluster: Cluster,
    query: Query,
    /// The instant at which `--request-timeout` ends the request.
    deadline: Option<Instant>,
    /// The decoder of the current page. `None` after the end of the page.
    decoder: Option<ListDecoder>,
    body: Body,
    /// The metadata of the current page. Empty until the end of the page.
    meta: ListMeta,
}

impl ListResponse {
    /// Requests a page and returns when the head of the answer has arrived.
    async fn open(
        cluster: Cluster,
        query: Query,
        limit: Option<u32>,
        token: Option<String>,
        deadline: Option<Instant>,
    ) -> Result<Self, RequestError> {
        let request = query.list_request(limit, token)?;
        let limit = remaining_time(deadline);
        let answer = timeout(limit, cluster.send(request)).await;
        let response = answer.unwrap_or(Err(RequestError::TimedOut(limit)))?;
        let decoder = Some(ListDecoder::new(Encoding::from_headers(response.headers())?, query.kind.clone()));
        Ok(Self { cluster, query, deadline, decoder, body: response.into_body(), meta: ListMeta::default() })
    }

    /// Waits for the next part of the answer and calls `on_item` for every item that the part completes. Requests the
    /// next page at the end of a page. Returns `false` at the end of the list.
    pub(crate) async fn receive(&mut self, on_item: impl FnMut(Object)) -> Result<bool, RequestError> {
        if self.receive_part(on_item).await? {
            return Ok(true);
        }
        if self.meta.r#continue.is_empty() {
            return Ok(false);
        }
        // A server may split a list into pages although the request had no limit.
        let token = Some(std::mem::take(&mut self.meta.r#continue));
        *self = Self::open(
            self.cluster.clone(),
            self.query.clone(),
            self.cluster.chunk_size,
            token,
            self.deadline,
        )
        .await?;
        Ok(true)
    }

    /// Waits for the next part of the current page. Returns `false` at the end of the page.
    async fn receive_part(&mut self, on_item: impl FnMut(Object)) -> Result<bool, RequestError> {
        let Some(part) = next_part(&mut self.body, remaining_time(self.deadline)).await? else {
            if let Some(decoder) = self.decoder.take() {
                self.meta = decoder.finish()?;
            }
            return Ok(false);
        };
        if let Some(decoder) = &mut self.decoder {
            decoder.push(&part, on_item)?;
        }
        Ok(true)
    }

    /// Returns the resource version of the list. The version is known only after the whole list has arrived.
    pub(crate) fn into_version(self) -> String {
        self.meta.resource_version
    }
}

/// Returns the maximum time to wait for the next part of an answer: [`RESPONSE_TIMEOUT`], or the time until `deadline`
/// if this is shorter.
fn remaining_time(deadline: Option<Instant>) -> Duration {
    deadline.map_or(RESPONSE_TIMEOUT, |at| at.saturating_duration_since(Instant::now()).min(RESPONSE_TIMEOUT))
}

/// An open watch.
pub(crate) struct WatchResponse {
    decoder: WatchDecoder,
    body: Body,
}

impl WatchResponse {
    /// Decodes the next event that has already arrived, without waiting.
    pub(crate) fn next_event(&mut self) -> Result<Option<WatchEvent>, RequestError> {
        Ok(self.decoder.next()?)
    }

    /// Waits up to `silence` for the next part of the answer. Returns `false` at the end of the answer. If the answer
    /// ends in the middle of an event, the event is dropped, because the next watch delivers it again.
    pub(crate) async fn receive(&mut self, silence: Duration) -> Result<bool, RequestError> {
        let Some(part) = next_part(&mut self.body, silence).await? else { return Ok(false) };
        self.decoder.push(&part);
        Ok(true)
    }
}

/// Waits up to `silence` for the next part of a body. Returns `None` at the end of the body.
async fn next_part(body: &mut Body, silence: Duration) -> Result<Option<Bytes>, RequestError> {
    loop {
        match timeout(silence, body.frame()).await {
            Err(_) => return Err(RequestError::TimedOut(silence)),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => return Err(RequestError::Interrupted(error.into())),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
///
/// The body is longer, or the connection is lost.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, RequestError> {
    let body = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            RequestError::TooLong(limit)
        } else {
            RequestError::Interrupted(error)
        }
    })?;
    Ok(body.to_bytes())
}

/// Converts an error answer of the server into a [`RequestError`].
async fn read_refusal(response: Response<Body>) -> RequestError {
    let code = i32::from(response.status().as_u16());
    let retry_after = response
        .headers()
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<i32>().ok());
    let encoding = Encoding::from_headers(response.headers());
    let body = timeout(ERROR_BODY_TIMEOUT, read_body(response.into_body(), MAX_ERROR_BYTES)).await;
    let mut status = match (encoding, body) {
        (Ok(encoding), Ok(Ok(body))) => encoding.decode_status(body).unwrap_or_default(),
        (_, Ok(Err(error @ RequestError::TooLong(_)))) => {
            Status { message: format!("HTTP status {code}, and {error}"), ..Status::default() }
        }
        _ => Status::default(),
    };
    status.code = code;
    if let Some(seconds) = retry_after {
        status.details.get_or_insert_default().retry_after_seconds = seconds;
    }
    RequestError::Refused(status)
}
