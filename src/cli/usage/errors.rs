//! Errors about the command line, in clap's form: what is wrong, tips, and the usage.

use std::ffi::OsStr;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

/// Adds tips to an error. Each tip is a sentence without a full stop. The text to type stands in quotes.
pub(crate) fn with_tips(mut error: Error, tips: impl IntoIterator<Item = String>) -> Error {
    let tips: Vec<StyledStr> = tips.into_iter().map(StyledStr::from).collect();
    if !tips.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Returns the error about a word that `command` does not accept.
pub(crate) fn unexpected_word(command: &Command, word: &OsStr) -> Error {
    let mut error = Error::new(ErrorKind::UnknownArgument).with_cmd(command);
    let word = word.to_string_lossy().into_owned();
    error.insert(ContextKind::InvalidArg, ContextValue::String(word));
    error
}

/// Returns the error about a flag that `command` does not declare. If a similar flag exists, the error names that flag.
pub(crate) fn unknown_flag(command: &Command, flag: &OsStr) -> Error {
    let parsed = command.clone().try_get_matches_from([OsStr::new(command.get_name()), flag]);
    match parsed.err().filter(|error| error.kind() == ErrorKind::UnknownArgument) {
        Some(mut error) => {
            // clap proposes `-- FLAG`, which would make the flag a name.
            error.remove(ContextKind::Suggested);
            error
        }
        None => unexpected_word(command, flag),
    }
}

/// Returns the error about a value that a flag of `command` does not accept. An empty `value` means that the value is
/// missing.
pub(crate) fn invalid_value(command: &Command, arg: &Arg, value: &str, allowed: &[&str]) -> Error {
    let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
    error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
    error.insert(ContextKind::InvalidValue, ContextValue::String(value.to_owned()));
    let allowed: Vec<String> = allowed.iter().map(|&value| value.to_owned()).collect();
    if !allowed.is_empty() {
        error.insert(ContextKind::ValidValue, ContextValue::Strings(allowed));
    }
    error
}

/// Returns the error about an argument that `command` needs.
pub(crate) fn missing_argument(command: &Command, argument: &str) -> Error {
    let mut error = Error::new(ErrorKind::MissingRequiredArgument).with_cmd(command);
    error.insert(ContextKind::InvalidArg, ContextValue::Strings(vec![argument.to_owned()]));
    error
}

/// Returns the error about a first word that is not a subcommand.
pub(crate) fn unknown_subcommand(root: &Command, word: &str) -> Error {
    let mut error = Error::new(ErrorKind::InvalidSubcommand).with_cmd(root);
    error.insert(ContextKind::InvalidSubcommand, ContextValue::String(word.to_owned()));
    error
}
