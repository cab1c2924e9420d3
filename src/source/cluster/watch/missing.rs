//! The texts for missing data: the notice about a collection that cannot be read, and the error about objects that do not exist.

use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::watch::collection_watcher::CollectionWatcher;
use crate::source::cluster::watch::ownership::CollectionRole;
use crate::source::error::{ErrorKind, SourceError};

impl CollectionWatcher {
    /// Returns the notice that the objects of this optional collection are not shown, because reading it failed with `error`.
    pub(crate) fn missing_collection_notice(&self, error: &SourceError) -> String {
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

    /// Returns the error that objects do not exist, or `None` if every object that the user named was found.
    pub(crate) fn not_found_error(&self) -> Option<SourceError> {
        let resource = self.named_resource.as_ref()?;
        // A watch that begins in the past also delivers objects that were deleted before the list.
        if self.since.is_some() {
            return None;
        }
        let CollectionRole::Root(root) = self.role else { return None };
        let missing = self.ownership.missing_names(root);
        let (first, others) = missing.split_first()?;
        let mut summary = format!("{resource} \"{first}\" not found");
        for name in others {
            summary.push_str(&format_args!(", {resource} \"{name}\" not found").to_string());
        }
        let namespace = self.query.namespace.as_deref().unwrap_or_default();
        let plural = self.query.kind.plural();
        Some(SourceError::new(ErrorKind::NotFound, summary).hint(format!(
            "Namespace {namespace} was searched: `kubectl get {plural} -n {namespace}` lists what is there; `-n` names another one."
        )))
    }
}
