//! `-o kwok`: the manifests of Jobs with annotations that make a kwok cluster play the measured times.
//!
//! kwok simulates nodes without running containers. Its stages `pod/general` move a Pod from state to state. Each stage
//! draws its delay evenly between the values of two annotations of the Pod, `delay` and `jitter-delay`; both are absolute
//! times. The names are those of `kustomize/stage/pod/general` in kwok, and the rule is in
//! `pkg/utils/lifecycle/lifecycle.go`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_with::apply;

use crate::export::yaml::write_yaml;
use crate::lifecycle::{ContainerRole, Lifecycle, PhaseKind, PodOutcome};
use crate::timeline::{PodKey, Timeline, Workload, nearest_rank};

/// A stage of kwok that has a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KwokStage {
    /// Gives the Pod an address.
    Create,
    /// Starts the init containers.
    InitRunning,
    /// Ends the init containers.
    InitCompleted,
    /// Starts the containers.
    Ready,
    /// Ends the containers of a Job's Pod.
    Complete,
}

impl KwokStage {
    const ALL: [Self; 5] =
        [Self::Create, Self::InitRunning, Self::InitCompleted, Self::Ready, Self::Complete];

    /// The name of the stage, which is the first word of its annotations.
    fn name(self) -> &'static str {
        match self {
            Self::Create => "pod-create",
            Self::InitRunning => "pod-init-container-running",
            Self::InitCompleted => "pod-init-container-completed",
            Self::Ready => "pod-ready",
            Self::Complete => "pod-complete",
        }
    }

    /// Returns the time that a Pod spent in the stage, in milliseconds. `None` if it is unknown or no such stage occurred.
    fn millis(self, life: &Lifecycle) -> Option<i64> {
        let cold_start = life.cold_start?.estimate_millis;
        let has_init = life.containers.iter().any(|container| container.role == ContainerRole::Init);
        // Before the cold start is divided into its parts, all of it counts as the start of the containers.
        let (setup, init) =
            (phase_millis(life, PhaseKind::Setup), phase_millis(life, PhaseKind::Initializing));
        match self {
            Self::Create => Some(setup),
            Self::InitRunning => has_init.then_some(0),
            Self::InitCompleted => has_init.then_some(init),
            Self::Ready => Some(cold_start.saturating_sub(setup).saturating_sub(init).max(0)),
            Self::Complete => {
                life.run.filter(|_| life.outcome == PodOutcome::Succeeded).map(|run| run.estimate_millis)
            }
        }
    }
}

/// Returns the time in the phases of this kind, in milliseconds.
fn phase_millis(life: &Lifecycle, kind: PhaseKind) -> i64 {
    let phases = life.phases.iter().filter(|phase| phase.kind == kind);
    let millis = phases
        .filter_map(|phase| Some(phase.end?.as_millisecond().saturating_sub(phase.start.as_millisecond())));
    millis.sum::<i64>().max(0)
}

/// Writes a manifest for each Job.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_kwok(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let jobs: Vec<&Workload> =
        timeline.workloads().iter().filter(|workload| &*workload.kind == "Job").collect();
    if jobs.is_empty() {
        return out.write_all(b"# There is no Job, and kwok ends only the Pods of Jobs.\n");
    }
    for job in jobs {
        out.write_all(b"---\n")?;
        write_yaml(&manifest_of(timeline, job), out)?;
    }
    Ok(())
}

/// Returns the manifest of a Job, with recorded fields only.
fn manifest_of<'a>(timeline: &'a Timeline, job: &'a Workload) -> KwokManifest<'a> {
    let spec = timeline.job_spec(job);
    let number = |number: Option<u32>| number.map(i64::from);
    // The newest Pod has the containers of the present template.
    let newest = job.pods.last().map(|key| (*key, timeline.pod(*key)));
    let containers_of = |role: ContainerRole| -> Vec<KwokContainer> {
        let Some((key, pod)) = &newest else { return Vec::new() };
        let containers = pod.life.containers.iter().filter(|container| container.role == role);
        let mut containers: Vec<KwokContainer> =
            containers.map(|container| KwokContainer::new(&container.name, &container.image)).collect();
        if let Some(first) = containers.first_mut().filter(|_| role == ContainerRole::Main) {
            first.resources = requests_of(timeline, *key);
        }
        containers
    };
    let mut containers = containers_of(ContainerRole::Main);
    if containers.is_empty() {
        containers.push(KwokContainer::new("main", "unknown"));
    }
    KwokManifest {
        api_version: "batch/v1",
        kind: "Job",
        metadata: KwokMetadata {
            name: Some(&job.name),
            namespace: Some(&job.namespace),
            annotations: BTreeMap::new(),
        },
        spec: KwokSpec {
            parallelism: number(job.parallelism),
            completions: number(job.completions),
            completion_mode: spec.map(|spec| spec.completion_mode.as_str()).filter(|mode| !mode.is_empty()),
            backoff_limit: spec.and_then(|spec| spec.backoff_limit).map(i64::from),
            backoff_limit_per_index: spec.and_then(|spec| spec.backoff_limit_per_index).map(i64::from),
            max_failed_indexes: spec.and_then(|spec| spec.max_failed_indexes).map(i64::from),
            active_deadline_seconds: spec.and_then(|spec| spec.active_deadline_seconds),
            template: KwokTemplate {
                metadata: KwokMetadata {
                    name: None,
                    namespace: None,
                    annotations: annotations_of(timeline, job),
                },
                spec: KwokPodSpec {
                    restart_policy: "Never",
                    node_selector: BTreeMap::from([("type", "kwok")]),
                    tolerations: [KwokToleration { key: "kwok.x-k8s.io/node", operator: "Exists" }],
                    init_containers: containers_of(ContainerRole::Init),
                    containers,
                },
            },
        },
    }
}

/// Returns the annotations of the stages whose times are known: the 5th and the 95th percentile over all Pods.
fn annotations_of(timeline: &Timeline, job: &Workload) -> BTreeMap<String, String> {
    let mut values: BTreeMap<KwokStage, Vec<i64>> = BTreeMap::new();
    for (_, pod) in timeline.pods(job) {
        for stage in KwokStage::ALL {
            values.entry(stage).or_default().extend(stage.millis(&pod.life));
        }
    }
    let mut annotations = BTreeMap::new();
    for (stage, mut millis) in values {
        for (percent, key) in [(5, "delay"), (95, "jitter-delay")] {
            if let Some(value) = nearest_rank(&mut millis, percent) {
                let name = format!("{}.stage.kwok.x-k8s.io/{key}", stage.name());
                annotations.insert(name, format!("{value}ms"));
            }
        }
    }
    annotations
}

/// Returns the requests of a Pod, by resource. The first container gets them all, because only their sums are kept.
fn requests_of(timeline: &Timeline, key: PodKey) -> Option<KwokResources> {
    let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '/' | '_');
    let mut requests = BTreeMap::new();
    for (name, amount) in timeline.pod_requests(key) {
        if name.chars().all(is_name) {
            requests.insert(name.to_owned(), format_quantity(amount));
        }
    }
    (!requests.is_empty()).then_some(KwokResources { requests })
}

/// Formats an amount as a quantity of Kubernetes: `2`, or `250m` for a part.
fn format_quantity(amount: f64) -> String {
    if amount.fract() == 0.0 { format!("{amount:.0}") } else { format!("{:.0}m", (amount * 1_000.0).ceil()) }
}

#[apply(
    Option => #[serde(skip_serializing_if = "Option::is_none")],
    Vec => #[serde(skip_serializing_if = "Vec::is_empty")],
)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KwokManifest<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: KwokMetadata<'a>,
    spec: KwokSpec<'a>,
}

#[derive(Serialize)]
struct KwokMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[apply(Option => #[serde(skip_serializing_if = "Option::is_none")])]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KwokSpec<'a> {
    parallelism: Option<i64>,
    completions: Option<i64>,
    completion_mode: Option<&'a str>,
    backoff_limit: Option<i64>,
    backoff_limit_per_index: Option<i64>,
    max_failed_indexes: Option<i64>,
    active_deadline_seconds: Option<i64>,
    template: KwokTemplate<'a>,
}

#[derive(Serialize)]
struct KwokTemplate<'a> {
    metadata: KwokMetadata<'a>,
    spec: KwokPodSpec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KwokPodSpec {
    restart_policy: &'static str,
    /// The nodes of kwok have this label.
    node_selector: BTreeMap<&'static str, &'static str>,
    /// The nodes of kwok have this taint.
    tolerations: [KwokToleration; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    init_containers: Vec<KwokContainer>,
    containers: Vec<KwokContainer>,
}

#[derive(Serialize)]
struct KwokToleration {
    key: &'static str,
    operator: &'static str,
}

#[derive(Serialize)]
struct KwokContainer {
    name: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<KwokResources>,
}

impl KwokContainer {
    fn new(name: &str, image: &str) -> Self {
        let image = if image.is_empty() { "unknown" } else { image };
        Self { name: name.to_owned(), image: image.to_owned(), resources: None }
    }
}

#[derive(Serialize)]
struct KwokResources {
    requests: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::export::fixture::{ended_pod, workload};
    use crate::lifecycle::RangedDuration;
    use crate::timeline::TimelinePod;

    /// Writes the manifest of a Job with Pods that succeeded after these cold starts and works, in milliseconds.
    fn manifest(times: &[(i64, i64)], change: impl Fn(&mut TimelinePod<'static>)) -> Value {
        let pods: Vec<TimelinePod<'static>> = times
            .iter()
            .map(|&(cold_start, run)| {
                let mut pod = ended_pod();
                let life = pod.life.to_mut();
                let exactly = |millis| RangedDuration {
                    estimate_millis: millis,
                    low_millis: millis,
                    high_millis: millis,
                };
                (life.cold_start, life.run) = (Some(exactly(cold_start)), Some(exactly(run)));
                life.outcome = PodOutcome::Succeeded;
                life.phases.retain(|phase| phase.kind == PhaseKind::Setup);
                change(&mut pod);
                pod
            })
            .collect();
        let keys = (0..pods.len()).map(PodKey::from_index).collect();
        let timeline = Timeline::from_parts(pods, vec![Workload { pods: keys, ..workload() }]);
        let mut out = Vec::new();
        write_kwok(&timeline, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        serde_saphyr::from_str(text.strip_prefix("---\n").unwrap()).unwrap()
    }

    #[test]
    fn the_annotations_are_percentiles_and_the_job_runs_on_nodes_of_kwok() {
        let times: Vec<(i64, i64)> = (1..=20).map(|number| (788 + number * 100, number * 1_000)).collect();
        let manifest = manifest(&times, |_| {});
        assert_eq!((&manifest["kind"], &manifest["metadata"]["name"]), (&json!("Job"), &json!("pi")));
        assert_eq!(
            (&manifest["spec"]["completions"], &manifest["spec"]["parallelism"]),
            (&json!(20), &json!(4))
        );
        let template = &manifest["spec"]["template"];
        let annotations = json!({
            "pod-create.stage.kwok.x-k8s.io/delay": "788ms",
            "pod-create.stage.kwok.x-k8s.io/jitter-delay": "788ms",
            "pod-init-container-running.stage.kwok.x-k8s.io/delay": "0ms",
            "pod-init-container-running.stage.kwok.x-k8s.io/jitter-delay": "0ms",
            "pod-init-container-completed.stage.kwok.x-k8s.io/delay": "0ms",
            "pod-init-container-completed.stage.kwok.x-k8s.io/jitter-delay": "0ms",
            "pod-ready.stage.kwok.x-k8s.io/delay": "100ms",
            "pod-ready.stage.kwok.x-k8s.io/jitter-delay": "1900ms",
            "pod-complete.stage.kwok.x-k8s.io/delay": "1000ms",
            "pod-complete.stage.kwok.x-k8s.io/jitter-delay": "19000ms",
        });
        assert_eq!(template["metadata"]["annotations"], annotations);
        assert_eq!(template["spec"]["nodeSelector"], json!({"type": "kwok"}));
        assert_eq!(template["spec"]["containers"], json!([{"name": "pi", "image": "perl:5.34.0"}]));
        assert_eq!(template["spec"]["initContainers"], json!([{"name": "init", "image": "perl:5.34.0"}]));
    }

    #[test]
    fn the_work_of_pods_that_failed_is_left_out_and_unknown_times_have_no_annotation() {
        let manifest = manifest(&[(1_000, 2_000)], |pod| {
            let life = pod.life.to_mut();
            life.outcome = PodOutcome::Failed;
            life.containers.retain(|container| container.role == ContainerRole::Main);
        });
        let annotations = manifest["spec"]["template"]["metadata"]["annotations"].as_object().unwrap();
        let stages: Vec<&String> = annotations.keys().collect();
        assert!(
            stages.iter().all(|name| name.starts_with("pod-create.") || name.starts_with("pod-ready.")),
            "{stages:?}"
        );
        assert_eq!(stages.len(), 4);
    }

    #[test]
    fn a_hostile_image_stays_text() {
        let image = "a\nspec: {}\u{202e}\u{1b}[2J";
        let manifest = manifest(&[(1_000, 2_000)], |pod| {
            pod.life.to_mut().containers[1].image = image.into();
        });
        assert_eq!(manifest["spec"]["template"]["spec"]["containers"][0]["image"], image);
    }

    #[test]
    fn quantities_are_whole_or_thousandths() {
        assert_eq!([2.0, 0.25, 1_073_741_824.0].map(format_quantity), ["2", "250m", "1073741824"]);
    }
}
