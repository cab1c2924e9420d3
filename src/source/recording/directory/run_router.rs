//! Finds the run to which each observation belongs: that of the topmost owner.
//!
//! Each Job of a CronJob is a run of its own, so a CronJob belongs to no run. Several watches deliver the objects, so an
//! object may arrive before its owner. Such an object waits for a short time.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::observation::{Event, Object, Observation, QueuedWorkload, is_name_suffix};
use crate::source::cluster::uid_key;

/// Maximum time that an observation waits for the owner of its object, or for the object of an Event.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Maximum number of observations that wait.
const MAX_WAITING: usize = 8192;

/// An object that is gone is forgotten after this time. Until then, Events about it may arrive.
const MEMORY_OF_GONE: Duration = Duration::from_secs(60);

/// Identifies a run by the uid of its topmost owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RunKey(u128);

impl RunKey {
    /// The run whose topmost owner has this uid.
    pub(crate) fn of_uid(uid: &str) -> Self {
        Self(uid_key(uid))
    }
}

/// The namespace and the name of a Job.
type JobName = (Box<str>, Box<str>);

/// The runs of all objects that were observed and still exist.
#[derive(Debug, Default)]
pub(crate) struct RunRouter {
    /// The kinds of which the source lists all objects. If the owner of an object has one of these kinds and does not
    /// arrive, it no longer exists, and its run is over.
    listed_kinds: Vec<String>,
    /// The run of each object, by the uid of the object.
    runs: HashMap<u128, RunKey>,
    /// The uids of the Jobs, because the name of a Pod that no longer exists reveals its Job.
    jobs: HashMap<JobName, u128>,
    /// The observations that wait, by the uid of the object that they wait for.
    waiting: HashMap<u128, Vec<Observation>>,
    /// The uids of `waiting` with the time since which an observation waits for them, the oldest first.
    waiting_since: VecDeque<(Instant, u128)>,
    /// The objects that are gone, with the time of their removal, the oldest first.
    gone: VecDeque<(Instant, u128, Option<JobName>)>,
}

/// Where an observation belongs.
enum Route {
    Run(RunKey),
    /// Every run, because the Pods of any run may be on the node.
    AllRuns,
    /// The run of the object with this uid, which has not been observed yet.
    WaitFor(u128),
    Nowhere,
}

impl RunRouter {
    /// Creates a router that has observed nothing.
    pub(crate) fn new(listed_kinds: Vec<String>) -> Self {
        Self { listed_kinds, ..Self::default() }
    }

    /// The run of the object with this uid, if the object was observed.
    pub(crate) fn run_of(&self, uid: &str) -> Option<RunKey> {
        self.runs.get(&uid_key(uid)).copied()
    }

    /// The number of objects in memory.
    #[cfg(test)]
    pub(crate) fn object_count(&self) -> usize {
        self.runs.len()
    }

    /// Adds the observation to `routed` with its run, followed by the observations that waited for its object. An
    /// observation that must wait is added later.
    pub(crate) fn route(
        &mut self,
        observation: Observation,
        now: Instant,
        routed: &mut Vec<(RunKey, Observation)>,
    ) {
        match self.find_route(&observation.object) {
            Route::AllRuns => {
                let runs: BTreeSet<RunKey> = self.runs.values().copied().collect();
                routed.extend(runs.into_iter().map(|run| (run, observation.clone())));
            }
            Route::Run(run) => self.add_to_run(run, observation, now, routed),
            Route::WaitFor(uid) => {
                self.waiting.entry(uid).or_default().push(observation);
                self.waiting_since.push_back((now, uid));
                if self.waiting_since.len() > MAX_WAITING
                    && let Some((_, uid)) = self.waiting_since.pop_front()
                {
                    self.stop_waiting(uid, now, routed);
                }
            }
            Route::Nowhere => {}
        }
    }

    /// Adds the observations to `routed` that have waited long enough. Without an owner, an object is a run of its own. An
    /// Event about an unknown object belongs to a Job if it is about a Pod with the name of a Pod of that Job.
    pub(crate) fn route_overdue(&mut self, now: Instant, routed: &mut Vec<(RunKey, Observation)>) {
        while let Some(&(since, uid)) = self.waiting_since.front()
            && now - since >= MAX_WAIT
        {
            self.waiting_since.pop_front();
            self.stop_waiting(uid, now, routed);
        }
    }

    /// Adds all observations to `routed` that wait, because nothing more arrives that they could wait for.
    pub(crate) fn route_all(&mut self, now: Instant, routed: &mut Vec<(RunKey, Observation)>) {
        while let Some((_, uid)) = self.waiting_since.pop_front() {
            self.stop_waiting(uid, now, routed);
        }
    }

    /// Forgets the objects that have been gone for some time. Returns the runs whose topmost owners are among them.
    pub(crate) fn forget_gone(&mut self, now: Instant) -> Vec<RunKey> {
        let mut forgotten = Vec::new();
        while self.gone.front().is_some_and(|(at, ..)| now - *at >= MEMORY_OF_GONE)
            && let Some((_, uid, job)) = self.gone.pop_front()
        {
            if self.runs.remove(&uid) == Some(RunKey(uid)) {
                forgotten.push(RunKey(uid));
            }
            if let Some(job) = job.filter(|job| self.jobs.get(job) == Some(&uid)) {
                self.jobs.remove(&job);
            }
        }
        forgotten
    }

    /// Stores that an object belongs to a run, according to a recording.
    pub(crate) fn adopt(&mut self, object: &Object, run: RunKey) {
        let metadata = object.metadata();
        let uid = uid_key(&metadata.uid);
        self.runs.insert(uid, run);
        if matches!(object, Object::Job(_)) {
            self.jobs.insert((metadata.namespace.as_str().into(), metadata.name.as_str().into()), uid);
        }
    }

    fn find_route(&self, object: &Object) -> Route {
        if let Object::Event(event) = object {
            return self.find_route_of_event(event);
        }
        let metadata = object.metadata();
        let uid = uid_key(&metadata.uid);
        if let Some(run) = self.runs.get(&uid) {
            return Route::Run(*run);
        }
        if matches!(object, Object::CronJob(_)) {
            return Route::Nowhere;
        }
        if let Object::QueuedWorkload(queued) = object {
            return self.find_route_of_queued(queued);
        }
        match metadata.controller() {
            // No run has these owners.
            Some(owner) if owner.kind == "CronJob" || owner.kind == "Node" => Route::Run(RunKey(uid)),
            Some(owner) => {
                let owner = uid_key(&owner.uid);
                self.runs.get(&owner).map_or(Route::WaitFor(owner), |run| Route::Run(*run))
            }
            None => Route::Run(RunKey(uid)),
        }
    }

    /// A Kueue Workload belongs to the run of the object that it was made for. One that only names a preemptor may concern
    /// any run.
    fn find_route_of_queued(&self, queued: &QueuedWorkload) -> Route {
        if queued.is_only_named() {
            return Route::AllRuns;
        }
        let owners = queued.metadata.owner_references.iter().map(|owner| uid_key(&owner.uid));
        match owners.clone().find_map(|owner| self.runs.get(&owner)) {
            Some(run) => Route::Run(*run),
            None => owners.clone().next().map_or(Route::Nowhere, Route::WaitFor),
        }
    }

    fn find_route_of_event(&self, event: &Event) -> Route {
        let about = &event.involved_object;
        let uid = uid_key(&about.uid);
        match self.runs.get(&uid) {
            Some(run) => Route::Run(*run),
            None if event.restarted_node().is_some() => Route::AllRuns,
            None if about.kind == "CronJob" || about.kind == "Node" => Route::Nowhere,
            None => Route::WaitFor(uid),
        }
    }

    fn add_to_run(
        &mut self,
        run: RunKey,
        observation: Observation,
        now: Instant,
        routed: &mut Vec<(RunKey, Observation)>,
    ) {
        if matches!(observation.object, Object::Event(_)) {
            routed.push((run, observation));
            return;
        }
        let metadata = observation.object.metadata();
        let uid = uid_key(&metadata.uid);
        let job_name = || (metadata.namespace.as_str().into(), metadata.name.as_str().into());
        let job = matches!(observation.object, Object::Job(_)).then(job_name);
        if observation.seen.is_gone() {
            self.gone.push_back((now, uid, job.clone()));
        }
        let is_new = self.runs.insert(uid, run).is_none();
        if let Some(job) = job.filter(|_| is_new) {
            self.jobs.insert(job, uid);
        }
        routed.push((run, observation));
        if is_new {
            for waiting in self.waiting.remove(&uid).unwrap_or_default() {
                self.route(waiting, now, routed);
            }
        }
    }

    fn stop_waiting(&mut self, uid: u128, now: Instant, routed: &mut Vec<(RunKey, Observation)>) {
        for observation in self.waiting.remove(&uid).unwrap_or_default() {
            if let Object::Event(event) = &observation.object {
                if let Some(run) = self.run_of_gone_pod(event) {
                    routed.push((run, observation));
                }
            } else if !self.is_owner_gone(&observation.object) {
                let run = RunKey(uid_key(&observation.object.metadata().uid));
                self.add_to_run(run, observation, now, routed);
            }
        }
    }

    /// Whether the owner of an object that waits for it no longer exists.
    fn is_owner_gone(&self, object: &Object) -> bool {
        object.metadata().controller().is_some_and(|owner| self.listed_kinds.contains(&owner.kind))
    }

    /// The run of the Job whose Pod an Event concerns, according to the name of the Pod.
    fn run_of_gone_pod(&self, event: &Event) -> Option<RunKey> {
        let about = &event.involved_object;
        let (name, suffix) = about.name.rsplit_once('-').filter(|_| about.kind == "Pod")?;
        if !is_name_suffix(suffix) {
            return None;
        }
        let find = |name: &str| self.jobs.get(&(about.namespace.as_str().into(), name.into()));
        let of_indexed = || name.rsplit_once('-').and_then(|(name, _)| find(name));
        self.runs.get(find(name).or_else(of_indexed)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observation::{ObjectKind, Seen};

    fn observation(kind: &str, object: serde_json::Value) -> Observation {
        let object = ObjectKind::from_recording_tag(kind).unwrap().deserialize(object).unwrap();
        Observation { received: jiff::Timestamp::UNIX_EPOCH, seen: Seen::Added, object }
    }

    fn owned(kind: &str, name: &str, owner: Option<(&str, &str)>) -> Observation {
        let owners = owner.map(|(kind, uid)| {
            json!([{"apiVersion": "v1", "kind": kind, "name": uid, "uid": uid, "controller": true}])
        });
        observation(
            kind,
            json!({"metadata": {"namespace": "default", "name": name, "uid": name, "ownerReferences": owners}}),
        )
    }

    fn event(kind: &str, about: &str) -> Observation {
        let about = json!({"kind": kind, "namespace": "default", "name": about, "uid": about});
        observation("Event", json!({"metadata": {"name": "e", "uid": "e"}, "involvedObject": about}))
    }

    fn route(router: &mut RunRouter, observations: Vec<Observation>) -> Vec<(RunKey, String)> {
        let mut found = Vec::new();
        for observation in observations {
            router.route(observation, Instant::now(), &mut found);
        }
        names(found)
    }

    fn names(found: Vec<(RunKey, Observation)>) -> Vec<(RunKey, String)> {
        found.into_iter().map(|(run, seen)| (run, seen.object.metadata().name.clone())).collect()
    }

    fn expected(run: &str, names: &[&str]) -> Vec<(RunKey, String)> {
        names.iter().map(|name| (RunKey::of_uid(run), (*name).to_owned())).collect()
    }

    #[tokio::test]
    async fn objects_and_events_belong_to_the_run_of_the_topmost_owner_also_if_they_arrive_first() {
        let observations = vec![
            event("Pod", "set-a-x"),
            owned("Pod", "set-a-x", Some(("Job", "set-a"))),
            owned("Job", "set-a", Some(("JobSet", "set"))),
            owned("Job", "alone", None),
            owned("Custom", "set", None),
        ];
        let found = route(&mut RunRouter::default(), observations);
        let mut all = expected("alone", &["alone"]);
        all.extend(expected("set", &["set", "set-a", "set-a-x", "e"]));
        assert_eq!(found, all);
    }

    #[tokio::test]
    async fn the_restart_of_a_node_belongs_to_every_run() {
        let mut router = RunRouter::default();
        let restart = observation(
            "Event",
            json!({"metadata": {"name": "start", "uid": "s"}, "reason": "Starting", "source": {"component": "kubelet"},
                "involvedObject": {"kind": "Node", "name": "node-1", "uid": "node-1"}}),
        );
        let jobs =
            vec![owned("Job", "a", None), owned("Job", "b", None), owned("Pod", "a-x", Some(("Job", "a")))];
        route(&mut router, jobs);
        let mut all = expected("a", &["start"]);
        all.extend(expected("b", &["start"]));
        let mut found = route(&mut router, vec![restart, event("Node", "node-1")]);
        found.sort_by_key(|(run, _)| *run != RunKey::of_uid("a"));
        assert_eq!(found, all);
    }

    #[tokio::test]
    async fn a_job_of_a_cron_job_is_a_run_and_the_cron_job_is_none() {
        let mut router = RunRouter::default();
        let observations = vec![
            owned("CronJob", "cron", None),
            event("CronJob", "cron"),
            owned("Job", "cron-1", Some(("CronJob", "cron"))),
            owned("Pod", "cron-1-x", Some(("Job", "cron-1"))),
        ];
        assert_eq!(route(&mut router, observations), expected("cron-1", &["cron-1", "cron-1-x"]));
        assert_eq!(router.object_count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_whose_owner_does_not_arrive_is_a_run_of_its_own_after_a_short_time() {
        let mut router = RunRouter::default();
        let waiting = vec![owned("Pod", "a", Some(("Spark", "s"))), event("Pod", "a"), event("Pod", "other")];
        assert_eq!(route(&mut router, waiting), []);
        let mut found = Vec::new();
        tokio::time::advance(MAX_WAIT / 2).await;
        router.route_overdue(Instant::now(), &mut found);
        assert_eq!(found, []);
        tokio::time::advance(MAX_WAIT / 2).await;
        router.route_overdue(Instant::now(), &mut found);
        assert_eq!(names(found), expected("a", &["a", "e"]));
    }

    #[tokio::test]
    async fn a_pod_whose_owner_no_longer_exists_is_no_run() {
        let mut router = RunRouter::new(vec!["ReplicaSet".to_owned()]);
        assert_eq!(route(&mut router, vec![owned("Pod", "web-a-x", Some(("ReplicaSet", "web-a")))]), []);
        let mut found = Vec::new();
        router.route_all(Instant::now(), &mut found);
        assert_eq!(names(found), []);
    }

    #[tokio::test]
    async fn an_event_about_a_pod_that_no_longer_exists_belongs_to_the_job_with_its_name() {
        let mut router = RunRouter::default();
        route(&mut router, vec![owned("Job", "pi", None), owned("Job", "indexed", None)]);
        let events = vec![event("Pod", "pi-x8k2p"), event("Pod", "indexed-0-x8k2p"), event("Pod", "e-x8k2p")];
        assert_eq!(route(&mut router, events), []);
        let mut found = Vec::new();
        router.route_all(Instant::now(), &mut found);
        let mut all = expected("pi", &["e"]);
        all.extend(expected("indexed", &["e"]));
        assert_eq!(names(found), all);
    }

    #[tokio::test(start_paused = true)]
    async fn gone_objects_are_forgotten_after_the_last_events_about_them() {
        let mut router = RunRouter::default();
        let gone = |observation| Observation { seen: Seen::Deleted, ..observation };
        let (job, pod) = (owned("Job", "pi", None), owned("Pod", "pi-x8k2p", Some(("Job", "pi"))));
        route(&mut router, vec![job.clone(), pod.clone(), gone(pod), gone(job)]);
        assert_eq!(route(&mut router, vec![event("Pod", "pi-x8k2p")]), expected("pi", &["e"]));
        assert_eq!(router.forget_gone(Instant::now()), []);
        tokio::time::advance(MEMORY_OF_GONE).await;
        assert_eq!(router.forget_gone(Instant::now()), [RunKey::of_uid("pi")]);
        assert_eq!((router.object_count(), router.jobs.len(), router.waiting.len()), (0, 0, 0));
    }
}
