//! The texts for missing data: the notice about a collection that cannot be read, and the error about objects that do
//! not exist.

use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::rbac::RbacRule;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, WatcherState};
use crate::source::cluster::watch::ownership::CollectionRole;
use crate::source::cluster::watch::plan::CREATION_EVENTS;
use crate::source::error::{ErrorKind, SourceError};

impl CollectionWatcher {
    /// Returns the notice that the objects of this optional collection are not shown. `error` is the reason why the
    /// collection cannot be read.
    pub(crate) fn missing_collection_notice(&self, error: &SourceError) -> String {
        let plural = self.query.kind.plural();
        let instead = if self.query.kind == Kind::EVENT {
            "all times come from the Pods' status"
        } else {
            "their Pods are shown directly"
        };
        if error.kind == ErrorKind::Forbidden {
            let context = self.query.request_context();
            let advice =
                RbacRule::for_request(context.verb, &context.resource).advice(context.namespace.as_deref());
            format!("{plural} are not shown: you may not list and watch them; {instead}; {advice}")
        } else {
            format!("{plural} are not shown: {error}; {instead}")
        }
    }

    /// Returns the error about named objects that do not exist. Returns `None` if every named object was found, or if
    /// the watch may still deliver the missing objects, or if the Events may show that the missing objects have
    /// existed.
    pub(crate) fn missing_objects_error(&self) -> Option<SourceError> {
        let error = self.not_found_error()?;
        let (CollectionRole::Root(root), Some(resource)) = (self.role, &self.named_resource) else {
            return Some(error);
        };
        (!self.ownership.await_events_of_missing(root, resource)).then_some(error)
    }

    /// Reports the missing named objects that Events name. Call this for the collection of Events after its first list.
    ///
    /// # Errors
    ///
    /// No Event names one of the missing objects.
    pub(crate) async fn conclude_missing(&self, state: &mut WatcherState) -> Result<(), SourceError> {
        // The events about the creation of Pods are read by a second collection, which may be listed first. They alone
        // do not show that an object never existed.
        let has_only_creations = self.query.fields.as_deref() == Some(CREATION_EVENTS);
        if self.query.kind != Kind::EVENT || has_only_creations {
            return Ok(());
        }
        let received = self.cluster.clock.now();
        let unknown = self.ownership.conclude_missing(received, &mut state.batch);
        self.flush(state).await;
        let Some((resource, names)) = unknown else { return Ok(()) };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = self.error_about_names(&resource, &names);
        Err(error
            .hint("If it has existed, its Events have expired. `--record FILE` would have kept the run."))
    }

    /// Returns the error about named objects that do not exist. Returns `None` if every named object was found, or if
    /// the watch may still deliver the missing objects.
    pub(crate) fn not_found_error(&self) -> Option<SourceError> {
        let resource = self.named_resource.as_ref()?;
        // A watch that begins in the past also delivers objects that were deleted before the list.
        if self.since.is_some() {
            return None;
        }
        let CollectionRole::Root(root) = self.role else { return None };
        let missing = self.ownership.missing_names(root);
        (!missing.is_empty()).then(|| self.error_about_names(resource, &missing))
    }

    /// Returns the error about objects with these names that do not exist.
    fn error_about_names(&self, resource: &str, names: &[&str]) -> SourceError {
        let missing: Vec<String> =
            names.iter().map(|name| format!("{resource} \"{name}\" not found")).collect();
        let summary = missing.join(", ");
        let hint = match &self.query.namespace {
            Some(namespace) => format!(
                "List the {resource} in namespace {namespace} with `kubectl get {resource} -n {namespace}`, or give another namespace with `-n`."
            ),
            None => format!("List the {resource} with `kubectl get {resource}`."),
        };
        SourceError::new(ErrorKind::NotFound, summary).hint(hint)
    }
}
