//! Flags and surroundings to decisions: pure, so that every combination can be tested.

use jiff::tz::TimeZone;

use super::args::{AlignAt, Color, DrawArgs, FollowArgs, Format, Group, Progress, SortBy};
use super::environment::Environment;
use crate::source::{ErrorKind, SourceError};
use crate::surface::interactive::terminal_size;
use crate::view::{Align, Glyphs, GroupBy, Size, Sort, Stylesheet, View, ViewState};

/// Columns where nothing says how many.
const COLUMNS: usize = 80;
/// The same for the logs of a CI.
const COLUMNS_IN_CI: usize = 120;
/// Lines of the last picture where there is no terminal to bound it.
const LINES_IN_LOGS: usize = 120;

/// How what goes on is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Redrawn in place.
    Live,
    /// One line for each change.
    Lines,
    /// Only the end.
    Silent,
}

/// How everything is drawn.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent decisions")]
pub(super) struct Drawing {
    /// What the user chose to see.
    pub(super) state: ViewState,
    /// Characters.
    pub(super) glyphs: Glyphs,
    /// How what goes on is shown.
    pub(super) mode: Mode,
    /// Live pictures and lines go to standard error, because a machine format owns standard output.
    pub(super) live_on_stderr: bool,
    colours: bool,
    stderr_colours: bool,
    columns: Option<usize>,
    default_columns: usize,
    terminal: bool,
}

impl Drawing {
    /// Decides.
    ///
    /// # Errors
    /// If `KUBECTL_SEQ_PROGRESS` is none of the modes.
    pub(super) fn resolve(
        draw: &DrawArgs,
        follow: &FollowArgs,
        format: Format,
        environment: &Environment,
    ) -> Result<Self, SourceError> {
        let live_on_stderr = format.is_for_machines();
        let terminal = if live_on_stderr { environment.stderr_terminal } else { environment.stdout_terminal };
        let mode = match follow.progress.map_or_else(|| progress_of(environment), Ok)? {
            Progress::Live => Mode::Live,
            Progress::None => Mode::Silent,
            Progress::Auto if terminal && !environment.ci && !environment.dumb => Mode::Live,
            // Beside a document for programs nobody reads lines, unless somebody asked for them.
            Progress::Auto if live_on_stderr && !terminal => Mode::Silent,
            Progress::Lines | Progress::Auto => Mode::Lines,
        };
        let colours = |terminal: bool| match draw.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !environment.no_color && !environment.dumb,
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
    pub(super) fn plain(environment: &Environment) -> Self {
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

    /// Colours of pictures.
    pub(super) fn stylesheet(&self) -> Stylesheet {
        if self.colours { Stylesheet::COLOURED } else { Stylesheet::PLAIN }
    }

    /// Colours of messages.
    pub(super) fn stderr_stylesheet(&self) -> Stylesheet {
        if self.stderr_colours { Stylesheet::COLOURED } else { Stylesheet::PLAIN }
    }

    /// The columns that were asked for.
    pub(super) fn wanted_columns(&self) -> Option<usize> {
        self.columns
    }

    /// Whether the live picture is on a terminal, so that somebody can move in it.
    pub(super) fn is_interactive(&self) -> bool {
        self.mode == Mode::Live && self.terminal
    }

    /// The room for a picture that is printed once: on a terminal it fits the screen, so that its head can be seen.
    pub(super) fn print_size(&self) -> Size {
        let size = if self.terminal { terminal_size() } else { None };
        let columns = self.columns.or(size.map(|(columns, _)| columns)).unwrap_or(self.default_columns);
        // Two lines for the prompt that follows.
        Size { columns, rows: size.map(|(_, rows)| rows.saturating_sub(2).max(10)) }
    }

    /// The room for the last picture after lines.
    pub(super) fn log_size(&self) -> Size {
        let size = self.print_size();
        Size { rows: size.rows.or(Some(LINES_IN_LOGS)), ..size }
    }
}

fn progress_of(environment: &Environment) -> Result<Progress, SourceError> {
    let Some(text) = &environment.progress else { return Ok(Progress::Auto) };
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
            SortBy::Start => Sort::Start,
            SortBy::End => Sort::End,
            SortBy::Work => Sort::Work,
            SortBy::Cold => Sort::Cold,
            SortBy::Index => Sort::Index,
            SortBy::Name => Sort::Name,
        },
        group_by: match draw.group_by {
            Group::Workload => GroupBy::Workload,
            Group::Node => GroupBy::Node,
            Group::Outcome => GroupBy::Outcome,
            Group::None => GroupBy::None,
        },
        align: match draw.align {
            AlignAt::Wall => Align::Wall,
            AlignAt::Created => Align::Created,
            AlignAt::Started => Align::Started,
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
    use crate::cli::args::{Cli, Command};

    fn resolve(flags: &str, environment: &Environment) -> Drawing {
        let words = ["kubectl-seq", "simulate"].into_iter().chain(flags.split_whitespace());
        let Command::Simulate(args) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
        Drawing::resolve(&args.draw, &args.follow, args.output, environment).unwrap()
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
