//! The texts for missing data: the notice about a collection that cannot be read, and the error about objects that do
//! not exist.

use crate::source::Update;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::rbac::RbacRule;
use crate::source::cluster::api::resource::collection_path;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, WatcherState};
use crate::source::cluster::watch::gone::UnknownNames;
use crate::source::cluster::watch::ownership::CollectionRole;
use crate::source::cluster::watch::plan::CREATION_EVENTS;
use crate::source::error::{ErrorKind, MissingObjects, SourceError};

impl CollectionWatcher {
    /// Returns the notice that the objects of this optional collection are not shown. `error` is the reason why the
    /// collection cannot be read.
    pub(crate) fn missing_collection_notice(&self, error: &SourceError) -> String {
        let plural = self.query.kind.plural();
        if let Kind::QueuedWorkload(_) = &self.query.kind {
            return self.missing_queue_notice(error);
        }
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

    /// Returns the notice that the places of the workloads in the queues of Kueue cannot be read.
    fn missing_queue_notice(&self, error: &SourceError) -> String {
        let subject = "the states in the queue are not shown";
        if error.kind != ErrorKind::Forbidden {
            return format!("{subject}: {error}");
        }
        let context = self.query.request_context();
        let advice =
            RbacRule::for_request(context.verb, &context.resource).advice(context.namespace.as_deref());
        format!("{subject}: you may not list and watch the Workloads of Kueue; {advice}")
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
    /// No Event names one of the missing objects, and no other object is shown.
    pub(crate) async fn conclude_missing(&self, state: &mut WatcherState) -> Result<(), SourceError> {
        // The Events about the creation of Pods are read as a second collection, which may be listed first. This
        // collection alone cannot show that an object never existed.
        let has_only_creations = self.query.fields.as_deref() == Some(CREATION_EVENTS);
        if self.query.kind != Kind::EVENT || has_only_creations {
            return Ok(());
        }
        let received = self.cluster.clock.now();
        let unknown = self.ownership.conclude_missing(received, &mut state.batch);
        self.flush(state).await;
        for UnknownNames { kind, resource, names, .. } in unknown {
            let error = self.error_about_names(&Kind::BuiltIn(kind), &resource, names);
            let error = error
                .hint("If it has existed, its Events have expired. `--record FILE` would have kept the run.");
            self.report_missing_objects(error).await?;
        }
        Ok(())
    }

    /// Reports that named objects do not exist.
    ///
    /// # Errors
    ///
    /// Returns the error if no other object is shown.
    pub(crate) async fn report_missing_objects(&self, error: SourceError) -> Result<(), SourceError> {
        if !self.ownership.shows_others() {
            return Err(error);
        }
        self.send(Update::Missing(error)).await;
        Ok(())
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
        let missing: Vec<String> =
            self.ownership.missing_names(root).into_iter().map(str::to_owned).collect();
        (!missing.is_empty()).then(|| self.error_about_names(&self.query.kind, resource, missing))
    }

    /// Returns the error about objects with these names that do not exist.
    fn error_about_names(&self, kind: &Kind, resource: &str, names: Vec<String>) -> SourceError {
        let missing: Vec<String> =
            names.iter().map(|name| format!("{resource} \"{name}\" not found")).collect();
        let summary = missing.join(", ");
        let namespace = self.query.namespace.clone();
        let hint = match &namespace {
            Some(namespace) => format!(
                "List the {resource} in namespace {namespace} with `kubectl get {resource} -n {namespace}`, or give another namespace with `-n`."
            ),
            None => format!("List the {resource} with `kubectl get {resource}`."),
        };
        let path = collection_path(kind.group(), kind.version(), namespace.as_deref(), kind.plural());
        let objects = MissingObjects { plural: kind.plural().to_owned(), path, namespace, names };
        let error = SourceError::new(ErrorKind::NotFound, summary).hint(hint);
        SourceError { missing: Some(Box::new(objects)), ..error }
    }
}
