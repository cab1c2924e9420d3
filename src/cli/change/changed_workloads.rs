//! Chooses which of the objects that a kubectl command has changed are followed, and builds the command that shows
//! these objects again.

use crate::app::exit::RunError;
use crate::app::reporter::progress_bar::{ProgressBar, Step};
use crate::app::resume_command::ResumeCommand;
use crate::cli::args::connection::ConnectionArgs;
use crate::observation::{BuiltInKind, is_valid_name, reports_its_end};
use crate::source::cluster::{self, Cluster, Name, NamespaceScope, Need, Objects, Resource, Target};
use crate::source::kubectl::ChangedObject;

/// A changed object that is followed, with its type.
#[derive(Debug)]
pub(crate) struct ChangedWorkload<'a> {
    pub(crate) object: &'a ChangedObject,
    resource: Resource,
}

impl ChangedWorkload<'_> {
    /// Returns the target that selects exactly this object, by its name and uid. A later object with the same name is
    /// not selected.
    pub(crate) fn target(&self) -> Target {
        let name = Name { name: self.object.name.clone(), uid: Some(self.object.uid.clone()) };
        Target {
            resource: self.resource.clone(),
            scope: NamespaceScope::Namespace(self.object.namespace.clone()),
            objects: Objects::Named(vec![name]),
            need: Need::Required,
        }
    }
}

/// Returns the objects that are followed. `bar` shows how many objects have been looked up.
pub(crate) async fn find_workloads<'a>(
    cluster: &Cluster,
    objects: &'a [ChangedObject],
    bar: &mut ProgressBar,
) -> Result<Vec<ChangedWorkload<'a>>, RunError> {
    let mut workloads = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        bar.set_step(Some(Step::new("looking up the objects", index, Some(objects.len()))));
        if let Some(resource) = resolve_followed_type(cluster, object).await? {
            workloads.push(ChangedWorkload { object, resource });
        }
    }
    Ok(workloads)
}

/// Returns the type of a changed object, or `None` if objects of that type are not followed.
///
/// Custom resources are followed only if their types are known to run Pods to an end, because waiting for the Pods of
/// other types might never end.
async fn resolve_followed_type(
    cluster: &Cluster,
    object: &ChangedObject,
) -> Result<Option<Resource>, RunError> {
    let (group, version) = object.api_version.rsplit_once('/').unwrap_or(("", &object.api_version));
    let kind = object.kind.as_str();
    let is_followed = match (built_in_kind(object), group) {
        (Some(kind), _) => work_duration(kind) == WorkDuration::Finite,
        (None, group) => reports_its_end(group, kind),
    };
    if !is_followed {
        return Ok(None);
    }
    let word =
        if group.is_empty() { format!("{kind}.{version}") } else { format!("{kind}.{version}.{group}") };
    let named = cluster::resolve(cluster, &[word]).await?;
    Ok(named.into_iter().next().map(|named| named.resource))
}

/// Returns the kind of a changed object, if it is in the table of kinds.
fn built_in_kind(object: &ChangedObject) -> Option<BuiltInKind> {
    let is_same = |kind: &&BuiltInKind| {
        kind.info().name == object.kind && kind.info().api_version == object.api_version
    };
    BuiltInKind::ALL.iter().find(is_same).copied()
}

/// How long an object creates Pods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WorkDuration {
    /// Until the Pods have ended or the rollout is complete.
    Finite,
    /// As long as the object exists.
    Endless,
    /// The object has no Pods.
    NoPods,
}

fn work_duration(kind: BuiltInKind) -> WorkDuration {
    match kind {
        BuiltInKind::Job
        | BuiltInKind::Deployment
        | BuiltInKind::ReplicaSet
        | BuiltInKind::StatefulSet
        | BuiltInKind::DaemonSet
        | BuiltInKind::Pod => WorkDuration::Finite,
        BuiltInKind::CronJob => WorkDuration::Endless,
        BuiltInKind::Event => WorkDuration::NoPods,
    }
}

/// Whether objects of this kind run Pods.
pub(crate) fn runs_pods(kind: BuiltInKind) -> bool {
    work_duration(kind) != WorkDuration::NoPods
}

/// Whether the object runs Pods again and again, as long as the object exists.
pub(crate) fn is_endless(object: &ChangedObject) -> bool {
    built_in_kind(object).is_some_and(|kind| work_duration(kind) == WorkDuration::Endless)
}

/// Returns the command that shows the workloads again. Returns `None` if Kubernetes allows no such name, or if the workloads
/// are in several namespaces, because no single command shows workloads of several namespaces by name. `default` is the namespace of a command
/// without `-n`.
pub(crate) fn resume_command(
    workloads: &[ChangedWorkload<'_>],
    connection: &ConnectionArgs,
    default: &str,
) -> Option<ResumeCommand> {
    let mut words = vec!["kubectl seq get".to_owned()];
    let mut namespaces = Vec::new();
    for ChangedWorkload { object, .. } in workloads {
        if !is_valid_name(&object.name) || !is_valid_name(&object.namespace) {
            return None;
        }
        words.push(format!("{}/{}", object.kind.to_lowercase(), object.name));
        namespaces.push(object.namespace.as_str());
    }
    namespaces.dedup();
    match namespaces.as_slice() {
        [only] if *only == default => {}
        [only] if connection.namespace().is_none() => words.push(format!("-n {only}")),
        [_] => {}
        _ => return None,
    }
    words.extend(connection.display_flags());
    Some(ResumeCommand::ShowObjects(words.join(" ")))
}
