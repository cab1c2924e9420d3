//! The timeline: everything that was observed, and the workloads and Pods derived from it.

use jiff::Timestamp;

use crate::lifecycle::{Explanation, PhaseSpan};
use crate::observation::{JobSpec, Outage, Unwatched};
use crate::timeline::pods::attempt_numbers::AttemptNumbers;
use crate::timeline::pods::image_digests::ImageDigests;
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::{PodIdentity, PodKey, TimelinePod};
use crate::timeline::pods::pod_store::PodStore;
use crate::timeline::queue::records::QueueRecords;
use crate::timeline::workloads::owner_records::OwnerRecords;
use crate::timeline::workloads::tree::WorkloadTree;
use crate::timeline::workloads::workload::Workload;

/// Everything that was observed. [`Timeline::apply`] adds an observation, and [`Timeline::recompute`] updates the
/// workloads and Pods. All other methods read the result of the last recomputation.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The observed Pods.
    pub(crate) store: PodStore,
    pub(crate) image_digests: ImageDigests,
    /// The observed owners of Pods.
    pub(crate) owners: OwnerRecords,
    /// The observed places of workloads in queues.
    pub(crate) queues: QueueRecords,
    /// The workloads that the last recomputation derived.
    pub(crate) tree: WorkloadTree,
    pub(crate) attempts: AttemptNumbers,
    /// Indexes of workloads that must be updated.
    pub(crate) stale_workloads: Vec<usize>,
    /// Whether all workloads must be grouped again.
    pub(crate) must_regroup: bool,
    /// Grows with each recomputation that may have changed something.
    pub(crate) revision: u64,
    /// When the first observation was received.
    pub(crate) first_received: Option<Timestamp>,
    /// When the latest observation was received.
    pub(crate) last_received: Option<Timestamp>,
    /// The times of the latest new list of Pods, by namespace. `None` stands for all namespaces.
    pub(crate) pod_lists: Vec<(Option<String>, Timestamp)>,
    /// The collections that the source cannot read at the moment.
    pub(crate) outages: Vec<Outage>,
    /// The times in which nobody watched the objects, in the order of their observation.
    pub(crate) unwatched: Vec<Unwatched>,
    /// Whether the outages have changed since the last recomputation.
    pub(crate) have_outages_changed: bool,
}

/// The Pods and workloads that a recomputation may have changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Pods that may have changed.
    pub pods: Vec<PodKey>,
    /// Whether a workload may have changed.
    pub workloads_changed: bool,
}

impl Timeline {
    /// The workloads in the order of the tree: each workload is followed by the workloads below it. Siblings are sorted
    /// by creation, namespace and name.
    pub fn workloads(&self) -> &[Workload] {
        &self.tree.workloads
    }

    /// The workloads that have no workload above them. Their states determine the exit code.
    pub fn roots(&self) -> impl Iterator<Item = &Workload> {
        self.tree.roots()
    }

    /// The workload with this uid, followed by the workloads below it. Empty if no workload has this uid.
    pub(crate) fn subtree(&self, uid: &str) -> &[Workload] {
        self.tree.subtree(uid)
    }

    /// The workload directly above `workload`. `None` if no workload is above it, or if it is not followed.
    pub(crate) fn parent(&self, workload: &Workload) -> Option<&Workload> {
        let parent = workload.parent.as_ref()?;
        self.workloads().iter().find(|other| other.uid == parent.uid)
    }

    /// The index of the workload directly above the workload with this index.
    pub(crate) fn parent_index(&self, index: usize) -> Option<usize> {
        self.tree.parent(index)
    }

    /// The workloads directly below `workload`.
    pub fn children(&self, workload: &Workload) -> impl Iterator<Item = &Workload> {
        self.tree.children(workload)
    }

    /// Whether another workload is below `workload`.
    pub fn has_children(&self, workload: &Workload) -> bool {
        self.tree.has_children(workload)
    }

    /// The number of available Pods of a rollout's newest revision, as its status reports them. `None` if the
    /// workload is not a rollout.
    pub(crate) fn available_pods(&self, workload: &Workload) -> Option<u32> {
        self.owners.available_pods(&workload.uid)
    }

    /// The latest observed desired state of a Job; `None` for another workload, and for a Job that was not observed.
    pub(crate) fn job_spec(&self, workload: &Workload) -> Option<&JobSpec> {
        self.owners.job(&workload.uid).map(|record| &record.job().spec)
    }

    /// The resources that a Pod requests, each with its amount in the unit of the resource.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn pod_requests(&self, key: PodKey) -> impl Iterator<Item = (&str, f64)> {
        self.store.record(key).requests.iter().flat_map(|requests| requests.iter())
    }

    /// The generation of a workload, which grows with each change of its desired state. `None` for a Job and a Pod.
    pub(crate) fn generation(&self, workload: &Workload) -> Option<i64> {
        self.owners.generation(&workload.uid)
    }

    /// All workloads except the revisions of rollouts, such as the ReplicaSets of a Deployment.
    pub(crate) fn workloads_without_revisions(&self) -> impl Iterator<Item = &Workload> {
        let is_revision = |&(index, _): &(usize, &Workload)| self.rollout_above(index).is_some();
        let workloads = self.tree.workloads.iter().enumerate();
        workloads.filter(move |workload| !is_revision(workload)).map(|(_, workload)| workload)
    }

    /// The rollout above a revision; `None` if the workload with this index is not the revision of a rollout.
    pub(crate) fn rollout_above(&self, index: usize) -> Option<&Workload> {
        let above = self.tree.workload_above(index)?;
        (above.is_rollout && self.tree.workloads[index].is_rollout).then_some(above)
    }

    /// The workload that a Pod belongs to, or the rollout above it if that workload is the revision of a rollout.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn workload_or_rollout_of(&self, key: PodKey) -> Option<&Workload> {
        let index = self.store.record(key).workload_index()?;
        self.rollout_above(index).or_else(|| self.tree.workloads.get(index))
    }

    /// The workload that a Pod belongs to: the nearest workload above the Pod.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub fn workload_of(&self, key: PodKey) -> Option<&Workload> {
        self.tree.workloads.get(self.store.record(key).workload_index()?)
    }

    /// A Pod with its life. For an ended Pod, the call takes a microsecond or two, because the life is derived on
    /// request.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub fn pod(&self, key: PodKey) -> TimelinePod<'_> {
        self.store.pod(key)
    }

    /// The Pods of a workload with their lives, by creation, then name.
    pub fn pods(&self, workload: &Workload) -> impl ExactSizeIterator<Item = (PodKey, TimelinePod<'_>)> {
        workload.pods.iter().map(|&key| (key, self.pod(key)))
    }

    /// The Pods of a workload and of all workloads below it, by creation, then name.
    pub fn pods_below(&self, workload: &Workload) -> Vec<PodKey> {
        let mut pods = workload.pods.clone();
        if self.has_children(workload) {
            for child in self.children(workload) {
                pods.append(&mut self.pods_below(child));
            }
            self.store.sort(&mut pods);
        }
        pods
    }

    /// Whether a workload above this one, other than a CronJob, may run the work of this one again after a failure.
    pub(crate) fn is_run_again_from_above(&self, workload: &Workload) -> bool {
        let index = self.owners.index_of(&workload.uid);
        let above = index.and_then(|index| self.tree.workload_above(index));
        above.is_some_and(|above| &*above.kind != "CronJob")
    }

    /// The number of observed Pods.
    pub fn pod_count(&self) -> usize {
        self.store.len()
    }

    /// The identity of a Pod. Needs only a look-up, so loops over all Pods may call it.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub fn identity(&self, key: PodKey) -> &PodIdentity {
        &self.store.record(key).identity
    }

    /// The outcome and the main times of a Pod. Needs only a look-up, so loops over all Pods may call it.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub fn overview(&self, key: PodKey) -> &PodOverview {
        &self.store.record(key).overview
    }

    /// The overviews of a workload's Pods, by creation, then name.
    pub fn overviews(&self, workload: &Workload) -> impl ExactSizeIterator<Item = (PodKey, &PodOverview)> {
        workload.pods.iter().map(|&key| (key, self.overview(key)))
    }

    /// Calls `visit` with each phase of a Pod, without reasons and containers. Loops over all Pods may call this
    /// function, because it does not derive the life.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub fn for_each_span(&self, key: PodKey, visit: impl FnMut(PhaseSpan)) {
        self.store.for_each_span(key, visit);
    }

    /// The evidence of each boundary in the life of a Pod. The evidence is derived on each call, so call
    /// this only for Pods that are shown.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub fn explain(&self, key: PodKey) -> Explanation {
        self.store.explain(key)
    }

    /// Whether neither a workload nor a Pod was observed.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty() && self.store.len() == 0
    }

    /// All Pods and workloads, as if all of them had changed.
    pub fn all_as_changes(&self) -> Changes {
        let pods = self.workloads().iter().flat_map(|workload| workload.pods.iter().copied()).collect();
        Changes { pods, workloads_changed: true }
    }

    /// When the latest observation was received.
    pub fn last_received(&self) -> Option<Timestamp> {
        self.last_received
    }

    /// Stores the collections that the source cannot read at the moment.
    pub(crate) fn set_outages(&mut self, outages: Vec<Outage>) {
        self.have_outages_changed |= self.outages != outages;
        self.outages = outages;
    }

    /// The collections that the source cannot read at the moment.
    pub fn outages(&self) -> &[Outage] {
        &self.outages
    }

    /// Stores a time in which nobody watched the objects.
    pub(crate) fn add_unwatched(&mut self, unwatched: Unwatched) {
        self.last_received = self.last_received.max(Some(unwatched.until));
        self.have_outages_changed = true;
        self.unwatched.push(unwatched);
    }

    /// The times in which nobody watched a workload, except those before its creation or after its end.
    pub fn unwatched_times<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Unwatched> {
        self.unwatched.iter().filter(|unwatched| {
            workload.created.is_none_or(|created| created < unwatched.until)
                && workload.finished.is_none_or(|finished| unwatched.since < finished)
        })
    }

    /// The outages of the collections that a workload depends on: its own kind, its Pods, their Events, and the kind
    /// between the workload and its Pods.
    pub fn outages_of<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Outage> {
        self.outages.iter().filter(|outage| {
            let in_namespace =
                outage.namespace.as_deref().is_none_or(|namespace| namespace == &*workload.namespace);
            let is_below = match (&*workload.kind, outage.kind.as_str()) {
                ("Job" | "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Pod", "Job") => false,
                // CronJobs and custom resources run their Pods in Jobs.
                (_, "Pod" | "Event" | "Job") | ("Deployment", "ReplicaSet") => true,
                (_, _) => false,
            };
            in_namespace && (is_below || *outage.kind == *workload.kind)
        })
    }

    /// A number that grows with each recomputation that may have changed something.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Creates a timeline from workloads and the lives of their Pods, without evidence.
    #[cfg(test)]
    pub(crate) fn from_parts(pods: Vec<TimelinePod<'static>>, workloads: Vec<Workload>) -> Self {
        let mut store = PodStore::from_pods(pods);
        for (index, workload) in workloads.iter().enumerate() {
            workload.pods.iter().for_each(|key| store.record_mut(*key).set_workload(index));
        }
        Self { store, tree: WorkloadTree::from_workloads(workloads), ..Self::default() }
    }
}
