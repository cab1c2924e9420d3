//! Applies pflag's rules to flags that clap declares as switches: a switch takes a value, as in `--watch=false`, and
//! the last of several values counts.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, Error};

use crate::cli::kubectl_flags::flags::{GivenFlag, parse_switch};
use crate::cli::usage::errors::invalid_value;

/// Writes each flag as one word for clap. A switch is written without a value, or left out if it is switched off.
///
/// # Errors
///
/// A flag lacks its value, the value of a switch is not a truth value, or `--version` asks for the version. The
/// version is an error too, because clap reports it as one.
pub(crate) fn flags_for_clap(declared: &Command, flags: Vec<GivenFlag>) -> Result<Vec<OsString>, Error> {
    let mut words: Vec<(String, Option<OsString>)> = Vec::new();
    for flag in flags {
        let arg = declared.get_arguments().find(|arg| arg.get_long() == Some(flag.name.as_str()));
        if let Some(arg) = arg.filter(|_| flag.lacks_value) {
            return Err(invalid_value(declared, arg, "", &[]));
        }
        if asks_for_version(&flag)
            && let Some(version) = version_text()
        {
            return Err(version);
        }
        let word = match arg {
            Some(arg) if is_switch(arg) => {
                words.retain(|(name, _)| *name != flag.name);
                read_switch(declared, arg, &flag)?.then(|| format!("--{}", flag.name).into())
            }
            Some(_) | None => Some(flag.to_word()),
        };
        words.push((flag.name, word));
    }
    Ok(words.into_iter().filter_map(|(_, word)| word).collect())
}

/// The flag that prints the version. kubectl gives it values.
const VERSION: &str = "version";

/// Whether a flag is a `--version` that asks for the version. As in kubectl, the value `vX.Y.Z` only sets the version
/// that kubectl reports.
pub(crate) fn asks_for_version(flag: &GivenFlag) -> bool {
    let value = flag.value.as_ref().map(|value| value.to_string_lossy());
    flag.name == VERSION && value.is_none_or(|value| value == "raw" || parse_switch(&value) == Some(true))
}

/// Returns the text of the version, which clap reports as an error. `None` if clap reports no error.
pub(crate) fn version_text() -> Option<Error> {
    let command = Command::new(env!("CARGO_PKG_NAME")).version(env!("CARGO_PKG_VERSION"));
    command.try_get_matches_from([env!("CARGO_PKG_NAME"), "--version"]).err()
}

/// Whether a flag is a switch: it needs no value, and only sets a truth value or asks for help.
fn is_switch(arg: &Arg) -> bool {
    use ArgAction::{Help, HelpLong, HelpShort, SetTrue};
    matches!(arg.get_action(), SetTrue | Help | HelpShort | HelpLong)
}

/// Returns the truth value that the user gave to a switch. A switch without a value is true.
fn read_switch(declared: &Command, arg: &Arg, flag: &GivenFlag) -> Result<bool, Error> {
    let Some(value) = &flag.value else { return Ok(true) };
    let value = value.to_string_lossy();
    parse_switch(&value).ok_or_else(|| invalid_value(declared, arg, &value, &["true", "false"]))
}
