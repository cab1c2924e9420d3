//! What is kept of each Pod: at hand while it may change, packed once it is over.

use std::borrow::Cow;
use std::sync::Arc;

use super::overview::PodOverview;
use super::{PodIdentity, PodKey, Timeline};
use crate::lifecycle::{Explanation, Kept, Lifecycle, Names, PodEvidence, Spans};

/// So many Pods that are over are at hand while facts about them come, though nobody has settled anything yet. Facts about
/// one Pod mostly stand side by side, and of what is freed the allocator keeps no more than seven at hand itself.
const AT_HAND: usize = 6;

/// All that the timeline keeps of a Pod.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct PodRecord {
    pub(crate) identity: PodIdentity,
    /// At hand while it may change; of a Pod that is over it is derived anew when somebody asks.
    pub(crate) life: Option<Box<Lifecycle>>,
    /// Its phases, if its life is not at hand.
    pub(crate) spans: Spans,
    pub(crate) evidence: Kept<PodEvidence>,
    /// Uid of what controls the Pod.
    pub(crate) owner: Option<Arc<str>>,
    /// Place of its workload.
    pub(crate) workload: usize,
    pub(crate) overview: PodOverview,
    /// More is known of it than when [`Timeline::recompute`] last told.
    pub(crate) changed: bool,
    /// More is known of it than its life tells.
    pub(crate) stale: bool,
    /// Its owner deleted it: to suspend, to shrink or because it had ended.
    pub(crate) removed_by_owner: bool,
    /// Its deletion was asked for before it was over.
    pub(crate) deleted_before_its_end: bool,
}

impl PodRecord {
    /// A Pod of which that is known; its life has to be derived before anybody reads it.
    pub(crate) fn new(identity: PodIdentity, evidence: PodEvidence, owner: Option<Arc<str>>) -> Self {
        Self {
            identity,
            overview: PodOverview::UNKNOWN,
            life: None,
            spans: Spans::default(),
            evidence: Kept::new(evidence),
            owner,
            workload: usize::MAX,
            changed: false,
            stale: false,
            removed_by_owner: false,
            deleted_before_its_end: false,
        }
    }

    /// Whether its deletion was asked for before it was over, and by somebody other than its owner.
    pub(crate) fn taken_away(&self) -> bool {
        self.deleted_before_its_end && !self.removed_by_owner
    }
}

impl Timeline {
    /// The evidence of a Pod, to change it.
    pub(crate) fn evidence(&mut self, key: PodKey) -> (&mut PodEvidence, &mut Names) {
        if self.at_hand.last() != Some(&key) {
            if self.at_hand.len() >= AT_HAND {
                self.stow();
            }
            self.at_hand.push(key);
        }
        let record = &mut self.records[key.0 as usize];
        (record.evidence.open(&self.names), &mut self.names)
    }

    /// Derives the lives of Pods that are over while their evidence is at hand, and packs that.
    pub(crate) fn stow(&mut self) {
        let mut keys = std::mem::take(&mut self.at_hand);
        for key in keys.drain(..) {
            let PodRecord { evidence, stale, .. } = &self.records[key.0 as usize];
            if evidence.is_packed() || !evidence.read(&self.names).is_over() {
                continue;
            }
            if *stale {
                self.derive(key);
            }
            self.records[key.0 as usize].evidence.pack(&mut self.names, &mut self.scratch);
        }
        self.at_hand = keys;
    }

    /// The life of a Pod.
    pub(crate) fn life<'a>(&'a self, record: &'a PodRecord) -> Cow<'a, Lifecycle> {
        if let Some(life) = &record.life {
            return Cow::Borrowed(life);
        }
        let skew = self.clocks.skew(record.identity.node.as_deref());
        Cow::Owned(record.evidence.read(&self.names).derive(skew))
    }

    /// What the boundaries of a Pod's life were read from. It is reckoned anew: ask for it only of what is looked at.
    ///
    /// # Panics
    /// Panics with a key of another timeline.
    pub fn explain(&self, key: PodKey) -> Explanation {
        let record = self.record(key);
        let evidence = record.evidence.read(&self.names);
        evidence.explain(self.clocks.skew(record.identity.node.as_deref()))
    }

    /// Brings the life of a Pod up to date; keeps little of it if nothing more is to come.
    pub(crate) fn derive(&mut self, key: PodKey) {
        let record = &mut self.records[key.0 as usize];
        let evidence = record.evidence.read(&self.names);
        let mut life = evidence.derive(self.clocks.skew(record.identity.node.as_deref()));
        let overview = PodOverview::of(&life);
        record.stale = false;
        record.deleted_before_its_end = evidence.deleted_before_its_end();
        // The order in its workload hangs on it.
        if record.workload != usize::MAX && record.overview.created() != overview.created() {
            self.moved.push(record.workload);
        }
        record.overview = overview;
        if overview.outcome.ended() {
            record.spans = Spans::of(&life, &mut self.names, &mut self.scratch);
            record.life = None;
            record.evidence.pack(&mut self.names, &mut self.scratch);
        } else {
            life.phases.shrink_to_fit();
            record.life = Some(Box::new(life));
            record.spans = Spans::default();
        }
    }
}
