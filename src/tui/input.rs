//! Keys, clicks and sizes as they come from the terminal, without the terminal library's types.

/// What somebody did at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Pressed a key.
    Key(Key),
    /// Did something with the mouse.
    Mouse(Mouse),
    /// Changed the size of the window.
    Resized,
}

/// A key, with Ctrl or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Which key.
    pub code: Code,
    /// Whether Ctrl was held.
    pub ctrl: bool,
}

/// Which key.
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
    /// A key without Ctrl.
    pub(crate) const fn of(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// A character's key.
    pub(crate) const fn char(char: char) -> Self {
        Self::of(Code::Char(char))
    }

    /// A character's key with Ctrl.
    pub(crate) const fn ctrl(char: char) -> Self {
        Self { code: Code::Char(char), ctrl: true }
    }
}

/// Something done with the mouse; places count from 0 at the screen's top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Column of the screen.
    pub column: usize,
    /// Row of the screen.
    pub row: usize,
}

/// What was done with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MouseKind {
    /// The left button went down.
    Press,
    /// It moved with the button down.
    Drag,
    /// The button went up.
    Release,
    /// It moved.
    Move,
    /// The wheel turned away from the user.
    WheelUp,
    /// The wheel turned towards the user.
    WheelDown,
}
