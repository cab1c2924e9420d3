//! Whole runs of the simulation: what they tell, and that they are the same each time.

mod feed;
mod jobs;
mod pods;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use crate::observation::{Event, Job, Object, Pod, Seen, known};
use crate::source::simulation::*;

/// Versions of Pods in that phase, in the order of their receipt.
fn pods_that<'a>(told: &'a Told, phase: &'static str) -> impl Iterator<Item = (&'a Observation, &'a Pod)> {
    told.all.iter().filter_map(move |told| match &told.object {
        Object::Pod(pod) if pod.status.phase == phase => Some((told, &**pod)),
        _ => None,
    })
}

/// A run with its observations sorted out.
struct Told {
    all: Vec<Observation>,
    stuck: Option<String>,
    end: Timestamp,
}

fn run_with(text: &str, seed: u64, nodes: u32) -> Told {
    let manifest = ManifestText { name: "job.yaml".to_owned(), text: text.to_owned() };
    let mut simulation = simulate(&Options { manifest, seed, nodes }).expect("a good manifest");
    let all = simulation.by_ref().collect();
    Told { all, stuck: simulation.stuck(), end: simulation.now() }
}

fn run(text: &str) -> Told {
    run_with(text, DEFAULT_SEED, DEFAULT_NODES)
}

/// A Job with one container; `job` are lines of its spec, `pod` of the Pod's.
fn job(job: &str, restart_policy: &str, script: &str, pod: &str) -> String {
    let indent = |text: &str, by: usize| -> String {
        text.lines().flat_map(|line| [&"        "[..by], line, "\n"]).collect()
    };
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\nspec:\n{}  template:\n    spec:\n      \
         restartPolicy: {restart_policy}\n{}      containers:\n      - name: c\n        image: one:1\n        \
         command: [sh, -c, '{script}']\n",
        indent(job, 2),
        indent(pod, 6),
    )
}

impl Told {
    fn jobs(&self) -> Vec<&Job> {
        self.all
            .iter()
            .filter_map(|told| if let Object::Job(job) = &told.object { Some(&**job) } else { None })
            .collect()
    }

    fn job(&self) -> &Job {
        self.jobs().pop().expect("a Job")
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.all
            .iter()
            .filter_map(|told| if let Object::Event(event) = &told.object { Some(&**event) } else { None })
    }

    /// Pods in the order of creation, each with all its versions.
    fn pods(&self) -> Vec<Vec<(&Observation, &Pod)>> {
        let mut order: Vec<&str> = Vec::new();
        let mut pods: BTreeMap<&str, Vec<(&Observation, &Pod)>> = BTreeMap::new();
        for told in &self.all {
            if let Object::Pod(pod) = &told.object {
                let uid = pod.metadata.uid.as_str();
                pods.entry(uid).or_insert_with(|| {
                    order.push(uid);
                    Vec::new()
                });
                pods.get_mut(uid).unwrap().push((told, pod));
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

    /// The first time of a Pod's event, in nanoseconds.
    fn first(&self, pod: &Pod, reason: &str) -> Option<Timestamp> {
        let about = |event: &&Event| event.involved_object.uid == pod.metadata.uid && event.reason == reason;
        self.events().find(about).and_then(Event::name_time)
    }

    /// What a person would read of a Pod's changes.
    fn story(versions: &[(&Observation, &Pod)]) -> Vec<String> {
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
            .map(|(told, pod)| {
                let status = &pod.status;
                let holds = |kind| status.condition(kind).is_some_and(|condition| condition.status == "True");
                let mut words = vec![format!("{:?}", told.seen), status.phase.clone()];
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

    /// What every run must hold.
    fn check(&self) {
        let mut last = world::START;
        let mut versions = HashSet::new();
        let mut there: BTreeMap<&str, bool> = BTreeMap::new();
        for told in &self.all {
            assert!(told.received >= last, "{:?} before {last}", told.received);
            last = told.received;
            let metadata = told.object.metadata();
            assert!(versions.insert(metadata.resource_version.as_str()), "a version twice");
            let known = there.insert(&metadata.uid, told.seen != Seen::Deleted);
            match told.seen {
                Seen::Added => assert_eq!(known, None, "{} added twice", metadata.name),
                _ => assert_eq!(known, Some(true), "{} changed without being there", metadata.name),
            }
            if let Object::Event(event) = &told.object {
                let at = event.last_occurrence().unwrap();
                assert!(at <= told.received, "{} is told before it happened", event.reason);
                assert!(
                    event.first_occurrence().is_some_and(|(_, fine)| fine),
                    "{} has no fine time",
                    metadata.name
                );
            }
        }
        for versions in self.pods() {
            for pair in versions.windows(2) {
                let ended = |pod: &Pod| matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
                assert!(
                    !ended(pair[0].1) || pair[0].1.status.phase == pair[1].1.status.phase,
                    "a Pod came back"
                );
                assert!(
                    pair[0].1.spec.node_name.is_empty()
                        || pair[0].1.spec.node_name == pair[1].1.spec.node_name
                );
            }
            let (_, pod) = versions.last().unwrap();
            let instants: Vec<Timestamp> = [
                pod.metadata.created(),
                self.first(pod, "Scheduled"),
                self.first(pod, "Pulling").or_else(|| self.first(pod, "Pulled")),
                self.first(pod, "Started"),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert!(instants.is_sorted(), "{instants:?}");
            for container in &pod.status.container_statuses {
                let Some(ended) = &container.state.terminated else { continue };
                if let Some((from, to)) = known(ended.started_at).zip(known(ended.finished_at)) {
                    assert!(from <= to && from.subsec_nanosecond() == 0 && to.subsec_nanosecond() == 0);
                }
            }
        }
    }
}

fn secs(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}
