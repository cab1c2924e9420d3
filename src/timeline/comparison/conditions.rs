//! The conditions of a run that may explain a difference: images, requests, nodes and the like.

use std::collections::BTreeSet;

use crate::lifecycle::{PhaseKind, Source};
use crate::timeline::comparison::phase_samples::PhaseSamples;
use crate::timeline::comparison::run_reading::RunReading;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::findings::number_text::format_bytes;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The maximum number of nodes that are named.
const MAX_NODES: usize = 4;

/// The number of digits of a digest that are shown.
const SHOWN_DIGITS: usize = 12;

/// A condition of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunCondition {
    Image,
    ImageDigest,
    Requests,
    Parallelism,
    Completions,
    Nodes,
    KubernetesVersion,
    Pulls,
    Evidence,
}

impl RunCondition {
    /// All conditions, in the order in which they are listed.
    pub(crate) const ALL: [Self; 9] = [
        Self::Image,
        Self::ImageDigest,
        Self::Requests,
        Self::Parallelism,
        Self::Completions,
        Self::Nodes,
        Self::KubernetesVersion,
        Self::Pulls,
        Self::Evidence,
    ];

    /// The value of `what` in the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::ImageDigest => "image digest",
            Self::Requests => "requests",
            Self::Parallelism => "parallelism",
            Self::Completions => "completions",
            Self::Nodes => "nodes",
            Self::KubernetesVersion => "Kubernetes",
            Self::Pulls => "pulls",
            Self::Evidence => "evidence",
        }
    }
}

/// The conditions of a run as text. A condition that is unknown or does not apply is absent.
pub(crate) type RunConditions = Vec<(RunCondition, String)>;

pub(crate) fn collect_conditions(
    timeline: &Timeline,
    workload: &Workload,
    samples: &PhaseSamples,
    reading: &RunReading,
) -> RunConditions {
    let pods = timeline.pods_below(workload);
    let mut images = BTreeSet::new();
    let mut requests = BTreeSet::new();
    let (mut cold, mut with_events) = (0_usize, 0_usize);
    for &key in &pods {
        let pod = timeline.pod(key);
        for container in pod.life.main_containers() {
            images.insert(container.image.to_string());
        }
        let pulls = pod.life.containers.iter().filter_map(|container| container.pull);
        cold += usize::from(pulls.into_iter().any(|pull| !pull.cached));
        with_events += usize::from(pod.life.phases.iter().any(|phase| phase.source == Source::Event));
        if let Some(text) = describe_requests(timeline, key) {
            requests.insert(text);
        }
    }
    let digests = images.iter().flat_map(|image| timeline.image_digests.digests_of(image));
    let digests: BTreeSet<String> = digests.map(shorten_digest).collect();
    let join = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<String>>().join(" + ");
    let known = |text: String| Some(text).filter(|text| !text.is_empty());
    let started = samples.count(PhaseKind::Running);
    let value = |condition| match condition {
        RunCondition::Image => known(join(images.clone())),
        RunCondition::ImageDigest => known(join(digests.clone())),
        RunCondition::Requests => Some(known(join(requests.clone())).unwrap_or_else(|| "none".to_owned())),
        RunCondition::Parallelism => workload.parallelism.map(|count| count.to_string()),
        RunCondition::Completions => workload.completions.map(|count| count.to_string()),
        RunCondition::Nodes => known(describe_nodes(samples)),
        RunCondition::KubernetesVersion => reading.kubernetes_version.clone(),
        RunCondition::Pulls => Some(format!("{cold} cold, {} warm", started.saturating_sub(cold))),
        RunCondition::Evidence => Some(match with_events {
            0 => "status only".to_owned(),
            all if all == pods.len() => "status and Events".to_owned(),
            some => format!("Events of {some} of {} Pods", pods.len()),
        }),
    };
    RunCondition::ALL.into_iter().filter_map(|condition| Some((condition, value(condition)?))).collect()
}

/// The start of a digest, as long as container tools show it.
fn shorten_digest(digest: &str) -> String {
    digest.chars().take("sha256:".len() + SHOWN_DIGITS).collect()
}

fn describe_requests(timeline: &Timeline, key: PodKey) -> Option<String> {
    let requests = timeline.store.record(key).requests.as_ref()?;
    let texts = requests.iter().map(|(name, amount)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a request")]
        let amount = if matches!(name, "memory" | "ephemeral-storage") || name.starts_with("hugepages-") {
            format_bytes(amount as u64)
        } else {
            format!("{amount}")
        };
        format!("{name} {amount}")
    });
    Some(texts.collect::<Vec<String>>().join(", "))
}

fn describe_nodes(samples: &PhaseSamples) -> String {
    let names = samples.node_names();
    let mut text: Vec<String> = names.iter().take(MAX_NODES).map(ToString::to_string).collect();
    if names.len() > MAX_NODES {
        text.push(format!("{} more", names.len() - MAX_NODES));
    }
    text.join(", ")
}
