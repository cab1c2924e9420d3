//! The history of reasons why a Pod waits.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::evidence::{Evidence, Source};
use crate::lifecycle::packed::{Pack, Packer, Unpacker, packed_enum, packed_struct};
use crate::lifecycle::time::instant::Instant;
use crate::observation::saturating_add;

packed_enum! {
    /// The topic of a report: a step that the Pod waits for, or the success of a step. Reasons of different topics can
    /// hold at the same time.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum WaitTopic {
        /// A node: the scheduler finds no suitable node.
        Scheduler,
        /// A new node: an autoscaler reacts to the unschedulable Pod.
        Autoscaler,
        /// The volumes and the sandbox: the kubelet cannot set them up.
        Setup,
        /// The volumes: the attach/detach controller cannot attach them to the node.
        Attach,
        /// A success: the attach/detach controller has attached a volume.
        AttachedVolume,
        /// A success: the network plugin has added an interface.
        AddedInterface,
    }
}

/// The reasons with which the cluster autoscaler and Karpenter report that they add a node.
pub(crate) const SCALE_UP_REASONS: [&str; 2] = ["TriggeredScaleUp", "Nominated"];

/// A reason with the times of its first and its last report.
#[derive(Clone, Debug)]
struct WaitReport {
    topic: WaitTopic,
    reason: Arc<str>,
    /// The cause of the latest report.
    cause: Option<Arc<str>>,
    first: Timestamp,
    last: Timestamp,
    source: Source,
}

impl WaitReport {
    fn evidence(&self) -> Evidence {
        match (self.topic, self.source) {
            (WaitTopic::Scheduler, Source::Event) => Evidence::UnschedulableEvent,
            (WaitTopic::Scheduler, Source::Observed | Source::Status | Source::Inferred) => {
                Evidence::ReceivedUnschedulable
            }
            (WaitTopic::Autoscaler, _) => Evidence::AutoscalerEvent,
            (WaitTopic::Setup | WaitTopic::Attach, _) => Evidence::SetupFailedEvent,
            (WaitTopic::AttachedVolume, _) => Evidence::VolumeAttachedEvent,
            (WaitTopic::AddedInterface, _) => Evidence::InterfaceAddedEvent,
        }
    }

    /// Returns the time of the first report, or `None` if this time seems to be truncated to the second.
    fn first_instant(&self) -> Option<Instant> {
        (self.first.subsec_millisecond() != 0).then(|| Instant::new(self.first, self.evidence()))
    }
}

/// A reason that holds from an instant on, until the next reason starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReasonChange {
    pub(crate) since: Instant,
    pub(crate) reason: Arc<str>,
}

/// All reports about why one Pod waits. Most Pods have no reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Vec<WaitReport>);

impl Waits {
    /// Adds a report of `reason` at `first`, repeated until `last`. The result depends neither on the order of the
    /// reports nor on repetitions of the same report.
    pub(crate) fn add_report(
        &mut self,
        topic: WaitTopic,
        (reason, cause): (&Arc<str>, Option<&Arc<str>>),
        first: Timestamp,
        last: Timestamp,
        source: Source,
    ) {
        let is_same = |report: &&mut WaitReport| {
            (report.topic, report.first) == (topic, first) && report.reason == *reason
        };
        if let Some(report) = self.0.iter_mut().find(is_same) {
            if last >= report.last && cause.is_some() {
                report.cause = cause.cloned();
            }
            report.last = report.last.max(last);
            report.source = report.source.min(source);
            return;
        }
        let (reason, cause) = (Arc::clone(reason), cause.cloned());
        self.0.push(WaitReport { topic, reason, cause, first, last: last.max(first), source });
    }

    /// Returns the first report about the wait for a node. `None` if its time is not finer than a second.
    pub(crate) fn first_queue_report(&self) -> Option<Instant> {
        self.first_report(|topic| matches!(topic, WaitTopic::Scheduler | WaitTopic::Autoscaler))
    }

    /// Returns the first report that the scheduler found no node. `None` if its time is not finer than a second.
    pub(crate) fn first_scheduler_report(&self) -> Option<Instant> {
        self.first_report(|topic| topic == WaitTopic::Scheduler)
    }

    fn first_report(&self, has_topic: impl Fn(WaitTopic) -> bool) -> Option<Instant> {
        let reports = self.0.iter().filter(|report| has_topic(report.topic));
        reports.min_by_key(|report| report.first)?.first_instant()
    }

    /// Returns the time of the first report about a topic.
    pub(crate) fn first_time(&self, topic: WaitTopic) -> Option<Timestamp> {
        self.0.iter().filter(|report| report.topic == topic).map(|report| report.first).min()
    }

    /// Returns the time of the first report that an autoscaler adds a node.
    pub(crate) fn first_scale_up(&self) -> Option<Timestamp> {
        let is_scale_up = |report: &&WaitReport| {
            report.topic == WaitTopic::Autoscaler && SCALE_UP_REASONS.contains(&&*report.reason)
        };
        self.0.iter().filter(is_scale_up).map(|report| report.first).min()
    }

    /// Whether nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the reason with the latest report. Among reports of the same time, the alphabetically last reason wins.
    pub(crate) fn latest_reason(&self, topic: WaitTopic) -> Option<&Arc<str>> {
        let reports = self.0.iter().filter(|report| report.topic == topic);
        Some(&reports.max_by_key(|report| (report.last, &report.reason))?.reason)
    }

    /// Returns the changes of the reason, in order. A reason that is reported again after a different reason starts
    /// again.
    pub(crate) fn reason_changes(&self, topic: WaitTopic) -> Vec<ReasonChange> {
        collect_changes(self.0.iter().filter(|report| report.topic == topic))
    }

    /// Returns the changes of the reason why the Pod has no node: the scheduler's reason, followed by the autoscaler's
    /// reaction in parentheses.
    pub(crate) fn queued_reason_changes(&self) -> Vec<ReasonChange> {
        if self.is_empty() {
            return Vec::new();
        }
        let scheduler = self.reason_changes(WaitTopic::Scheduler);
        let autoscaler = self.reason_changes(WaitTopic::Autoscaler);
        if autoscaler.is_empty() {
            return scheduler;
        }
        let mut changes: Vec<&ReasonChange> = scheduler.iter().chain(&autoscaler).collect();
        changes.sort_by_key(|change| change.since.at);
        let reason_at = |changes: &[ReasonChange], at: Timestamp| {
            changes.iter().rev().find(|change| change.since.at <= at).map(|change| Arc::clone(&change.reason))
        };
        let mut combined: Vec<ReasonChange> = Vec::with_capacity(changes.len());
        for change in changes {
            let at = change.since.at;
            let reason = match (reason_at(&scheduler, at), reason_at(&autoscaler, at)) {
                (Some(reason), Some(reaction)) => format!("{reason} ({reaction})").into(),
                (reason, reaction) => reason.or(reaction).unwrap_or_else(|| Arc::clone(&change.reason)),
            };
            combined.retain(|other| other.since.at != at);
            combined.push(ReasonChange { since: change.since, reason });
        }
        combined.dedup_by(|later, earlier| later.reason == earlier.reason);
        combined
    }

    /// Returns the times at which the volumes were attached.
    pub(crate) fn attached_volumes(&self) -> impl Iterator<Item = Timestamp> {
        self.report_times(WaitTopic::AttachedVolume)
    }

    /// Returns the times at which network interfaces were added.
    pub(crate) fn added_interfaces(&self) -> impl Iterator<Item = Timestamp> {
        self.report_times(WaitTopic::AddedInterface)
    }

    fn report_times(&self, topic: WaitTopic) -> impl Iterator<Item = Timestamp> {
        self.0.iter().filter(move |report| report.topic == topic).map(|report| report.first)
    }

    /// Returns the reports about failures of the setup that may still hold. The kubelet cannot mount a volume that is
    /// not attached, so its failures are over if it last reported them before the last attachment.
    fn setup_failures(&self) -> impl Iterator<Item = &WaitReport> {
        let attached = self.attached_volumes().max();
        self.0.iter().filter(move |report| match report.topic {
            WaitTopic::Setup => attached.is_none_or(|attached| report.last > attached),
            WaitTopic::Attach => true,
            WaitTopic::Scheduler
            | WaitTopic::Autoscaler
            | WaitTopic::AttachedVolume
            | WaitTopic::AddedInterface => false,
        })
    }

    /// Returns the changes of the failure that delays the setup, in order.
    pub(crate) fn setup_failure_changes(&self) -> Vec<ReasonChange> {
        collect_changes(self.setup_failures())
    }

    /// Returns the failure of the setup with the latest report. Ignores failures to attach volumes that were last
    /// reported before the last attachment.
    pub(crate) fn latest_setup_failure(&self) -> Option<&Arc<str>> {
        let attached = self.attached_volumes().max();
        let holds = |report: &&WaitReport| {
            report.topic != WaitTopic::Attach || attached.is_none_or(|attached| report.last > attached)
        };
        let failures = self.setup_failures().filter(holds);
        Some(&failures.max_by_key(|report| (report.last, &report.reason))?.reason)
    }

    /// Returns the cause of the failure of the setup with this reason. A cause that only reports a timeout is the last
    /// choice.
    pub(crate) fn setup_cause(&self, reason: &str) -> Option<&Arc<str>> {
        let causes = self.setup_failures().filter(|report| *report.reason == *reason);
        let causes = causes.filter_map(|report| Some((report.last, report.cause.as_ref()?)));
        let is_timeout = |cause: &str| cause.contains("timed out waiting for the condition");
        Some(causes.max_by_key(|(last, cause)| (!is_timeout(cause), *last, *cause))?.1)
    }

    /// Moves all times that come from the clock of the node.
    pub(crate) fn shift_kubelet_times(&mut self, by: SignedDuration) {
        self.shift(by, |report| matches!(report.topic, WaitTopic::Setup | WaitTopic::AddedInterface));
    }

    /// Moves all times of receipt.
    pub(crate) fn shift_receipts(&mut self, by: SignedDuration) {
        self.shift(by, |report| report.source == Source::Observed);
    }

    fn shift(&mut self, by: SignedDuration, is_shifted: impl Fn(&WaitReport) -> bool) {
        for report in self.0.iter_mut().filter(|report| is_shifted(report)) {
            report.first = saturating_add(report.first, by);
            report.last = saturating_add(report.last, by);
        }
    }
}

/// Returns the changes of the reason among these reports, in order. A reason that is reported again after a different
/// reason starts again.
fn collect_changes<'a>(reports: impl Iterator<Item = &'a WaitReport>) -> Vec<ReasonChange> {
    let mut changes: Vec<ReasonChange> = Vec::new();
    for report in reports {
        let change_at = |at| ReasonChange {
            since: Instant::new(at, report.evidence()),
            reason: Arc::clone(&report.reason),
        };
        changes.push(change_at(report.first));
        // In most cases the last time is truncated to the second, so a last time within a second of the first adds
        // nothing.
        if report.last.duration_since(report.first) >= SignedDuration::from_secs(1) {
            changes.push(change_at(report.last));
        }
    }
    changes.sort_by(|a, b| (a.since.at, &a.reason).cmp(&(b.since.at, &b.reason)));
    changes.dedup_by(|later, earlier| later.reason == earlier.reason);
    changes
}

packed_struct!(WaitReport { topic, reason, cause, first, last, source });

impl Pack for Waits {
    fn pack(&self, to: &mut Packer<'_>) {
        self.0.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self(from.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    fn seconds_and_reasons(changes: &[ReasonChange]) -> Vec<(i64, &str)> {
        let second = |change: &ReasonChange| change.since.at.as_second() - at(0).as_second();
        changes.iter().map(|change| (second(change), &*change.reason)).collect()
    }

    #[test]
    fn a_reason_holds_until_another_one_is_reported() {
        let reports = [
            (WaitTopic::Scheduler, "cpu", 1, 60),
            (WaitTopic::Scheduler, "taint", 20, 30),
            (WaitTopic::Scheduler, "cpu", 1, 40),
            (WaitTopic::Setup, "FailedMount", 70, 70),
        ];
        for rotation in 0..reports.len() {
            let mut waits = Waits::default();
            for index in 0..reports.len() {
                let (topic, reason, first, last) = reports[(index + rotation) % reports.len()];
                waits.add_report(topic, (&reason.into(), None), at(first), at(last), Source::Event);
            }
            let changes = waits.reason_changes(WaitTopic::Scheduler);
            assert_eq!(seconds_and_reasons(&changes), [(1, "cpu"), (20, "taint"), (60, "cpu")]);
            let latest = waits.latest_reason(WaitTopic::Scheduler);
            assert_eq!(latest.map(|reason| &**reason), Some("cpu"));
        }
    }

    #[test]
    fn the_reaction_of_the_autoscaler_follows_the_reason_of_the_scheduler() {
        let mut waits = Waits::default();
        let autoscaler = (&"TriggeredScaleUp".into(), None);
        waits.add_report(WaitTopic::Autoscaler, autoscaler, at(10), at(10), Source::Event);
        let scheduler = (&"Insufficient cpu".into(), None);
        waits.add_report(WaitTopic::Scheduler, scheduler, at(0), at(30), Source::Event);
        assert_eq!(
            seconds_and_reasons(&waits.queued_reason_changes()),
            [(0, "Insufficient cpu"), (10, "Insufficient cpu (TriggeredScaleUp)")]
        );
    }
}
