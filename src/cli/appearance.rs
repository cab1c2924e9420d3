//! Decides the appearance of a run from the flags and the environment. Every decision depends only on the flags and the environment, except the system time zone of `--absolute-time`.

use jiff::tz::TimeZone;

use crate::app::appearance::{Appearance, ProgressDisplay};
use crate::app::ci::service::CiOutput;
use crate::app::output::Output;
use crate::cli::args::draw::{AlignArg, ByArg, ColorArg, DrawArgs, GroupByArg, SortArg};
use crate::cli::args::follow::{FollowArgs, ProgressMode};
use crate::cli::args::page::PageArgs;
use crate::cli::environment::Environment;
use crate::cli::variables::{MouseMode, Variable};
use crate::source::{ErrorKind, SourceError};
use crate::timeline::BreakdownBy;
use crate::view::{Align, Glyphs, GroupBy, Sort, ViewState};

/// Number of columns if nothing else decides it.
const DEFAULT_COLUMNS: usize = 80;

/// Number of columns in the logs of a CI, if nothing else decides it.
const CI_COLUMNS: usize = 120;

impl Appearance {
    /// Decides the appearance of a run.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if a variable has an unknown value, or if `--interactive` is given without a live picture on a
    /// terminal.
    pub(crate) fn resolve(
        draw: &DrawArgs,
        follow: &FollowArgs,
        output: Output,
        environment: &Environment,
    ) -> Result<Self, SourceError> {
        let live_on_stderr = output.is_for_programs();
        let is_terminal =
            if live_on_stderr { environment.stderr_terminal } else { environment.stdout_terminal };
        let variables = &environment.variables;
        let mode = match follow.progress {
            Some(mode) => mode,
            None => variables.parse(Variable::Progress)?.unwrap_or(ProgressMode::Auto),
        };
        let color = match draw.color {
            Some(color) => color,
            None => variables.parse(Variable::Color)?.unwrap_or(ColorArg::Auto),
        };
        let mouse = variables.parse(Variable::Mouse)?.unwrap_or(MouseMode::On);
        let can_redraw = !environment.ci && !environment.dumb;
        let progress = match mode {
            ProgressMode::Live => ProgressDisplay::Live,
            ProgressMode::None => ProgressDisplay::Silent,
            ProgressMode::Auto if is_terminal && can_redraw => ProgressDisplay::Live,
            // Without a terminal, lines on standard error would only fill a log. They are printed if the user asks for them.
            ProgressMode::Auto if live_on_stderr && !is_terminal => ProgressDisplay::Silent,
            ProgressMode::Lines | ProgressMode::Auto => ProgressDisplay::Lines,
        };
        if follow.interactive && !(progress == ProgressDisplay::Live && is_terminal) {
            return Err(needs_terminal_error());
        }
        let has_colours = |is_terminal| has_colours(color, is_terminal, environment);
        let is_ascii = draw.ascii || !environment.utf8;
        Ok(Self {
            view_state: view_state(draw, output),
            glyphs: if is_ascii { Glyphs::ASCII } else { Glyphs::UNICODE },
            progress,
            progress_bar: environment.stderr_terminal && can_redraw && mode != ProgressMode::None,
            tab_progress: environment.tab_progress
                && is_terminal
                && can_redraw
                && progress != ProgressDisplay::Silent,
            notifies: follow.notify && !environment.dumb && !environment.ci,
            live_on_stderr,
            colours: has_colours(is_terminal),
            stderr_colours: has_colours(environment.stderr_terminal),
            columns: draw.width.map(usize::from).or(environment.columns.filter(|_| !is_terminal)),
            default_columns: if environment.ci { CI_COLUMNS } else { DEFAULT_COLUMNS },
            in_ci: environment.ci,
            is_terminal,
            uses_mouse: mouse == MouseMode::On,
            ci: CiOutput::new(environment.ci_service, follow.ci.markup(environment.ci_service)),
        })
    }

    /// Returns the appearance of a command that prints one page, or keeps it open if it is interactive.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if a variable has an unknown value, or if the page is interactive without a terminal that can be
    /// redrawn.
    pub(crate) fn for_page(
        page: &PageArgs,
        is_interactive: bool,
        environment: &Environment,
    ) -> Result<Self, SourceError> {
        let variables = &environment.variables;
        let color = match page.color {
            Some(color) => color,
            None => variables.parse(Variable::Color)?.unwrap_or(ColorArg::Auto),
        };
        let mouse = variables.parse(Variable::Mouse)?.unwrap_or(MouseMode::On);
        let is_terminal = environment.stdout_terminal;
        let can_redraw = !environment.ci && !environment.dumb;
        if is_interactive && !(is_terminal && can_redraw) {
            return Err(SourceError::new(ErrorKind::Usage, "--interactive needs a terminal")
                .hint("Omit --interactive to print the table, or run the command on a terminal."));
        }
        let has_colours = |is_terminal| has_colours(color, is_terminal, environment);
        Ok(Self {
            glyphs: if page.ascii || !environment.utf8 { Glyphs::ASCII } else { Glyphs::UNICODE },
            progress: if is_interactive { ProgressDisplay::Live } else { ProgressDisplay::Silent },
            progress_bar: environment.stderr_terminal && can_redraw,
            colours: has_colours(is_terminal),
            stderr_colours: has_colours(environment.stderr_terminal),
            columns: page.width.map(usize::from).or(environment.columns.filter(|_| !is_terminal)),
            default_columns: if environment.ci { CI_COLUMNS } else { DEFAULT_COLUMNS },
            in_ci: environment.ci,
            is_terminal,
            uses_mouse: mouse == MouseMode::On,
            ..Self::for_messages(environment)
        })
    }

    /// Returns the appearance of commands that print only messages. An unknown value of a variable has no effect on them.
    pub(crate) fn for_messages(environment: &Environment) -> Self {
        let color = environment.variables.parse(Variable::Color).ok().flatten().unwrap_or(ColorArg::Auto);
        Self {
            view_state: ViewState::default(),
            glyphs: Glyphs::ASCII,
            progress: ProgressDisplay::Silent,
            progress_bar: false,
            tab_progress: false,
            notifies: false,
            live_on_stderr: false,
            colours: false,
            stderr_colours: has_colours(color, environment.stderr_terminal, environment),
            columns: None,
            default_columns: DEFAULT_COLUMNS,
            in_ci: false,
            is_terminal: false,
            uses_mouse: false,
            ci: CiOutput::new(environment.ci_service, None),
        }
    }
}

/// Whether a stream is coloured.
pub(crate) fn has_colours(color: ColorArg, is_terminal: bool, environment: &Environment) -> bool {
    match color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => is_terminal && !environment.no_color && !environment.dumb,
    }
}

fn needs_terminal_error() -> SourceError {
    SourceError::new(ErrorKind::Usage, "--interactive needs a live picture on a terminal")
        .hint("Omit --interactive, or run the command on a terminal with --progress live.")
}

fn view_state(draw: &DrawArgs, output: Output) -> ViewState {
    ViewState {
        view: output.view(),
        omits_headings: draw.no_headers,
        sort: match draw.sort {
            None => Sort::Usual,
            Some(SortArg::Start) => Sort::Start,
            Some(SortArg::End) => Sort::End,
            Some(SortArg::Work) => Sort::Work,
            Some(SortArg::Cold) => Sort::Cold,
            Some(SortArg::Index) => Sort::Index,
            Some(SortArg::Name) => Sort::Name,
            Some(SortArg::Trouble) => Sort::Trouble,
            Some(SortArg::Wasted) => Sort::Wasted,
        },
        group_by: match draw.group_by {
            GroupByArg::Workload => GroupBy::Workload,
            GroupByArg::Node => GroupBy::Node,
            GroupByArg::Role => GroupBy::Role,
            GroupByArg::Outcome => GroupBy::Outcome,
            GroupByArg::None => GroupBy::None,
        },
        breakdown: draw.by.map(|by| match by {
            ByArg::Node => BreakdownBy::Node,
            ByArg::Image => BreakdownBy::Image,
        }),
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
        workload: None,
        current_namespace: None,
        recent_only: false,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::command_line::{Cli, Subcommand};
    use crate::cli::variables::Variables;
    use crate::view::Size;

    fn resolve(flags: &str, environment: &Environment) -> Appearance {
        let words = ["kubectl-seq", "simulate"].into_iter().chain(flags.split_whitespace());
        let Subcommand::Simulate(args) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
        Appearance::resolve(&args.draw, &args.follow, args.output.into(), environment).unwrap()
    }

    fn terminal() -> Environment {
        Environment { stdout_terminal: true, stderr_terminal: true, utf8: true, ..Environment::default() }
    }

    fn with_variable(name: &'static str, value: &'static str) -> Environment {
        let variables = Variables::read(move |asked| (asked == name).then(|| value.into()));
        Environment { variables, ..terminal() }
    }

    #[test]
    fn a_variable_leaves_the_mouse_to_the_terminal() {
        assert!(resolve("", &terminal()).uses_mouse);
        assert!(!resolve("", &with_variable("KUBECTL_SEQ_MOUSE", "off")).uses_mouse);
    }

    #[test]
    fn pictures_fall_back_to_lines_and_documents_to_silence_without_a_usable_terminal() {
        let pipe = Environment { stdout_terminal: false, ..terminal() };
        let ci = Environment { ci: true, ..terminal() };
        let dumb = Environment { dumb: true, ..terminal() };
        let forced = with_variable("KUBECTL_SEQ_PROGRESS", "lines");
        let no_terminal = Environment { utf8: true, ..Environment::default() };
        for (flags, environment, progress) in [
            ("", &terminal(), ProgressDisplay::Live),
            ("", &pipe, ProgressDisplay::Lines),
            ("", &ci, ProgressDisplay::Lines),
            ("", &dumb, ProgressDisplay::Lines),
            ("", &forced, ProgressDisplay::Lines),
            ("--progress live", &forced, ProgressDisplay::Live),
            ("--progress none", &terminal(), ProgressDisplay::Silent),
            ("-o json", &terminal(), ProgressDisplay::Live),
            ("-o json", &pipe, ProgressDisplay::Live),
            ("-o json", &no_terminal, ProgressDisplay::Silent),
            ("-o json --progress lines", &no_terminal, ProgressDisplay::Lines),
        ] {
            assert_eq!(resolve(flags, environment).progress, progress, "{flags} {environment:?}");
        }
    }

    #[test]
    fn colours_need_a_terminal_without_no_color_unless_the_flag_decides() {
        let no_color = Environment { no_color: true, ..terminal() };
        let pipe = Environment { stdout_terminal: false, ..terminal() };
        let never = with_variable("KUBECTL_SEQ_COLOR", "never");
        for (flags, environment, colours) in [
            ("", &never, false),
            ("--color auto", &never, true),
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
    fn the_locale_or_a_flag_selects_the_characters() {
        let posix = Environment { utf8: false, ..terminal() };
        assert_eq!(resolve("", &terminal()).glyphs, Glyphs::UNICODE);
        assert_eq!(resolve("", &posix).glyphs, Glyphs::ASCII);
        assert_eq!(resolve("--ascii", &terminal()).glyphs, Glyphs::ASCII);
    }

    #[test]
    fn the_width_comes_from_the_flag_then_from_the_environment() {
        let wide = Environment { columns: Some(100), utf8: true, ..Environment::default() };
        let ci = Environment { ci: true, utf8: true, ..Environment::default() };
        assert_eq!(resolve("--width 90", &wide).print_size(), Size { columns: 90, rows: None });
        assert_eq!(resolve("", &wide).print_size(), Size { columns: 100, rows: None });
        assert_eq!(resolve("", &ci).print_size(), Size { columns: 120, rows: None });
    }

    #[test]
    fn a_progress_bar_needs_a_terminal_on_standard_error() {
        let pipe = Environment { stdout_terminal: false, ..terminal() };
        let no_terminal = Environment { utf8: true, ..Environment::default() };
        let ci = Environment { ci: true, ..terminal() };
        for (flags, environment, progress_bar) in [
            ("", &terminal(), true),
            ("-o json", &pipe, true),
            ("", &no_terminal, false),
            ("", &ci, false),
            ("--progress none", &terminal(), false),
        ] {
            let appearance = resolve(flags, environment);
            assert_eq!(appearance.progress_bar, progress_bar, "{flags} {environment:?}");
        }
    }
}
