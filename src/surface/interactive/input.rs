//! Keys, clicks and sizes as they come from the terminal, without the terminal library's types.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use futures_core::Stream as _;
use tokio::sync::mpsc;

/// What somebody did at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Pressed a key.
    Key(Key),
    /// Did something with the mouse.
    Mouse(Mouse),
    /// Changed the size of the window.
    Resized,
}

/// A key, with Ctrl or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Whether Ctrl was held.
    pub ctrl: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are named as on a keyboard")]
pub enum Code {
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
    pub const fn of(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// A character's key.
    pub const fn char(char: char) -> Self {
        Self::of(Code::Char(char))
    }

    /// A character's key with Ctrl.
    pub const fn ctrl(char: char) -> Self {
        Self { code: Code::Char(char), ctrl: true }
    }
}

/// Something done with the mouse; places count from 0 at the screen's top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Column of the screen.
    pub column: usize,
    /// Row of the screen.
    pub row: usize,
}

/// What was done with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
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

/// Where keys come from.
pub enum Keys {
    /// The controlling terminal; standard input may be something else.
    Terminal(Box<EventStream>),
    /// Somebody who knows beforehand what will be done.
    Script(mpsc::UnboundedReceiver<Input>),
    /// Nobody.
    Nobody,
}

impl Keys {
    /// The controlling terminal, which must be raw.
    pub fn of_terminal() -> Self {
        Self::Terminal(Box::new(EventStream::new()))
    }

    /// The next input; forever in coming if there are no more. Nothing is lost if it is not waited for.
    pub async fn next(&mut self) -> Input {
        loop {
            match self {
                Self::Terminal(events) => {
                    let event = poll_fn(|context| Pin::new(&mut **events).poll_next(context)).await;
                    match event {
                        Some(Ok(event)) => {
                            if let Some(input) = input(&event) {
                                return input;
                            }
                        }
                        // A terminal that cannot be read any more has no keys.
                        _ => *self = Self::Nobody,
                    }
                }
                Self::Script(inputs) => match inputs.recv().await {
                    Some(input) => return input,
                    None => *self = Self::Nobody,
                },
                Self::Nobody => return std::future::pending().await,
            }
        }
    }

    /// An input that has come already.
    pub fn waiting(&mut self) -> Option<Input> {
        match self {
            Self::Terminal(events) => {
                let mut context = Context::from_waker(Waker::noop());
                loop {
                    match Pin::new(&mut **events).poll_next(&mut context) {
                        Poll::Ready(Some(Ok(event))) => {
                            if let Some(input) = input(&event) {
                                return Some(input);
                            }
                        }
                        _ => return None,
                    }
                }
            }
            Self::Script(inputs) => inputs.try_recv().ok(),
            Self::Nobody => None,
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Terminal(_) => "Terminal",
            Self::Script(_) => "Script",
            Self::Nobody => "Nobody",
        })
    }
}

fn input(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) => self::key(*key).map(Input::Key),
        Event::Mouse(mouse) => self::mouse(*mouse).map(Input::Mouse),
        Event::Resize(..) => Some(Input::Resized),
        _ => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release || event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let code = match event.code {
        KeyCode::Char(char) => Code::Char(char),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Tab => Code::Tab,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        _ => return None,
    };
    Some(Key { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) })
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseKind::Release,
        MouseEventKind::Moved => MouseKind::Move,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        _ => return None,
    };
    Some(Mouse { kind, column: usize::from(event.column), row: usize::from(event.row) })
}
