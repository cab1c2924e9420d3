//! The two streams of the process: the only place that writes to them.

use std::io::{self, Write};
use std::ops::ControlFlow;

use crate::app::appearance::Appearance;
use crate::app::exit::RunError;
use crate::terminal::ansi;
use crate::view::{Frame, Line, Style, clean};

/// Standard output and standard error.
#[derive(Debug)]
pub(crate) struct Streams {
    drawing: Appearance,
}

impl Streams {
    /// The streams, written to as the options say.
    pub(crate) fn new(drawing: Appearance) -> Self {
        Self { drawing }
    }

    /// A whole frame to standard output.
    ///
    /// # Errors
    /// When nobody reads any more, or writing fails.
    pub(crate) fn frame(&self, frame: &Frame) -> Result<(), RunError> {
        self.told(|told| {
            // Why no more is wanted is told below.
            let _ = frame.lines.iter().try_for_each(told);
        })
    }

    /// The lines that `tell` tells, to standard output: a picture of very many Pods is not held as a whole.
    ///
    /// # Errors
    /// When nobody reads any more, or writing fails.
    pub(crate) fn told(
        &self,
        tell: impl FnOnce(&mut dyn FnMut(&Line) -> ControlFlow<()>),
    ) -> Result<(), RunError> {
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        let (stylesheet, mut text) = (self.drawing.stylesheet(), String::new());
        let mut written = Ok(());
        tell(&mut |line| {
            text.clear();
            ansi::render_line(&mut text, line, stylesheet);
            text.push('\n');
            written = stdout.write_all(text.as_bytes());
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        Ok(stdout.flush()?)
    }

    /// Lines to the stream of what is followed: standard output, or standard error beside a machine format.
    ///
    /// # Errors
    /// When nobody reads any more, or writing fails.
    pub(crate) fn lines(&self, lines: Vec<Line>) -> Result<(), RunError> {
        if lines.is_empty() {
            return Ok(());
        }
        let text = ansi::render_frame(&Frame { lines }, self.drawing.stylesheet());
        let mut stream = self.live_stream();
        stream.write_all(text.as_bytes())?;
        Ok(stream.flush()?)
    }

    /// The stream that live pictures and lines go to.
    pub(crate) fn live_stream(&self) -> Box<dyn Write> {
        if self.drawing.live_on_stderr { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
    }

    /// Whatever `write` writes, to standard output, buffered.
    ///
    /// # Errors
    /// When nobody reads any more, or writing fails.
    pub(crate) fn document(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), RunError> {
        let mut stdout = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        write(&mut stdout)?;
        Ok(stdout.flush()?)
    }

    /// A line for people, to standard error; server text in it is escaped. A closed standard error is no failure.
    pub(crate) fn note(&self, text: &str) {
        self.marked("", Style::Text, text);
    }

    /// The same, marked as a warning.
    pub(crate) fn warning(&self, text: &str) {
        self.marked("warning: ", Style::Warning, text);
    }

    /// A failure with its hints, to standard error.
    pub(crate) fn error(&self, summary: &str, hints: &[String]) {
        self.marked("error: ", Style::Failure, summary);
        for hint in hints {
            self.marked("hint: ", Style::Strong, hint);
        }
    }

    fn marked(&self, mark: &str, role: Style, text: &str) {
        let lines = text.lines().enumerate().map(|(number, text)| {
            let mut line = Line::new(if number == 0 { mark } else { "  " }, role);
            line.push(clean(text), Style::Text);
            line
        });
        let text = ansi::render_frame(&Frame { lines: lines.collect() }, self.drawing.stderr_stylesheet());
        // There is nobody left to tell.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
