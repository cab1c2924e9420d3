//! The context in which a key or a click is interpreted.

use crate::timeline::Timeline;
use crate::view::Picture;

/// The timeline and the last screen, on which the effect of a key or a click depends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputContext<'a> {
    /// The timeline of the run.
    pub timeline: &'a Timeline,
    /// The picture on the last screen.
    pub picture: &'a Picture,
    /// The row of the terminal that shows the first line of the screen, from 0. `None` if this row is unknown.
    pub top: Option<usize>,
    /// The number of lines above the picture.
    pub above: usize,
    /// The number of rows of Pods on the screen, or the number of lines of text that fit on the screen.
    pub page_rows: usize,
    /// The number of lines of the whole text, or the number of Pods in the picture.
    pub lines: usize,
    /// The number of columns by which the lines of the page are longer than the screen.
    pub max_shift: usize,
    /// Whether the user controls the playback of a recording.
    pub is_playback: bool,
    /// The lines of the page as plain text; empty on the picture.
    pub text: &'a [String],
    /// The index of the first line of the page on the screen.
    pub first_line: usize,
    /// The end column of each part of the path at the top of a page.
    pub path_ends: &'a [usize],
    /// The command that shows a Pod, such as `kubectl get pod -o yaml`. The name and the namespace are appended.
    pub show_pod_command: &'a str,
}
