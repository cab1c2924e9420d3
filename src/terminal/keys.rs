//! Reads keys, mouse events and resizes from the terminal.

use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use futures_core::Stream as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
#[cfg(test)]
use tokio::sync::mpsc;

use crate::tui::input::{Code, Input, Key, Mouse, MouseKind};

/// The source of keys, mouse events and resizes.
pub(crate) enum Keys {
    /// The controlling terminal, because standard input may be a pipe.
    Terminal(Box<EventStream>),
    /// The inputs that a test sends.
    #[cfg(test)]
    Script(mpsc::UnboundedReceiver<Input>),
    /// No source: [`Keys::next`] waits forever.
    None,
}

impl Keys {
    /// Reads the controlling terminal, which must be in raw mode.
    pub(crate) fn from_terminal() -> Self {
        Self::Terminal(Box::new(EventStream::new()))
    }

    /// Waits for the next input. Waits forever if no more inputs can come. If the wait is cancelled, no input is lost.
    pub(crate) async fn next(&mut self) -> Input {
        loop {
            match self {
                Self::Terminal(events) => {
                    let event = poll_fn(|context| Pin::new(&mut **events).poll_next(context)).await;
                    match event {
                        Some(Ok(event)) => {
                            if let Some(input) = convert_event(&event) {
                                return input;
                            }
                        }
                        // The terminal can no longer be read.
                        Some(Err(_)) | None => *self = Self::None,
                    }
                }
                #[cfg(test)]
                Self::Script(inputs) => match inputs.recv().await {
                    Some(input) => return input,
                    None => *self = Self::None,
                },
                Self::None => return std::future::pending().await,
            }
        }
    }

    /// Returns an input that has already arrived, without waiting.
    pub(crate) fn try_next(&mut self) -> Option<Input> {
        match self {
            Self::Terminal(events) => {
                let mut context = Context::from_waker(Waker::noop());
                loop {
                    match Pin::new(&mut **events).poll_next(&mut context) {
                        Poll::Ready(Some(Ok(event))) => {
                            if let Some(input) = convert_event(&event) {
                                return Some(input);
                            }
                        }
                        Poll::Ready(Some(Err(_)) | None) | Poll::Pending => return None,
                    }
                }
            }
            #[cfg(test)]
            Self::Script(inputs) => inputs.try_recv().ok(),
            Self::None => None,
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Terminal(_) => "Terminal",
            #[cfg(test)]
            Self::Script(_) => "Script",
            Self::None => "None",
        })
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the program uses only these events of crossterm")]
fn convert_event(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) => convert_key(*key).map(Input::Key),
        Event::Mouse(mouse) => convert_mouse(*mouse).map(Input::Mouse),
        Event::Resize(..) => Some(Input::Resized),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the program uses only these keys of crossterm")]
fn convert_key(event: KeyEvent) -> Option<Key> {
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

#[expect(clippy::wildcard_enum_match_arm, reason = "the program uses only these mouse events of crossterm")]
fn convert_mouse(event: MouseEvent) -> Option<Mouse> {
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
