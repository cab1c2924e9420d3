//! Completion: of shells for `kubectl-seq`, and of kubectl for `kubectl seq`.
//!
//! kubectl runs `kubectl_complete-seq WORD… WORD` and expects one candidate a line and the directive of its shell
//! library (cobra) last. What kubectl itself can complete (types, names, namespaces, contexts, manifests) is asked of
//! it; our own commands and flags are added.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::{Arg, Command};

use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;
use crate::source::kubectl::Kubectl;

/// No file names, please.
const NO_FILES: &str = ":4";
/// File names, as the shell completes them by itself.
const FILES: &str = ":0";

/// Prints the completion script of `shell` for `kubectl-seq`.
pub(crate) fn print_script(shell: clap_complete::Shell, root: &mut Command) -> Result<Exit, RunError> {
    // The generator panics on a closed pipe, so it writes to memory first.
    let mut script = Vec::new();
    clap_complete::generate(shell, root, "kubectl-seq", &mut script);
    Streams::document(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}

/// What kubectl completes for a command of ours: the words of its own command.
fn kubectls(command: &str) -> &'static [&'static str] {
    match command {
        "apply" => &["apply"],
        "get" => &["get"],
        "pod" => &["get", "pod"],
        _ => &[],
    }
}

/// What comes of the words behind `kubectl seq`, the last of which is to be completed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Candidates of ours, with descriptions.
    candidates: Vec<(String, String)>,
    /// The words to ask kubectl about; empty: nothing.
    ask: Vec<String>,
    /// Whether it is the name of a file.
    files: bool,
}

pub(crate) fn complete(root: &Command, words: &[String]) -> Completion {
    let (word, before) =
        words.split_last().map_or(("", &[] as &[String]), |(last, rest)| (last.as_str(), rest));
    let Some((name, before)) = before.split_first() else {
        let commands = root.get_subcommands().filter(|command| !command.is_hide_set());
        let candidates = commands.map(|command| (command.get_name().to_owned(), about(command.get_about())));
        return Completion { candidates: starting_with(word, candidates), ..Completion::default() };
    };
    let none = Completion::default();
    let Some(command) = root.find_subcommand(name) else { return none };
    if let Some(values) = before.last().and_then(|flag| values_of(command, flag)) {
        return Completion { candidates: starting_with(word, values), ..none };
    }
    let flag = before.last().and_then(|flag| flag_of(command, flag));
    let file = if flag.is_some_and(|flag| flag.get_action().takes_values()) {
        flag
    } else {
        argument(command, word)
    };
    if file.is_some_and(is_file) {
        return Completion { files: true, ..none };
    }
    if let Some((flag, value)) = word.split_once('=')
        && let Some(values) = values_of(command, flag)
    {
        let whole =
            starting_with(value, values).into_iter().map(|(value, about)| (format!("{flag}={value}"), about));
        return Completion { candidates: whole.collect(), ..none };
    }
    let flags = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let flags = flags.filter_map(|arg| Some((format!("--{}", arg.get_long()?), about(arg.get_help()))));
    let candidates = if word.starts_with('-') { starting_with(word, flags) } else { Vec::new() };
    let verb = kubectls(command.get_name());
    // The flags of `get` that kubectl has and we have not are no help.
    if verb.is_empty() || (word.starts_with('-') && command.get_name() != "apply") {
        return Completion { candidates, ..none };
    }
    let mut ask: Vec<String> = verb.iter().map(|word| (*word).to_owned()).collect();
    ask.extend(without_ours(command, before));
    ask.push(word.to_owned());
    Completion { candidates, ask, files: false }
}

/// What a word that is no flag is to the command, if it takes such words.
fn argument<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    command.get_positionals().next().filter(|_| !word.starts_with('-'))
}

fn is_file(arg: &Arg) -> bool {
    arg.get_value_hint() == clap::ValueHint::AnyPath
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(|text| text.to_string().lines().next().unwrap_or_default().to_owned()).unwrap_or_default()
}

fn starting_with(word: &str, all: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    all.into_iter().filter(|(candidate, _)| candidate.starts_with(word)).collect()
}

/// The values that a flag of ours can have.
fn values_of(command: &Command, flag: &str) -> Option<Vec<(String, String)>> {
    let values = flag_of(command, flag)?.get_possible_values();
    let visible = values.iter().filter(|value| !value.is_hide_set());
    let values: Vec<_> =
        visible.map(|value| (value.get_name().to_owned(), about(value.get_help()))).collect();
    (!values.is_empty()).then_some(values)
}

fn flag_of<'a>(command: &'a Command, flag: &str) -> Option<&'a Arg> {
    let short =
        flag.strip_prefix('-').filter(|rest| rest.chars().count() == 1).and_then(|rest| rest.chars().next());
    let long = flag.strip_prefix("--");
    command.get_arguments().find(|arg| {
        (short.is_some() && arg.get_short() == short) || (long.is_some() && arg.get_long() == long)
    })
}

/// The words without the flags that kubectl does not know.
fn without_ours(command: &Command, words: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        match flag_of(command, name).filter(|arg| is_ours(arg)) {
            None => kept.push(word.clone()),
            Some(arg) if arg.get_action().takes_values() && !word.contains('=') => {
                words.next();
            }
            Some(_) => {}
        }
    }
    kept
}

fn is_ours(arg: &Arg) -> bool {
    let heading = arg.get_help_heading().unwrap_or_default();
    matches!(heading, "Following" | "Drawing")
        || matches!(arg.get_long(), Some("detach" | "tail-lines" | "output"))
}

/// Answers kubectl. Nothing that goes wrong is worth a word: the shell would print it into the command line.
pub(crate) async fn answer(root: &Command, words: &[String]) -> Exit {
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
    let asked = if completion.ask.is_empty() { None } else { ask(&completion.ask).await };
    match asked {
        Some(answer) if answer.lines().last().is_some_and(|last| last.starts_with(':')) => {
            text.push_str(&answer);
        }
        _ if completion.files => text.push_str(FILES),
        _ => text.push_str(NO_FILES),
    }
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::Unknown,
    }
}

async fn ask(words: &[String]) -> Option<String> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    Kubectl::find().complete(&words).await
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::command_line::Cli;

    fn completed(line: &str) -> (String, String) {
        let mut root = Cli::command();
        root.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let Completion { candidates, ask, files } = complete(&root, &words);
        let mut candidates: Vec<String> = candidates.into_iter().map(|(candidate, _)| candidate).collect();
        candidates.extend(files.then(|| "FILES".to_owned()));
        (candidates.join(" "), ask.join(" "))
    }

    #[test]
    fn our_words_are_ours_and_the_rest_is_kubectls() {
        for (line, candidates, ask) in [
            ("g", "get", ""),
            ("get jo", "", "get jo"),
            ("get job p", "", "get job p"),
            ("get --sort work job -n d", "", "get job -n d"),
            ("get job --sort co", "cold", ""),
            ("get job --sort=co", "--sort=cold", ""),
            ("get -o js", "json jsonl", ""),
            ("get --asc", "--ascii", ""),
            ("pod pi", "", "get pod pi"),
            ("apply -f ", "", "apply -f "),
            ("apply --detach --se", "--server", "apply --se"),
            ("get job --record ", "FILES", ""),
            ("apply --record run -f j", "", "apply -f j"),
            ("simulate -f ", "FILES", ""),
            ("replay ", "FILES", ""),
            ("replay --speed ", "", ""),
            ("replay --spe", "--speed", ""),
            ("nosuch x", "", ""),
        ] {
            assert_eq!(completed(line), (candidates.to_owned(), ask.to_owned()), "{line}");
        }
    }
}
