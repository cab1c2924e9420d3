//! Adds the Pods that no longer exist but that Events still name.
//!
//! A Pod belongs to a Job if an Event of the Job names the Pod. From the tenth Pod on, Kubernetes combines these
//! Events, so that most Pods of a large Job are not named. A Pod then belongs to the Job if its name has the form that
//! the Job controller gives, if it was created during the Job, and if no other owner can have created it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{MAX_CLOCK_ERROR, UnseenPod};
use crate::observation::{MIN_AGE_OF_GONE_OBJECT, Relist, is_name_suffix, saturating_add, saturating_sub};
use crate::timeline::fast_map::FastMap;
use crate::timeline::pods::pod_store::{GonePod, OwnerReport};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::job::JobRecord;

/// Maximum number of bytes of a Pod's name before the random suffix, with the dash. The Job controller shortens a
/// longer prefix. A prefix of this length may be shortened, so it does not determine the Job.
const MAX_NAME_PREFIX: usize = 58;

/// The number of completions of each Indexed Job, by uid; `None` for a Job without completion indexes.
type CompletionModes = FastMap<Arc<str>, Option<u32>>;

/// The namespace and the name of a Pod.
type NamespaceAndName = (Arc<str>, Arc<str>);

/// The Job to which a Pod belongs according to the name of the Pod.
struct NamedJob<'a> {
    uid: &'a Arc<str>,
    index: Option<u32>,
}

impl Timeline {
    /// Adds the Pods that no longer exist but that Events still name. Call this after all lists are complete, because
    /// before that, a missing Pod may still be listed.
    pub fn conclude_gone_pods(&mut self) {
        let Some(first) = self.first_received else { return };
        let latest_creation = saturating_sub(first, MIN_AGE_OF_GONE_OBJECT);
        self.add_gone_pods(None, latest_creation);
        // The remaining Pods belong to no observed workload, except Pods that are too young to decide.
        self.store.forget_unseen_pods(|pod| pod.first_event().is_none_or(|first| first > latest_creation));
    }

    /// Adds the Pods that Events name but that a new list of Pods does not contain: the Pods that were created and
    /// deleted while the source could not read them. A new list of Events may name Pods that an earlier list did not
    /// contain.
    pub fn apply_relist(&mut self, relist: &Relist) {
        if relist.kind == "Pod" {
            self.pod_lists.retain(|(namespace, _)| *namespace != relist.namespace);
            self.pod_lists.push((relist.namespace.clone(), relist.at));
        }
        for (namespace, at) in self.pod_lists.clone() {
            let latest_creation = at.checked_sub(MIN_AGE_OF_GONE_OBJECT).unwrap_or(at);
            self.add_gone_pods(namespace.as_deref(), latest_creation);
        }
    }

    /// Adds the Pods of a namespace, or of all namespaces, that no longer exist, that Events still name, and that were
    /// created at `latest_creation` or before.
    fn add_gone_pods(&mut self, namespace: Option<&str>, latest_creation: Timestamp) {
        let Some(concluded) = self.last_received else { return };
        let modes = self.completion_modes();
        let mut gone = self.pods_named_by_owners(namespace, latest_creation);
        gone.extend(self.pods_named_after_jobs(namespace, latest_creation, &modes));
        for (pod, report) in gone {
            self.store.add_gone_pod(pod, report, concluded);
        }
    }

    /// Removes and returns the Pods that the Events of Jobs name.
    fn pods_named_by_owners(
        &mut self,
        only_namespace: Option<&str>,
        latest_creation: Timestamp,
    ) -> Vec<(GonePod, OwnerReport)> {
        let is_of_job = |(owner, _): &&(Arc<str>, Arc<str>)| self.owners.job(owner).is_some();
        let mut named: Vec<(Arc<str>, Arc<str>)> =
            self.store.early_reports.keys().filter(is_of_job).cloned().collect();
        named.sort_unstable();
        let mut uids: FastMap<NamespaceAndName, Vec<Arc<str>>> = FastMap::default();
        for (uid, pod) in self.store.unseen.iter().filter(|_| !named.is_empty()) {
            let key = (Arc::clone(&pod.namespace), Arc::clone(&pod.name));
            uids.entry(key).or_default().push(Arc::clone(uid));
        }
        let mut gone = Vec::new();
        for (owner, name) in named {
            let Some(job) = self.owners.job(&owner) else { continue };
            let report = self.store.early_reports[&(Arc::clone(&owner), Arc::clone(&name))];
            let namespace = self.store.interner.share(job.namespace_and_name().0);
            if only_namespace.is_some_and(|only| *only != *namespace) {
                continue;
            }
            // If several Pods had the same name one after the other, the owner's Event does not show which of these
            // Pods it is about.
            let uid = match uids.get(&(Arc::clone(&namespace), Arc::clone(&name))).map(Vec::as_slice) {
                Some([uid]) => Some(Arc::clone(uid)),
                Some(_) | None => None,
            };
            let first_event = uid.as_ref().and_then(|uid| self.store.unseen[uid].first_event());
            let known_since = [report.created, first_event, report.reported].into_iter().flatten().min();
            if known_since.is_none_or(|at| at > latest_creation) {
                continue;
            }
            let index = self.index_in_name(&owner, &name);
            let stop_bounds = job.stop_bounds();
            self.store.early_reports.remove(&(Arc::clone(&owner), Arc::clone(&name)));
            let unseen = uid.as_ref().and_then(|uid| self.store.unseen.remove(uid));
            let unseen = unseen.unwrap_or_else(|| UnseenPod::new(namespace, name));
            gone.push((GonePod { uid, unseen, owner: Some(owner), index, stop_bounds }, report));
        }
        gone
    }

    /// Removes and returns the Pods whose names and times prove to which Job they belong.
    fn pods_named_after_jobs(
        &mut self,
        only_namespace: Option<&str>,
        latest_creation: Timestamp,
        modes: &CompletionModes,
    ) -> Vec<(GonePod, OwnerReport)> {
        if self.store.unseen.is_empty() {
            return Vec::new();
        }
        let jobs = self.jobs_by_name();
        let claimed: FastMap<&str, Vec<&Arc<str>>> =
            self.store.early_reports.keys().fold(FastMap::default(), |mut claimed, (owner, name)| {
                claimed.entry(&**name).or_default().push(owner);
                claimed
            });
        let mut found: Vec<(Arc<str>, Arc<str>, Option<u32>)> = Vec::new();
        for (uid, pod) in &self.store.unseen {
            if only_namespace.is_some_and(|only| *only != *pod.namespace) {
                continue;
            }
            let is_old_enough = pod.first_event().is_some_and(|first| first <= latest_creation);
            let Some(job) = self.job_of_pod(pod, &jobs, modes).filter(|_| is_old_enough) else { continue };
            let is_claimed_by_other =
                claimed.get(&*pod.name).is_some_and(|owners| owners.iter().any(|owner| *owner != job.uid));
            if !is_claimed_by_other {
                found.push((Arc::clone(uid), Arc::clone(job.uid), job.index));
            }
        }
        found.sort_unstable();
        let mut gone = Vec::with_capacity(found.len());
        for (uid, owner, index) in found {
            if let Some(unseen) = self.store.unseen.remove(&uid) {
                let stop_bounds = self.owners.job(&owner).map(JobRecord::stop_bounds).unwrap_or_default();
                let pod = GonePod { uid: Some(uid), unseen, owner: Some(owner), index, stop_bounds };
                gone.push((pod, OwnerReport::default()));
            }
        }
        gone
    }

    /// The uids of all Jobs that were observed or that Events name, by namespace and name.
    fn jobs_by_name(&self) -> FastMap<(&str, &str), Vec<&Arc<str>>> {
        let mut jobs: FastMap<(&str, &str), Vec<&Arc<str>>> = FastMap::default();
        let observed = self.owners.jobs().map(|(uid, job)| (job.namespace_and_name(), uid));
        let from_events =
            self.owners.all_job_events().map(|(uid, events)| ((&*events.namespace, &*events.name), uid));
        for (name, uid) in observed.chain(from_events) {
            let uids = jobs.entry(name).or_default();
            if !uids.contains(&uid) {
                uids.push(uid);
            }
        }
        jobs
    }

    /// The Job to which a Pod belongs according to its name and its times. `None` if the name and the times fit no Job
    /// or several Jobs, or if they are no proof.
    fn job_of_pod<'a>(
        &'a self,
        pod: &UnseenPod,
        jobs: &FastMap<(&'a str, &'a str), Vec<&'a Arc<str>>>,
        modes: &CompletionModes,
    ) -> Option<NamedJob<'a>> {
        let base = without_random_suffix(&pod.name)?;
        if base.len() + 1 >= MAX_NAME_PREFIX {
            return None;
        }
        let of_name = |name| jobs.get(&(&*pod.namespace, name)).map_or(&[][..], Vec::as_slice);
        let with_index = split_index(base);
        let indexed = with_index.map_or(&[][..], |(name, _)| of_name(name));
        let plain = of_name(base);
        // A Job whose mode is unknown may have created names of both forms.
        let index = with_index.map(|(_, index)| index);
        let may_be_indexed = |uid: &&&Arc<str>| {
            modes.get(**uid).is_none_or(|mode| mode.zip(index).is_some_and(|(count, index)| index < count))
        };
        let may_be_plain = |uid: &&&Arc<str>| modes.get(**uid).is_none_or(Option::is_none);
        let indexed =
            indexed.iter().filter(|uid| self.may_have_created(pod, uid, indexed)).filter(may_be_indexed);
        let plain = plain.iter().filter(|uid| self.may_have_created(pod, uid, plain)).filter(may_be_plain);
        let mut candidates =
            indexed.map(|uid| NamedJob { uid, index }).chain(plain.map(|uid| NamedJob { uid, index: None }));
        let job = candidates.next().filter(|_| candidates.next().is_none())?;
        // The Events of a Job name all its Pods, unless Kubernetes has combined these Events.
        let are_creations_combined = self.owners.job_events(job.uid)?.are_creations_combined;
        let is_proved = are_creations_combined && pod.has_scheduler_event() && modes.contains_key(job.uid);
        is_proved.then_some(job)
    }

    /// Whether a Job may have created the Pod, according to the times of both. `same_name` are all Jobs with the name
    /// of this Job. Unknown times exclude nothing.
    fn may_have_created(&self, pod: &UnseenPod, job: &str, same_name: &[&Arc<str>]) -> bool {
        let Some(first) = pod.first_event() else { return false };
        let begin = self.begin_of_job(job);
        if begin.is_some_and(|begin| first < begin) {
            return false;
        }
        // A name is free only after the earlier Job with this name has been removed.
        let is_followed_by = |other: &&Arc<str>| {
            let other = self.begin_of_job(other);
            other.is_some_and(|other| other <= first && begin.is_none_or(|begin| begin < other))
        };
        let (record, events) = (self.owners.job(job), self.owners.job_events(job));
        let end_from_events = || events.and_then(|events| events.end.as_ref()?.at);
        let ended = record.and_then(JobRecord::ended).or_else(end_from_events);
        ended.is_none_or(|ended| first <= saturating_add(ended, MAX_CLOCK_ERROR))
            && !same_name.iter().any(is_followed_by)
    }

    /// The earliest time at which a Job can have created a Pod: the creation of the Job, truncated to the second, or
    /// the first known creation of one of its Pods.
    fn begin_of_job(&self, job: &str) -> Option<Timestamp> {
        let created = self.owners.job(job).and_then(JobRecord::created);
        created.or_else(|| {
            let first = self.owners.job_events(job)?.first_creation?;
            // The Pod is created and scheduled before the controller reports the creation.
            Some(saturating_sub(first, MAX_CLOCK_ERROR))
        })
    }

    /// The completion modes of the observed Jobs, as far as they are known. The mode of a Job that is gone follows from
    /// the name of a Pod that an Event of the Job names.
    fn completion_modes(&self) -> CompletionModes {
        let mut modes = CompletionModes::default();
        for (uid, job) in self.owners.jobs().filter(|(_, job)| !job.is_known_from_events()) {
            modes.insert(Arc::clone(uid), job.indexed_completions());
        }
        for (owner, pod) in self.store.early_reports.keys() {
            let Some(job) = self.owners.job(owner).filter(|job| job.is_known_from_events()) else { continue };
            let (_, name) = job.namespace_and_name();
            let Some(base) = without_random_suffix(pod) else { continue };
            if base == name {
                modes.insert(Arc::clone(owner), None);
            } else if split_index(base).is_some_and(|(prefix, _)| prefix == name) {
                // The number of completions is unknown.
                modes.insert(Arc::clone(owner), Some(u32::MAX));
            }
        }
        modes
    }

    /// The completion index in the name of a Pod that an Event of the Job names.
    fn index_in_name(&self, job: &str, pod: &str) -> Option<u32> {
        let record = self.owners.job(job)?;
        let (_, name) = record.namespace_and_name();
        let (prefix, index) = split_index(without_random_suffix(pod)?)?;
        let is_indexed = record.is_known_from_events() || record.indexed_completions().is_some();
        (is_indexed && prefix == name).then_some(index)
    }
}

/// Removes the random suffix from the name of a Pod: `pi-x7k2p` becomes `pi`. Returns `None` if the name has no such
/// suffix.
fn without_random_suffix(pod: &str) -> Option<&str> {
    let (base, suffix) = pod.rsplit_once('-')?;
    is_name_suffix(suffix).then_some(base)
}

/// Splits the completion index from the name of an Indexed Job's Pod: `pi-3` becomes `pi` and 3.
fn split_index(base: &str) -> Option<(&str, u32)> {
    let (name, index) = base.rsplit_once('-')?;
    let has_leading_zero = index.len() > 1 && index.starts_with('0');
    let is_number = !has_leading_zero && index.bytes().all(|byte| byte.is_ascii_digit());
    Some((name, index.parse().ok()?)).filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_into_the_job_the_index_and_the_random_suffix() {
        assert_eq!(without_random_suffix("pi-x7k2p"), Some("pi"));
        assert_eq!(without_random_suffix("pi-3-x7k2p"), Some("pi-3"));
        for other in ["pi", "pi-x7k2", "pi-abcde", "pi-x7k2p9", "web-0"] {
            assert_eq!(without_random_suffix(other), None, "{other}");
        }
        assert_eq!(split_index("pi-3"), Some(("pi", 3)));
        for other in ["pi", "pi-03", "pi-x", "pi-", "pi--1x"] {
            assert_eq!(split_index(other), None, "{other}");
        }
    }
}
