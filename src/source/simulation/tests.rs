//! Tests of whole simulated runs.

mod feed;
mod jobs;
mod pods;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Event, Job, Object, Observation, Pod, Seen, known_time};
use crate::source::simulation::virtual_time::START;
use crate::source::simulation::*;

/// The observations of Pods in this phase, in the order of their receipt.
fn pods_in_phase<'a>(
    run: &'a SimulatedRun,
    phase: &'static str,
) -> impl Iterator<Item = (&'a Observation, &'a Pod)> {
    run.observations.iter().filter_map(move |observation| {
        if let Object::Pod(pod) = &observation.object
            && pod.status.phase == phase
        {
            Some((observation, &**pod))
        } else {
            None
        }
    })
}

/// A simulated run that has ended.
struct SimulatedRun {
    observations: Vec<Observation>,
    stuck: Option<String>,
    end: Timestamp,
}

fn run_manifest_with(text: &str, seed: u64, nodes: u32) -> SimulatedRun {
    let manifest = ManifestText { name: "job.yaml".to_owned(), text: text.to_owned() };
    let mut simulation = simulate(&SimulationOptions { manifest, seed, nodes }).expect("a good manifest");
    let observations = simulation.by_ref().collect();
    SimulatedRun { observations, stuck: simulation.stuck_reason(), end: simulation.now() }
}

fn run_manifest(text: &str) -> SimulatedRun {
    run_manifest_with(text, DEFAULT_SEED, DEFAULT_NODES)
}

/// The manifest of a Job with one container that runs `script`. `job_spec` has lines for the spec of the Job, and
/// `pod_spec` has lines for the spec of the Pods.
fn job(job_spec: &str, restart_policy: &str, script: &str, pod_spec: &str) -> String {
    let indent = |text: &str, by: usize| -> String {
        text.lines().flat_map(|line| [&"        "[..by], line, "\n"]).collect()
    };
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\nspec:\n{}  template:\n    spec:\n      \
         restartPolicy: {restart_policy}\n{}      containers:\n      - name: c\n        image: one:1\n        \
         command: [sh, -c, '{script}']\n",
        indent(job_spec, 2),
        indent(pod_spec, 6),
    )
}

impl SimulatedRun {
    fn jobs(&self) -> Vec<&Job> {
        self.observations
            .iter()
            .filter_map(
                |observation| if let Object::Job(job) = &observation.object { Some(&**job) } else { None },
            )
            .collect()
    }

    fn job(&self) -> &Job {
        self.jobs().pop().expect("a Job")
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.observations.iter().filter_map(|observation| {
            if let Object::Event(event) = &observation.object { Some(&**event) } else { None }
        })
    }

    /// Pods in the order of creation, each with all its versions.
    fn pods(&self) -> Vec<Vec<(&Observation, &Pod)>> {
        let mut order: Vec<&str> = Vec::new();
        let mut pods: BTreeMap<&str, Vec<(&Observation, &Pod)>> = BTreeMap::new();
        for observation in &self.observations {
            if let Object::Pod(pod) = &observation.object {
                let uid = pod.metadata.uid.as_str();
                pods.entry(uid).or_insert_with(|| {
                    order.push(uid);
                    Vec::new()
                });
                pods.get_mut(uid).unwrap().push((observation, pod));
            }
        }
        order.into_iter().map(|uid| pods.remove(uid).unwrap()).collect()
    }

    fn condition(&self, kind: &str) -> Option<(&str, &str)> {
        self.job()
            .status
            .true_condition(kind)
            .map(|condition| (condition.reason.as_str(), condition.message.as_str()))
    }

    /// The time of the first event with this reason about a Pod, precise to the nanosecond.
    fn first_event_time(&self, pod: &Pod, reason: &str) -> Option<Timestamp> {
        let about = |event: &&Event| event.involved_object.uid == pod.metadata.uid && event.reason == reason;
        self.events().find(about).and_then(Event::name_time)
    }

    /// The changes of a Pod, one line for each.
    fn describe_changes(versions: &[(&Observation, &Pod)]) -> Vec<String> {
        let state = |status: &crate::observation::ContainerStatus| {
            let state = &status.state;
            let what = match (&state.waiting, &state.running, &state.terminated) {
                (Some(waiting), ..) => waiting.reason.clone(),
                (_, Some(_), _) => "running".to_owned(),
                (.., Some(terminated)) => format!("{} {}", terminated.reason, terminated.exit_code),
                _ => "?".to_owned(),
            };
            format!("{}={what}", status.name)
        };
        versions
            .iter()
            .map(|(observation, pod)| {
                let status = &pod.status;
                let holds = |kind| status.condition(kind).is_some_and(|condition| condition.status == "True");
                let mut words = vec![format!("{:?}", observation.seen), status.phase.clone()];
                for (kind, short) in [
                    ("PodScheduled", "scheduled"),
                    ("PodReadyToStartContainers", "sandbox"),
                    ("Initialized", "initialized"),
                    ("Ready", "ready"),
                ] {
                    words.extend(holds(kind).then(|| short.to_owned()));
                }
                words.extend(status.init_container_statuses.iter().map(state));
                words.extend(status.container_statuses.iter().map(state));
                words.extend(pod.metadata.finalizers.is_empty().then(|| "counted".to_owned()));
                words
                    .extend(pod.metadata.deletion_grace_period_seconds.map(|grace| format!("grace={grace}")));
                words.join(" ")
            })
            .collect()
    }

    /// Checks the rules that hold for every run.
    fn check(&self) {
        let mut last = START;
        let mut versions = HashSet::new();
        let mut exists: BTreeMap<&str, bool> = BTreeMap::new();
        for observation in &self.observations {
            assert!(observation.received >= last, "{:?} before {last}", observation.received);
            last = observation.received;
            let metadata = observation.object.metadata();
            assert!(versions.insert(metadata.resource_version.as_str()), "two objects have the same version");
            let existed = exists.insert(&metadata.uid, observation.seen != Seen::Deleted);
            match observation.seen {
                Seen::Added => assert_eq!(existed, None, "{} added twice", metadata.name),
                Seen::Listed | Seen::Changed | Seen::Deleted | Seen::Missing => {
                    assert_eq!(existed, Some(true), "{} changed without existing", metadata.name);
                }
            }
            if let Object::Event(event) = &observation.object {
                let at = event.last_occurrence().unwrap();
                assert!(at <= observation.received, "{} is observed before it happened", event.reason);
                assert!(
                    event.first_occurrence().is_some_and(|(_, is_precise)| is_precise),
                    "{} has no precise time",
                    metadata.name
                );
            }
        }
        for versions in self.pods() {
            for pair in versions.windows(2) {
                let ended = |pod: &Pod| matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
                assert!(
                    !ended(pair[0].1) || pair[0].1.status.phase == pair[1].1.status.phase,
                    "an ended Pod changed its phase"
                );
                assert!(
                    pair[0].1.spec.node_name.is_empty()
                        || pair[0].1.spec.node_name == pair[1].1.spec.node_name
                );
            }
            let (_, pod) = versions.last().unwrap();
            let instants: Vec<Timestamp> = [
                pod.metadata.created(),
                self.first_event_time(pod, "Scheduled"),
                self.first_event_time(pod, "Pulling").or_else(|| self.first_event_time(pod, "Pulled")),
                self.first_event_time(pod, "Started"),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert!(instants.is_sorted(), "{instants:?}");
            for container in &pod.status.container_statuses {
                let Some(ended) = &container.state.terminated else { continue };
                if let Some((from, to)) = known_time(ended.started_at).zip(known_time(ended.finished_at)) {
                    assert!(from <= to && from.subsec_nanosecond() == 0 && to.subsec_nanosecond() == 0);
                }
            }
        }
    }
}

fn secs(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}
