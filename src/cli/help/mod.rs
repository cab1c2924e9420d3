//! The help texts: `--help` shows examples first and then the flags in groups, and `-h` shows the most used flags on
//! one screen.

mod examples;
mod short;

use clap::{Arg, ArgAction, Command};

use crate::cli::help::examples::examples;
pub(crate) use crate::cli::help::short::short_help;

/// The order of the parts of a help text. `before-help` contains the examples, which only `--help` shows.
const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// Adds the examples and the flag `--help` to a subcommand that clap has not built yet.
///
/// This function declares the flag, because clap would show its own `--help` first, in a separate group.
pub(crate) fn arrange_help(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let help = help.help("Print this help; -h prints the most used flags").help_heading("Help");
    add_examples(command).disable_help_flag(true).arg(help)
}

/// Adds the examples of a command to its help.
pub(crate) fn add_examples(command: Command) -> Command {
    let examples = examples(command.get_name());
    let command = command.help_template(TEMPLATE);
    if examples.is_empty() { command } else { command.before_long_help(format!("Examples:\n  {examples}")) }
}
