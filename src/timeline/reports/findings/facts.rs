//! The sentences of the findings, with the facts behind each loss: images, nodes, Pods and tries.
//!
//! The facts of a finding add up to its loss. If they explain only a part of the loss, the finding names this part.
//! The results of `write!` are ignored, because writing to a string cannot fail.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::findings::finding::{Cost, Finding, FindingKind};
use crate::timeline::reports::findings::loss_groups::{LossGroups, format_each};
use crate::timeline::reports::findings::number_text::{format_share, format_short};
use crate::timeline::reports::reserved::{ReservedResource, format_reserved};
use crate::timeline::reports::slots::account::PodSlotTime;
use crate::timeline::reports::summary::WorkloadAccount;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// Finds the facts behind the losses of one workload.
pub(crate) struct FactFinder<'a> {
    pub(crate) timeline: &'a Timeline,
    pub(crate) workload: &'a Workload,
    pub(crate) account: &'a WorkloadAccount,
    reserved: OnceCell<Vec<ReservedResource>>,
}

impl<'a> FactFinder<'a> {
    pub(crate) fn new(timeline: &'a Timeline, workload: &'a Workload, account: &'a WorkloadAccount) -> Self {
        Self { timeline, workload, account, reserved: OnceCell::new() }
    }

    /// The overviews of the Pods whose slot time is in the account.
    pub(crate) fn overviews(&self) -> impl Iterator<Item = (PodKey, &'a PodOverview)> {
        self.account.pods.iter().map(|(key, _)| (*key, self.timeline.overview(*key)))
    }

    fn reserved(&self) -> &[ReservedResource] {
        self.reserved.get_or_init(|| self.timeline.reserved_resources(self.workload, self.account.at))
    }

    /// The cost of the resources that were reserved before the work began. `cold_millis` is the slot time of the cold
    /// start in milliseconds. `None` if the Pods request no resources that a sentence can name.
    pub(crate) fn reserved_cost(&self, cold_millis: i64) -> Option<Cost> {
        let resource = self.reserved().iter().find(|reserved| reserved.is_named())?;
        let share = resource.share();
        #[expect(clippy::cast_possible_truncation, reason = "a share is at most 1")]
        let percent = (share * 100.0).round() as i64;
        Some(Cost { kind: FindingKind::Reserved, share, percent, millis: cold_millis, uncertainty: None })
    }

    /// Whether a reserved resource is an accelerator.
    pub(crate) fn has_reserved_accelerator(&self) -> bool {
        self.reserved().iter().any(ReservedResource::is_accelerator)
    }

    /// Writes the finding about a loss. `None` if only the share of the loss is known.
    pub(crate) fn describe(&self, cost: Cost) -> Option<Finding> {
        let mut finding = Finding {
            kind: cost.kind,
            share: cost.share,
            text: String::new(),
            node: None,
            image: None,
            pods: Vec::new(),
            reasons: Vec::new(),
        };
        let share = format_share(cost);
        match cost.kind {
            FindingKind::Pulls => self.describe_pulls(&share, &mut finding),
            FindingKind::PullFailing => {
                finding.text = format!("images that cannot be pulled took {share} of slot time");
                self.describe_phases(&mut finding);
            }
            FindingKind::Setup => {
                finding.text = format!("setup and start took {share} of slot time");
                self.describe_phases(&mut finding);
            }
            FindingKind::Init => {
                finding.text = format!("init containers took {share} of slot time");
                self.describe_phases(&mut finding);
            }
            FindingKind::Unready => {
                finding.text = format!("Pods were not ready for {share} of slot time");
                self.describe_phases(&mut finding);
            }
            FindingKind::Queued => {
                finding.text = format!("the wait for a node took {share} of slot time");
                self.describe_phases(&mut finding);
            }
            FindingKind::Terminating => {
                finding.text = format!("Pods took {share} of slot time to stop");
                self.describe_phases(&mut finding);
            }
            FindingKind::BackOff => self.describe_back_off(cost, &share, &mut finding),
            FindingKind::LostWork => self.describe_lost_work(&share, &mut finding),
            FindingKind::Idle => {
                finding.text = format!("idle slots took {share} of slot time: {}", self.explain_idle(cost)?);
            }
            FindingKind::Stragglers => self.describe_stragglers(&share, &mut finding),
            FindingKind::Reserved => {
                finding.text =
                    format!("{} were reserved before work began", format_reserved(self.reserved()));
            }
        }
        Some(finding)
    }

    /// The name of a Pod, and the node on which it ran: `pi-a on node-1`.
    pub(crate) fn name_pod(&self, key: PodKey) -> String {
        let identity = self.timeline.identity(key);
        match &identity.node {
            Some(node) => format!("{} on {node}", identity.name),
            None => identity.name.to_string(),
        }
    }

    /// The Pods that lost slot time in phases of this kind, the largest loss first.
    pub(crate) fn losses(&self, kind: FindingKind) -> Vec<(i64, PodKey)> {
        self.sort_losses(|time| kind.phases().iter().map(|phase| time.phases[*phase]).sum())
    }

    /// The Pods with a loss, the largest loss first. `loss` returns the loss of a Pod in milliseconds.
    fn sort_losses(&self, loss: impl Fn(&PodSlotTime) -> i64) -> Vec<(i64, PodKey)> {
        let pods = self.account.pods.iter().map(|(key, time)| (loss(time), *key));
        let mut losses: Vec<(i64, PodKey)> = pods.filter(|(millis, _)| *millis > 0).collect();
        // The sort is stable, so equal losses stay in the order of the Pods.
        losses.sort_by_key(|&(millis, _)| Reverse(millis));
        losses
    }

    /// Adds the names of these Pods to a finding.
    pub(crate) fn add_pods(&self, pods: impl Iterator<Item = PodKey>, finding: &mut Finding) {
        let names = pods.map(|key| Arc::from(&*self.timeline.identity(key).name));
        finding.pods.extend(names.take(Finding::MAX_PODS));
    }

    /// Adds how long the Pods took: `: 14 Pods about 5m30s each, up to 8m10s (pi-a on node-1: Insufficient cpu)`.
    /// Adds nothing if no Pod has a loss.
    fn describe_phases(&self, finding: &mut Finding) {
        let losses = self.losses(finding.kind);
        let Some(text) = self.describe_losses(&losses, finding) else { return };
        let _ = write!(finding.text, ": {text}");
    }

    /// Describes losses in phases of the finding's kind, and adds their Pods, the node and the reason to the finding.
    /// `None` if no Pod has a loss.
    pub(crate) fn describe_losses(&self, losses: &[(i64, PodKey)], finding: &mut Finding) -> Option<String> {
        let &(_, longest) = losses.first()?;
        let reason = self.reason_of_wait(longest, finding.kind);
        let because = match &reason {
            Some((reason, Some(cause))) => format!(": {reason}: {cause}"),
            Some((reason, None)) => format!(": {reason}"),
            None => String::new(),
        };
        let groups = LossGroups::new(&losses.iter().map(|(millis, _)| *millis).collect::<Vec<_>>());
        let example = if groups.is_even() && because.is_empty() {
            String::new()
        } else {
            format!("{}{because}", self.name_pod(longest))
        };
        if !example.is_empty() {
            finding.node.clone_from(&self.timeline.identity(longest).node);
        }
        finding.reasons.extend(reason.map(|(reason, _)| reason));
        self.add_pods(losses.iter().take(groups.large.pods).map(|(_, key)| *key), finding);
        Some(groups.describe(&example))
    }

    /// The reason of the longest wait of a Pod in phases of this kind, and the cause if the cause is known.
    fn reason_of_wait(&self, key: PodKey, kind: FindingKind) -> Option<(Arc<str>, Option<Arc<str>>)> {
        let pod = self.timeline.pod(key);
        let phases = pod.life.phases.iter().filter(|phase| kind.phases().contains(&phase.kind));
        let waits = phases.filter_map(|phase| Some((phase.duration(self.account.at), phase.wait_reason()?)));
        let (_, reason) = waits.max_by_key(|(duration, _)| *duration)?;
        // Leaves out the note about an autoscaler in brackets.
        let reason: Arc<str> = reason.split_once(" (").map_or(reason, |(reason, _)| reason).into();
        let known = pod.life.wait_causes.iter().find(|known| known.reason == reason);
        Some((reason, known.map(|known| Arc::clone(&known.cause))))
    }

    /// Writes `lost work took 16 % of slot time: 4 Pods preempted, 2 failed; 1 Pod for 3m12s (pi-a on node-1), 5
    /// others about 20s each`.
    fn describe_lost_work(&self, share: &str, finding: &mut Finding) {
        let pods = self.account.summary.lost_work.pods.iter().filter(|(_, pods)| **pods > 0);
        let causes = pods.enumerate().map(|(position, (cause, pods))| {
            let noun = match (position, pods) {
                (0, 1) => " Pod",
                (0, _) => " Pods",
                _ => "",
            };
            format!("{pods}{noun} {}", cause.participle())
        });
        let causes = causes.collect::<Vec<_>>().join(", ");
        finding.text = format!("lost work took {share} of slot time: {causes}");
        let lost = self.sort_losses(|time| time.lost_work);
        let Some(&(longest, key)) = lost.first() else { return };
        let count: u32 = self.account.summary.lost_work.pods.values().sum();
        let groups = LossGroups::new(&lost.iter().map(|(millis, _)| *millis).collect::<Vec<_>>());
        let are_all_counted = usize::try_from(count).is_ok_and(|count| count == lost.len());
        let _ = match (&lost[..], groups.is_even() && are_all_counted) {
            ([_], _) => write!(finding.text, ", {} in {}", format_short(longest), self.name_pod(key)),
            (_, true) => write!(finding.text, ", {}", format_each(groups.large.sum, groups.large.pods)),
            (_, false) => write!(finding.text, "; {}", groups.describe(&self.name_pod(key))),
        };
        if !groups.is_even() {
            finding.node.clone_from(&self.timeline.identity(key).node);
        }
        self.add_pods(lost.into_iter().map(|(_, key)| key), finding);
    }
}
