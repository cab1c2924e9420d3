//! Hints for the errors of clap: what a flag means, which command has a flag, and which names a command takes.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use crate::cli::usage::errors::with_tips;

/// Adds a tip to an error about the words of `command`, a subcommand of `root`.
pub(crate) fn with_hint(mut error: Error, root: &Command, command: Option<&Command>) -> Error {
    let Some(command) = command else { return error };
    let Some(argument) = invalid_argument(&error) else { return error };
    let has_tip =
        error.get(ContextKind::Suggested).is_some() || error.get(ContextKind::SuggestedValue).is_some();
    let is_flag = argument.starts_with("--");
    let kind = error.kind();
    let tip = if matches!(kind, ErrorKind::InvalidValue | ErrorKind::ValueValidation) && !has_tip {
        explain_flag(command, argument)
    } else if kind == ErrorKind::MissingRequiredArgument && is_flag {
        let flag = argument.split(['=', '[', ' ']).next().unwrap_or(argument);
        Some(format!("add '{flag}'"))
    } else if kind == ErrorKind::UnknownArgument && is_flag {
        name_commands_with_flag(root, argument)
    } else if kind == ErrorKind::UnknownArgument && !has_tip && !argument.starts_with('-') {
        Some(list_names(command))
    } else {
        None
    };
    if tip.is_some() {
        // A flag with a similar name is a worse tip.
        error.remove(ContextKind::SuggestedArg);
    }
    with_tips(error, tip)
}

fn invalid_argument(error: &Error) -> Option<&str> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => Some(argument),
        Some(ContextValue::Strings(arguments)) => arguments.first().map(String::as_str),
        _ => None,
    }
}

/// Explains a flag by its help: `'--by <BY>' means: Add a table per node or per image`.
fn explain_flag(command: &Command, argument: &str) -> Option<String> {
    let is_meant = |arg: &&Arg| arg.to_string() == argument;
    let arg = command.get_arguments().find(is_meant)?;
    let help = arg.get_help()?.to_string();
    let meaning = help.split(" [env").next().unwrap_or_default().trim_end();
    (!meaning.is_empty()).then(|| format!("'{argument}' means: {meaning}"))
}

/// Names the commands that have a flag which the typed command does not have: `'--speed' is a flag of simulate and
/// replay`.
fn name_commands_with_flag(root: &Command, flag: &str) -> Option<String> {
    let name = flag.trim_start_matches('-').split('=').next().unwrap_or_default();
    let has_flag = |command: &&Command| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    let commands = root.get_subcommands().filter(|command| !command.is_hide_set()).filter(has_flag);
    let names: Vec<&str> = commands.map(Command::get_name).collect();
    let (last, others) = names.split_last()?;
    let names =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    Some(format!("'--{name}' is a flag of {names}"))
}

/// Names the words that a command takes besides its flags.
fn list_names(command: &Command) -> String {
    let names: Vec<String> = command.get_positionals().map(ToString::to_string).collect();
    let command = command.get_bin_name().unwrap_or(command.get_name());
    if names.is_empty() {
        return format!("'{command}' takes only flags");
    }
    format!("besides flags, '{command}' takes only {}", names.join(" "))
}

#[cfg(test)]
mod tests {
    use crate::cli::command_line::{command, parse};

    fn error(words: &[&str]) -> String {
        parse(words.iter().map(Into::into).collect()).map(|_| ()).expect_err("wrong usage").to_string()
    }

    #[test]
    fn the_error_about_each_missing_value_explains_its_flag() {
        let mut count = 0;
        for command in command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let needs_value = |arg: &&clap::Arg| {
                arg.get_num_args().is_some_and(|range| range.min_values() > 0) && !arg.is_hide_set()
            };
            for flag in command.get_arguments().filter(needs_value).filter_map(|arg| arg.get_long()) {
                let text = error(&["kubectl-seq", command.get_name(), &format!("--{flag}")]);
                assert!(text.contains("tip: "), "{} --{flag}: {text}", command.get_name());
                count += 1;
            }
        }
        assert!(count > 50, "{count}");
    }

    #[test]
    fn a_flag_of_other_commands_and_a_word_too_many_get_a_tip() {
        for (words, tip) in [
            (&["get", "job", "--speed", "3"] as &[&str], "tip: '--speed' is a flag of simulate and replay"),
            (&["get", "job", "--detach"], "tip: '--detach' is a flag of apply, create and replace"),
            (&["apply", "-f", "a.yaml", "--speed", "1"], "tip: '--speed' is a flag of simulate and replay"),
            (&["get", "job", "-w", "--logs-containers", "a"], "tip: add '--logs'"),
            (&["version", "foo"], "tip: 'kubectl seq version' takes only flags"),
            (&["get", "job", "--by", "foo"], "tip: '--by <BY>' means: Add a table per `node` or per `image`"),
        ] {
            let text = error(&[&["kubectl-seq"], words].concat());
            assert!(text.contains(tip) && text.matches("tip:").count() == 1, "{text}");
        }
    }
}
