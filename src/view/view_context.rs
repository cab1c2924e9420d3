//! The shared input of all parts of a frame.

use std::rc::Rc;

use jiff::Timestamp;

use crate::timeline::{Finding, Summary, TimeLeft, Timeline, Workload, WorkloadAccount};
use crate::view::frame_cache::cache::FrameCache;
use crate::view::frame_cache::keys::TimelineVersion;
use crate::view::primitives::glyph::Glyphs;
use crate::view::state::ViewState;
use crate::view::window::Window;

/// The values that every part of a frame reads.
#[derive(Clone, Copy)]
pub(crate) struct ViewContext<'a> {
    pub(crate) timeline: &'a Timeline,
    pub(crate) state: &'a ViewState,
    pub(crate) glyphs: &'a Glyphs,
    pub(crate) now: Timestamp,
    pub(crate) window: &'a Window,
    pub(crate) cache: &'a FrameCache,
}

impl<'a> ViewContext<'a> {
    /// The workloads that the picture shows, in the order of the tree: all workloads, or the workload that the user
    /// opened and the workloads below it.
    pub(crate) fn workloads(&self) -> &'a [Workload] {
        match &self.state.workload {
            Some(uid) => self.timeline.subtree(uid),
            None => self.timeline.workloads(),
        }
    }

    /// Whether a command without `-n` does not find objects of this namespace. `false` if the source is not a cluster.
    pub(crate) fn is_elsewhere(&self, namespace: &str) -> bool {
        self.state.current_namespace.as_deref().is_some_and(|current| current != namespace)
    }

    /// The current version of the timeline. The cache compares it with the version of each result.
    pub(crate) fn version(&self) -> TimelineVersion {
        self.cache.version(self.timeline, self.now)
    }

    /// The time that is left for a workload. [`crate::view::frame_cache`] says how old it may be.
    pub(crate) fn time_left(&self, workload: &Workload) -> Option<TimeLeft> {
        self.cache.time_left(self.timeline, workload, self.now)
    }

    /// The account of a workload. [`crate::view::frame_cache`] says how old it may be.
    pub(crate) fn account(&self, workload: &Workload) -> Rc<WorkloadAccount> {
        self.cache.account(self.timeline, workload, self.now)
    }

    /// The summary of a workload, from its account.
    pub(crate) fn summary(&self, workload: &Workload) -> Summary {
        self.account(workload).summary
    }

    /// The findings about a workload, from its account.
    pub(crate) fn findings(&self, workload: &Workload) -> Rc<Vec<Finding>> {
        self.cache.findings(self.timeline, workload, self.now)
    }
}
