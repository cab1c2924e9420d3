//! What a picture of very many Pods takes over from the one before: numbers that a pass over all of them costs.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::timeline::{Summary, Timeline, Workload, WorkloadState};
use crate::view::view_context::ViewContext;

/// Fewer Pods than this are gone through for each picture.
const MANY: usize = 2_000;

/// While nothing but time changes, numbers about many Pods are of the last second, or of so many more as a pass over
/// so many Pods costs.
const PODS_PER_SECOND: usize = 20_000;

/// While Pods change, a pass over all of them is made again after so long: three hundredths of the time go into it.
const MICROS_PER_POD: usize = 3;

/// More answers than this, and those that nobody has asked for lately go.
const ENOUGH: usize = 256;
const ASKED_LATELY: SignedDuration = SignedDuration::from_secs(10);

/// Which pass over all Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    Groups,
    Order,
    Found,
    Counts,
    Findings,
    Pace,
    Tries,
    Open,
    Widest,
    Window,
    Fold,
    Density,
    Medians,
    Concurrency,
    Longest,
}

impl Pass {
    /// For how many Pods of another pass it costs as much as for one.
    fn price(self) -> usize {
        match self {
            // It looks into lives.
            Self::Found => 8,
            _ => 1,
        }
    }
}

/// The numbers of earlier pictures of one timeline. Small timelines are never remembered, so that their pictures are
/// exact; those of large ones may be a part of a second behind in what they say about all Pods together.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: RefCell<HashMap<(Pass, u64), Kept>>,
    /// Nothing is remembered: what pictures are held against.
    #[cfg(test)]
    pub(crate) off: bool,
}

#[derive(Debug)]
struct Kept {
    revision: u64,
    at: Timestamp,
    asked: Timestamp,
    value: Rc<dyn Any>,
}

impl Memory {
    /// What a pass says, if that is not known well enough from before. The parameters tell apart what the same pass says
    /// of others; all of them together go over all Pods.
    pub(crate) fn recall<T: 'static>(
        &self,
        scene: &ViewContext<'_>,
        pass: Pass,
        parameters: impl Hash,
        make: impl FnOnce() -> T,
    ) -> Rc<T> {
        let pods = scene.timeline.pod_count();
        #[cfg(test)]
        let pods = if self.off { 0 } else { pods };
        if pods < MANY {
            return Rc::new(make());
        }
        let pods = pods * pass.price();
        let mut hasher = DefaultHasher::new();
        let state = scene.state;
        (parameters, state.sort, state.group_by, state.align, &scene.window.filter).hash(&mut hasher);
        let key = (pass, hasher.finish());
        let (now, revision) = (scene.now, scene.timeline.revision());
        let fresh = |kept: &&mut Kept| {
            let age = now.duration_since(kept.at);
            let still = seconds(1 + pods / PODS_PER_SECOND);
            let enough = if kept.revision == revision { still } else { micros(pods * MICROS_PER_POD) };
            !age.is_negative() && age < enough
        };
        let kept = self.kept.borrow_mut().get_mut(&key).filter(fresh).map(|kept| {
            kept.asked = now;
            Rc::clone(&kept.value)
        });
        if let Some(Ok(known)) = kept.map(Rc::downcast) {
            return known;
        }
        let value = Rc::new(make());
        let mut all = self.kept.borrow_mut();
        if all.len() > ENOUGH {
            all.retain(|_, kept| now.duration_since(kept.asked).abs() < ASKED_LATELY);
        }
        all.insert(key, Kept { revision, at: now, asked: now, value: Rc::<T>::clone(&value) });
        value
    }
}

fn seconds(seconds: usize) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn micros(micros: usize) -> SignedDuration {
    SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// What need not be reckoned anew for each frame.
#[derive(Debug, Default)]
pub struct FrameCache {
    /// What passes over very many Pods have said.
    pub(crate) passes: Memory,
    /// Which workloads show a bar for each container, by uid, once that is decided.
    pub(crate) laned: RefCell<HashMap<Arc<str>, bool>>,
    summaries: RefCell<HashMap<Arc<str>, (Timestamp, WorkloadState, Summary)>>,
}

/// Numbers of what goes on are reckoned once in so many milliseconds.
const FRESH: i64 = 1000;

impl FrameCache {
    /// The numbers of a workload, at most a second old; those of what has just ended are new.
    pub(crate) fn summary(&self, timeline: &Timeline, workload: &Workload, now: Timestamp) -> Summary {
        let mut summaries = self.summaries.borrow_mut();
        // The walk through slot time is the dearest of all: it never takes more than a few hundredths of the time.
        let fresh = FRESH * i64::try_from(1 + workload.pods.len() / 20_000).unwrap_or(1);
        if let Some((at, outcome, summary)) = summaries.get(&workload.uid)
            && (0..fresh).contains(&now.as_millisecond().saturating_sub(at.as_millisecond()))
            && *outcome == workload.state
            && (summary.pods > 0 || workload.pods.is_empty())
        {
            return *summary;
        }
        let summary = timeline.summary(workload, now);
        summaries.insert(Arc::clone(&workload.uid), (now, workload.state, summary));
        summary
    }
}
