//! Why a Pod waits, over time: who told which reason when.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::evidence::{Evidence, Source};
use super::packed::{Pack, Packer, Unpacker, packed_enum, packed_struct};

/// What a reason holds up. Each has its own place in a Pod's life, so that they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// The scheduler finds no node.
    Scheduler,
    /// What the autoscaler does about it.
    Autoscaler,
    /// Volumes or the sandbox fail.
    Setup,
}

/// A reason from when it was first told to when it was last told.
#[derive(Clone, Debug)]
struct Told {
    topic: Topic,
    reason: Arc<str>,
    first: Timestamp,
    last: Timestamp,
    source: Source,
}

/// From a time on, a reason; until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) at: Timestamp,
    pub(crate) why: Evidence,
    pub(crate) reason: Arc<str>,
}

/// All that was told of why one Pod waits; most Pods have nothing of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Vec<Told>);

impl Waits {
    /// Takes in that a reason was told at `first`, and again until `last`. Repetitions and any order make the same.
    pub(crate) fn tell(
        &mut self,
        topic: Topic,
        reason: &Arc<str>,
        first: Timestamp,
        last: Timestamp,
        source: Source,
    ) {
        let same = |told: &&mut Told| (told.topic, told.first) == (topic, first) && told.reason == *reason;
        if let Some(told) = self.0.iter_mut().find(same) {
            told.last = told.last.max(last);
            told.source = told.source.min(source);
            return;
        }
        self.0.push(Told { topic, reason: Arc::clone(reason), first, last: last.max(first), source });
    }

    /// The reason that was told last; of several at the same time always the same one.
    pub(crate) fn latest(&self, topic: Topic) -> Option<&Arc<str>> {
        let of_topic = self.0.iter().filter(|told| told.topic == topic);
        Some(&of_topic.max_by_key(|told| (told.last, &told.reason))?.reason)
    }

    /// Which reason held from when on, in order. A reason that was told again after another one holds again.
    pub(crate) fn since(&self, topic: Topic) -> Vec<Since> {
        let mut since: Vec<Since> = Vec::new();
        for told in self.0.iter().filter(|told| told.topic == topic) {
            let why = match (topic, told.source) {
                (Topic::Scheduler, Source::Event) => Evidence::UnschedulableEvent,
                (Topic::Scheduler, _) => Evidence::ReceivedUnschedulable,
                (Topic::Autoscaler, _) => Evidence::AutoscalerEvent,
                (Topic::Setup, _) => Evidence::SetupFailedEvent,
            };
            let mark = |at| Since { at, why, reason: Arc::clone(&told.reason) };
            since.push(mark(told.first));
            // The last time is mostly truncated to the second: in the same second it tells nothing of its own.
            if told.last.duration_since(told.first) >= SignedDuration::from_secs(1) {
                since.push(mark(told.last));
            }
        }
        since.sort_by(|a, b| (a.at, &a.reason).cmp(&(b.at, &b.reason)));
        since.dedup_by(|later, earlier| later.reason == earlier.reason);
        since
    }

    /// Why no node is had: what the scheduler says, with what the autoscaler does about it.
    pub(crate) fn queued(&self) -> Vec<Since> {
        let (scheduler, autoscaler) = (self.since(Topic::Scheduler), self.since(Topic::Autoscaler));
        if autoscaler.is_empty() {
            return scheduler;
        }
        let mut marks: Vec<&Since> = scheduler.iter().chain(&autoscaler).collect();
        marks.sort_by_key(|mark| mark.at);
        let told = |list: &[Since], at: Timestamp| {
            list.iter().rev().find(|since| since.at <= at).map(|since| Arc::clone(&since.reason))
        };
        let mut both: Vec<Since> = Vec::with_capacity(marks.len());
        for mark in marks {
            let reason = match (told(&scheduler, mark.at), told(&autoscaler, mark.at)) {
                (Some(why), Some(what)) => format!("{why} ({what})").into(),
                (why, what) => why.or(what).unwrap_or_else(|| Arc::clone(&mark.reason)),
            };
            both.retain(|other| other.at != mark.at);
            both.push(Since { reason, ..mark.clone() });
        }
        both.dedup_by(|later, earlier| later.reason == earlier.reason);
        both
    }

    /// Moves what the kubelet's clock dated.
    pub(crate) fn shift_kubelet(&mut self, by: SignedDuration) {
        for told in self.0.iter_mut().filter(|told| told.topic == Topic::Setup) {
            told.first += by;
            told.last += by;
        }
    }
}

packed_enum!(Topic { Scheduler, Autoscaler, Setup });
packed_struct!(Told { topic, reason, first, last, source });

impl Pack for Waits {
    fn pack(&self, to: &mut Packer<'_>) {
        self.0.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Self(Pack::unpack(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).unwrap()
    }

    fn told(list: &[Since]) -> Vec<(i64, &str)> {
        list.iter().map(|since| (since.at.as_second() - at(0).as_second(), &*since.reason)).collect()
    }

    #[test]
    fn a_reason_holds_until_another_one_is_told() {
        let facts = [
            (Topic::Scheduler, "cpu", 1, 60),
            (Topic::Scheduler, "taint", 20, 30),
            (Topic::Scheduler, "cpu", 1, 40),
            (Topic::Setup, "FailedMount", 70, 70),
        ];
        for turn in 0..facts.len() {
            let mut waits = Waits::default();
            for place in 0..facts.len() {
                let (topic, reason, first, last) = facts[(place + turn) % facts.len()];
                waits.tell(topic, &reason.into(), at(first), at(last), Source::Event);
            }
            let since = waits.since(Topic::Scheduler);
            assert_eq!(told(&since), [(1, "cpu"), (20, "taint"), (60, "cpu")]);
            assert_eq!(waits.latest(Topic::Scheduler).map(|reason| &**reason), Some("cpu"));
        }
    }

    #[test]
    fn what_the_autoscaler_does_is_told_with_what_the_scheduler_says() {
        let mut waits = Waits::default();
        waits.tell(Topic::Autoscaler, &"TriggeredScaleUp".into(), at(10), at(10), Source::Event);
        waits.tell(Topic::Scheduler, &"Insufficient cpu".into(), at(0), at(30), Source::Event);
        assert_eq!(
            told(&waits.queued()),
            [(0, "Insufficient cpu"), (10, "Insufficient cpu (TriggeredScaleUp)")]
        );
    }
}
