//! The sentences of the findings, with the facts behind each loss: images, nodes, Pods and tries.
//!
//! The results of `write!` are ignored, because writing to a string cannot fail.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{PULL_QUEUE, Pull, format_elapsed_millis, format_exact};
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::finding::{Cost, Finding, FindingKind};
use crate::timeline::reports::reserved::{ReservedResource, format_reserved};
use crate::timeline::reports::slots::account::PodSlotTime;
use crate::timeline::reports::summary::WorkloadAccount;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// If a Pod lost at least this number of milliseconds, Pods that lost less are not counted. A shorter wait does not
/// explain idle slots.
const MIN_WAIT: i64 = 1_000;

/// Finds the facts behind the losses of one workload.
pub(crate) struct FactFinder<'a> {
    timeline: &'a Timeline,
    workload: &'a Workload,
    account: &'a WorkloadAccount,
    reserved: OnceCell<Vec<ReservedResource>>,
}

impl<'a> FactFinder<'a> {
    pub(crate) fn new(timeline: &'a Timeline, workload: &'a Workload, account: &'a WorkloadAccount) -> Self {
        Self { timeline, workload, account, reserved: OnceCell::new() }
    }

    /// The overviews of the Pods whose slot time is in the account.
    fn overviews(&self) -> impl Iterator<Item = (PodKey, &'a PodOverview)> {
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
        Some(Cost { kind: FindingKind::Reserved, share, millis: cold_millis, uncertainty: None })
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
                self.describe_longest(&mut finding);
            }
            FindingKind::Setup => {
                finding.text = format!("setup and start took {share} of slot time");
                self.describe_longest(&mut finding);
            }
            FindingKind::Init => {
                finding.text = format!("init containers took {share} of slot time");
                self.describe_longest(&mut finding);
            }
            FindingKind::Unready => {
                finding.text = format!("Pods were not ready for {share} of slot time");
                self.describe_longest(&mut finding);
            }
            FindingKind::Queued => {
                finding.text = format!("the wait for a node took {share} of slot time");
                self.describe_longest(&mut finding);
            }
            FindingKind::Terminating => {
                finding.text = format!("Pods took {share} of slot time to stop");
                self.describe_longest(&mut finding);
            }
            FindingKind::BackOff => self.describe_back_off(&share, &mut finding),
            FindingKind::LostWork => self.describe_lost_work(&share, &mut finding),
            FindingKind::Idle => {
                finding.text = format!("idle slots took {share} of slot time: {}", self.explain_idle()?);
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
    fn name_pod(&self, key: PodKey) -> String {
        let identity = self.timeline.identity(key);
        match &identity.node {
            Some(node) => format!("{} on {node}", identity.name),
            None => identity.name.to_string(),
        }
    }

    /// The Pods that lost slot time in phases of this kind, the largest loss first.
    fn losses(&self, kind: FindingKind) -> Vec<(i64, PodKey)> {
        let millis = |time: &PodSlotTime| kind.phases().iter().map(|phase| time.phases[*phase]).sum::<i64>();
        let pods = self.account.pods.iter().map(|(key, time)| (millis(time), *key));
        let mut losses: Vec<(i64, PodKey)> = pods.filter(|(millis, _)| *millis > 0).collect();
        // The sort is stable, so equal losses stay in the order of the Pods.
        losses.sort_by_key(|&(millis, _)| Reverse(millis));
        losses
    }

    /// Adds the names of these Pods to a finding.
    fn add_pods(&self, pods: impl Iterator<Item = PodKey>, finding: &mut Finding) {
        let names = pods.map(|key| Arc::from(&*self.timeline.identity(key).name));
        finding.pods.extend(names.take(Finding::MAX_PODS));
    }

    /// Adds how long the Pods took: `: 14 Pods, up to 6m10s (pi-a on node-1: Insufficient cpu)`.
    fn describe_longest(&self, finding: &mut Finding) {
        let losses = self.losses(finding.kind);
        let Some(&(longest, key)) = losses.first() else { return };
        let waiting = losses.iter().filter(|(millis, _)| *millis >= MIN_WAIT).count();
        let waiting = if waiting == 0 { losses.len() } else { waiting };
        let extent = match waiting {
            1 => format!("1 Pod for {}", format_elapsed_millis(longest)),
            pods => format!("{pods} Pods, up to {}", format_elapsed_millis(longest)),
        };
        let reason = self.reason_of_wait(key, finding.kind);
        let because = match &reason {
            Some((reason, Some(cause))) => format!(": {reason}: {cause}"),
            Some((reason, None)) => format!(": {reason}"),
            None => String::new(),
        };
        let _ = write!(finding.text, ": {extent} ({}{because})", self.name_pod(key));
        finding.reasons.extend(reason.map(|(reason, _)| reason));
        finding.node.clone_from(&self.timeline.identity(key).node);
        self.add_pods(losses.iter().take(waiting).map(|(_, key)| *key), finding);
    }

    /// The reason of the longest wait of a Pod in phases of this kind, and the cause if the cause is known.
    fn reason_of_wait(&self, key: PodKey, kind: FindingKind) -> Option<(Arc<str>, Option<Arc<str>>)> {
        let pod = self.timeline.pod(key);
        let phases = pod.life.phases.iter().filter(|phase| kind.phases().contains(&phase.kind));
        let waits = phases.filter_map(|phase| Some((phase.duration(self.account.at), phase.wait_reason()?)));
        let (_, reason) = waits.max_by_key(|(duration, _)| *duration)?;
        // The part in brackets is about an autoscaler.
        let reason: Arc<str> = reason.split_once(" (").map_or(reason, |(reason, _)| reason).into();
        let known = pod.life.wait_causes.iter().find(|known| known.reason == reason);
        Some((reason, known.map(|known| Arc::clone(&known.cause))))
    }

    /// Writes `image pulls took 22 % of slot time: 18 % on node-3, which pulled train:v3 (4.1 GB) at 26 MB/s while 5
    /// Pods waited`.
    fn describe_pulls(&self, share: &str, finding: &mut Finding) {
        finding.text = format!("image pulls took {share} of slot time");
        finding.reasons.push(PULL_QUEUE.into());
        let losses = self.losses(FindingKind::Pulls);
        let mut pulls: BTreeMap<(Arc<str>, Arc<str>), PullsOnNode> = BTreeMap::new();
        for &(millis, key) in &losses {
            let pod = self.timeline.pod(key);
            let containers = pod.life.containers.iter();
            let with_pull = containers.filter_map(|container| Some((container, container.pull?)));
            let longest = with_pull.filter(|(_, pull)| !pull.cached).max_by_key(|(_, pull)| duration(pull));
            let (Some((container, pull)), Some(node)) = (longest, &pod.node) else { continue };
            let entry = pulls.entry((Arc::clone(&container.image), Arc::clone(node))).or_default();
            entry.add(millis, key, &pull);
        }
        let largest = pulls.iter().max_by_key(|(_, pulls)| pulls.millis);
        let Some(((image, node), on_node)) = largest else { return };
        let all: Vec<&PullsOnNode> =
            pulls.iter().filter(|((other, _), _)| other == image).map(|(_, pulls)| pulls).collect();
        let bytes = all.iter().filter_map(|pulls| pulls.bytes).max();
        let size = bytes.map(|bytes| format!(" ({})", format_bytes(bytes))).unwrap_or_default();
        let total: i64 = losses.iter().map(|(millis, _)| *millis).sum();
        let is_most = on_node.millis.saturating_mul(3) >= total.saturating_mul(2);
        finding.image = Some(Arc::clone(image));
        if is_most || all.len() == 1 {
            let part = percent(on_node.millis, self.account.summary.slots.total);
            let place = if pulls.len() == 1 { format!("{node}") } else { format!("{part} on {node}, which") };
            let speed = on_node.format_speeds(&[]);
            let waited = format_waiting(&[on_node]);
            let _ = write!(finding.text, ": {place} pulled {image}{size}{speed}{waited}");
            finding.node = Some(Arc::clone(node));
            self.add_pods(on_node.pods.iter().copied(), finding);
        } else {
            let others: Vec<&PullsOnNode> =
                all.iter().copied().filter(|pulls| !std::ptr::eq(*pulls, on_node)).collect();
            let speed = on_node.format_speeds(&others);
            let waited = format_waiting(&all);
            let _ = write!(finding.text, ": {} nodes pulled {image}{size}{speed}{waited}", all.len());
            self.add_pods(all.iter().flat_map(|pulls| pulls.pods.iter().copied()), finding);
        }
    }

    fn describe_back_off(&self, share: &str, finding: &mut Finding) {
        finding.text = format!("back-off took {share} of slot time");
        let count = |is_counted: fn(&PodOverview) -> bool| {
            self.overviews().filter(|(_, overview)| is_counted(overview)).count()
        };
        let failed = count(PodOverview::has_failed);
        let with_failed_run = count(|pod| pod.has_failed_run);
        if failed > 0 {
            let _ = write!(finding.text, " after {}", format_pods(failed, "failed Pod"));
        } else if with_failed_run > 0 {
            let _ = write!(finding.text, " after failed runs in {}", format_pods(with_failed_run, "Pod"));
        }
        let failed = self.overviews().filter(|(_, pod)| pod.has_failed() || pod.has_failed_run);
        self.add_pods(failed.map(|(key, _)| key), finding);
    }

    /// Writes `lost work took 16 % of slot time: 4 Pods preempted, 2 failed; 3m12s of it in pi-a on node-1`.
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
        let lost = self.account.pods.iter().map(|(key, time)| (time.lost_work, *key));
        let mut lost: Vec<(i64, PodKey)> = lost.filter(|(millis, _)| *millis > 0).collect();
        lost.sort_by_key(|&(millis, _)| Reverse(millis));
        if let Some(&(longest, key)) = lost.first() {
            let introduction = if lost.len() == 1 { ", " } else { "; the most in one Pod is " };
            let longest = format_elapsed_millis(longest);
            let _ = write!(finding.text, "{introduction}{longest} in {}", self.name_pod(key));
            finding.node.clone_from(&self.timeline.identity(key).node);
        }
        self.add_pods(lost.into_iter().map(|(_, key)| key), finding);
    }

    /// Why slots had no Pod: `0.8s pass between the end of a Pod and the start of the next`. `None` if the reason is
    /// unknown.
    fn explain_idle(&self) -> Option<String> {
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for (_, overview) in self.overviews() {
            starts.extend(overview.start_millis());
            ends.extend(overview.end().map(Timestamp::as_millisecond));
        }
        starts.sort_unstable();
        ends.sort_unstable();
        let first_end = ends.first().copied().unwrap_or(i64::MAX);
        // The Pods that started before the first Pod ended replaced no other Pod.
        let next_starts = starts.iter().skip_while(|start| **start < first_end);
        let mut gaps: Vec<i64> = next_starts.zip(&ends).map(|(start, end)| (start - end).max(0)).collect();
        let in_gaps: i64 = gaps.iter().sum();
        let middle = gaps.len() / 2;
        if in_gaps.saturating_mul(2) >= self.account.summary.slots.idle && !gaps.is_empty() {
            let median = *gaps.select_nth_unstable(middle).1;
            let median = format_exact(SignedDuration::from_millis(median));
            return Some(format!("{median} pass between the end of a Pod and the start of the next"));
        }
        let created = self.workload.created.map(Timestamp::as_millisecond);
        let before = starts.first().zip(created).map_or(0, |(first, created)| first - created);
        let finished = self.workload.finished.map(Timestamp::as_millisecond);
        let after = ends.last().zip(finished).map_or(0, |(last, finished)| finished - last);
        let text = if before > after {
            format!("the first Pod was created {} after the workload", format_elapsed_millis(before))
        } else {
            format!("the workload ended {} after its last Pod", format_elapsed_millis(after))
        };
        (before.max(after) >= MIN_WAIT).then_some(text)
    }

    /// Writes `3 of 200 Pods ended after all others and took 41 % of the wall time (2 on node-7, index 113 on its 2nd
    /// try)`.
    fn describe_stragglers(&self, share: &str, finding: &mut Finding) {
        let Some(stragglers) = self.timeline.stragglers(self.workload) else { return };
        let keys = self.timeline.last_pods(self.workload, stragglers.pods);
        let pods = format!("{} of {} Pods", stragglers.pods, stragglers.ended);
        finding.text = format!("{pods} ended after all others and took {share} of the wall time");
        let mut by_node: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        let nodes = keys.iter().filter_map(|key| self.timeline.identity(*key).node.as_ref());
        nodes.for_each(|node| *by_node.entry(node).or_default() += 1);
        let busiest = by_node.iter().max_by_key(|(_, pods)| **pods);
        let mut details: Vec<String> = Vec::new();
        if let [only] = keys[..] {
            details.push(self.name_pod(only));
            finding.node.clone_from(&self.timeline.identity(only).node);
        } else if let Some((node, pods)) = busiest.filter(|(_, pods)| **pods > 1) {
            details.push(format!("{pods} on {node}"));
            finding.node = Some(Arc::clone(node));
        }
        let retried = keys.iter().find(|key| self.timeline.identity(**key).attempt > 1);
        if let Some(identity) = retried.map(|key| self.timeline.identity(*key)) {
            let attempt = format_ordinal(identity.attempt);
            details.push(match identity.index {
                Some(index) => format!("index {index} on its {attempt} try"),
                None => format!("{} on its {attempt} try", identity.name),
            });
        }
        if !details.is_empty() {
            let _ = write!(finding.text, " ({})", details.join(", "));
        }
        self.add_pods(keys.into_iter(), finding);
    }
}

/// The pulls of one image on one node.
#[derive(Debug, Default)]
struct PullsOnNode {
    /// The slot time of the Pods that needed the image.
    millis: i64,
    /// The Pods that needed the image.
    pods: Vec<PodKey>,
    /// The size of the image.
    bytes: Option<u64>,
    /// The duration of the longest transfer, in milliseconds.
    longest: i64,
    /// The longest wait for other pulls on the node.
    longest_wait: Option<SignedDuration>,
}

impl PullsOnNode {
    fn add(&mut self, millis: i64, pod: PodKey, pull: &Pull) {
        self.millis += millis;
        self.pods.push(pod);
        self.bytes = self.bytes.max(pull.bytes);
        self.longest = self.longest.max(duration(pull));
        self.longest_wait = self.longest_wait.max(pull.wait);
    }

    /// How fast the image was pulled on this node and on the others: ` at 26 MB/s`, ` in 6.0s`. Empty if no pull has
    /// ended.
    fn format_speeds(&self, others: &[&Self]) -> String {
        let all = || std::iter::once(self).chain(others.iter().copied()).filter(|pulls| pulls.longest > 0);
        let rates: Option<Vec<u64>> = all()
            .map(|pulls| Some(pulls.bytes?.saturating_mul(1_000) / u64::try_from(pulls.longest).ok()?))
            .collect();
        let texts: Vec<String> = if let Some(mut rates) = rates {
            rates.sort_unstable();
            rates.iter().map(|rate| format!("{}/s", format_bytes(*rate))).collect()
        } else {
            let mut times: Vec<i64> = all().map(|pulls| pulls.longest).collect();
            times.sort_unstable();
            times.into_iter().map(|millis| format_exact(SignedDuration::from_millis(millis))).collect()
        };
        let word = if all().all(|pulls| pulls.bytes.is_some()) { "at" } else { "in" };
        match (texts.first(), texts.last()) {
            (Some(first), Some(last)) if first != last => format!(" {word} {first} to {last}"),
            (Some(only), _) => format!(" {word} {only}"),
            (None, _) => String::new(),
        }
    }
}

/// The duration of the transfer in milliseconds; 0 if the pull has not ended.
fn duration(pull: &Pull) -> i64 {
    let both = pull.start.zip(pull.end);
    both.map_or(0, |(start, end)| (end.as_millisecond() - start.as_millisecond()).max(0))
}

/// Writes ` while 5 Pods waited`. If the wait for other pulls was more than twice as long as the transfer, also writes
/// ` up to 9.9s for other pulls`.
fn format_waiting(all: &[&PullsOnNode]) -> String {
    let pods = all.iter().map(|pulls| pulls.pods.len()).sum();
    let text = format!(" while {} waited", format_pods(pods, "Pod"));
    let longest = all.iter().map(|pulls| pulls.longest).max().unwrap_or(0);
    match all.iter().filter_map(|pulls| pulls.longest_wait).max() {
        Some(wait) if wait.as_millis() > i128::from(longest) * 2 => {
            format!("{text} up to {} for other pulls", format_exact(wait))
        }
        Some(_) | None => text,
    }
}

/// `1 Pod`, `2 Pods`.
fn format_pods(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `1st`, `2nd`, `3rd`, `4th`.
fn format_ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// The share of a loss: `22 %`, `22 % ± 3`.
fn format_share(cost: Cost) -> String {
    let percent = format!("{:.0} %", cost.share * 100.0);
    cost.uncertainty.map_or(percent.clone(), |points| format!("{percent} ± {points}"))
}

/// `part` of `whole` as a percentage: `18 %`.
fn percent(part: i64, whole: i64) -> String {
    format!("{} %", (part.saturating_mul(200) + whole) / whole.saturating_mul(2).max(1))
}

/// A number of bytes in decimal units: `4.1 GB`, `26 MB`.
pub(crate) fn format_bytes(bytes: u64) -> String {
    let (unit, name) = match bytes {
        ..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes.saturating_mul(10).saturating_add(unit / 2) / unit;
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ordinals_are_readable() {
        assert_eq!(
            [900, 26_000_000, 4_100_000_000, 9_960_000].map(format_bytes),
            ["0.9 kB", "26 MB", "4.1 GB", "10 MB"]
        );
        assert_eq!(
            [1, 2, 3, 4, 11, 12, 22, 113].map(format_ordinal).join(" "),
            "1st 2nd 3rd 4th 11th 12th 22nd 113th"
        );
        assert_eq!(percent(18, 100), "18 %");
    }
}
