//! Renders parts of logs as text for a terminal or a file.

use jiff::fmt::temporal::DateTimePrinter;

use crate::app::logs::options::LogOptions;
use crate::app::logs::parts::{LogContent, LogPart};
use crate::source::cluster::logs::LogGap;
use crate::terminal::log_text::write_log_text;
use crate::timeline::Timeline;
use crate::view;
use crate::view::{Style, Stylesheet};

/// The mark that follows a line whose end is missing.
const CUT_MARK: &str = " … (line cut)";

/// Rendered lines.
#[derive(Debug, Default)]
pub(crate) struct LogText {
    /// The lines, each with a line feed.
    pub(crate) text: String,
    /// The width of each line, in columns.
    pub(crate) widths: Vec<usize>,
}

impl LogText {
    /// Adds the lines of another text.
    pub(crate) fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.widths.extend(other.widths);
    }

    /// Adds a part of a log.
    pub(crate) fn add(
        &mut self,
        timeline: &Timeline,
        part: &LogPart,
        options: &LogOptions,
        stylesheet: Stylesheet,
    ) {
        let container = &part.container;
        let prefix = view::log_prefix(
            timeline,
            container.pod,
            &container.name,
            container.has_neighbours,
            options.has_prefix,
        );
        let prefix_width = view::width(&prefix);
        let prefix = match stylesheet.pod_style(container.pod) {
            Some(style) if !prefix.is_empty() => style.style(stylesheet.writable(&prefix)).to_string(),
            Some(_) | None => stylesheet.writable(&prefix).into_owned(),
        };
        match &part.content {
            LogContent::Lines(lines) => {
                for line in lines {
                    self.text.push_str(&prefix);
                    let mut width = prefix_width;
                    if options.has_timestamps {
                        let before = self.text.len();
                        // Writing to a string cannot fail.
                        let _ = DateTimePrinter::new().print_timestamp(&line.at, &mut self.text);
                        self.text.push(' ');
                        width += self.text.len() - before;
                    }
                    width += write_log_text(&mut self.text, &line.text(), stylesheet);
                    if line.is_cut {
                        let mark = stylesheet.writable(CUT_MARK);
                        width += view::width(&mark);
                        self.text.push_str(&mark);
                    }
                    self.end_line(width);
                }
            }
            LogContent::Gap(gap) => {
                let note = view::clean(&describe_gap(gap)).into_owned();
                let note = stylesheet.writable(&note).into_owned();
                self.text.push_str(&prefix);
                let width = prefix_width + view::width(&note);
                match stylesheet.style(Style::Warning) {
                    Some(style) => self.text.push_str(&style.style(note).to_string()),
                    None => self.text.push_str(&note),
                }
                self.end_line(width);
            }
        }
    }

    fn end_line(&mut self, width: usize) {
        self.text.push('\n');
        self.widths.push(width);
    }
}

/// Describes a part of a log that cannot be read.
pub(crate) fn describe_gap(gap: &LogGap) -> String {
    match gap {
        LogGap::Between(since, until) => {
            let length = view::format_elapsed(until.duration_since(*since));
            format!("… {length} of the log could not be read: the kubelet has deleted the file")
        }
        LogGap::WholeRun => {
            "… the log of an earlier run could not be read: the kubelet keeps only two runs".to_owned()
        }
        LogGap::EndOfRun => {
            "… the end of an earlier run could not be read: the kubelet keeps only two runs".to_owned()
        }
        LogGap::DeletedPod(None) => "… the log could not be read: the Pod was deleted".to_owned(),
        LogGap::DeletedPod(Some(_)) => {
            "… the end of the log could not be read: the Pod was deleted".to_owned()
        }
        LogGap::Refused { is_end: false, reason } => format!("… the log could not be read: {reason}"),
        LogGap::Refused { is_end: true, reason } => {
            format!("… the end of the log could not be read: {reason}")
        }
        LogGap::UncertainEnd => {
            "… more lines may follow: the kubelet no longer returns the end of the log".to_owned()
        }
    }
}
