//! What the user named, and the feed of its observations.
//!
//! A target is followed by a few [`Reflector`]s, all under way at once: the workload itself, its Pods, their Events.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::connect::Cluster;
use super::decode::Kind;
use super::discovery::Resource;
use super::errors::explain;
use super::reflect::{Need, Reflector, Signal};
use super::relevance::{Relevance, Workloads};
use super::wire::Query;
use crate::source::{ErrorKind, Feed, Progress, SourceError, Update};

/// Updates that wait for the model at most.
const WAITING: usize = 16;

/// A failure that lasts longer is told.
const MOMENT: Duration = Duration::from_secs(2);

/// Longest label selector that goes into an address without a thought.
const LONGEST_SELECTOR: usize = 4000;

/// What the user named.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Each is found by itself.
    pub targets: Vec<Target>,
    /// Versions from before something was changed (`apply`): what happened since is told even of objects that are
    /// gone by now, and an object that is not there is no error.
    pub since: Option<ResourceVersions>,
}

/// Objects of one type in one place.
#[derive(Clone, Debug)]
pub struct Target {
    /// The type.
    pub resource: Resource,
    /// Where.
    pub scope: Scope,
    /// Which.
    pub objects: Objects,
}

/// Where objects are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One namespace.
    Namespace(String),
    /// All of them (`-A`).
    All,
}

/// Which objects are meant.
#[derive(Clone, Debug)]
pub enum Objects {
    /// These; each must be there.
    Named(Vec<Name>),
    /// All that match; none is no error.
    Matching {
        /// `-l`, as typed; the server judges it.
        labels: Option<String>,
        /// `--field-selector`, as typed.
        fields: Option<String>,
    },
}

/// The name of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Name.
    pub name: String,
    /// Exactly this object; without it, the first of that name.
    pub uid: Option<String>,
}

/// How far each collection was at some moment.
#[derive(Clone, Debug, Default)]
pub struct ResourceVersions(HashMap<Kind, String>);

/// Asks how far Jobs, Pods and Events are, so that a later [`open`] can tell what has happened since.
///
/// # Errors
///
/// As a first list of Jobs or Pods; Events are left out if they may not be listed.
pub async fn resource_versions(cluster: &Cluster, namespace: &str) -> Result<ResourceVersions, SourceError> {
    let ask = async |kind: Kind| {
        let query = Query { kind, namespace: Some(namespace.to_owned()), labels: None, fields: None };
        let version = cluster.version(&query).await;
        version.map_err(|failure| explain(&failure, &query.asked(), &cluster.place()))
    };
    let (jobs, pods, events) = tokio::join!(ask(Kind::Job), ask(Kind::Pod), ask(Kind::Event));
    let mut versions = HashMap::from([(Kind::Job, jobs?), (Kind::Pod, pods?)]);
    versions.extend(events.ok().map(|version| (Kind::Event, version)));
    Ok(ResourceVersions(versions))
}

/// Starts to list what was named, its Pods and their Events, and with `watch` to follow them.
///
/// Everything is asked for at once. The feed tells workloads, then their Pods, then Events as they come, then
/// [`Update::Synced`]; without `watch` it ends there. It must be called within a runtime.
pub fn open(cluster: &Cluster, selection: Selection, watch: bool) -> Feed {
    let (updates, receiver) = mpsc::channel(WAITING);
    let feed = Feed { updates: receiver, clock: cluster.clock.clone() };
    let (signals, heard) = mpsc::unbounded_channel();
    let mut plan = Plan {
        cluster,
        watch,
        since: selection.since.unwrap_or_default(),
        recovered: Arc::default(),
        updates: &updates,
        signals: &signals,
        reflectors: Vec::new(),
    };
    let planned = merged(selection.targets).into_iter().try_for_each(|target| plan.target(target));
    let reflectors = plan.reflectors;
    tokio::spawn(async move {
        match planned {
            Ok(()) => supervise(reflectors, updates, heard, watch).await,
            Err(error) => {
                let _ = updates.send(Update::Failed(error)).await;
            }
        }
    });
    feed
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

/// The reflectors of a selection, while they are being put together.
struct Plan<'a> {
    cluster: &'a Cluster,
    watch: bool,
    since: ResourceVersions,
    recovered: Arc<Notify>,
    updates: &'a mpsc::Sender<Update>,
    signals: &'a mpsc::UnboundedSender<Signal>,
    reflectors: Vec<Reflector>,
}

impl Plan<'_> {
    fn target(&mut self, target: Target) -> Result<(), SourceError> {
        let Target { resource, scope, objects } = target;
        let namespace = match scope {
            Scope::Namespace(namespace) => Some(namespace),
            Scope::All => None,
        };
        if namespace.is_none() && matches!(objects, Objects::Named(_)) {
            return Err(SourceError::new(
                ErrorKind::Usage,
                "a resource cannot be retrieved by name across all namespaces",
            )
            .hint("Give `-n NAMESPACE` instead of `-A`."));
        }
        match (resource.group.as_str(), resource.kind.as_str()) {
            ("batch", "Job") => self.jobs(&resource, namespace.as_deref(), objects),
            ("", "Pod") => self.pods(&resource, namespace.as_deref(), objects),
            _ => {
                return Err(SourceError::new(
                    ErrorKind::Usage,
                    format!("{} cannot be shown yet, only Jobs and Pods", resource.plural),
                )
                .hint("Show their Pods instead, with `kubectl seq get pods -l SELECTOR`."));
            }
        }
        Ok(())
    }

    /// Jobs, their Pods, the Events of both.
    fn jobs(&mut self, resource: &Resource, namespace: Option<&str>, objects: Objects) {
        let (names, labels, fields) = narrowed(objects);
        let pod_labels = match names.as_slice() {
            [] => "job-name".to_owned(),
            [name] => format!("job-name={}", name.name),
            many => {
                let names: Vec<&str> = many.iter().map(|name| name.name.as_str()).collect();
                format!("job-name in ({})", names.join(","))
            }
        };
        let pod_labels = if pod_labels.len() > LONGEST_SELECTOR { "job-name".to_owned() } else { pod_labels };
        let relevance = Arc::new(Relevance::new(Workloads::Jobs, names, self.watch));
        let query =
            |kind, labels, fields| Query { kind, namespace: namespace.map(str::to_owned), labels, fields };
        let jobs = self.add(query(Kind::Job, labels, fields), &relevance, Need::Required, Vec::new());
        self.name_last(resource);
        let pods = self.add(
            query(Kind::Pod, Some(pod_labels), None),
            &relevance,
            Need::Required,
            vec![jobs.clone()],
        );
        // Events that came late may be of Pods that are gone: names tell, so the list of Pods need not be awaited.
        drop(pods);
        self.add(query(Kind::Event, None, None), &relevance, Need::Optional, vec![jobs]);
    }

    /// Pods by themselves, and their Events.
    fn pods(&mut self, resource: &Resource, namespace: Option<&str>, objects: Objects) {
        let (names, labels, fields) = narrowed(objects);
        let about = match names.as_slice() {
            [name] => format!("involvedObject.kind=Pod,involvedObject.name={}", name.name),
            _ => "involvedObject.kind=Pod".to_owned(),
        };
        let relevance = Arc::new(Relevance::new(Workloads::Pods, names, self.watch));
        let query =
            |kind, labels, fields| Query { kind, namespace: namespace.map(str::to_owned), labels, fields };
        let pods = self.add(query(Kind::Pod, labels, fields), &relevance, Need::Required, Vec::new());
        self.name_last(resource);
        self.add(query(Kind::Event, None, Some(about)), &relevance, Need::Optional, vec![pods]);
    }

    /// The last reflector's objects are those that the user named.
    fn name_last(&mut self, resource: &Resource) {
        if let Some(last) = self.reflectors.last_mut() {
            last.named = Some(resource.name());
        }
    }

    fn add(
        &mut self,
        query: Query,
        relevance: &Arc<Relevance>,
        need: Need,
        after: Vec<watch::Receiver<bool>>,
    ) -> watch::Receiver<bool> {
        let (through, is_through) = watch::channel(false);
        self.reflectors.push(Reflector {
            id: self.reflectors.len(),
            cluster: self.cluster.clone(),
            since: self.since.0.get(&query.kind).filter(|_| self.watch).cloned(),
            query,
            need,
            watch: self.watch,
            relevance: Arc::clone(relevance),
            named: None,
            after,
            through,
            recovered: Arc::clone(&self.recovered),
            updates: self.updates.clone(),
            signals: self.signals.clone(),
        });
        is_through
    }
}

/// What narrows a collection to those objects: names to hold on to, label selector, field selector.
fn narrowed(objects: Objects) -> (Vec<Name>, Option<String>, Option<String>) {
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

/// Runs the reflectors until all lists are through, one cannot go on, or nobody listens any more.
async fn supervise(
    reflectors: Vec<Reflector>,
    updates: mpsc::Sender<Update>,
    mut signals: mpsc::UnboundedReceiver<Signal>,
    watch: bool,
) {
    let mut unlisted = reflectors.len();
    let mut tasks = JoinSet::new();
    for reflector in reflectors {
        tasks.spawn(reflector.run());
    }
    let _ = updates.send(Update::Progress(Progress::Connecting)).await;
    let mut health = Health::default();
    if unlisted == 0 {
        let _ = updates.send(Update::Synced).await;
    }
    loop {
        if unlisted == 0 && !watch {
            return;
        }
        tokio::select! {
            biased;
            () = updates.closed() => return,
            Some(signal) = signals.recv() => match signal {
                Signal::Listed => {
                    unlisted -= 1;
                    if unlisted == 0 {
                        let _ = updates.send(Update::Synced).await;
                    }
                }
                Signal::Failing(id, why) => health.failing(id, why),
                Signal::Healthy(id) => {
                    if health.healthy(id) {
                        let _ = updates.send(Update::Restored).await;
                    }
                }
            },
            () = health.moment() => {
                if let Some(why) = health.lost() {
                    let _ = updates.send(Update::Lost(why)).await;
                }
            }
            Some(ended) = tasks.join_next() => match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    let _ = updates.send(Update::Failed(error)).await;
                    return;
                }
                Err(error) => {
                    if error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
            },
        }
    }
}

/// Which reflectors cannot ask, and whether the user has been told.
#[derive(Debug, Default)]
struct Health {
    failing: HashMap<usize, (Instant, String)>,
    told: bool,
}

impl Health {
    fn failing(&mut self, id: usize, why: String) {
        let since = self.failing.get(&id).map_or_else(Instant::now, |(since, _)| *since);
        self.failing.insert(id, (since, why));
    }

    /// Whether that ends what the user was told.
    fn healthy(&mut self, id: usize) -> bool {
        self.failing.remove(&id);
        self.failing.is_empty() && std::mem::take(&mut self.told)
    }

    /// Waits until a failure has lasted long enough to be told.
    async fn moment(&self) {
        match self.failing.values().map(|(since, _)| *since).min() {
            Some(since) if !self.told => sleep_until(since + MOMENT).await,
            _ => std::future::pending().await,
        }
    }

    fn lost(&mut self) -> Option<String> {
        self.told = true;
        self.failing.values().min_by_key(|(since, _)| *since).map(|(_, why)| why.clone())
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
