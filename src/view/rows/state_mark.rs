//! The mark of the state of a workload.

use crate::timeline::WorkloadState;
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;

/// The mark of a state, in the shapes of the Pods' marks. All marks of a set have the same width.
pub(crate) fn state_mark(state: WorkloadState, glyphs: &Glyphs) -> String {
    let failed = glyphs.failed.to_string();
    let unknown = glyphs.unknown.to_string();
    let mark = match state {
        WorkloadState::Succeeded => glyphs.succeeded,
        WorkloadState::Failed => &failed,
        WorkloadState::Running => glyphs.running,
        WorkloadState::Pending | WorkloadState::Suspended => glyphs.waiting,
        WorkloadState::Unknown => &unknown,
    };
    text::pad_right(mark, text::width(glyphs.succeeded))
}
