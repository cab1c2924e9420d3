//! What a key or a click asks for, and what of it has to be done outside.

use crate::view::View;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Another picture of the same Pods.
    Show(View),
    /// The row above.
    Up,
    /// The row below.
    Down,
    /// The phase before, the cell on the left, text further left.
    Left,
    /// The phase after, the cell on the right, text further right.
    Right,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// The first row.
    Home,
    /// The last row.
    End,
    /// What is selected, closely.
    Open,
    /// One step back.
    Back,
    /// Type a filter.
    Filter,
    /// The next order.
    Order,
    /// By node, or not.
    GroupByNode,
    /// The next alignment.
    Align,
    /// A shorter stretch of time.
    ZoomIn,
    /// A longer stretch of time.
    ZoomOut,
    /// All of the time.
    ZoomReset,
    /// Now, and the rows as they come.
    Follow,
    /// Hold the picture.
    Pause,
    /// Every Pod has its row, or not.
    Unfold,
    /// The Pod's events.
    Events,
    /// The Pod's log.
    Log,
    /// The Pod's YAML.
    Yaml,
    /// The next container's log.
    NextContainer,
    /// Wrap long lines, or not.
    Wrap,
    /// Copy the Pod's name.
    CopyName,
    /// Copy the command that shows the Pod.
    CopyCommand,
    /// Leave the mouse to the terminal, or take it back.
    Mouse,
    /// The keys.
    Help,
    /// Stop this program and go back to the shell.
    Suspend,
    /// Follow no longer.
    Detach,
}

/// What has to be done outside of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing but to draw.
    Draw,
    /// Nothing at all.
    Nothing,
    /// Stop following.
    Detach,
    /// Stop this program until the shell continues it.
    Suspend,
    /// Put a text into the clipboard.
    Copy(String),
}
