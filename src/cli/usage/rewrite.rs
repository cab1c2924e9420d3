//! Rewrites the words after a subcommand for clap, so that clap reads flags as kubectl's flag library does.

use std::ffi::{OsStr, OsString};

use clap::{Command, Error};

use crate::cli::kubectl_flags::flags::{FlagTable, GivenFlag, Token, declared_flags};
use crate::cli::kubectl_flags::rows::command_flags;
use crate::cli::usage::errors::{missing_argument, unexpected_word, unknown_flag, with_tips};
use crate::cli::usage::kubectl_get::{FLAGS_THAT_SELECT, command_of_kubectl, refuse_template, tips_for_flag};
use crate::cli::usage::switches::flags_for_clap;

/// Rewrites the words after the subcommand that `declared` declares: each flag becomes one word, `--name=value`, and
/// the words that are not flags follow.
///
/// # Errors
///
/// A flag does not exist or lacks its value, a switch has a value other than a truth value, `--output` has a template
/// format, `--version` asks for the version, or a required name is missing.
pub(crate) fn rewrite_words(declared: &Command, words: &[OsString]) -> Result<Vec<OsString>, Error> {
    let own = declared_flags(declared);
    let kubectl = if takes_objects(declared) { command_flags("get") } else { Vec::new() };
    let tokens = FlagTable::new(own.iter().cloned().chain(kubectl)).lex(words);
    let (mut flags, mut names, mut operands) = (Vec::new(), Vec::new(), Vec::new());
    for token in &tokens {
        match token {
            Token::Flag(flag) if own.iter().any(|known| known.long == flag.name) => flags.push(flag.clone()),
            Token::Flag(flag) => {
                let word = format!("--{}", flag.name);
                let tips = tips_for_flag(&flag.name, &command_of_kubectl(declared, &tokens));
                return Err(with_tips(unexpected_word(declared, OsStr::new(&word)), tips));
            }
            Token::Unknown(word) => return Err(unknown_flag(declared, word)),
            Token::Positional(word) => names.push(word.clone()),
            Token::Escaped(word) => operands.push(word.clone()),
        }
    }
    if let Some(flag) = flags.iter().find(|flag| flag.name == "output") {
        refuse_template(declared, flag, &tokens)?;
    }
    let is_help = flags.iter().any(|flag| flag.name == "help");
    let mut rewritten = flags_for_clap(declared, flags.clone())?;
    if names.is_empty() && operands.is_empty() && !is_help {
        require_name(declared, &flags)?;
    }
    rewritten.extend(names);
    if !operands.is_empty() {
        rewritten.push("--".into());
        rewritten.extend(operands);
    }
    Ok(rewritten)
}

/// Whether a subcommand shows objects of the cluster, as `kubectl get` does.
fn takes_objects(declared: &Command) -> bool {
    ["get", "pod"].contains(&declared.get_name())
}

/// Returns the error about a missing name, unless the subcommand needs no name or files name the objects.
fn require_name(declared: &Command, flags: &[GivenFlag]) -> Result<(), Error> {
    let tips = match declared.get_name() {
        "get" if flags.iter().any(|flag| ["filename", "kustomize"].contains(&flag.name.as_str())) => {
            return Ok(());
        }
        "get" => [
            "for one Job, use for example 'kubectl seq get job pi'",
            "for all Jobs of the namespace, use 'kubectl seq get jobs'",
            "for everything that runs Pods, use 'kubectl seq get all'",
        ],
        "pod" => [
            "for one Pod, use for example 'kubectl seq pod pi-4h9hq'",
            "for all Pods of the namespace, use 'kubectl seq get pods'",
            "for the Pods of a Job, use for example 'kubectl seq get job pi'",
        ],
        _ => return Ok(()),
    };
    let argument = if declared.get_name() == "get" { "<TYPE[/NAME]>..." } else { "<NAME>" };
    Err(with_tips(missing_argument(declared, argument), tips.map(str::to_owned)))
}

/// Rewrites `pod a b`, `pods -A` and `pod -l app=web` to `get pod …`, because `pod` shows a single Pod. Other words
/// stay unchanged. `get` is the declaration of `get`, and the first word is the name of the subcommand.
pub(crate) fn select_several_pods(get: &Command, words: Vec<OsString>) -> Vec<OsString> {
    let Some((name, arguments)) = words.split_first() else { return words };
    if !["pod", "pods", "po"].iter().any(|pod| name == pod) {
        return words;
    }
    let flags = declared_flags(get).into_iter().chain(command_flags("get"));
    let tokens = FlagTable::new(flags).lex(arguments);
    let names: Vec<&OsString> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Positional(word) | Token::Escaped(word) => Some(word),
            Token::Flag(_) | Token::Unknown(_) => None,
        })
        .collect();
    let selects =
        |token: &Token| matches!(token, Token::Flag(flag) if FLAGS_THAT_SELECT.contains(&flag.name.as_str()));
    if names.len() < 2 && !tokens.iter().any(selects) {
        return words;
    }
    let has_type = names.iter().any(|name| name.to_string_lossy().contains('/'));
    let mut rewritten: Vec<OsString> = vec!["get".into()];
    rewritten.extend((!has_type).then(|| "pod".into()));
    rewritten.extend_from_slice(arguments);
    rewritten
}

#[cfg(test)]
mod tests;
