//! The text of `-h`: the most used flags of a subcommand, on one screen.

use clap::{Arg, Command, Error};

/// The flags that `-h` shows, if the subcommand has them.
const MOST_USED: [&str; 20] = [
    "all-namespaces",
    "detach",
    "fail-fast",
    "fail-if",
    "filename",
    "keep",
    "logs",
    "namespace",
    "nodes",
    "output",
    "record",
    "seed",
    "selector",
    "sort",
    "speed",
    "timeout",
    "to",
    "verbose",
    "watch",
    "what-if",
];

/// The flags whose values `-h` lists. The lists of the other flags would fill the screen.
const LISTED: [&str; 2] = ["output", "sort"];

/// Returns the text of `-h` of a subcommand as an error, because clap reports help as an error. `None` if `-h` would
/// show no argument.
pub(crate) fn short_help(command: Command) -> Option<Error> {
    let all = format!("All flags, with examples: {} --help", command.get_bin_name().unwrap_or_default());
    let command = command.after_help(all).mut_args(shorten);
    if command.get_arguments().all(Arg::is_hide_set) {
        return None;
    }
    command.try_get_matches_from(["", "-h"]).err()
}

/// Hides an argument that is neither in `MOST_USED` nor a positional choice of values. Removes the heading of the
/// argument, so that all shown flags form one group.
fn shorten(arg: Arg) -> Arg {
    let name = arg.get_long().unwrap_or_default().to_owned();
    let is_choice = arg.is_positional() && !arg.get_possible_values().is_empty();
    let is_listed = is_choice || LISTED.contains(&name.as_str());
    let is_shown = !arg.is_hide_set() && (is_choice || MOST_USED.contains(&name.as_str()));
    arg.help_heading(None::<&'static str>)
        .hide(!is_shown)
        .hide_possible_values(!is_listed)
        .hide_default_value(true)
}
