//! Shell completion: answers kubectl and the scripts of the shells.
//!
//! kubectl runs `kubectl_complete-seq WORD… WORD` to complete `kubectl seq`, and the scripts run `kubectl-seq
//! __complete WORD… WORD`. They expect one candidate per line, followed by a directive of cobra, kubectl's command-line
//! library. This program completes its own words and the names of objects. It passes on kubectl's answer about custom
//! resources and about the flags and arguments of `apply`, `create` and `replace`.

mod lookup;
mod runs;

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::{Arg, Command, ValueEnum as _};

use crate::app::exit::Exit;
use crate::cli::args::connection::global_flags;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::change::words::find_kubectl_command;
use crate::cli::command_line::{OVERVIEW, move_leading_global_flags};
use crate::cli::completion::lookup::{Lookup, typed_connection};
use crate::cli::completion::runs::{TypedObject, list_matching_paths};
use crate::cli::kubectl_flags::flags::{FlagTable, GivenFlag, Token, declared_flags};
use crate::cli::kubectl_flags::rows::command_flags;
use crate::source::cluster::{find_known_type, known_type_names};
use crate::source::kubectl::{ChangeCommand, Kubectl};

/// Directive: the shell offers no file names.
const DIRECTIVE_NO_FILES: &str = ":4";
/// Directive: the shell offers no file names, and adds no blank.
const DIRECTIVE_NO_BLANK: &str = ":6";
/// Directive: the shell completes file names by itself.
const DIRECTIVE_FILES: &str = ":0";

/// The completion of the last word of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Candidates of this program, with descriptions.
    candidates: Vec<(String, String)>,
    /// Names that must be read before they can be offered.
    names: Option<NamesToRead>,
    /// The words that kubectl completes. Empty if kubectl is not asked.
    kubectl_words: Vec<OsString>,
    /// Whether the shell should complete the word as a file name.
    wants_file_name: bool,
    /// The start of a path to recordings and folders.
    recordings: Option<String>,
    /// Whether more must follow a candidate, so that the shell adds no blank.
    is_unfinished: bool,
}

/// Names that must be read, and the parts of the line that select and filter these names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NamesToRead {
    lookup: Lookup,
    /// The part of the word before the name, such as `job/`.
    before: String,
    /// The typed part of the name.
    typed: String,
    /// Names that the line already contains.
    is_on_line: Vec<String>,
    /// All flags and words before the word.
    tokens: Vec<Token>,
}

/// Completes the last of the words after `kubectl seq`.
pub(crate) fn complete(root: &Command, words: &[OsString]) -> Completion {
    let empty = Completion::default();
    let Some((last, before)) = words.split_last() else { return empty };
    // The shell cannot show a candidate for a word that is not UTF-8.
    let Some(word) = last.to_str() else { return empty };
    if let Some(completion) = complete_first_word(root, before, word) {
        return completion;
    }
    let before = move_leading_global_flags(before);
    let Some((name, before)) = before.split_first() else { return empty };
    let Some(command) = root.find_subcommand(name) else { return empty };
    let own_flags = declared_flags(command);
    let change = ChangeCommand::from_name(name);
    let flag_source = match change {
        Some(change) => find_kubectl_command(change, &own_flags, before),
        None if is_about_objects(command) => Some("get"),
        None => Some(""),
    };
    let Some(flag_source) = flag_source else {
        let kubectl_words = [name].into_iter().chain(before).chain([last]).cloned().collect();
        return Completion { kubectl_words, ..empty };
    };
    let table = FlagTable::new(own_flags.into_iter().chain(command_flags(flag_source)));
    let tokens = table.lex(before);
    let value = value_position(&table, &tokens, word);
    if let Some((flag, value)) = &value
        && let Some(completion) = complete_value(command, flag, value, &tokens)
    {
        return completion;
    }
    let is_flag = value.is_none() && word.starts_with('-');
    let mut candidates = if is_flag { matching_flags(command, word) } else { Vec::new() };
    if change.is_none() {
        return match value {
            Some(_) => empty,
            None if is_flag => Completion { candidates, ..empty },
            None => complete_argument(root, command, word, tokens),
        };
    }
    // kubectl itself offers the flags that both programs have.
    let kubectl_flags = [command_flags(flag_source), global_flags()].concat();
    candidates.retain(|(flag, _)| kubectl_flags.iter().all(|known| flag[2..] != known.long));
    let mut kubectl_words: Vec<OsString> = vec![name.clone()];
    kubectl_words.extend(words_for_kubectl(tokens, flag_source));
    kubectl_words.push(last.clone());
    Completion { candidates, kubectl_words, ..empty }
}

/// Completes a word that follows only flags: a subcommand, a flag of the overview or the value of such a flag. `None`
/// if another word or an unknown flag stands before the word.
fn complete_first_word(root: &Command, before: &[OsString], word: &str) -> Option<Completion> {
    let overview = root.find_subcommand(OVERVIEW)?;
    let table = FlagTable::new(declared_flags(overview));
    let tokens = table.lex(before);
    let flags = tokens.iter().map(|token| match token {
        Token::Flag(flag) => Some(flag),
        Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => None,
    });
    let flags: Vec<&GivenFlag> = flags.collect::<Option<_>>()?;
    let global = global_flags();
    let is_global = |flag: &&GivenFlag| global.iter().any(|known| known.long == flag.name);
    let candidates = if let Some((flag, value)) = value_position(&table, &tokens, word) {
        return Some(complete_value(overview, &flag, &value, &tokens).unwrap_or_default());
    } else if word.starts_with('-') {
        matching_flags(overview, word)
    } else if flags.iter().all(is_global) {
        matching_subcommands(root, word)
    } else {
        Vec::new()
    };
    Some(Completion { candidates, ..Completion::default() })
}

/// Returns the flag to which the word gives a value, and the typed part of the value. `None` if the word gives no
/// value.
fn value_position(table: &FlagTable, tokens: &[Token], word: &str) -> Option<(String, String)> {
    if let Some(Token::Flag(flag)) = tokens.last()
        && flag.lacks_value
    {
        return Some((flag.name.clone(), word.to_owned()));
    }
    let (typed, value) = word.split_once('=')?;
    match table.lex([word]).as_slice() {
        [Token::Flag(flag)] if typed.starts_with("--") => Some((flag.name.clone(), value.to_owned())),
        _ => None,
    }
}

/// Completes the value of a flag. `None` if this program does not know the values.
///
/// Even after `--flag=`, the candidates are bare values, because kubectl's scripts put the flag before each candidate.
fn complete_value(command: &Command, flag: &str, value: &str, tokens: &[Token]) -> Option<Completion> {
    let empty = Completion::default();
    let arg = find_flag(command, flag);
    let values = arg.and_then(possible_values).or_else(|| (flag == "output").then(output_formats));
    if let Some(values) = values {
        return Some(Completion { candidates: filter_by_prefix(value, values), ..empty });
    }
    if let Some(lookup) = Lookup::of_flag(flag) {
        let (before, typed) = (String::new(), value.to_owned());
        let names = NamesToRead { lookup, before, typed, is_on_line: Vec::new(), tokens: tokens.to_vec() };
        return Some(Completion { names: Some(names), ..empty });
    }
    let is_file = arg.is_some_and(|arg| arg.get_value_hint() == clap::ValueHint::AnyPath);
    is_file.then_some(Completion { wants_file_name: true, ..empty })
}

/// Completes an argument of a subcommand that does not change objects.
fn complete_argument(root: &Command, command: &Command, word: &str, tokens: Vec<Token>) -> Completion {
    let empty = Completion::default();
    if is_about_objects(command) {
        return complete_object(command, word, tokens);
    }
    if ["history", "diff"].contains(&command.get_name()) {
        return complete_run(word, tokens);
    }
    if command.get_name() == "help" {
        return Completion { candidates: matching_subcommands(root, word), ..empty };
    }
    let is_first = !tokens.iter().any(|token| matches!(token, Token::Positional(_) | Token::Escaped(_)));
    let Some(arg) = command.get_positionals().next().filter(|_| is_first) else { return empty };
    let candidates = filter_by_prefix(word, possible_values(arg).unwrap_or_default());
    let wants_file_name = arg.get_value_hint() == clap::ValueHint::AnyPath;
    Completion { candidates, wants_file_name, ..empty }
}

/// Completes a run: the type and the name of an object, or the path of a recording or a folder.
fn complete_run(word: &str, tokens: Vec<Token>) -> Completion {
    let recordings = Some(word.to_owned());
    if let Some(TypedObject { resource, before, typed }) = TypedObject::parse(word) {
        let lookup = Lookup::Objects(resource);
        let names = NamesToRead { lookup, before, typed, is_on_line: Vec::new(), tokens };
        return Completion { names: Some(names), recordings, ..Completion::default() };
    }
    let types = filter_by_prefix(word, known_type_names());
    let candidates = types.into_iter().map(|(name, about)| (format!("{name}/"), about)).collect();
    Completion { candidates, recordings, is_unfinished: true, ..Completion::default() }
}

/// Completes the type or the name of an object.
fn complete_object(command: &Command, word: &str, tokens: Vec<Token>) -> Completion {
    let empty = Completion::default();
    let typed = tokens.iter().filter_map(|token| match token {
        Token::Positional(word) | Token::Escaped(word) => word.to_str().map(str::to_owned),
        Token::Flag(_) | Token::Unknown(_) => None,
    });
    let mut typed: Vec<String> = typed.collect();
    let is_pod = command.get_name() == "pod";
    let ask_kubectl = |tokens: Vec<Token>| {
        let mut kubectl_words: Vec<OsString> = vec!["get".into()];
        kubectl_words.extend(words_for_kubectl(tokens, "get"));
        kubectl_words.push(word.into());
        Completion { kubectl_words, ..Completion::default() }
    };
    let (before, name) =
        word.rsplit_once('/').map_or(("", word), |(kind, name)| (&word[..=kind.len()], name));
    let kind = match typed.first() {
        _ if is_pod => "pod".to_owned(),
        _ if !before.is_empty() => before.trim_end_matches('/').to_owned(),
        Some(first) if first.contains('/') => {
            let candidates =
                type_candidates(word).into_iter().map(|(name, about)| (format!("{name}/"), about));
            return Completion { candidates: candidates.collect(), is_unfinished: true, ..empty };
        }
        Some(_) => typed.remove(0),
        None => {
            let candidates = type_candidates(word);
            // Only the server knows the custom resources, and kubectl asks the server.
            return if candidates.is_empty() {
                ask_kubectl(tokens)
            } else {
                Completion { candidates, ..empty }
            };
        }
    };
    if kind.eq_ignore_ascii_case("all") {
        return empty;
    }
    let Some(resource) = find_known_type(&kind) else { return ask_kubectl(tokens) };
    let lookup = Lookup::Objects(resource);
    let (before, typed_name) = (before.to_owned(), name.to_owned());
    let names = NamesToRead { lookup, before, typed: typed_name, is_on_line: typed, tokens };
    Completion { names: Some(names), ..empty }
}

/// Whether the arguments of a subcommand are objects of the cluster.
fn is_about_objects(command: &Command) -> bool {
    ["get", "pod"].contains(&command.get_name())
}

/// Returns the types that run Pods and whose names begin with `word`, with descriptions.
fn type_candidates(word: &str) -> Vec<(String, String)> {
    let all = ("all".to_owned(), "Everything that runs Pods".to_owned());
    filter_by_prefix(word, [all].into_iter().chain(known_type_names()))
}

fn matching_subcommands(root: &Command, word: &str) -> Vec<(String, String)> {
    let commands = root.get_subcommands().filter(|command| !command.is_hide_set());
    let candidates = commands.map(|command| (command.get_name().to_owned(), first_line(command.get_about())));
    filter_by_prefix(word, candidates)
}

fn matching_flags(command: &Command, word: &str) -> Vec<(String, String)> {
    let flags = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let flags = flags.filter_map(|arg| Some((format!("--{}", arg.get_long()?), first_line(arg.get_help()))));
    filter_by_prefix(word, flags)
}

fn output_formats() -> Vec<(String, String)> {
    let formats = OutputFormat::value_variants().iter().filter_map(OutputFormat::to_possible_value);
    formats.map(|value| (value.get_name().to_owned(), first_line(value.get_help()))).collect()
}

fn find_flag<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
}

fn first_line(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(|text| text.to_string().lines().next().unwrap_or_default().to_owned()).unwrap_or_default()
}

fn filter_by_prefix(
    prefix: &str,
    candidates: impl IntoIterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    candidates.into_iter().filter(|(candidate, _)| candidate.starts_with(prefix)).collect()
}

/// Returns the values that a flag can have, with descriptions. `None` if every value is possible.
fn possible_values(arg: &Arg) -> Option<Vec<(String, String)>> {
    let values = arg.get_possible_values();
    let visible = values.iter().filter(|value| !value.is_hide_set());
    let values: Vec<_> =
        visible.map(|value| (value.get_name().to_owned(), first_line(value.get_help()))).collect();
    (!values.is_empty()).then_some(values)
}

/// Returns the words for kubectl, without flags that kubectl does not have or that have another meaning in kubectl.
fn words_for_kubectl(tokens: Vec<Token>, kubectl_command: &str) -> Vec<OsString> {
    let mut known = command_flags(kubectl_command);
    known.retain(|flag| !matches!(flag.long.as_str(), "output" | "timeout"));
    known.extend(global_flags());
    let mut words = Vec::new();
    let mut is_escaped = false;
    for token in tokens {
        match token {
            Token::Flag(flag) if known.iter().any(|known| known.long == flag.name) => {
                words.push(flag.to_word());
            }
            Token::Flag(_) => {}
            Token::Unknown(word) | Token::Positional(word) => words.push(word),
            Token::Escaped(word) => {
                if !is_escaped {
                    words.push("--".into());
                    is_escaped = true;
                }
                words.push(word);
            }
        }
    }
    words
}

/// Prints the completion for a shell. Errors are not printed, because the shell would show them in the middle of the
/// user's line.
pub(crate) async fn print_completion(root: &Command, words: &[OsString]) -> Exit {
    let completion = complete(root, words);
    let mut candidates = completion.candidates;
    if let Some(names) = &completion.names {
        let connection = typed_connection(&names.tokens);
        let read = names.lookup.names(&connection).await;
        let read = read.into_iter().filter(|(name, _)| {
            name.starts_with(&names.typed) && !names.is_on_line.contains(&format!("{}{name}", names.before))
        });
        candidates.extend(read.map(|(name, about)| (format!("{}{name}", names.before), about)));
    }
    let paths = completion.recordings.as_deref().map(list_matching_paths).unwrap_or_default();
    // More follows types and folders, but not recordings and names.
    let is_unfinished = completion.is_unfinished && paths.iter().all(|path| path.ends_with('/'));
    candidates.extend(paths.into_iter().map(|path| (path, String::new())));
    let mut text = String::new();
    for (candidate, about) in &candidates {
        text.push_str(candidate);
        if !about.is_empty() {
            text.push('\t');
            text.push_str(about);
        }
        text.push('\n');
    }
    let answer = if completion.kubectl_words.is_empty() {
        None
    } else {
        Kubectl::locate().complete(&completion.kubectl_words).await
    };
    match answer {
        Some(answer) if answer.lines().last().is_some_and(|last| last.starts_with(':')) => {
            text.push_str(&answer);
        }
        _ if completion.wants_file_name => text.push_str(DIRECTIVE_FILES),
        _ if is_unfinished => text.push_str(DIRECTIVE_NO_BLANK),
        _ => text.push_str(DIRECTIVE_NO_FILES),
    }
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::Unknown,
    }
}

#[cfg(test)]
mod tests;
