//! The actions of keys, and the effects that the caller must carry out.

use crate::tui::playback::PlaybackKey;
use crate::view::View;

/// The action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Shows the Pods in this view.
    Show(View),
    /// Selects the row above, or scrolls a text up.
    Up,
    /// Selects the row below, or scrolls a text down.
    Down,
    /// Selects the previous phase or the cell on the left, or scrolls a text to the left.
    Left,
    /// Selects the next phase or the cell on the right, or scrolls a text to the right.
    Right,
    /// Moves or scrolls up by one screen.
    PageUp,
    /// Moves or scrolls down by one screen.
    PageDown,
    /// Scrolls a text up by half a screen.
    HalfPageUp,
    /// Scrolls a text down by half a screen.
    HalfPageDown,
    /// Moves to the first row or line.
    Home,
    /// Moves to the last row or line.
    End,
    /// Selects the next line that names a failure, a node or a workload.
    NextLink,
    /// Opens the object that the selection names.
    Open,
    /// Goes back one step.
    Back,
    /// Starts to type a new filter.
    Filter,
    /// Starts to type a text to search for on a page.
    Search,
    /// Goes to the next line that contains the text.
    NextMatch,
    /// Goes to the previous line that contains the text.
    PreviousMatch,
    /// Chooses the next order.
    NextOrder,
    /// Groups by node, or by workload again.
    GroupByNode,
    /// Chooses the next alignment.
    NextAlignment,
    /// Halves the time that the axis covers.
    ZoomIn,
    /// Doubles the time that the axis covers.
    ZoomOut,
    /// Shows the whole time.
    ZoomReset,
    /// Follows the current time and new rows again, or the end of a log.
    Follow,
    /// Freezes the picture, or updates it again.
    Pause,
    /// Starts to type a time of a replay.
    SeekTo,
    /// Halves the speed of a replay.
    Slower,
    /// Doubles the speed of a replay.
    Faster,
    /// Shows a row for every Pod, or hides rows again.
    Unfold,
    /// Shows the Pod's events.
    Events,
    /// Shows the Pod's log.
    Log,
    /// Shows the Pod's YAML.
    Yaml,
    /// Shows the log of the next container.
    NextContainer,
    /// Wraps long lines, or cuts them again.
    Wrap,
    /// Copies the Pod's name.
    CopyName,
    /// Copies the command that shows the Pod.
    CopyCommand,
    /// Gives the mouse to the terminal, or back to the program.
    Mouse,
    /// Shows the keys.
    Help,
    /// Stops this program and returns to the shell.
    Suspend,
    /// Ends the program.
    Quit,
    /// Ends the program as if it were interrupted.
    Interrupt,
}

/// The effect that the caller must carry out, because the functions of the state are pure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Draw the screen.
    Draw,
    /// Do nothing.
    Nothing,
    /// End the program. Before the end of the run, this stops following.
    Quit,
    /// End the program as if it were interrupted.
    Interrupt,
    /// Stop this program until the shell continues it.
    Suspend,
    /// Control the playback of a recording.
    Playback(PlaybackKey),
    /// Copy a text to the clipboard.
    Copy(String),
}
