//! What is kept of each Pod: at hand while it may change, packed once it is over.

use std::sync::Arc;

use super::digest::Digest;
use super::{Identity, PodKey, Timeline};
use crate::lifecycle::{Explanation, Kept, Lifecycle, Names, PodEvidence};

/// So many Pods that are over are at hand while facts about them come, though nobody has settled anything yet.
const AT_HAND: usize = 64;

/// All that the timeline keeps of a Pod.
#[derive(Clone, Debug)]
pub(super) struct PodRecord {
    pub(super) identity: Identity,
    pub(super) life: Kept<Lifecycle>,
    pub(super) evidence: Kept<PodEvidence>,
    /// Uid of what controls the Pod.
    pub(super) owner: Option<Arc<str>>,
    /// Place of its workload.
    pub(super) workload: usize,
    pub(super) digest: Digest,
    pub(super) dirty: bool,
    /// Its owner deleted it: to suspend, to shrink or because it had ended.
    pub(super) removed_by_owner: bool,
    /// Its deletion was asked for before it was over.
    pub(super) deleted_before_its_end: bool,
}

impl PodRecord {
    /// A Pod with that life.
    pub(super) fn of(identity: Identity, life: Lifecycle) -> Self {
        Self {
            identity,
            digest: Digest::of(&life),
            life: Kept::new(life),
            evidence: Kept::new(PodEvidence::default()),
            owner: None,
            workload: usize::MAX,
            dirty: false,
            removed_by_owner: false,
            deleted_before_its_end: false,
        }
    }

    /// Whether its deletion was asked for before it was over, and by somebody other than its owner.
    pub(super) fn taken_away(&self) -> bool {
        self.deleted_before_its_end && !self.removed_by_owner
    }
}

impl Timeline {
    /// The evidence of a Pod, to change it.
    pub(super) fn evidence(&mut self, key: PodKey) -> (&mut PodEvidence, &mut Names) {
        if self.at_hand.last() != Some(&key) {
            if self.at_hand.len() >= AT_HAND {
                self.stow();
            }
            self.at_hand.push(key);
        }
        let record = &mut self.records[key.0 as usize];
        (record.evidence.open(&self.names), &mut self.names)
    }

    /// Packs what is known of Pods that are over.
    pub(super) fn stow(&mut self) {
        for key in std::mem::take(&mut self.at_hand) {
            let PodRecord { evidence, life, .. } = &mut self.records[key.0 as usize];
            if !evidence.is_packed() && evidence.read(&self.names).is_over() {
                evidence.pack(&mut self.names, &mut self.scratch);
                life.pack(&mut self.names, &mut self.scratch);
            }
        }
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

    /// Brings the life of a Pod up to date; packs it if nothing more is to come.
    pub(super) fn derive(&mut self, key: PodKey) {
        let record = &mut self.records[key.0 as usize];
        let evidence = record.evidence.read(&self.names);
        let life = evidence.derive(self.clocks.skew(record.identity.node.as_deref()));
        record.dirty = false;
        record.deleted_before_its_end = evidence.deleted_before_its_end();
        record.digest = Digest::of(&life);
        record.life = Kept::new(life);
        if record.digest.outcome.ended() {
            record.evidence.pack(&mut self.names, &mut self.scratch);
            record.life.pack(&mut self.names, &mut self.scratch);
        }
    }
}
