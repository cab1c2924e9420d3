//! Generates the observations of a random Job, with Pods whose statuses, events and times may be odd or impossible.

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::observation::{Observation, Seen};
use serde_json::{Map, Value, json};

use crate::support::pod_builder::{noon, time};
use crate::support::random::RandomNumbers;
use crate::support::scenario::parse_object;

const REASONS: [&str; 9] = [
    "",
    "Completed",
    "Error",
    "OOMKilled",
    "StartError",
    "ContainerStatusUnknown",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "CreateContainerError",
];

/// The observations of a run, and the time at which the run is shown.
pub(crate) struct RandomRun {
    pub(crate) observations: Vec<Observation>,
    pub(crate) now: Timestamp,
}

/// Generates the run of a seed, with at most this number of Pods.
pub(crate) fn random_run(seed: u64, max_pods: usize) -> RandomRun {
    let random = RandomNumbers::from_seed(seed);
    let mut generator =
        Generator { random, max_pods, percent_odd: 0, clock_error: 0, observations: Vec::new() };
    generator.percent_odd = *generator.pick(&[0, 0, 2, 10, 40]);
    generator.clock_error = *generator.pick(&[0, 0, 0, 1, -1, 5, -5, 600, -600, 86_400, -86_400]);
    generator.run()
}

/// The names of the containers of a Pod, with their roles.
struct Containers {
    inits: Vec<&'static str>,
    sidecars: Vec<&'static str>,
    mains: Vec<&'static str>,
}

struct Generator {
    random: RandomNumbers,
    max_pods: usize,
    /// The share of odd values among all times and numbers.
    percent_odd: usize,
    /// The number of seconds by which the clock of the node is ahead.
    clock_error: i64,
    observations: Vec<Observation>,
}

impl Generator {
    fn run(mut self) -> RandomRun {
        let pods = 1 + self.below(self.max_pods);
        if self.percent(70) {
            self.add_job();
        }
        for pod in 0..pods {
            self.add_pod(pod);
        }
        if self.percent(50) {
            self.observations.sort_by_key(|observation| observation.received);
        } else {
            for index in 0..self.observations.len() {
                let other = self.below(self.observations.len());
                self.observations.swap(index, other);
            }
        }
        let now = self.any_time().unwrap_or_else(noon);
        RandomRun { observations: self.observations, now }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.next_below(bound)
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn is_odd(&mut self) -> bool {
        self.below(100) < self.percent_odd
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// A random number of milliseconds up to two minutes, often small.
    fn millis(&mut self) -> i64 {
        let bound = *self.pick(&[2, 100, 1_500, 5_000, 30_000, 120_000]);
        i64::try_from(self.below(bound)).unwrap()
    }

    fn any_time(&mut self) -> Option<Timestamp> {
        let millis = self.millis() * 2;
        let sane = noon() + SignedDuration::from_millis(millis);
        if !self.is_odd() {
            return Some(sane);
        }
        Some(match self.below(8) {
            0 => sane - SignedDuration::from_secs(60),
            1 => sane + SignedDuration::from_hours(10),
            2 => sane - SignedDuration::from_hours(24 * 4_000),
            3 => sane + SignedDuration::from_hours(24 * 40_000),
            4 => "8999-12-31T23:59:59Z".parse().unwrap(),
            5 => Timestamp::UNIX_EPOCH,
            6 => Timestamp::from_second(1).unwrap(),
            _ => return None,
        })
    }

    /// The text of a time that is truncated to the second. Sometimes an odd time replaces it.
    fn status_time(&mut self, at: i64) -> Value {
        if !self.is_odd() {
            return json!(time(at.div_euclid(1_000)));
        }
        match self.below(6) {
            0 => Value::Null,
            1 => json!("0001-01-01T00:00:00Z"),
            2 => json!("9999-12-30T22:00:00Z"),
            3 => json!(""),
            _ => json!(self.any_time().map(|at| at.to_string())),
        }
    }

    /// The text of a time on the node's clock.
    fn node_time(&mut self, at: i64) -> Value {
        let error = self.clock_error * 1_000;
        self.status_time(at + error)
    }

    fn number(&mut self, sane: i64) -> i64 {
        if !self.is_odd() {
            return sane;
        }
        *self.pick(&[-1, 0, 1, 2, 7, 1_000_000, i64::from(i32::MAX)])
    }

    fn reason(&mut self) -> &'static str {
        self.random.choose(&REASONS)
    }

    fn observe(&mut self, kind: &str, seen: Seen, at: i64, object: Value) {
        let received = noon() + SignedDuration::from_millis(at);
        let received = if self.is_odd() { self.any_time().unwrap_or(received) } else { received };
        self.observations.push(Observation { received, seen, object: parse_object(kind, object) });
    }

    fn condition(&mut self, kind: &str, status: &str, at: i64, reason: &str) -> Value {
        json!({"type": kind, "status": status, "lastTransitionTime": self.node_time(at), "reason": reason,
            "message": reason})
    }

    fn add_job(&mut self) {
        let parallelism = self.number(2);
        let completions = if self.percent(30) { Value::Null } else { json!(self.number(3)) };
        let (created, ended) = (self.status_time(0), self.millis());
        let mut at = 0;
        for state in 0..=self.below(3) {
            at += self.millis();
            let mut conditions = Vec::new();
            if state > 0 && self.percent(60) {
                let kind = *self.pick(&["Complete", "Failed", "Suspended", "FailureTarget"]);
                let since = self.status_time(ended);
                conditions
                    .push(json!({"type": kind, "status": "True", "lastTransitionTime": since, "reason": ""}));
            }
            let (start, finish) = (self.status_time(0), self.status_time(ended));
            let (succeeded, failed) = (self.number(0), self.number(0));
            let seen = if state == 0 { Seen::Added } else { Seen::Changed };
            let policy = *self.pick(&["Failed", "TerminatingOrFailed"]);
            let suspend = self.percent(10);
            self.observe("Job", seen, at, json!({
                "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": created},
                "spec": {"parallelism": parallelism, "completions": completions, "suspend": suspend,
                    "podReplacementPolicy": policy},
                "status": {"conditions": conditions, "startTime": start, "completionTime": finish,
                    "succeeded": succeeded, "failed": failed, "active": 1},
            }));
        }
    }

    fn add_pod(&mut self, number: usize) {
        let containers = Containers {
            inits: [&[][..], &["first"], &["first", "second"]][self.below(5).min(2)].to_vec(),
            sidecars: [&[][..], &["proxy"]][self.below(4).min(1)].to_vec(),
            mains: [&["main"][..], &["main", "side"]][self.below(3).min(1)].to_vec(),
        };
        let name = format!("p{number}");
        let policy = *self.pick(&["Never", "OnFailure", "Always"]);
        let container = |name: &&str| json!({"name": name, "image": "app:1"});
        let sidecar = |name: &&str| json!({"name": name, "image": "app:1", "restartPolicy": "Always"});
        let inits: Vec<Value> =
            containers.inits.iter().map(container).chain(containers.sidecars.iter().map(sidecar)).collect();
        let mains: Vec<Value> = containers.mains.iter().map(container).collect();
        let mut metadata = json!({"namespace": "default", "name": name, "uid": name});
        let created = self.millis();
        metadata["creationTimestamp"] = self.status_time(created);
        if self.percent(80) {
            metadata["ownerReferences"] =
                json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
        }
        let scheduled = created + self.millis();
        let started = scheduled + self.millis();
        let live = self.percent(60);
        let mut at = created;
        let count = 1 + self.below(4);
        let until_started = usize::try_from(started - scheduled).unwrap();
        let until_ready = i64::try_from(self.below(until_started + 1)).unwrap();
        let ready = self.percent(50).then_some(scheduled + until_ready);
        let mut restarts = 0;
        let deleted = self.percent(25);
        for state in 0..count {
            let is_last = state + 1 == count;
            at += self.millis();
            let mut metadata = metadata.clone();
            if deleted && (is_last || self.percent(20)) {
                let grace = if self.is_odd() {
                    *self.pick(&[-30, 0, 1, 9_007_199_254_740_992, i64::MAX, i64::MIN])
                } else {
                    30
                };
                metadata["deletionGracePeriodSeconds"] = json!(grace);
                metadata["deletionTimestamp"] = self.status_time(at + 30_000);
            }
            if self.percent(60) {
                let wrote = self.status_time(at);
                metadata["managedFields"] = json!([{"manager": "kubelet", "subresource": "status", "operation": "Update", "time": wrote}]);
            }
            let node = if at >= scheduled || self.percent(20) { "node-1" } else { "" };
            restarts =
                if self.percent(20) { self.number((restarts + 1).min(i32::MAX.into())) } else { restarts };
            let status = self.status(&containers, at, (scheduled, ready, started), restarts, is_last);
            let pod = json!({"metadata": metadata, "spec": {"restartPolicy": policy, "nodeName": node,
                "initContainers": inits, "containers": mains}, "status": status});
            let seen = match state {
                _ if !live || self.is_odd() => Seen::Listed,
                0 => Seen::Added,
                _ if is_last && self.percent(30) => Seen::Deleted,
                _ => Seen::Changed,
            };
            self.observe("Pod", seen, at, pod.clone());
            if is_last && self.percent(10) {
                self.observe("Pod", Seen::Missing, at + 60_000, pod);
            }
        }
        self.add_events(&name, &containers, (scheduled, ready, started));
    }

    fn status(
        &mut self,
        containers: &Containers,
        at: i64,
        (scheduled, ready, started): (i64, Option<i64>, i64),
        restarts: i64,
        is_last: bool,
    ) -> Value {
        let phase = match at {
            _ if self.is_odd() => *self.pick(&["", "Pending", "Running", "Succeeded", "Failed", "Unknown"]),
            _ if is_last && self.percent(60) => *self.pick(&["Succeeded", "Failed"]),
            at if at >= started => "Running",
            _ => "Pending",
        };
        let mut conditions = Vec::new();
        if at >= scheduled && self.percent(90) {
            let since = self.status_time(scheduled);
            conditions.push(json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": since}));
        } else if self.percent(50) {
            conditions.push(self.condition("PodScheduled", "False", at, "Unschedulable"));
        }
        if let Some(ready) = ready.filter(|ready| at >= *ready) {
            let status = if is_last { "False" } else { "True" };
            conditions.push(self.condition("PodReadyToStartContainers", status, ready, ""));
        }
        for kind in ["Initialized", "Ready", "ContainersReady", "DisruptionTarget"] {
            if self.percent(if kind == "DisruptionTarget" { 5 } else { 50 }) {
                let status = *self.pick(&["True", "False"]);
                let reason = *self.pick(&[
                    "",
                    "PodCompleted",
                    "PreemptionByScheduler",
                    "TerminationByKubelet",
                    "DeletionByTaintManager",
                ]);
                conditions.push(self.condition(kind, status, at, reason));
            }
        }
        let mut status = json!({"phase": phase, "conditions": conditions, "reason": *self.pick(&["", "", "", "Evicted", "NodeLost"])});
        if at >= scheduled {
            status["startTime"] = self.node_time(scheduled);
        }
        let list = |generator: &mut Self, names: &[&str], until: i64| {
            let statuses =
                names.iter().map(|name| generator.container(name, at, (scheduled, until), restarts, is_last));
            Value::Array(statuses.collect())
        };
        let inits: Vec<&str> = containers.inits.iter().chain(&containers.sidecars).copied().collect();
        if self.percent(90) {
            status["initContainerStatuses"] = list(self, &inits, i64::midpoint(scheduled, started));
            status["containerStatuses"] = list(self, &containers.mains, started);
        }
        status
    }

    fn container(
        &mut self,
        name: &str,
        at: i64,
        (scheduled, started): (i64, i64),
        restarts: i64,
        is_last: bool,
    ) -> Value {
        let started = scheduled.max(started);
        let id = |number: i64| format!("containerd://{name}-{number}");
        let mut status = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("restartCount".to_owned(), json!(restarts)),
            ("state".to_owned(), json!({})),
            ("lastState".to_owned(), json!({})),
        ]);
        let kind = if self.is_odd() {
            self.below(4)
        } else {
            usize::from(at >= started) + usize::from(at >= started && is_last)
        };
        let start = started + restarts * 1_500;
        match kind {
            0 => status["state"] = json!({"waiting": {"reason": self.reason()}}),
            1 => {
                status["state"] = json!({"running": {"startedAt": self.node_time(start)}});
                status.insert("containerID".into(), json!(id(restarts)));
            }
            2 => status["state"] = self.terminated(&id(restarts), start, at.max(start)),
            _ => {}
        }
        if restarts > 0 && self.percent(80) {
            status["lastState"] = self.terminated(&id(restarts - 1), start - 1_500, start - 500);
        }
        Value::Object(status)
    }

    fn terminated(&mut self, id: &str, start: i64, end: i64) -> Value {
        let exit_code = *self.pick(&[0, 0, 1, 137, 143]);
        let reason = if self.is_odd() { self.reason() } else { "Completed" };
        let id = if self.is_odd() { "" } else { id };
        json!({"terminated": {"containerID": id, "startedAt": self.node_time(start), "finishedAt": self.node_time(end),
            "exitCode": exit_code, "reason": reason}})
    }

    fn add_events(
        &mut self,
        pod: &str,
        containers: &Containers,
        (scheduled, ready, started): (i64, Option<i64>, i64),
    ) {
        let ready = ready.unwrap_or(scheduled);
        let mut events: Vec<(&str, &str, i64, &str)> = vec![("Scheduled", "", scheduled, "assigned")];
        let mut all: Vec<&str> = containers.inits.iter().chain(&containers.sidecars).copied().collect();
        all.extend(&containers.mains);
        for name in all {
            events.push(("Pulling", name, ready, "x"));
            let message = *self.pick(&[
                "Container image \"app:1\" already present on machine",
                "Successfully pulled image \"app:1\" in 334ms (1.5s including waiting). Image size: 7 bytes.",
                "Successfully pulled image \"app:1\" in 99999999h0m0s (2562047788015215h0m0s including waiting).",
            ]);
            events.push(("Pulled", name, i64::midpoint(ready, started), message));
            events.push(("Started", name, started, "x"));
            events.push(("Killing", name, started + 3_000, "Stopping container"));
            events.push(("BackOff", name, started + 2_000, "Back-off restarting failed container"));
            events.push(("Failed", name, started, "Error: failed to create containerd task"));
            events.push(("Failed", name, ready, "Failed to pull image \"app:1\""));
        }
        for reason in [
            "FailedScheduling",
            "FailedMount",
            "SuccessfulAttachVolume",
            "AddedInterface",
            "FailedCreatePodSandBox",
        ] {
            events.push((reason, "", scheduled, "x"));
        }
        // The kubelet starts again while the Pod works, because its node restarts.
        events.push(("Starting", "", started + 1_500, "Starting kubelet."));
        let share = *self.pick(&[0, 10, 30, 60]);
        for (reason, container, at, message) in events {
            if self.percent(share) {
                self.add_event(pod, reason, container, at, message);
            }
        }
    }

    fn add_event(&mut self, pod: &str, reason: &str, container: &str, at: i64, message: &str) {
        let by_kubelet = !matches!(reason, "Scheduled" | "FailedScheduling" | "SuccessfulAttachVolume");
        let millis = if by_kubelet { at + self.clock_error * 1_000 } else { at };
        let jitter = i64::try_from(self.below(400)).unwrap();
        let fine = noon() + SignedDuration::from_millis(millis + jitter);
        let suffix = if self.percent(80) { format!("{:016x}", fine.as_nanosecond()) } else { "x".to_owned() };
        let path =
            if container.is_empty() { String::new() } else { format!("spec.containers{{{container}}}") };
        let (first, last) = (self.status_time(millis + jitter), self.status_time(millis + jitter));
        let stored = self.status_time(at + jitter);
        let count = self.number(1);
        let component = if by_kubelet { "kubelet" } else { "default-scheduler" };
        let seen = *self.pick(&[Seen::Listed, Seen::Added, Seen::Changed]);
        let (kind, about) = if reason == "Starting" { ("Node", "node-1") } else { ("Pod", pod) };
        self.observe("Event", seen, at + jitter, json!({
            "metadata": {"namespace": "default", "name": format!("{about}.{suffix}"), "creationTimestamp": stored},
            "involvedObject": {"kind": kind, "namespace": "default", "name": about, "uid": about, "fieldPath": path},
            "reason": reason, "message": message, "count": count, "firstTimestamp": first, "lastTimestamp": last,
            "source": {"component": component, "host": if by_kubelet { "node-1" } else { "" }},
        }));
    }
}
