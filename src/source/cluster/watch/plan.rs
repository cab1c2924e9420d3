//! Which collections are listed and watched for what the user named: one of each resource and place, narrowed by
//! selectors where these leave nothing out.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};

use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::watch::collection_watcher::{Need, Reflector, Signal};
use crate::source::cluster::watch::kind_rules::{self, PodLabels, intermediate_kind};
use crate::source::cluster::watch::owners::Owners;
use crate::source::cluster::watch::ownership::{Relevance, Role, Root};
use crate::source::cluster::watch::resource_versions::ResourceVersions;
use crate::source::cluster::watch::target::{Name, Objects, Scope, Target};
use crate::source::error::{ErrorKind, SourceError};

/// Longest label selector that goes into an address without a thought.
const LONGEST_SELECTOR: usize = 4000;

/// The reflectors of a selection, while they are being put together.
pub(crate) struct Plan<'a> {
    cluster: &'a Cluster,
    watch: bool,
    since: ResourceVersions,
    owners: Arc<Owners>,
    recovered: Arc<Notify>,
    updates: &'a mpsc::Sender<Update>,
    signals: &'a mpsc::UnboundedSender<Signal>,
    pub(crate) reflectors: Vec<Reflector>,
}

/// A collection that is to be read.
struct Collection {
    query: Query,
    role: Role,
    need: Need,
    narrows: bool,
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
        let owners = Arc::new(Owners::new(cluster.clone()));
        let recovered = Arc::default();
        Self { cluster, watch, since, owners, recovered, updates, signals, reflectors: Vec::new() }
    }

    /// Plans for all that was named, place by place.
    pub(crate) fn targets(&mut self, targets: Vec<Target>) -> Result<(), SourceError> {
        let mut places: Vec<(Option<String>, Vec<Target>)> = Vec::new();
        for target in merged(targets) {
            let namespace = match &target.scope {
                Scope::Namespace(namespace) if target.resource.namespaced => Some(namespace.clone()),
                _ => None,
            };
            if matches!((&target.objects, &target.scope), (Objects::Named(_), Scope::All)) {
                return Err(SourceError::new(
                    ErrorKind::Usage,
                    "a resource cannot be retrieved by name across all namespaces",
                )
                .hint("Give `-n NAMESPACE` instead of `-A`."));
            }
            match places.iter_mut().find(|(place, _)| *place == namespace) {
                Some((_, there)) => there.push(target),
                None => places.push((namespace, vec![target])),
            }
        }
        for (namespace, targets) in places {
            self.place(namespace.as_deref(), targets);
        }
        Ok(())
    }

    /// What was named in one place, what lies between it and its Pods, its Pods, the Events of all.
    fn place(&mut self, namespace: Option<&str>, targets: Vec<Target>) {
        let mut roots = Vec::new();
        let mut narrowed = Vec::new();
        for Target { resource, objects, .. } in targets {
            let (names, labels, fields) = narrow(objects);
            let all = names.is_empty() && labels.is_none() && fields.is_none();
            let kind = Kind::from_resource(&resource);
            narrowed.push((resource, kind.clone(), labels, fields, all));
            roots.push(Root { kind, names });
        }
        // A collection that is read as a whole for its own sake tells what belongs to others too.
        let whole = |kind: &Kind| narrowed.iter().any(|(_, root, .., all)| *all && root == kind);
        let between: Vec<(Kind, Need)> =
            between(&roots).into_iter().filter(|(kind, _)| !whole(kind)).collect();
        let pods = roots.iter().any(|root| root.kind != Kind::POD) && !whole(&Kind::POD);
        let (pod_labels, narrows) = pod_labels(&roots);
        let about = about(&roots);
        let child_labels = custom_labels(&roots);
        let kinds = between.iter().map(|(kind, _)| kind.clone()).collect();
        let relevance = Arc::new(Relevance::new(roots, kinds, self.watch));
        let query =
            |kind, labels, fields| Query { kind, namespace: namespace.map(str::to_owned), labels, fields };

        let mut through = Vec::new();
        for (place, (resource, kind, labels, fields, _)) in narrowed.into_iter().enumerate() {
            let collection = Collection {
                query: query(kind, labels, fields),
                role: Role::Root(place),
                need: Need::Required,
                narrows: false,
                named: Some(resource.name()),
                after: Vec::new(),
            };
            through.push(self.add(collection, &relevance));
        }
        for (kind, need) in between {
            let query = query(kind, child_labels.clone(), None);
            let after = through.clone();
            let collection =
                Collection { query, role: Role::Child, need, narrows: false, named: None, after };
            let read = self.add(collection, &relevance);
            through.push(read);
        }
        if pods {
            let query = query(Kind::POD, pod_labels, None);
            let (role, need, after) = (Role::Child, Need::Required, through.clone());
            // Events that came late may be of Pods that are gone: names tell, so they need not await the Pods.
            self.add(Collection { query, role, need, narrows, named: None, after }, &relevance);
        }
        let query = query(Kind::EVENT, None, about);
        let (role, need) = (Role::Child, Need::Optional);
        self.add(Collection { query, role, need, narrows: false, named: None, after: through }, &relevance);
    }

    fn add(&mut self, collection: Collection, relevance: &Arc<Relevance>) -> watch::Receiver<bool> {
        let Collection { query, role, need, narrows, named, after } = collection;
        let (through, is_through) = watch::channel(false);
        self.reflectors.push(Reflector {
            id: self.reflectors.len(),
            cluster: self.cluster.clone(),
            since: self.since.0.get(&query.kind).filter(|_| self.watch).cloned(),
            query,
            need,
            watch: self.watch,
            relevance: Arc::clone(relevance),
            role,
            narrows,
            owners: Arc::clone(&self.owners),
            named,
            after,
            through,
            recovered: Arc::clone(&self.recovered),
            updates: self.updates.clone(),
            signals: self.signals.clone(),
        });
        is_through
    }
}

/// Names of one type in one place are asked for together.
fn merged(targets: Vec<Target>) -> Vec<Target> {
    let mut merged: Vec<Target> = Vec::new();
    for target in targets {
        let same = merged.iter_mut().find(|other| {
            other.resource == target.resource
                && other.scope == target.scope
                && matches!(other.objects, Objects::Named(_))
        });
        match (same, target.objects) {
            (Some(Target { objects: Objects::Named(names), .. }), Objects::Named(more)) => {
                for name in more {
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

/// What narrows a collection to those objects: names to hold on to, label selector, field selector.
fn narrow(objects: Objects) -> (Vec<Name>, Option<String>, Option<String>) {
    match objects {
        Objects::Matching { labels, fields } => (Vec::new(), labels, fields),
        Objects::Named(names) => {
            // No selector says "one of these names".
            let fields = match names.as_slice() {
                [name] => Some(format!("metadata.name={}", name.name)),
                _ => None,
            };
            (names, None, fields)
        }
    }
}

/// The kinds that are shown between what was named and its Pods. Of a custom resource nobody knows what it owns: its
/// Jobs are looked for, whatever else there is only leads to its Pods.
fn between(roots: &[Root]) -> Vec<(Kind, Need)> {
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

/// `label=NAME`, `label in (NAME,NAME)`, or any value.
fn with_label<'a>(label: &str, names: impl Iterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.map(|name| name.name.as_str()).collect();
    let selector = match names.as_slice() {
        [] => label.to_owned(),
        [name] => format!("{label}={name}"),
        many => format!("{label} in ({})", many.join(",")),
    };
    if selector.len() > LONGEST_SELECTOR { label.to_owned() } else { selector }
}

/// What narrows the Pods, and whether what was named will tell more.
fn pod_labels(roots: &[Root]) -> (Option<String>, bool) {
    let owners = || roots.iter().filter(|root| root.kind != Kind::POD);
    if owners().all(|root| kind_rules::pod_labels(&root.kind) == PodLabels::JobName) {
        // One of the roots may stand for all Jobs.
        let any = owners().any(|root| root.names.is_empty());
        let names = owners().filter(|_| !any).flat_map(|root| &root.names);
        return (Some(with_label("job-name", names)), false);
    }
    let have_job_name = |root: &Root| {
        matches!(kind_rules::pod_labels(&root.kind), PodLabels::JobName | PodLabels::NameOfOwnedJob)
    };
    if owners().all(have_job_name) {
        return (Some("job-name".to_owned()), false);
    }
    let one = roots.len() == 1 && roots.iter().all(|root| root.names.len() == 1);
    let have_selector = |root: &Root| kind_rules::pod_labels(&root.kind) == PodLabels::Selector;
    (custom_labels(roots), one && roots.iter().all(have_selector))
}

/// What narrows all that belongs to a custom resource, if its type puts its name on it.
fn custom_labels(roots: &[Root]) -> Option<String> {
    let [Root { kind: Kind::Custom(resource), names }] = roots else { return None };
    let label = match (resource.group.as_str(), resource.kind.as_str()) {
        ("jobset.x-k8s.io", "JobSet") => "jobset.sigs.k8s.io/jobset-name",
        ("argoproj.io", "Workflow") => "workflows.argoproj.io/workflow",
        ("kubeflow.org", kind) if kind.ends_with("Job") => "training.kubeflow.org/job-name",
        _ => return None,
    };
    Some(with_label(label, names.iter()))
}

/// What Events are about, where the server can tell.
fn about(roots: &[Root]) -> Option<String> {
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
