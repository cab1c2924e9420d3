//! The flag of the what-if.

use std::ffi::{OsStr, OsString};

use clap::Args;

use crate::timeline::{RunChange, WhatIfRequest};

/// The flag of the what-if.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct WhatIfArgs {
    /// Predict the effect of a change, or what helps
    ///
    /// The parts of a change are `parallelism=8`, `merge=5`, `nodes=4`, `prepulled`, `noFailures` and `noStragglers`.
    /// Separate them with commas.
    #[arg(
        long,
        value_name = "CHANGE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = parse_request
    )]
    pub(crate) what_if: Option<WhatIfRequest>,
}

fn parse_request(text: &str) -> Result<WhatIfRequest, String> {
    if text.is_empty() { Ok(WhatIfRequest::EachChange) } else { text.parse().map(WhatIfRequest::Change) }
}

/// Joins `--what-if` with the next word if this word is a change, so that the value may follow a blank. Words after `--`
/// stay as they are.
pub(crate) fn join_value(words: Vec<OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(words.len());
    let mut is_after_dashes = false;
    for word in words {
        is_after_dashes |= word == "--";
        let is_change =
            || word.to_str().is_some_and(|word| !word.starts_with('-') && RunChange::is_like(word));
        match joined.last_mut() {
            Some(last) if !is_after_dashes && last == OsStr::new("--what-if") && is_change() => {
                last.push("=");
                last.push(&word);
            }
            Some(_) | None => joined.push(word),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_the_value_of_the_flag() {
        let join = |words: &str| {
            let words = words.split(' ').map(OsString::from).collect();
            join_value(words)
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
                .join("|")
        };
        assert_eq!(join("get --what-if job/pi"), "get|--what-if|job/pi");
        assert_eq!(join("get --what-if merge=5 job/pi"), "get|--what-if=merge=5|job/pi");
        assert_eq!(join("get --what-if prepulled,noFailures"), "get|--what-if=prepulled,noFailures");
        assert_eq!(join("get job/pi --what-if --width=80"), "get|job/pi|--what-if|--width=80");
        assert_eq!(join("get --what-if=merge=5 x=y"), "get|--what-if=merge=5|x=y");
        assert_eq!(join("create -- --what-if merge=5"), "create|--|--what-if|merge=5");
    }
}
