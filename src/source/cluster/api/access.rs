//! Requests about the server itself: its version, and the permissions of the user. They need no permission of their
//! own, because Kubernetes allows them to every user.

use http::Request;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::json;

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::{RequestContext, RequestError, explain_request_error};
use crate::source::error::SourceError;

/// Maximum number of bytes of an answer.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// A question whether the user may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessQuestion {
    /// The verb of the rule: `list`.
    pub verb: &'static str,
    /// The API group. Empty for the core group.
    pub group: String,
    /// The plural of the objects: `pods`.
    pub plural: String,
    /// The part of the object: `log`. Empty for the object itself.
    pub subresource: &'static str,
}

impl AccessQuestion {
    /// Returns the resource as kubectl writes it: `jobs.batch`, `pods/log`.
    pub(crate) fn resource(&self) -> String {
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        let subresource =
            if self.subresource.is_empty() { String::new() } else { format!("/{}", self.subresource) };
        format!("{}{group}{subresource}", self.plural)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

#[derive(Deserialize)]
struct AccessReview {
    status: AccessReviewStatus,
}

#[derive(Deserialize)]
struct AccessReviewStatus {
    allowed: bool,
}

impl Cluster {
    /// Requests the version of the server, for example `v1.37.2`.
    ///
    /// # Errors
    ///
    /// The server does not answer, or its answer contains no version.
    pub(crate) async fn fetch_server_version(&self) -> Result<String, SourceError> {
        let request = Request::get("/version").body(Vec::new());
        let answer: Result<Version, RequestError> = match request {
            Ok(request) => self.fetch_json(request, MAX_ANSWER_BYTES).await,
            Err(error) => Err(RequestError::Unreachable(kube::Error::HttpError(error))),
        };
        let context = RequestContext { verb: "get", resource: "version".to_owned(), namespace: None };
        answer
            .map(|version| version.git_version)
            .map_err(|error| explain_request_error(error, &context, &self.endpoint()))
    }

    /// Asks whether the user may do something in the cluster's namespace.
    ///
    /// # Errors
    ///
    /// The server does not answer the question.
    pub(crate) async fn review_access(&self, question: &AccessQuestion) -> Result<bool, RequestError> {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "namespace": self.namespace,
                "verb": question.verb,
                "group": question.group,
                "resource": question.plural,
                "subresource": question.subresource,
            } },
        });
        let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())
            .map_err(kube::Error::HttpError)?;
        let review: AccessReview = self.fetch_json(request, MAX_ANSWER_BYTES).await?;
        Ok(review.status.allowed)
    }
}
