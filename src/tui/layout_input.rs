//! The inputs from which a screen is composed.

use jiff::Timestamp;

use crate::timeline::{PodKey, Timeline};
use crate::tui::details::Details;
use crate::tui::playback::PlaybackStatus;
use crate::view::{FrameCache, Glyphs, Line};

/// A screen with fewer lines shows neither the details of the selection nor a line about the filter.
pub(crate) const MIN_ROWS_FOR_DETAILS: usize = 8;

/// The inputs of a screen besides the state.
#[derive(Clone, Copy)]
pub(crate) struct LayoutInput<'a> {
    /// The timeline of the run, or the timeline at the moment at which the user froze the picture.
    pub timeline: &'a Timeline,
    /// The fetched details of the Pod whose page is open.
    pub details: &'a Details,
    /// The characters that pictures are drawn with.
    pub glyphs: &'a Glyphs,
    /// Values cached between frames of the same timeline.
    pub frame_cache: &'a FrameCache,
    /// The current time on the clock of the source, or the time at which the user froze the picture.
    pub now: Timestamp,
    /// The number of columns of the screen.
    pub columns: usize,
    /// The maximum number of lines of the screen.
    pub rows: usize,
    /// The lines below the picture, for example about progress or a lost connection.
    pub notices: &'a [Line],
    /// The Pod that the user named with `kubectl seq pod`. With `None`, the screen shows all Pods.
    pub only_pod: Option<PodKey>,
    /// Whether the program reads keys.
    pub interactive: bool,
    /// Whether the first column is kept free for the mark of the selection. Before the program reads keys and after it
    /// has stopped, this keeps the picture where it is.
    pub has_margin: bool,
    /// The playback of a recording that the user controls.
    pub playback: Option<&'a PlaybackStatus>,
    /// Whether work goes on if the user quits now.
    pub leaves_work: bool,
    /// The failures of the closing report, in a picture that stays open after the end.
    pub failures: &'a [Line],
    /// The outcome of the run, for example `failed after 54s`. `None` until everything has ended.
    pub outcome: Option<&'a str>,
}
