//! New Pods among those that have their places already: what a burst of them costs hangs on how many they are, not on
//! how many there were.

use std::cmp::Ordering;

use super::record::PodRecord;
use super::{Map, PodKey, Timeline};

/// More new Pods at once than this part of a workload's are sorted in together.
const MANY: usize = 64;

impl Timeline {
    /// Gives new Pods of workloads that have their place theirs; `false` if only grouping everything helps.
    pub(crate) fn place(&mut self, fresh: &[PodKey]) -> bool {
        let mut new: Map<usize, Vec<PodKey>> = Map::default();
        for &key in fresh {
            let owner = self.records[key.0 as usize].owner.as_ref();
            let Some(place) = owner.and_then(|owner| self.place_of(owner)) else { return false };
            new.entry(place).or_default().push(key);
        }
        for (place, keys) in new {
            for key in &keys {
                self.records[key.0 as usize].workload = place;
            }
            let mut pods = std::mem::take(&mut self.workloads[place].pods);
            let before = pods.len();
            let few = keys.len() <= pods.len() / MANY;
            if few {
                for &key in &keys {
                    let at = pods.partition_point(|other| self.in_order(*other, key).is_lt());
                    pods.insert(at, key);
                }
            } else {
                pods.extend_from_slice(&keys);
                self.sort_pods(&mut pods);
            }
            let indexed = keys.iter().any(|key| self.identity(*key).index.is_some());
            // Those that came last are the newest tries; anything else moves the numbers of others.
            let last = few && pods[before..].iter().all(|key| keys.contains(key));
            if indexed && last {
                self.number_last(place, &pods[before..]);
            } else if indexed {
                let tries = number(&mut self.records, &pods);
                self.tries.insert(place, tries);
            }
            self.workloads[place].pods = pods;
            // What it waits for, and since when it lasts, hangs on its Pods.
            self.stale.push(place);
        }
        true
    }

    /// The place of the workload that itself owns a Pod.
    pub(crate) fn place_of(&self, owner: &str) -> Option<usize> {
        match self.jobs.get(owner) {
            Some(job) => job.place(),
            None => self.controllers.get(owner)?.place(),
        }
    }

    /// The order of Pods in their workload: by creation, then name; the uid makes it total.
    pub(crate) fn in_order(&self, a: PodKey, b: PodKey) -> Ordering {
        let order = |key| {
            let PodRecord { identity, overview, .. } = self.record(key);
            (overview.created_millis(), &identity.name, &identity.uid)
        };
        order(a).cmp(&order(b))
    }

    /// Brings a workload's Pods into order again.
    pub(crate) fn reorder(&mut self, place: usize) {
        let Some(workload) = self.workloads.get_mut(place) else { return };
        let mut pods = std::mem::take(&mut workload.pods);
        self.sort_pods(&mut pods);
        let tries = number(&mut self.records, &pods);
        self.tries.insert(place, tries);
        self.workloads[place].pods = pods;
        self.stale.push(place);
    }

    fn number_last(&mut self, place: usize, last: &[PodKey]) {
        let tries = self.tries.entry(place).or_default();
        for key in last {
            count(tries, &mut self.records[key.0 as usize]);
        }
    }
}

/// Numbers the tries at each index; returns how many there are of each.
pub(crate) fn number(pods: &mut [PodRecord], order: &[PodKey]) -> Map<u32, u32> {
    let mut tries = Map::default();
    for key in order {
        count(&mut tries, &mut pods[key.0 as usize]);
    }
    tries
}

fn count(tries: &mut Map<u32, u32>, pod: &mut PodRecord) {
    if let Some(index) = pod.identity.index {
        let attempt = tries.entry(index).or_default();
        *attempt += 1;
        pod.identity.attempt = *attempt;
    }
}
