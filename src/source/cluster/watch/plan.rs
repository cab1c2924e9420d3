//! Plans a feed: decides which collections are listed and watched for the objects that the user named.
//!
//! A type may have two collections in one namespace: a collection of named objects, and a collection of objects that
//! are followed because of their controllers. A selector narrows a collection if the selector excludes no wanted
//! object.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};

use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Signal};
use crate::source::cluster::watch::container_loss::ContainerLoss;
use crate::source::cluster::watch::kind_rules::{self, PodLabels, intermediate_kind};
use crate::source::cluster::watch::owner_lookup::OwnerLookup;
use crate::source::cluster::watch::ownership::{CollectionRole, Ownership, Root};
use crate::source::cluster::watch::queue::reader::QueueReader;
use crate::source::cluster::watch::queue_news::QueueNews;
use crate::source::cluster::watch::resource_versions::ResourceVersions;
use crate::source::cluster::watch::sibling_reader::SiblingReader;
use crate::source::cluster::watch::target::{Name, NamespaceScope, Need, Objects, Target};
use crate::source::error::{ErrorKind, SourceError};
use crate::source::feed::RefreshScope;

/// Maximum length of a label selector in bytes. A longer selector could make the address longer than servers and
/// proxies accept.
const MAX_SELECTOR_BYTES: usize = 4000;

/// The field selector of the Events in which controllers report that they created Pods. There are at most ten of them
/// for each controller, because Kubernetes combines further ones.
pub(crate) const CREATION_EVENTS: &str = "reason=SuccessfulCreate";

/// Creates the watchers of a feed.
pub(crate) struct Plan<'a> {
    cluster: &'a Cluster,
    /// Whether the feed continues with watches after the lists.
    watch: bool,
    /// Whether the feed forgets objects that no longer exist.
    pub(crate) forgets_gone: bool,
    since: ResourceVersions,
    owner_lookup: Arc<OwnerLookup>,
    /// Shared by all watchers, see [`CollectionWatcher::recovered`].
    recovered: Arc<Notify>,
    /// Shared by all watchers, see [`CollectionWatcher::refresh`].
    refresh: watch::Receiver<(u32, RefreshScope)>,
    updates: &'a mpsc::Sender<Update>,
    signals: &'a mpsc::UnboundedSender<Signal>,
    /// The watchers that have been created so far.
    pub(crate) watchers: Vec<CollectionWatcher>,
    /// One receiver for each watcher. The receiver becomes `true` when the list of the watcher has been sent.
    pub(crate) listed: Vec<watch::Receiver<bool>>,
    /// Receives the containers that nodes lost, see [`Ownership::losses`].
    losses: mpsc::UnboundedSender<ContainerLoss>,
    /// The readers of the Events of siblings. At most one for each namespace.
    pub(crate) sibling_readers: Vec<SiblingReader>,
    /// The readers of the queues of Kueue, one for each namespace.
    pub(crate) queue_readers: Vec<QueueReader>,
}

/// A collection to read. The fields have the same meaning as in [`CollectionWatcher`].
struct PlannedCollection {
    query: Query,
    role: CollectionRole,
    need: Need,
    is_narrowed_by_owner: bool,
    named_resource: Option<String>,
    wait_for: Vec<watch::Receiver<bool>>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        cluster: &'a Cluster,
        watch: bool,
        since: ResourceVersions,
        refresh: watch::Receiver<(u32, RefreshScope)>,
        updates: &'a mpsc::Sender<Update>,
        signals: &'a mpsc::UnboundedSender<Signal>,
        losses: mpsc::UnboundedSender<ContainerLoss>,
    ) -> Self {
        let owner_lookup = Arc::new(OwnerLookup::new(cluster.clone()));
        let recovered = Arc::default();
        Self {
            cluster,
            watch,
            forgets_gone: false,
            since,
            owner_lookup,
            recovered,
            refresh,
            updates,
            signals,
            watchers: Vec::new(),
            listed: Vec::new(),
            losses,
            sibling_readers: Vec::new(),
            queue_readers: Vec::new(),
        }
    }

    /// Adds the watchers of all targets, grouped by namespace.
    ///
    /// # Errors
    ///
    /// A target names objects, but its scope is all namespaces.
    pub(crate) fn add_targets(&mut self, targets: Vec<Target>) -> Result<(), SourceError> {
        let mut namespaces: Vec<(Option<String>, Vec<Target>)> = Vec::new();
        for target in merge_targets(targets) {
            let namespace = match &target.scope {
                NamespaceScope::Namespace(namespace) => target.resource.namespaced.then(|| namespace.clone()),
                NamespaceScope::All => None,
            };
            if matches!((&target.objects, &target.scope), (Objects::Named(_), NamespaceScope::All)) {
                return Err(SourceError::new(
                    ErrorKind::Usage,
                    "a resource cannot be retrieved by name across all namespaces",
                )
                .hint("Use `-n NAMESPACE` instead of `-A`."));
            }
            match namespaces.iter_mut().find(|(other, _)| *other == namespace) {
                Some((_, targets)) => targets.push(target),
                None => namespaces.push((namespace, vec![target])),
            }
        }
        for (namespace, targets) in namespaces {
            self.add_namespace(namespace.as_deref(), targets);
        }
        Ok(())
    }

    /// Adds the watchers of one namespace, or of all namespaces together if `namespace` is `None`. There are watchers
    /// for the named objects, for their Pods, for the objects between the named objects and the Pods, and for the
    /// Events about all of these objects.
    fn add_namespace(&mut self, namespace: Option<&str>, targets: Vec<Target>) {
        let mut roots = Vec::new();
        let mut root_queries = Vec::new();
        for Target { resource, objects, need, .. } in targets {
            let (names, labels, fields) = split_objects(objects);
            let is_unfiltered = names.is_empty() && labels.is_none() && fields.is_none();
            let kind = Kind::from_resource(&resource);
            root_queries.push((resource, kind.clone(), labels, fields, is_unfiltered, need));
            roots.push(Root { kind, names });
        }
        // If the user typed a type without names and selectors, the collection of this type is read as a whole. The
        // collection then also contains the objects of other workloads, so no second collection of this
        // type is needed.
        let is_read_unfiltered = |kind: &Kind| {
            root_queries.iter().any(|(_, root, .., is_unfiltered, _)| *is_unfiltered && root == kind)
        };
        let intermediate: Vec<(Kind, Need)> =
            intermediate_kinds(&roots).into_iter().filter(|(kind, _)| !is_read_unfiltered(kind)).collect();
        // If all Pods are read, the Events of all siblings are read too.
        let needs_siblings =
            roots.iter().any(|root| root.kind == Kind::POD) && !is_read_unfiltered(&Kind::POD);
        let needs_pods = roots.iter().any(|root| root.kind != Kind::POD) && !is_read_unfiltered(&Kind::POD);
        let (pod_labels, is_narrowed_by_owner) = pod_label_selector(&roots);
        let event_fields = event_field_selector(&roots);
        let kinds = intermediate.iter().map(|(kind, _)| kind.clone()).collect();
        let has_all = roots.iter().any(|root| root.names.is_empty() || root.kind == Kind::POD);
        let mut ownership = Ownership::new(roots, kinds, self.watch);
        let (queue_news, news) = mpsc::unbounded_channel();
        ownership.queue_news = Some(queue_news);
        ownership.forgets_gone = self.forgets_gone;
        ownership.losses = Some(self.losses.clone());
        let ownership = Arc::new(ownership);
        let query =
            |kind, labels, fields| Query { kind, namespace: namespace.map(str::to_owned), labels, fields };

        let mut listed_receivers = Vec::new();
        for (root, (resource, kind, labels, fields, _, need)) in root_queries.into_iter().enumerate() {
            let collection = PlannedCollection {
                query: query(kind, labels, fields),
                role: CollectionRole::Root(root),
                need,
                is_narrowed_by_owner: false,
                named_resource: Some(resource.name()),
                wait_for: Vec::new(),
            };
            listed_receivers.push(self.add_collection(collection, &ownership));
        }
        for (kind, need) in intermediate {
            let query = query(kind, None, None);
            let wait_for = listed_receivers.clone();
            let collection = PlannedCollection {
                query,
                role: CollectionRole::Child,
                need,
                is_narrowed_by_owner: false,
                named_resource: None,
                wait_for,
            };
            let is_listed = self.add_collection(collection, &ownership);
            listed_receivers.push(is_listed);
        }
        let mut queue_wait_for = listed_receivers.clone();
        if needs_pods {
            let query = query(Kind::POD, pod_labels, None);
            let (role, need, wait_for) = (CollectionRole::Child, Need::Required, listed_receivers.clone());
            // The list of Events does not wait for the list of Pods, because the name of a Pod reveals its Job.
            let is_listed = self.add_collection(
                PlannedCollection { query, role, need, is_narrowed_by_owner, named_resource: None, wait_for },
                &ownership,
            );
            queue_wait_for.push(is_listed);
        }
        self.add_queue_reader(namespace, &ownership, has_all, event_fields.is_none(), queue_wait_for, news);
        // The owner's Events show the creation of a Pod to the millisecond. The Events about the Pod do not.
        let owner_fields = event_fields.as_ref().map(|_| CREATION_EVENTS.to_owned());
        let mut wait_for = listed_receivers.clone();
        for fields in [Some(event_fields), owner_fields.map(Some)].into_iter().flatten() {
            let query = query(Kind::EVENT, None, fields);
            let (role, need) = (CollectionRole::Child, Need::Optional);
            let is_listed = self.add_collection(
                PlannedCollection {
                    query,
                    role,
                    need,
                    is_narrowed_by_owner: false,
                    named_resource: None,
                    wait_for: listed_receivers.clone(),
                },
                &ownership,
            );
            wait_for.push(is_listed);
        }
        if needs_siblings {
            ownership.find_siblings();
            let (cluster, updates, signals) =
                (self.cluster.clone(), self.updates.clone(), self.signals.clone());
            self.sibling_readers.push(SiblingReader { cluster, ownership, wait_for, updates, signals });
        }
    }

    /// Adds the reader of the queues of one namespace. The other parameters have the same meaning as in [`QueueReader`].
    fn add_queue_reader(
        &mut self,
        namespace: Option<&str>,
        ownership: &Arc<Ownership>,
        has_all: bool,
        reads_events: bool,
        wait_for: Vec<watch::Receiver<bool>>,
        news: mpsc::UnboundedReceiver<QueueNews>,
    ) {
        self.queue_readers.push(QueueReader {
            cluster: self.cluster.clone(),
            ownership: Arc::clone(ownership),
            namespace: namespace.map(str::to_owned),
            watch: self.watch,
            has_all,
            reads_events,
            owner_lookup: Arc::clone(&self.owner_lookup),
            recovered: Arc::clone(&self.recovered),
            refresh: self.refresh.clone(),
            wait_for,
            news,
            updates: self.updates.clone(),
            signals: self.signals.clone(),
        });
    }

    /// Adds the watcher of a collection. The returned receiver becomes `true` when the collection's list has been sent.
    fn add_collection(
        &mut self,
        collection: PlannedCollection,
        ownership: &Arc<Ownership>,
    ) -> watch::Receiver<bool> {
        let PlannedCollection { query, role, need, is_narrowed_by_owner, named_resource, wait_for } =
            collection;
        let (is_listed, receiver) = watch::channel(false);
        self.watchers.push(CollectionWatcher {
            id: self.watchers.len(),
            cluster: self.cluster.clone(),
            since: self.since.0.get(&query.kind).filter(|_| self.watch).cloned(),
            query,
            need,
            watch: self.watch,
            ownership: Arc::clone(ownership),
            role,
            is_narrowed_by_owner,
            owner_lookup: Arc::clone(&self.owner_lookup),
            named_resource,
            wait_for,
            is_listed,
            recovered: Arc::clone(&self.recovered),
            refresh: self.refresh.clone(),
            updates: self.updates.clone(),
            signals: self.signals.clone(),
        });
        self.listed.push(receiver.clone());
        receiver
    }
}

/// Merges the targets that name objects of the same type in the same scope, so that these objects are requested
/// together.
fn merge_targets(targets: Vec<Target>) -> Vec<Target> {
    let mut merged: Vec<Target> = Vec::new();
    for target in targets {
        let same = merged.iter_mut().find(|other| {
            other.resource == target.resource
                && other.scope == target.scope
                && matches!(other.objects, Objects::Named(_))
        });
        match (same, target.objects) {
            (Some(Target { objects: Objects::Named(names), .. }), Objects::Named(others)) => {
                for name in others {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            (_, objects) => merged.push(Target { objects, ..target }),
        }
    }
    merged
}

/// Returns the names of the objects, the label selector, and the field selector. The selectors narrow the collection.
fn split_objects(objects: Objects) -> (Vec<Name>, Option<String>, Option<String>) {
    match objects {
        Objects::Matching { labels, fields } => (Vec::new(), labels, fields),
        Objects::Named(names) => {
            // A field selector can match only a single name.
            let fields = match names.as_slice() {
                [name] => Some(format!("metadata.name={}", name.name)),
                _ => None,
            };
            (names, None, fields)
        }
    }
}

/// Returns the kinds of the objects between the named objects and their Pods, if these objects are shown too.
///
/// A custom resource may own objects of any kind. The Jobs are shown. Objects of other kinds only serve to
/// find the Pods.
fn intermediate_kinds(roots: &[Root]) -> Vec<(Kind, Need)> {
    let mut kinds: Vec<(Kind, Need)> = Vec::new();
    for root in roots {
        let Some(intermediate) = intermediate_kind(&root.kind) else { continue };
        match kinds.iter_mut().find(|(kind, _)| *kind == intermediate.0) {
            Some((_, need)) if intermediate.1 == Need::Required => *need = Need::Required,
            Some(_) => {}
            None => kinds.push(intermediate),
        }
    }
    kinds
}

/// Returns the selector `LABEL=NAME` or `LABEL in (NAME,NAME)`. Without names, or if this selector would be too long,
/// returns `LABEL`, which matches every value of the label.
fn name_selector<'a>(label: &str, names: impl Iterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.map(|name| name.name.as_str()).collect();
    let selector = match names.as_slice() {
        [] => label.to_owned(),
        [name] => format!("{label}={name}"),
        several => format!("{label} in ({})", several.join(",")),
    };
    if selector.len() > MAX_SELECTOR_BYTES { label.to_owned() } else { selector }
}

/// Returns the label selector of the collection of Pods. The second value is `true` if the selector of the named
/// workload can replace the label selector once the workload has been read.
fn pod_label_selector(roots: &[Root]) -> (Option<String>, bool) {
    let owners = || roots.iter().filter(|root| root.kind != Kind::POD);
    if owners().all(|root| kind_rules::pod_labels(&root.kind) == PodLabels::JobName) {
        // A root without names means all Jobs.
        let includes_all = owners().any(|root| root.names.is_empty());
        let names = owners().filter(|_| !includes_all).flat_map(|root| &root.names);
        return (Some(name_selector("job-name", names)), false);
    }
    let has_job_name = |root: &Root| {
        matches!(kind_rules::pod_labels(&root.kind), PodLabels::JobName | PodLabels::NameOfOwnedJob)
    };
    if owners().all(has_job_name) {
        return (Some("job-name".to_owned()), false);
    }
    let is_single = roots.len() == 1 && roots.iter().all(|root| root.names.len() == 1);
    let has_selector = |root: &Root| kind_rules::pod_labels(&root.kind) == PodLabels::Selector;
    // The Pods of a custom resource may have any labels, because their owners alone decide.
    (None, is_single && roots.iter().all(has_selector))
}

/// Returns the field selector of the Events, or `None` if not all named objects are Pods.
fn event_field_selector(roots: &[Root]) -> Option<String> {
    match roots {
        [Root { kind: Kind::POD, names }] => Some(match names.as_slice() {
            [name] => format!("involvedObject.kind=Pod,involvedObject.name={}", name.name),
            _ => "involvedObject.kind=Pod".to_owned(),
        }),
        _ if roots.iter().all(|root| root.kind == Kind::POD) => Some("involvedObject.kind=Pod".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
