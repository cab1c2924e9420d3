//! Why the last member of a gang was late.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{ByPhase, Phase, PhaseKind, PodOutcome};
use crate::timeline::gang::attempts::GangAttempt;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::gang_demand::missing_role;
use crate::timeline::workloads::workload::Workload;

/// The member that worked last, or that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastMember {
    /// The name of the Pod; `None` if the member has no Pod yet.
    pub(crate) pod: Option<Box<str>>,
    pub(crate) cause: LateCause,
}

/// Why a member is late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LateCause {
    /// A phase of its Pod.
    Phase {
        kind: PhaseKind,
        /// `None` while the Pod is queued.
        node: Option<Arc<str>>,
        /// The image that was pulled.
        image: Option<Arc<str>>,
        /// Why the Pod waited: `Insufficient cpu`.
        reason: Option<Arc<str>>,
    },
    /// The rule by which the role starts after another one: `dependsOn driver (Ready)`.
    Order(String),
    /// The member replaces this Pod, which failed or was deleted.
    Replacement(Box<str>),
    /// The Pod was created later than the others, or does not exist yet. The reason is that of the controller, if it
    /// cannot create Pods.
    Creation(Option<Arc<str>>),
}

impl LateCause {
    /// The cause as a value of the document: `pull of train:v3 on node-3`.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Phase { kind, node, image, reason } => {
                let what = match kind {
                    PhaseKind::Pulling => "pull",
                    PhaseKind::PullFailing => "failing pull",
                    PhaseKind::Initializing => "init",
                    PhaseKind::Starting | PhaseKind::Startup => "start",
                    PhaseKind::Queued => "queued",
                    PhaseKind::Setup => "setup",
                    PhaseKind::Unready
                    | PhaseKind::Running
                    | PhaseKind::BackOff
                    | PhaseKind::Terminating
                    | PhaseKind::Unknown => kind.name(),
                };
                let image = image.as_ref().map(|image| format!(" of {image}")).unwrap_or_default();
                let node = node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
                let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("{what}{image}{node}{reason}")
            }
            Self::Order(order) => order.clone(),
            Self::Replacement(of) => format!("replaces {of}"),
            Self::Creation(Some(reason)) => format!("created late: {reason}"),
            Self::Creation(None) => "created late".to_owned(),
        }
    }

    /// The cause as the subject of a sentence: `node-3's pull`.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Phase { kind: PhaseKind::Queued, reason: Some(reason), .. }
            | Self::Creation(Some(reason)) => reason.to_string(),
            Self::Phase { kind: PhaseKind::Queued, reason: None, .. } => "the wait for a node".to_owned(),
            Self::Phase { kind, node, .. } => {
                let what = match kind {
                    PhaseKind::Pulling => "pull",
                    PhaseKind::PullFailing => "failing pull",
                    PhaseKind::Initializing => "init containers",
                    PhaseKind::Setup => "setup",
                    PhaseKind::Queued
                    | PhaseKind::Starting
                    | PhaseKind::Startup
                    | PhaseKind::Unready
                    | PhaseKind::Running
                    | PhaseKind::BackOff
                    | PhaseKind::Terminating
                    | PhaseKind::Unknown => "start",
                };
                match node {
                    Some(node) => format!("{node}'s {what}"),
                    None => format!("the {what}"),
                }
            }
            Self::Order(order) => order.clone(),
            Self::Replacement(of) => format!("the end of {of}"),
            Self::Creation(None) => "the creation of the last Pod".to_owned(),
        }
    }
}

/// How long the parts of the start of a Pod took, in milliseconds.
#[derive(Clone, Debug, Default)]
struct StartParts {
    /// From the beginning of the attempt to the creation.
    creation: i64,
    phases: ByPhase<i64>,
}

impl Timeline {
    /// The member that worked last, or that is missing. `None` if no member is missing any more, but the last one is
    /// unknown.
    pub(crate) fn last_member(
        &self,
        workload: &Workload,
        attempt: &GangAttempt,
        now: Timestamp,
    ) -> Option<LastMember> {
        if attempt.is_unknown {
            return None;
        }
        let Some((at, last)) = attempt.complete else { return Some(self.missing_member(workload, attempt)) };
        let own = self.start_parts(attempt, last, at, now);
        let place = self.place_in_gang(last);
        let others: Vec<StartParts> = attempt
            .pods
            .iter()
            .filter(|pod| **pod != last)
            .filter_map(|&pod| {
                let started = self.overview(pod).work_started()?.as_millisecond();
                (started <= at).then(|| self.start_parts(attempt, pod, started, now))
            })
            .collect();
        let usual = |part: &dyn Fn(&StartParts) -> i64| {
            let mut values: Vec<i64> = others.iter().map(part).collect();
            let middle = values.len() / 2;
            if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
        };
        // All members of a role may be created late, so the creation of the first member counts.
        let first_creation = others.iter().map(|parts| parts.creation).min().unwrap_or(0);
        let late_creation = own.creation.saturating_sub(first_creation);
        let slowest = PhaseKind::ALL
            .into_iter()
            .map(|kind| (own.phases[kind].saturating_sub(usual(&|parts| parts.phases[kind])), kind))
            .max_by_key(|(millis, kind)| (*millis, std::cmp::Reverse(*kind)));
        let name = Some(self.identity(last).name.clone());
        if slowest.is_none_or(|(millis, _)| late_creation > millis) {
            let replaced = attempt.pods.iter().rev().find(|&&pod| {
                pod != last
                    && self.overview(pod).sort_millis() < self.overview(last).sort_millis()
                    && (self.place_in_gang(pod) == place || self.overview(pod).has_failed())
            });
            let role = self.identity(last).role().map(|role| &**role);
            let order = attempt.demand.of_role(role).and_then(|role| role.order.clone());
            let cause = match (replaced, order) {
                (Some(&replaced), _) => LateCause::Replacement(self.identity(replaced).name.clone()),
                (None, Some(order)) => LateCause::Order(order),
                (None, None) => LateCause::Creation(None),
            };
            return Some(LastMember { pod: name, cause });
        }
        let kind = slowest.map_or(PhaseKind::Startup, |(_, kind)| kind);
        let pod = self.pod(last);
        let phases = pod.life.phases.iter().filter(|phase| phase.kind == kind);
        let longest = phases.max_by_key(|phase| phase.duration(now));
        Some(LastMember { pod: name, cause: self.phase_cause(last, kind, longest) })
    }

    fn phase_cause(&self, key: PodKey, kind: PhaseKind, phase: Option<&Phase>) -> LateCause {
        let pod = self.pod(key);
        let is_pull = matches!(kind, PhaseKind::Pulling | PhaseKind::PullFailing);
        let container = phase.and_then(|phase| phase.container.as_ref());
        let container =
            container.and_then(|name| pod.life.containers.iter().find(|other| other.name == *name));
        let image = container.map(|container| &container.image).or_else(|| pod.life.main_image());
        let node = pod.node.as_ref().filter(|_| kind != PhaseKind::Queued);
        LateCause::Phase {
            kind,
            node: node.cloned(),
            image: image.filter(|_| is_pull).cloned(),
            reason: phase.and_then(Phase::wait_reason).map(Arc::from),
        }
    }

    /// The parts of the start of a Pod whose work began at `started`.
    fn start_parts(&self, attempt: &GangAttempt, key: PodKey, started: i64, now: Timestamp) -> StartParts {
        let created = self.overview(key).sort_millis();
        let began = attempt.began.or(created);
        let mut parts = StartParts {
            creation: created.zip(began).map_or(0, |(created, began)| created.saturating_sub(began)),
            ..StartParts::default()
        };
        self.for_each_span(key, |span| {
            if span.start < started && !span.kind.is_work() {
                let end = span.end.unwrap_or(now.as_millisecond()).min(started);
                parts.phases[span.kind] += end.saturating_sub(span.start).max(0);
            }
        });
        parts
    }

    /// The missing member that is furthest from its work.
    fn missing_member(&self, workload: &Workload, attempt: &GangAttempt) -> LastMember {
        let is_waiting = |key: &&PodKey| {
            let pod = self.overview(**key);
            !pod.has_started_work && !pod.outcome.has_ended()
        };
        let mut existing: BTreeMap<Option<&str>, u32> = BTreeMap::new();
        for &key in &attempt.pods {
            let pod = self.overview(key);
            let has_place = !pod.outcome.has_ended() || pod.outcome == PodOutcome::Succeeded;
            if has_place {
                *existing.entry(self.identity(key).role().map(|role| &**role)).or_default() += 1;
            }
        }
        // Without roles, only the number of all Pods shows whether one is missing.
        let is_without_roles = attempt.demand.of_role(None).is_some() || existing.contains_key(&None);
        let missing = if is_without_roles {
            let is_missing = existing.values().sum::<u32>() < attempt.members;
            attempt.demand.roles.last().filter(|_| is_missing)
        } else {
            missing_role(&attempt.demand, &existing)
        };
        if let Some(role) = missing {
            let block = |workload: &Workload| Some(Arc::clone(&workload.creation_block.as_ref()?.reason));
            let blocked = self.subtree(&workload.uid).iter().find_map(block);
            let cause = match (blocked, &role.order) {
                (Some(reason), _) => LateCause::Creation(Some(reason)),
                (None, Some(order)) => LateCause::Order(order.clone()),
                (None, None) => LateCause::Creation(None),
            };
            return LastMember { pod: None, cause };
        }
        let furthest = attempt.pods.iter().filter(is_waiting).min_by_key(|key| {
            let pod = self.overview(**key);
            (pod.open_phase, pod.sort_millis(), &self.identity(**key).name)
        });
        let Some(&furthest) = furthest else {
            return LastMember { pod: None, cause: LateCause::Creation(None) };
        };
        let pod = self.pod(furthest);
        let open = pod.life.open_phase();
        let kind = open.map_or(PhaseKind::Startup, |open| open.kind);
        let name = Some(self.identity(furthest).name.clone());
        LastMember { pod: name, cause: self.phase_cause(furthest, kind, open) }
    }
}
