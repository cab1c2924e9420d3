//! Keys, clicks and resizes, independent of the terminal library.

/// One input of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A key was pressed.
    Key(Key),
    /// The mouse was used.
    Mouse(Mouse),
    /// The terminal changed its size.
    Resized,
}

/// A key with its modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The key itself.
    pub code: Code,
    /// Whether Ctrl was pressed.
    pub ctrl: bool,
}

/// A key without its modifier, named as on the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Tab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
}

impl Key {
    /// The key without Ctrl.
    pub(crate) const fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// The key of a character, without Ctrl.
    pub(crate) const fn char(char: char) -> Self {
        Self::plain(Code::Char(char))
    }

    /// The key of a character, with Ctrl.
    pub(crate) const fn ctrl(char: char) -> Self {
        Self { code: Code::Char(char), ctrl: true }
    }
}

/// A mouse event. Columns and rows count from 0 at the top left of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mouse {
    /// The kind of event.
    pub kind: MouseKind,
    /// The column of the terminal.
    pub column: usize,
    /// The row of the terminal.
    pub row: usize,
}

/// The kind of a mouse event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MouseKind {
    /// The left button was pressed.
    Press,
    /// The mouse moved with the left button pressed.
    Drag,
    /// The left button was released.
    Release,
    /// The mouse moved without a button.
    Move,
    /// The wheel turned away from the user.
    WheelUp,
    /// The wheel turned towards the user.
    WheelDown,
}
