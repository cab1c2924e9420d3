//! Flags and surroundings to decisions: pure, so that every combination can be tested.

use jiff::tz::TimeZone;

use crate::app::appearance::{Appearance, Mode};
use crate::app::output::Format;
use crate::cli::draw_args::{AlignArg, ColorArg, DrawArgs, GroupByArg, SortArg};
use crate::cli::environment::Environment;
use crate::cli::follow_args::{FollowArgs, ProgressMode};
use crate::source::{ErrorKind, SourceError};
use crate::view::{Align, Glyphs, GroupBy, Sort, View, ViewState};

/// Columns where nothing says how many.
const COLUMNS: usize = 80;
/// The same for the logs of a CI.
const COLUMNS_IN_CI: usize = 120;

impl Appearance {
    /// Decides.
    ///
    /// # Errors
    /// If `KUBECTL_SEQ_PROGRESS` is none of the modes.
    pub(crate) fn resolve(
        draw: &DrawArgs,
        follow: &FollowArgs,
        format: Format,
        environment: &Environment,
    ) -> Result<Self, SourceError> {
        let live_on_stderr = format.is_for_machines();
        let terminal = if live_on_stderr { environment.stderr_terminal } else { environment.stdout_terminal };
        let mode = match follow.progress.map_or_else(|| progress_of(environment), Ok)? {
            ProgressMode::Live => Mode::Live,
            ProgressMode::None => Mode::Silent,
            ProgressMode::Auto if terminal && !environment.ci && !environment.dumb => Mode::Live,
            // Beside a document for programs nobody reads lines, unless somebody asked for them.
            ProgressMode::Auto if live_on_stderr && !terminal => Mode::Silent,
            ProgressMode::Lines | ProgressMode::Auto => Mode::Lines,
        };
        let colours = |terminal: bool| match draw.color {
            ColorArg::Always => true,
            ColorArg::Never => false,
            ColorArg::Auto => terminal && !environment.no_color && !environment.dumb,
        };
        let ascii = draw.ascii || !environment.utf8;
        Ok(Self {
            state: state(draw, format),
            glyphs: if ascii { Glyphs::ASCII } else { Glyphs::UNICODE },
            mode,
            live_on_stderr,
            colours: colours(terminal),
            stderr_colours: colours(environment.stderr_terminal),
            columns: draw.width.map(usize::from).or(environment.columns.filter(|_| !terminal)),
            default_columns: if environment.ci { COLUMNS_IN_CI } else { COLUMNS },
            terminal,
        })
    }

    /// For messages only.
    pub(crate) fn plain(environment: &Environment) -> Self {
        Self {
            state: ViewState::default(),
            glyphs: Glyphs::ASCII,
            mode: Mode::Silent,
            live_on_stderr: false,
            colours: false,
            stderr_colours: environment.stderr_terminal && !environment.no_color && !environment.dumb,
            columns: None,
            default_columns: COLUMNS,
            terminal: false,
        }
    }
}

fn progress_of(environment: &Environment) -> Result<ProgressMode, SourceError> {
    let Some(text) = &environment.progress else { return Ok(ProgressMode::Auto) };
    clap::ValueEnum::from_str(text, true).map_err(|_| {
        SourceError::new(ErrorKind::Usage, format!("KUBECTL_SEQ_PROGRESS is `{text}`"))
            .hint("It may be auto, live, lines or none.")
    })
}

fn state(draw: &DrawArgs, format: Format) -> ViewState {
    ViewState {
        view: match format {
            Format::Table => View::Table,
            Format::Wide => View::Wide,
            Format::Grid => View::Grid,
            _ => View::Sequence,
        },
        sort: match draw.sort {
            SortArg::Start => Sort::Start,
            SortArg::End => Sort::End,
            SortArg::Work => Sort::Work,
            SortArg::Cold => Sort::Cold,
            SortArg::Index => Sort::Index,
            SortArg::Name => Sort::Name,
        },
        group_by: match draw.group_by {
            GroupByArg::Workload => GroupBy::Workload,
            GroupByArg::Node => GroupBy::Node,
            GroupByArg::Outcome => GroupBy::Outcome,
            GroupByArg::None => GroupBy::None,
        },
        align: match draw.align {
            AlignArg::Wall => Align::Wall,
            AlignArg::Created => Align::Created,
            AlignArg::Started => Align::Started,
        },
        clock: match (draw.utc, draw.absolute_time) {
            (true, _) => Some(TimeZone::UTC),
            (false, true) => Some(TimeZone::system()),
            (false, false) => None,
        },
        explain: draw.explain,
        containers: draw.containers,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::command_line::{Cli, Subcommand};
    use crate::view::Size;

    fn resolve(flags: &str, environment: &Environment) -> Appearance {
        let words = ["kubectl-seq", "simulate"].into_iter().chain(flags.split_whitespace());
        let Subcommand::Simulate(args) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
        Appearance::resolve(&args.draw, &args.follow, args.output, environment).unwrap()
    }

    fn terminal() -> Environment {
        Environment { stdout_terminal: true, stderr_terminal: true, utf8: true, ..Environment::default() }
    }

    #[test]
    fn live_on_a_terminal_lines_elsewhere() {
        let pipe = Environment { stdout_terminal: false, ..terminal() };
        let ci = Environment { ci: true, ..terminal() };
        let dumb = Environment { dumb: true, ..terminal() };
        let forced = Environment { progress: Some("lines".into()), ..terminal() };
        let dark = Environment { utf8: true, ..Environment::default() };
        for (flags, environment, mode) in [
            ("", &terminal(), Mode::Live),
            ("", &pipe, Mode::Lines),
            ("", &ci, Mode::Lines),
            ("", &dumb, Mode::Lines),
            ("", &forced, Mode::Lines),
            ("--progress live", &forced, Mode::Live),
            ("--progress none", &terminal(), Mode::Silent),
            ("-o json", &terminal(), Mode::Live),
            ("-o json", &pipe, Mode::Live),
            ("-o json", &dark, Mode::Silent),
            ("-o json --progress lines", &dark, Mode::Lines),
        ] {
            assert_eq!(resolve(flags, environment).mode, mode, "{flags} {environment:?}");
        }
    }

    #[test]
    fn colours_are_asked_for_or_wanted() {
        let no_color = Environment { no_color: true, ..terminal() };
        let pipe = Environment { stdout_terminal: false, ..terminal() };
        for (flags, environment, colours) in [
            ("", &terminal(), true),
            ("", &no_color, false),
            ("--color always", &no_color, true),
            ("--color never", &terminal(), false),
            ("", &pipe, false),
            ("-o json", &pipe, true),
        ] {
            assert_eq!(resolve(flags, environment).colours, colours, "{flags} {environment:?}");
        }
    }

    #[test]
    fn characters_follow_the_locale() {
        let posix = Environment { utf8: false, ..terminal() };
        assert_eq!(resolve("", &terminal()).glyphs, Glyphs::UNICODE);
        assert_eq!(resolve("", &posix).glyphs, Glyphs::ASCII);
        assert_eq!(resolve("--ascii", &terminal()).glyphs, Glyphs::ASCII);
    }

    #[test]
    fn width_is_as_asked() {
        let wide = Environment { columns: Some(100), utf8: true, ..Environment::default() };
        let ci = Environment { ci: true, utf8: true, ..Environment::default() };
        assert_eq!(resolve("--width 90", &wide).print_size(), Size { columns: 90, rows: None });
        assert_eq!(resolve("", &wide).print_size(), Size { columns: 100, rows: None });
        assert_eq!(resolve("", &ci).print_size(), Size { columns: 120, rows: None });
    }
}
