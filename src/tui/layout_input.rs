//! The inputs from which a screen is composed.

use jiff::Timestamp;

use crate::timeline::{PodKey, Timeline};
use crate::tui::details::Details;
use crate::view::{FrameCache, Glyphs, Line};

/// The inputs of a screen besides the state.
#[derive(Clone, Copy)]
pub(crate) struct LayoutInput<'a> {
    /// The timeline of the run, or the one at the moment when the picture was frozen.
    pub timeline: &'a Timeline,
    /// The fetched details of the Pod whose page is open.
    pub details: &'a Details,
    /// The characters to draw with.
    pub glyphs: &'a Glyphs,
    /// Values cached between frames of the same timeline.
    pub frame_cache: &'a FrameCache,
    /// The current time on the API server's clock.
    pub now: Timestamp,
    /// The number of columns of the screen.
    pub columns: usize,
    /// The largest number of lines of the screen.
    pub rows: usize,
    /// Lines below the picture: progress and a lost connection.
    pub notices: &'a [Line],
    /// The Pod that the user named with `kubectl seq pod`; `None` shows all Pods.
    pub only_pod: Option<PodKey>,
    /// Whether the program takes keys.
    pub interactive: bool,
    /// The outcome, once everything has ended.
    pub outcome: Option<&'a str>,
}
