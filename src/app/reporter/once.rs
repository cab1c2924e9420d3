//! Reporters that print once, at the end of a run.

use crate::app::appearance::Appearance;
use crate::app::exit::RunError;
use crate::app::output::{DocumentFormat, ExportFormat};
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::reporter::what_if::what_if_lines;
use crate::app::run_state::RunSnapshot;
use crate::app::streams::Streams;
use crate::export::{self, ResourceSettings, TraceProcess};
use crate::view;
use crate::view::{Frame, GroupBy, Size, View, ViewState, describe_outages};

/// Prints the last picture.
pub(crate) struct PictureReporter<'a> {
    pub(crate) appearance: &'a Appearance,
    pub(crate) view_state: ViewState,
    pub(crate) streams: &'a Streams,
    /// Returns the size of the picture. Called only at the end, because the user may resize the terminal until then.
    pub(crate) size: fn(&Appearance) -> Size,
}

impl Reporter for PictureReporter<'_> {
    fn on_end(&mut self, run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        self.print_picture(run)?;
        let mut lines = describe_outages(run.state.timeline.outages(), run.now);
        if run.state.shown_pod().is_none() {
            let columns = (self.size)(self.appearance).columns;
            lines.extend(what_if_lines(run, columns, &self.appearance.glyphs));
        }
        self.streams.write_frame(&Frame { lines })
    }
}

impl PictureReporter<'_> {
    fn print_picture(&self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        let timeline = &run.state.timeline;
        if run.state.overview.has_nothing_to_show(timeline, run.now) {
            if let Some(message) = &run.state.nothing_found_message {
                self.streams.note(message);
            }
            return match &run.state.nothing_found_help {
                Some(help) => Streams::write_stdout(|out| out.write_all(help.as_bytes())),
                None => Ok(()),
            };
        }
        let glyphs = &self.appearance.glyphs;
        let view_state = &run.state.overview.choose_view(timeline, &self.view_state, run.now);
        let size = (self.size)(self.appearance);
        match run.state.shown_pod() {
            Some((pod, details)) if view_state.view == View::Sequence => {
                let extras = details.extras();
                let frame = view::draw_pod(timeline, pod, &extras, view_state, size, glyphs, run.now);
                self.streams.write_frame(&frame)
            }
            None if size.rows.is_none() => self.streams.write_each_line(|write_line| {
                view::for_each_line(timeline, view_state, size.columns, glyphs, run.now, write_line);
            }),
            Some(_) | None => {
                self.streams.write_frame(&view::render_frame(timeline, view_state, size, glyphs, run.now))
            }
        }
    }
}

/// Prints the timeline document.
#[derive(Debug)]
pub(crate) struct DocumentReporter {
    pub(crate) format: DocumentFormat,
}

impl Reporter for DocumentReporter {
    fn on_end(&mut self, run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        let timeline = &run.state.timeline;
        let document = export::document(timeline, run.now)
            .with_budget(timeline, &run.state.budget)
            .with_what_if(timeline, run.state.what_if);
        Streams::write_stdout(|out| match self.format {
            DocumentFormat::Json => export::write_json(&document, out),
            DocumentFormat::Yaml => export::write_yaml(&document, out),
        })
    }
}

/// Prints the names of the workloads.
#[derive(Debug)]
pub(crate) struct NamesReporter;

impl Reporter for NamesReporter {
    fn on_end(&mut self, run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        Streams::write_stdout(|out| export::write_names(&run.state.timeline, out))
    }
}

/// Prints the run in the format of another program.
#[derive(Debug)]
pub(crate) struct ExportReporter {
    pub(crate) format: ExportFormat,
    pub(crate) group_by: GroupBy,
    /// The user's own attributes of traces.
    pub(crate) resource: ResourceSettings,
}

impl Reporter for ExportReporter {
    fn on_end(&mut self, run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        let timeline = &run.state.timeline;
        Streams::write_stdout(|out| match self.format {
            ExportFormat::Csv => export::write_csv(timeline, run.now, out),
            ExportFormat::Trace => {
                let process = match self.group_by {
                    GroupBy::Node => TraceProcess::Node,
                    GroupBy::Workload | GroupBy::Role | GroupBy::Outcome | GroupBy::None => {
                        TraceProcess::Workload
                    }
                };
                export::write_trace(timeline, run.now, process, out)
            }
            // The run itself prints the report, because it knows the failures and the logs.
            ExportFormat::Markdown => Ok(()),
            ExportFormat::Svg => export::write_svg(timeline, run.now, out),
            ExportFormat::Html => export::write_html(timeline, run.now, out),
            ExportFormat::Kwok => export::write_kwok(timeline, out),
            ExportFormat::Otlp => export::write_otlp(timeline, &self.resource, run.now, out),
        })
    }
}
