//! Standard output and standard error. Apart from clap's own messages and the completion for kubectl, only this
//! module, the live picture and the progress bar write to them.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::app::appearance::Appearance;
use crate::app::ci::disarm::disarm_commands;
use crate::app::exit::RunError;
use crate::source::cluster::Cluster;
use crate::source::kubectl::KubectlOutput;
use crate::terminal::ansi;
use crate::view::{Frame, Line, Style, clean};

/// Standard output and standard error, coloured as the `Appearance` says.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    appearance: Appearance,
}

impl Streams {
    /// Creates the streams. The appearance decides the colours, and which stream live output goes to.
    pub(crate) fn new(appearance: Appearance) -> Self {
        Self { appearance }
    }

    /// Writes a frame to standard output.
    ///
    /// # Errors
    /// The reader of standard output has gone, or writing fails.
    pub(crate) fn write_frame(&self, frame: &Frame) -> Result<(), RunError> {
        self.write_each_line(|write_line| {
            // The result is ignored, because `write_each_line` returns the write error that stopped the loop.
            let _ = frame.lines.iter().try_for_each(write_line);
        })
    }

    /// Writes lines to standard output as `produce` hands them over, because a picture of very many Pods does not fit
    /// in memory.
    ///
    /// # Errors
    /// The reader of standard output has gone, or writing fails.
    pub(crate) fn write_each_line(
        &self,
        produce: impl FnOnce(&mut dyn FnMut(&Line) -> ControlFlow<()>),
    ) -> Result<(), RunError> {
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        let (stylesheet, mut text) = (self.appearance.stylesheet(), String::new());
        let mut written = Ok(());
        produce(&mut |line| {
            text.clear();
            ansi::render_line(&mut text, line, stylesheet);
            text.push('\n');
            written = stdout.write_all(self.disarm(&text).as_bytes());
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        Ok(stdout.flush()?)
    }

    /// Writes lines to the stream of live pictures.
    ///
    /// # Errors
    /// The reader of the stream has gone, or writing fails.
    pub(crate) fn write_live_lines(&self, lines: Vec<Line>) -> Result<(), RunError> {
        if lines.is_empty() {
            return Ok(());
        }
        let text = ansi::render_frame(&Frame { lines }, self.appearance.stylesheet());
        let mut stream = self.live_stream();
        stream.write_all(self.disarm(&text).as_bytes())?;
        Ok(stream.flush()?)
    }

    /// Writes the markup of a CI service to the stream of live pictures.
    ///
    /// # Errors
    /// The reader of the stream has gone, or writing fails.
    pub(crate) fn write_ci_markup(&self, text: &str) -> Result<(), RunError> {
        let mut stream = self.live_stream();
        stream.write_all(text.as_bytes())?;
        Ok(stream.flush()?)
    }

    /// Writes rendered text to the stream of live pictures.
    ///
    /// # Errors
    /// The reader of the stream has gone, or writing fails.
    pub(crate) fn write_live_text(&self, text: &str) -> Result<(), RunError> {
        let mut stream = self.live_stream();
        stream.write_all(self.disarm(text).as_bytes())?;
        Ok(stream.flush()?)
    }

    /// Returns rendered text without a command that a CI service obeys.
    pub(crate) fn disarm<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.appearance.ci.reader {
            Some(service) => disarm_commands(text, service),
            None => Cow::Borrowed(text),
        }
    }

    /// Returns the stream of live pictures and lines. This is standard error if standard output is meant for a program.
    pub(crate) fn live_stream(&self) -> Box<dyn Write> {
        if self.appearance.live_on_stderr { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
    }

    /// Calls `write` with a buffered standard output, then flushes the buffer.
    ///
    /// # Errors
    /// The reader of standard output has gone, or writing fails.
    pub(crate) fn write_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), RunError> {
        let mut stdout = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        write(&mut stdout)?;
        Ok(stdout.flush()?)
    }

    /// Writes a line to standard output at once. Control characters in it are escaped.
    ///
    /// # Errors
    /// The reader of standard output has gone, or writing fails.
    pub(crate) fn write_output_line(&self, text: &str) -> Result<(), RunError> {
        Self::write_stdout(|out| writeln!(out, "{}", self.disarm(&clean(text))))
    }

    /// Writes the output of kubectl unchanged. Errors on standard error are ignored.
    ///
    /// # Errors
    /// The reader of standard output has gone, or writing fails.
    pub(crate) fn write_kubectl_output(stream: KubectlOutput, bytes: &[u8]) -> Result<(), RunError> {
        match stream {
            KubectlOutput::Stdout => Self::write_stdout(|stdout| stdout.write_all(bytes)),
            KubectlOutput::Stderr => {
                let _ = io::stderr().write_all(bytes);
                Ok(())
            }
        }
    }

    /// Writes a message to standard error. Control characters in it are escaped. Errors are ignored.
    pub(crate) fn note(&self, text: &str) {
        self.write_message("", Style::Text, text);
    }

    /// Writes a warning to standard error, as [`Self::note`] does.
    pub(crate) fn warning(&self, text: &str) {
        self.write_message("warning: ", Style::Warning, text);
    }

    /// Writes a warning of the server to standard error, as kubectl writes it.
    pub(crate) fn server_warning(&self, text: &str) {
        self.write_message("Warning: ", Style::Warning, text);
    }

    /// Makes a cluster announce on standard error once that it repeats a request for which the user
    /// waits.
    pub(crate) fn announce_repetitions(&self, cluster: Cluster) -> Cluster {
        let (streams, is_announced) = (self.clone(), AtomicBool::new(false));
        cluster.announce_repetitions(move |text| {
            if !is_announced.swap(true, Ordering::Relaxed) {
                streams.warning(text);
            }
        })
    }

    /// Writes an error and its hints to standard error, as [`Self::note`] does.
    pub(crate) fn error(&self, summary: &str, hints: &[String]) {
        self.write_message("error: ", Style::Failure, summary);
        for hint in hints {
            self.hint(hint);
        }
    }

    /// Writes a hint to standard error, as [`Self::note`] does.
    pub(crate) fn hint(&self, text: &str) {
        self.write_message("hint: ", Style::Strong, text);
    }

    fn write_message(&self, label: &str, label_style: Style, text: &str) {
        let lines = text.lines().enumerate().map(|(number, text)| {
            let mut line = Line::new(if number == 0 { label } else { "  " }, label_style);
            line.push(clean(text), Style::Text);
            line
        });
        let text = ansi::render_frame(&Frame { lines: lines.collect() }, self.appearance.stderr_stylesheet());
        // There is no other stream that could report the failure.
        let _ = io::stderr().write_all(self.disarm(&text).as_bytes());
    }
}
