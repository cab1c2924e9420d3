//! What is said of a collection that may not be read, and of an object that is not there.

use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::watch::collection_watcher::Reflector;
use crate::source::cluster::watch::ownership::Role;
use crate::source::error::{ErrorKind, SourceError};

impl Reflector {
    /// The notice of something that is missing.
    pub(crate) fn without(&self, error: &SourceError) -> String {
        let plural = self.query.kind.plural();
        let instead = if self.query.kind == Kind::EVENT {
            "times come from Pod status alone"
        } else {
            "Pods are shown without them"
        };
        if error.kind == ErrorKind::Forbidden {
            let place = match &self.query.namespace {
                Some(namespace) => format!("in namespace {namespace}"),
                None => "in all namespaces".to_owned(),
            };
            format!(
                "{plural} are not shown: the right to list and watch {plural} {place} is missing; {instead}"
            )
        } else {
            format!("{plural} are not shown: {error}; {instead}")
        }
    }

    /// The error if what the user named is not there.
    pub(crate) fn not_found(&self) -> Option<SourceError> {
        let resource = self.named.as_ref()?;
        // A watch from the past will yet tell of an object that is gone already.
        if self.since.is_some() {
            return None;
        }
        let Role::Root(root) = self.role else { return None };
        let missing = self.relevance.unbound(root);
        let (first, more) = missing.split_first()?;
        let mut summary = format!("{resource} \"{first}\" not found");
        for name in more {
            summary.push_str(&format_args!(", {resource} \"{name}\" not found").to_string());
        }
        let namespace = self.query.namespace.as_deref().unwrap_or_default();
        let plural = self.query.kind.plural();
        Some(SourceError::new(ErrorKind::NotFound, summary).hint(format!(
            "Namespace {namespace} was searched: `kubectl get {plural} -n {namespace}` lists what is there; `-n` names another one."
        )))
    }
}
