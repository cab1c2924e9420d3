//! A view's output: lines of styled spans, no terminal codes.

use super::text;
use crate::timeline::PodKey;

/// What a span is, for the stylesheet. Meaning is in glyphs and letters first; this only helps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Plain text.
    #[default]
    Text,
    /// What matters less: axis, legend, ages.
    Dim,
    /// Headings and names.
    Strong,
    /// Waiting for a node.
    Queued,
    /// Kubelet pickup, sandbox, container start.
    Setup,
    /// Image pull.
    Pulling,
    /// Init containers.
    Initializing,
    /// Work that goes on or has ended well.
    Work,
    /// A success.
    Success,
    /// A failure.
    Failure,
    /// Something to look at: a wait, a notice.
    Warning,
    /// Back-off.
    BackOff,
    /// Being deleted.
    Terminating,
    /// The edge of now.
    Now,
    /// What is selected.
    Selected,
    /// A name before its value.
    Key,
    /// A text value.
    Quoted,
    /// A number, a truth value, nothing.
    Literal,
}

/// Text of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The text, already escaped for a terminal.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// One line of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The spans, left to right.
    pub spans: Vec<Span>,
    /// The Pod that the line is about: what a click on it opens.
    pub pod: Option<PodKey>,
}

/// A picture: what a surface puts on a terminal or into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The lines, top to bottom.
    pub lines: Vec<Line>,
}

impl Line {
    /// A line of one span.
    pub fn of(text: impl Into<String>, role: Role) -> Self {
        let mut line = Self::default();
        line.push(text, role);
        line
    }

    /// Adds text at the end; text of the last span's role joins it.
    pub fn push(&mut self, text: impl Into<String>, role: Role) {
        let text = text.into();
        match self.spans.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.role == role => last.text.push_str(&text),
            _ => self.spans.push(Span { text, role }),
        }
    }

    /// The text without roles.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// Columns on a terminal.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| text::width(&span.text)).sum()
    }
}

impl Frame {
    /// The text without roles, lines without trailing blanks.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line.plain().trim_end());
            text.push('\n');
        }
        text
    }
}
