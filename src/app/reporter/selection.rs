//! Selects the reporters of a run.

use crate::app::appearance::{Appearance, ProgressDisplay};
use crate::app::console::Console;
use crate::app::output::Output;
use crate::app::reporter::changes::ChangesReporter;
use crate::app::reporter::interface::Reporter;
use crate::app::reporter::lines::LinesReporter;
use crate::app::reporter::live::LiveReporter;
use crate::app::reporter::notification::NotificationReporter;
use crate::app::reporter::once::{DocumentReporter, ExportReporter, NamesReporter, PictureReporter};
use crate::app::reporter::progress::ProgressReporter;
use crate::app::reporter::progress_bar::ProgressBar;
use crate::app::reporter::status_lines::LineOptions;
use crate::app::reporter::tab_progress::TabProgressReporter;
use crate::app::run_options::RunOptions;
use crate::terminal::tab_progress::TabProgress;
use crate::view::Size;

/// The reporters of a run, in the order in which they are called.
#[derive(Default)]
pub(crate) struct Reporters<'a> {
    /// The live picture. It has a field of its own because it also receives the keys of the user.
    pub(crate) live: Option<LiveReporter>,
    others: Vec<Box<dyn Reporter + 'a>>,
}

impl<'a> Reporters<'a> {
    /// Selects the reporters of a run that follows its workloads.
    pub(crate) fn for_following(options: &RunOptions<'a>, console: Console) -> Self {
        let appearance = options.appearance;
        let mut reporters = Self::default();
        if appearance.tab_progress {
            let progress = TabProgress::new(options.streams.live_stream());
            reporters.others.push(Box::new(TabProgressReporter::new(progress)));
        }
        if appearance.notifies {
            reporters.others.push(Box::new(NotificationReporter::new(options.timeout)));
        }
        match appearance.progress {
            ProgressDisplay::Live => {
                reporters.live = Some(LiveReporter::new(console, options));
                reporters.add_output(options, Appearance::final_picture_size);
            }
            ProgressDisplay::Lines => {
                reporters.add_progress_bar(appearance, true);
                // The last line comes before the picture.
                reporters.others.push(Box::new(LinesReporter::new(options.streams, line_options(options))));
                reporters.add_output(options, Appearance::final_picture_size);
            }
            ProgressDisplay::Silent => {
                let prints_while_following = match options.output {
                    Output::Changes => true,
                    Output::Picture(_) | Output::Document(_) | Output::Names | Output::Export(_) => false,
                };
                reporters.add_progress_bar(appearance, prints_while_following);
                reporters.add_output(options, Appearance::final_picture_size);
            }
        }
        reporters
    }

    /// Selects the reporters of a run that prints the present state and ends.
    pub(crate) fn for_printing(options: &RunOptions<'a>) -> Self {
        let mut reporters = Self::default();
        reporters.add_progress_bar(options.appearance, false);
        reporters.add_output(options, Appearance::print_size);
        reporters
    }

    fn add_progress_bar(&mut self, appearance: &Appearance, ends_when_synced: bool) {
        if appearance.progress_bar {
            let bar = ProgressBar::on_stderr();
            self.others.push(Box::new(ProgressReporter::new(bar, ends_when_synced)));
        }
    }

    fn add_output(&mut self, options: &RunOptions<'a>, size: fn(&Appearance) -> Size) {
        match options.output {
            // The live picture itself remains on the screen.
            Output::Picture(_) if self.live.is_some() => {}
            Output::Picture(_) => self.others.push(Box::new(PictureReporter {
                appearance: options.appearance,
                view_state: options.view_state(),
                streams: options.streams,
                size,
            })),
            Output::Document(format) => self.others.push(Box::new(DocumentReporter { format })),
            Output::Changes => self.others.push(Box::new(ChangesReporter::default())),
            Output::Names => self.others.push(Box::new(NamesReporter)),
            Output::Export(format) => {
                let group_by = options.appearance.view_state.group_by;
                let resource = options.traces.resource.clone();
                self.others.push(Box::new(ExportReporter { format, group_by, resource }));
            }
        }
    }

    /// Returns all reporters.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (dyn Reporter + 'a)> {
        let live = self.live.iter_mut().map(|live| live as &mut (dyn Reporter + 'a));
        live.chain(self.others.iter_mut().map(|reporter| &mut **reporter))
    }
}

fn line_options(options: &RunOptions<'_>) -> LineOptions {
    let default = LineOptions::default();
    let patience = options.failure_rules.as_ref().map_or(default.patience, |rules| rules.patience);
    LineOptions { in_ci: options.appearance.in_ci, patience }
}
