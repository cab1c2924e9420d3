//! Derives the lives of Pods, and packs the evidence of Pods that have ended.

use crate::lifecycle::{Interner, PhaseSpans, PodEvidence};
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::pods::pod_store::PodStore;
use crate::timeline::pods::record::PodRecord;

/// After a change, the evidence of at most this many ended Pods stays unpacked, because the next observation is often
/// about the same Pod. A larger number helps little, because the allocator caches only seven freed blocks.
const MAX_UNPACKED: usize = 6;

/// These methods derive lives and pack evidence.
impl PodStore {
    /// Unpacks the evidence of a Pod for a change. The caller must mark the Pod as changed.
    pub(crate) fn evidence_mut(&mut self, key: PodKey) -> (&mut PodEvidence, &mut Interner) {
        if self.unpacked.last() != Some(&key) {
            if self.unpacked.len() >= MAX_UNPACKED {
                self.pack_ended();
            }
            self.unpacked.push(key);
        }
        let record = &mut self.records[key.index()];
        (record.evidence.open(&self.interner), &mut self.interner)
    }

    /// Packs the unpacked evidence of Pods that have ended. Derives stale lives first, because deriving is cheaper
    /// while the evidence is unpacked.
    fn pack_ended(&mut self) {
        let mut keys = std::mem::take(&mut self.unpacked);
        for key in keys.drain(..) {
            let PodRecord { evidence, stale, .. } = &self.records[key.index()];
            if evidence.is_packed() || !evidence.read(&self.interner).has_ended() {
                continue;
            }
            if *stale {
                self.derive(key);
            }
            self.records[key.index()].evidence.pack(&mut self.interner, &mut self.scratch);
        }
        self.unpacked = keys;
    }

    /// Derives the life of a Pod from its evidence. If the Pod has ended, only its overview and its phases are stored
    /// with the packed evidence.
    pub(crate) fn derive(&mut self, key: PodKey) {
        let record = &self.records[key.index()];
        let evidence = record.evidence.read(&self.interner);
        let mut life = evidence.derive(self.hints(record, &evidence));
        let owner = record.owner.map(|owner| self.interner.text(owner));
        self.siblings.learn(key, &record.identity.name, owner, &life);
        let overview = PodOverview::from_life(&life, evidence.was_deleted_before_end());
        let record = &mut self.records[key.index()];
        record.stale = false;
        if record.overview.sort_millis() != overview.sort_millis() {
            self.unsorted_workloads.extend(record.workload_index());
        }
        record.overview = overview;
        if overview.outcome.has_ended() {
            record.spans = PhaseSpans::pack(&life, &mut self.interner, &mut self.scratch);
            record.main_image = life.main_image().map(|image| self.interner.number_for(image));
            record.life = None;
            record.evidence.pack(&mut self.interner, &mut self.scratch);
        } else {
            life.phases.shrink_to_fit();
            record.life = Some(Box::new(life));
            record.spans = PhaseSpans::default();
        }
    }
}
