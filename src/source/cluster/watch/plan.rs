//! The plan of a feed: the collections that are listed and watched for the objects that the user named.
//!
//! There is one collection per resource and namespace. It is narrowed by a selector if the selector excludes no wanted object.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};

use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Need, Signal};
use crate::source::cluster::watch::kind_rules::{self, PodLabels, intermediate_kind};
use crate::source::cluster::watch::owner_lookup::OwnerLookup;
use crate::source::cluster::watch::ownership::{CollectionRole, Ownership, Root};
use crate::source::cluster::watch::resource_versions::ResourceVersions;
use crate::source::cluster::watch::target::{Name, NamespaceScope, Objects, Target};
use crate::source::error::{ErrorKind, SourceError};

/// Maximum length of a label selector in bytes. A longer one could make the address longer than servers and proxies accept.
const MAX_SELECTOR_BYTES: usize = 4000;

/// The watchers of a selection, while they are being created.
pub(crate) struct Plan<'a> {
    cluster: &'a Cluster,
    watch: bool,
    since: ResourceVersions,
    owner_lookup: Arc<OwnerLookup>,
    recovered: Arc<Notify>,
    updates: &'a mpsc::Sender<Update>,
    signals: &'a mpsc::UnboundedSender<Signal>,
    pub(crate) watchers: Vec<CollectionWatcher>,
}

/// A collection to be read. The fields have the same meaning as in [`CollectionWatcher`].
struct PlannedCollection {
    query: Query,
    role: CollectionRole,
    need: Need,
    is_narrowed_by_owner: bool,
    named: Option<String>,
    after: Vec<watch::Receiver<bool>>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        cluster: &'a Cluster,
        watch: bool,
        since: ResourceVersions,
        updates: &'a mpsc::Sender<Update>,
        signals: &'a mpsc::UnboundedSender<Signal>,
    ) -> Self {
        let owner_lookup = Arc::new(OwnerLookup::new(cluster.clone()));
        let recovered = Arc::default();
        Self { cluster, watch, since, owner_lookup, recovered, updates, signals, watchers: Vec::new() }
    }

    /// Adds the watchers of all targets, one namespace after the other.
    ///
    /// # Errors
    ///
    /// A target has names although its scope is all namespaces.
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
                .hint("Give `-n NAMESPACE` instead of `-A`."));
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

    /// Adds the watchers of one namespace (`None`: of all namespaces together): for the named objects, for the objects between
    /// them and their Pods, for their Pods, and for the Events about all of them.
    fn add_namespace(&mut self, namespace: Option<&str>, targets: Vec<Target>) {
        let mut roots = Vec::new();
        let mut root_queries = Vec::new();
        for Target { resource, objects, .. } in targets {
            let (names, labels, fields) = selectors_of(objects);
            let is_whole = names.is_empty() && labels.is_none() && fields.is_none();
            let kind = Kind::from_resource(&resource);
            root_queries.push((resource, kind.clone(), labels, fields, is_whole));
            roots.push(Root { kind, names });
        }
        // A collection that is read as a whole because the user named it also contains the objects of other workloads.
        let is_read_whole =
            |kind: &Kind| root_queries.iter().any(|(_, root, .., is_whole)| *is_whole && root == kind);
        let between: Vec<(Kind, Need)> =
            intermediate_kinds(&roots).into_iter().filter(|(kind, _)| !is_read_whole(kind)).collect();
        let needs_pods = roots.iter().any(|root| root.kind != Kind::POD) && !is_read_whole(&Kind::POD);
        let (pod_labels, is_narrowed_by_owner) = pod_label_selector(&roots);
        let event_fields = event_field_selector(&roots);
        let child_labels = custom_label_selector(&roots);
        let kinds = between.iter().map(|(kind, _)| kind.clone()).collect();
        let ownership = Arc::new(Ownership::new(roots, kinds, self.watch));
        let query =
            |kind, labels, fields| Query { kind, namespace: namespace.map(str::to_owned), labels, fields };

        let mut earlier = Vec::new();
        for (root, (resource, kind, labels, fields, _)) in root_queries.into_iter().enumerate() {
            let collection = PlannedCollection {
                query: query(kind, labels, fields),
                role: CollectionRole::Root(root),
                need: Need::Required,
                is_narrowed_by_owner: false,
                named: Some(resource.name()),
                after: Vec::new(),
            };
            earlier.push(self.add_collection(collection, &ownership));
        }
        for (kind, need) in between {
            let query = query(kind, child_labels.clone(), None);
            let after = earlier.clone();
            let collection = PlannedCollection {
                query,
                role: CollectionRole::Child,
                need,
                is_narrowed_by_owner: false,
                named: None,
                after,
            };
            let is_listed = self.add_collection(collection, &ownership);
            earlier.push(is_listed);
        }
        if needs_pods {
            let query = query(Kind::POD, pod_labels, None);
            let (role, need, after) = (CollectionRole::Child, Need::Required, earlier.clone());
            // The list of Events does not wait for the Pods, because the name of a Pod that is gone shows its Job.
            self.add_collection(
                PlannedCollection { query, role, need, is_narrowed_by_owner, named: None, after },
                &ownership,
            );
        }
        let query = query(Kind::EVENT, None, event_fields);
        let (role, need) = (CollectionRole::Child, Need::Optional);
        self.add_collection(
            PlannedCollection { query, role, need, is_narrowed_by_owner: false, named: None, after: earlier },
            &ownership,
        );
    }

    /// Adds the watcher of a collection. The receiver becomes `true` when its list has been sent.
    fn add_collection(
        &mut self,
        collection: PlannedCollection,
        ownership: &Arc<Ownership>,
    ) -> watch::Receiver<bool> {
        let PlannedCollection { query, role, need, is_narrowed_by_owner, named, after } = collection;
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
            named,
            after,
            is_listed,
            recovered: Arc::clone(&self.recovered),
            updates: self.updates.clone(),
            signals: self.signals.clone(),
        });
        receiver
    }
}

/// Merges the targets that name objects of the same type and scope, so that they are requested together.
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

/// The names of the objects, and the label selector and field selector that narrow their collection.
fn selectors_of(objects: Objects) -> (Vec<Name>, Option<String>, Option<String>) {
    match objects {
        Objects::Matching { labels, fields } => (Vec::new(), labels, fields),
        Objects::Named(names) => {
            // A field selector can match one name, but not one of several names.
            let fields = match names.as_slice() {
                [name] => Some(format!("metadata.name={}", name.name)),
                _ => None,
            };
            (names, None, fields)
        }
    }
}

/// The kinds of the objects that lie between the named objects and their Pods and that are shown too.
///
/// A custom resource may own objects of any kind. Its Jobs are shown; objects of other kinds are only used to find its Pods.
fn intermediate_kinds(roots: &[Root]) -> Vec<(Kind, Need)> {
    let mut kinds: Vec<(Kind, Need)> = Vec::new();
    for root in roots {
        let Some(between) = intermediate_kind(&root.kind) else { continue };
        match kinds.iter_mut().find(|(kind, _)| *kind == between.0) {
            Some((_, need)) if between.1 == Need::Required => *need = Need::Required,
            Some(_) => {}
            None => kinds.push(between),
        }
    }
    kinds
}

/// Returns the selector `LABEL=NAME` or `LABEL in (NAME,NAME)`. Without names, or if the selector would be too long, the
/// selector matches every value of the label.
fn name_selector<'a>(label: &str, names: impl Iterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.map(|name| name.name.as_str()).collect();
    let selector = match names.as_slice() {
        [] => label.to_owned(),
        [name] => format!("{label}={name}"),
        several => format!("{label} in ({})", several.join(",")),
    };
    if selector.len() > MAX_SELECTOR_BYTES { label.to_owned() } else { selector }
}

/// Returns the label selector of the Pods, and whether the selector of the named workload narrows them further once the
/// workload has been read.
fn pod_label_selector(roots: &[Root]) -> (Option<String>, bool) {
    let owners = || roots.iter().filter(|root| root.kind != Kind::POD);
    if owners().all(|root| kind_rules::pod_labels(&root.kind) == PodLabels::JobName) {
        // A root without names means all Jobs.
        let includes_all = owners().any(|root| root.names.is_empty());
        let names = owners().filter(|_| !includes_all).flat_map(|root| &root.names);
        return (Some(name_selector("job-name", names)), false);
    }
    let have_job_name = |root: &Root| {
        matches!(kind_rules::pod_labels(&root.kind), PodLabels::JobName | PodLabels::NameOfOwnedJob)
    };
    if owners().all(have_job_name) {
        return (Some("job-name".to_owned()), false);
    }
    let is_single = roots.len() == 1 && roots.iter().all(|root| root.names.len() == 1);
    let have_selector = |root: &Root| kind_rules::pod_labels(&root.kind) == PodLabels::Selector;
    (custom_label_selector(roots), is_single && roots.iter().all(have_selector))
}

/// The label selector of all objects of a custom resource, if its controller labels them with its name.
fn custom_label_selector(roots: &[Root]) -> Option<String> {
    let [Root { kind: Kind::Custom(resource), names }] = roots else { return None };
    let label = match (resource.group.as_str(), resource.kind.as_str()) {
        ("jobset.x-k8s.io", "JobSet") => "jobset.sigs.k8s.io/jobset-name",
        ("argoproj.io", "Workflow") => "workflows.argoproj.io/workflow",
        ("kubeflow.org", kind) if kind.ends_with("Job") => "training.kubeflow.org/job-name",
        _ => return None,
    };
    Some(name_selector(label, names.iter()))
}

/// The field selector of the Events, if the named objects are Pods only.
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
