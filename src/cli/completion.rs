//! Shell completion: prints the scripts that complete `kubectl-seq`, and answers kubectl when it completes `kubectl seq`.
//!
//! kubectl runs `kubectl_complete-seq WORD… WORD` and expects one candidate per line, followed by a directive of cobra,
//! kubectl's command-line library. For types, names, namespaces, contexts and manifests, it asks the completion of
//! kubectl and passes the answer on. It adds the subcommands, flags and flag values of this program.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::{Arg, Command};

use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;
use crate::cli::args::connection::global_flags;
use crate::cli::change::words::find_kubectl_command;
use crate::cli::command_line::move_leading_global_flags;
use crate::cli::kubectl_flags::flags::{FlagTable, GivenFlag, Token, declared_flags};
use crate::cli::kubectl_flags::rows::command_flags;
use crate::source::kubectl::{ChangeCommand, Kubectl};

/// Directive: the shell offers no file names.
const DIRECTIVE_NO_FILES: &str = ":4";
/// Directive: the shell completes file names by itself.
const DIRECTIVE_FILES: &str = ":0";

/// Prints the completion script of `shell` for `kubectl-seq`.
pub(crate) fn print_script(shell: clap_complete::Shell, root: &mut Command) -> Result<Exit, RunError> {
    // The generator panics on a closed pipe, so it writes to memory first.
    let mut script = Vec::new();
    clap_complete::generate(shell, root, "kubectl-seq", &mut script);
    Streams::write_stdout(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}

/// Returns the kubectl command that completes the arguments of a subcommand. Empty if there is none.
fn kubectl_command(command: &str) -> &'static [&'static str] {
    match command {
        "apply" => &["apply"],
        "create" => &["create"],
        "replace" => &["replace"],
        "get" => &["get"],
        "pod" => &["get", "pod"],
        _ => &[],
    }
}

/// The completion of the last word of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Candidates of this program, with descriptions.
    candidates: Vec<(String, String)>,
    /// The words that kubectl completes. Empty if kubectl is not asked.
    kubectl_words: Vec<OsString>,
    /// Whether the shell should complete the word as a file name.
    wants_file_name: bool,
}

/// Completes the last of the words after `kubectl seq`.
pub(crate) fn complete(root: &Command, words: &[OsString]) -> Completion {
    let empty = Completion::default();
    let Some((last, before)) = words.split_last() else { return empty };
    // The shell cannot show a candidate for a word that is not UTF-8.
    let Some(word) = last.to_str() else { return empty };
    let before = move_leading_global_flags(before);
    let Some((name, before)) = before.split_first() else {
        let commands = root.get_subcommands().filter(|command| !command.is_hide_set());
        let candidates =
            commands.map(|command| (command.get_name().to_owned(), first_line(command.get_about())));
        return Completion { candidates: filter_by_prefix(word, candidates), ..empty };
    };
    let Some(command) = root.find_subcommand(name) else { return empty };
    let verb = kubectl_command(command.get_name());
    let own_flags = declared_flags(command);
    let change = ChangeCommand::from_name(name);
    let flag_source = match change {
        Some(change) => find_kubectl_command(change, &own_flags, before),
        None => Some(verb.first().copied().unwrap_or_default()),
    };
    let Some(flag_source) = flag_source else {
        let kubectl_words = [name].into_iter().chain(before).chain([last]).cloned().collect();
        return Completion { kubectl_words, ..empty };
    };
    let table = FlagTable::new(own_flags.into_iter().chain(command_flags(flag_source)));
    let tokens = table.lex(before);
    // The flag whose value is completed, if the last word is a value.
    let flag = match tokens.last() {
        Some(Token::Flag(flag)) if flag.lacks_value => Some(flag.name.as_str()),
        _ => None,
    };
    let arg = flag.map_or_else(|| first_positional(command, word), |name| find_flag(command, name));
    if let Some(values) = arg.filter(|_| flag.is_some()).and_then(possible_values) {
        return Completion { candidates: filter_by_prefix(word, values), ..empty };
    }
    if arg.is_some_and(|arg| arg.get_value_hint() == clap::ValueHint::AnyPath) {
        return Completion { wants_file_name: true, ..empty };
    }
    if let Some((typed, value)) = word.split_once('=')
        && let [Token::Flag(GivenFlag { name, value: Some(_), .. })] = table.lex([word]).as_slice()
        && let Some(values) = find_flag(command, name).and_then(possible_values)
    {
        let matching = filter_by_prefix(value, values).into_iter();
        let candidates = matching.map(|(value, about)| (format!("{typed}={value}"), about)).collect();
        return Completion { candidates, ..empty };
    }
    let is_flag = flag.is_none() && word.starts_with('-');
    let flags = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let flags = flags.filter_map(|arg| Some((format!("--{}", arg.get_long()?), first_line(arg.get_help()))));
    let candidates = if is_flag { filter_by_prefix(word, flags) } else { Vec::new() };
    // `get` and `pod` do not accept all flags of `kubectl get`, so kubectl's list of flags would be misleading.
    if verb.is_empty() || (is_flag && change.is_none()) {
        return Completion { candidates, ..empty };
    }
    let mut kubectl_words: Vec<OsString> = verb.iter().map(OsString::from).collect();
    kubectl_words.extend(words_for_kubectl(tokens, flag_source));
    kubectl_words.push(last.clone());
    Completion { candidates, kubectl_words, wants_file_name: false }
}

/// Returns the first positional argument of the command, if `word` is not a flag.
fn first_positional<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    command.get_positionals().next().filter(|_| !word.starts_with('-'))
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

/// Prints the completion for kubectl. Errors are not printed, because the shell would show them in the middle of the
/// user's line.
pub(crate) async fn print_completion(root: &Command, words: &[OsString]) -> Exit {
    let completion = complete(root, words);
    let mut text = String::new();
    for (candidate, about) in &completion.candidates {
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
        _ => text.push_str(DIRECTIVE_NO_FILES),
    }
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line;

    fn completed(line: &str) -> (String, String) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let Completion { candidates, kubectl_words, wants_file_name } =
            complete(&command_line::command(), &words);
        let mut candidates: Vec<String> = candidates.into_iter().map(|(candidate, _)| candidate).collect();
        candidates.extend(wants_file_name.then(|| "DIRECTIVE_FILES".to_owned()));
        (candidates.join(" "), kubectl_words.join(" ".as_ref()).into_string().unwrap())
    }

    #[test]
    fn this_program_completes_its_own_words_and_kubectl_completes_the_others() {
        for (line, candidates, kubectl_words) in [
            ("g", "get", ""),
            ("get jo", "", "get jo"),
            ("get job p", "", "get job p"),
            ("get --sort work job -n d", "", "get job --namespace d"),
            ("get job --sort co", "cold", ""),
            ("get job --sort=co", "--sort=cold", ""),
            ("get -o js", "json jsonl", ""),
            ("get --asc", "--ascii", ""),
            ("pod pi", "", "get pod pi"),
            ("apply -f ", "", "apply --filename "),
            ("apply --detach --se", "--server", "apply --se"),
            ("get job --record ", "DIRECTIVE_FILES", ""),
            ("apply --record run -f j", "", "apply --filename j"),
            ("simulate -f ", "DIRECTIVE_FILES", ""),
            ("replay ", "DIRECTIVE_FILES", ""),
            ("replay --speed ", "", ""),
            ("replay --spe", "--speed", ""),
            ("-n d get job p", "", "get --namespace=d job p"),
            ("apply -Rn ", "", "apply --recursive --namespace "),
            ("get -wo gr", "grid", ""),
            ("get -L x -o json jo", "", "get --label-columns=x jo"),
            ("apply -f j --timeout 5m -k ", "", "apply --filename=j --kustomize "),
            ("create -f j --timeout 5m -k ", "", "create --filename=j --kustomize "),
            ("create jo", "", "create jo"),
            ("create job pi --im", "", "create job pi --im"),
            ("create job pi --image=x --deta", "--detach", "create job pi --image=x --deta"),
            ("create configmap x -o y", "", "create configmap x -o y"),
            ("create cm x --de", "", "create cm x --de"),
            ("replace --force -f ", "", "replace --force --filename "),
            ("nosuch x", "", ""),
        ] {
            assert_eq!(completed(line), (candidates.to_owned(), kubectl_words.to_owned()), "{line}");
        }
    }
}
