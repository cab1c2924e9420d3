//! The words of `kubectl seq apply`: divides them between this program and `kubectl apply`.

use std::ffi::{OsStr, OsString};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind};

use crate::cli::kubectl_flags::{
    FlagTable, GivenFlag, Takes, Token, command_flag_rows, command_flags, declared_flags, split_list,
};
use crate::source::kubectl::ApplyArguments;

/// The part of the command line that `kubectl apply` receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KubectlPart {
    pub(crate) arguments: ApplyArguments,
    /// Whether `--dry-run` requests a dry run.
    pub(crate) is_dry_run: bool,
    /// Whether the first word besides flags is the name of a subcommand, see [`SUBCOMMANDS`].
    pub(crate) names_subcommand: bool,
    /// The first flag that is not in the table of kubectl's flags.
    unknown_flag: Option<OsString>,
    /// The first word besides flags, unless this word names a subcommand.
    stray_word: Option<StrayWord>,
}

/// The subcommands of `kubectl apply`. kubectl accepts no other words besides flags.
const SUBCOMMANDS: [&str; 3] = ["edit-last-applied", "set-last-applied", "view-last-applied"];

/// A word that is neither a flag nor the value of a flag, such as a file name without `-f`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StrayWord {
    word: OsString,
    /// The name of the flag before the word, if this flag takes a value only behind `=`.
    flag_before: Option<String>,
}

/// Divides the words of `kubectl seq apply` into the words for clap and the words for `kubectl apply`.
///
/// Flags that `declared` declares go to clap. Each of these flags is rewritten as one word, so that clap cannot
/// interpret the flag differently. A lone `-` stands for `-f -` and goes to kubectl.
pub(crate) fn divide_words(declared: &clap::Command, words: &[OsString]) -> (Vec<OsString>, KubectlPart) {
    let own_flags = declared_flags(declared);
    let table = FlagTable::new(own_flags.iter().cloned().chain(command_flags("apply")));
    let (mut own, mut kubectl) = (Vec::new(), KubectlPart::default());
    let mut flag_before = None;
    for token in table.lex(words) {
        let flag_before = std::mem::replace(&mut flag_before, bare_flag_name(&token));
        match token {
            Token::Flag(flag) if own_flags.iter().any(|known| known.long == flag.name) => {
                own.push(flag.to_word());
            }
            Token::Flag(flag) => kubectl.add_flag(&flag),
            Token::Positional(word) if word == "-" => kubectl.arguments.filenames.push("-".to_owned()),
            Token::Positional(word) => {
                let is_first = kubectl.stray_word.is_none() && !kubectl.names_subcommand;
                if is_first && SUBCOMMANDS.iter().any(|name| word == *name) {
                    kubectl.names_subcommand = true;
                } else if is_first {
                    kubectl.stray_word = Some(StrayWord { word: word.clone(), flag_before });
                }
                kubectl.arguments.apply_only.push(word);
            }
            Token::Escaped(word) => {
                if !kubectl.names_subcommand {
                    let stray = StrayWord { word: word.clone(), flag_before };
                    kubectl.stray_word.get_or_insert(stray);
                }
                kubectl.arguments.operands.push(word);
            }
            Token::Unknown(word) => {
                kubectl.arguments.apply_only.push(word.clone());
                kubectl.unknown_flag.get_or_insert(word);
            }
        }
    }
    (own, kubectl)
}

/// Returns the name of a flag without a value.
fn bare_flag_name(token: &Token) -> Option<String> {
    match token {
        Token::Flag(flag) if flag.value.is_none() => Some(flag.name.clone()),
        Token::Flag(_) | Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => None,
    }
}

/// Adds the flags of `kubectl apply` to the declaration of `kubectl seq apply`. The result is used only for the text of
/// errors, so that clap suggests flags of both programs.
fn with_kubectl_flags(command: clap::Command) -> clap::Command {
    let declared = declared_flags(&command);
    let missing = command_flag_rows("apply").iter().filter(|(long, short, _)| {
        declared.iter().all(|known| known.long != *long && (short.is_none() || known.short != *short))
    });
    command.args(missing.map(|&(long, short, takes)| {
        let action = match takes {
            Takes::Value => clap::ArgAction::Append,
            Takes::OptionalValue => clap::ArgAction::SetTrue,
        };
        clap::Arg::new(long).long(long).short(short).action(action).hide(true)
    }))
}

impl KubectlPart {
    /// Returns the error about a misspelt flag or about a word that kubectl would refuse, such as a file name without
    /// `-f`. kubectl runs only if there is no such error. `own` declares the flags of `kubectl seq apply`.
    pub(crate) fn usage_error(&self, own: clap::Command) -> Option<clap::Error> {
        if self.names_subcommand {
            // The subcommands have flags that are not in the table.
            return None;
        }
        if let Some(flag) = &self.unknown_flag {
            let command = with_kubectl_flags(own);
            let parsed = command.clone().try_get_matches_from(["apply".as_ref(), flag.as_os_str()]);
            let error = parsed.err().filter(|error| error.kind() == ClapErrorKind::UnknownArgument);
            return Some(error.unwrap_or_else(|| unexpected_word_error(&command, flag, None)));
        }
        let StrayWord { word, flag_before } = self.stray_word.as_ref()?;
        let text = word.to_string_lossy();
        let tip = match flag_before {
            Some(flag) if !text.contains(['.', '/']) => {
                format!("to give '--{flag}' a value, use '--{flag}={text}'")
            }
            Some(_) | None => format!("to apply a file or a folder, use '-f {text}'"),
        };
        Some(unexpected_word_error(&with_kubectl_flags(own), word, Some(tip)))
    }

    fn add_flag(&mut self, flag: &GivenFlag) {
        let value = flag.value.as_deref().and_then(OsStr::to_str);
        match flag.name.as_str() {
            // Only the last flag can lack its value. kubectl reports this error.
            _ if flag.lacks_value => self.arguments.apply_only.push(flag.to_word()),
            "filename" => match value.and_then(split_list) {
                Some(names) => self.arguments.filenames.extend(names),
                // kubectl explains why it refuses the list.
                None => self.arguments.selection.push(flag.to_word()),
            },
            "kustomize" | "recursive" | "selector" => self.arguments.selection.push(flag.to_word()),
            "dry-run" => {
                // The last `--dry-run` counts. Older releases of kubectl accept `false` as `none`.
                self.is_dry_run = !matches!(value, Some("none" | "false"));
                self.arguments.apply_only.push(flag.to_word());
            }
            _ => self.arguments.apply_only.push(flag.to_word()),
        }
    }
}

/// Returns clap's error about a word that `command` does not accept.
fn unexpected_word_error(command: &clap::Command, word: &OsStr, tip: Option<String>) -> clap::Error {
    let mut error = clap::Error::new(ClapErrorKind::UnknownArgument).with_cmd(command);
    let word = word.to_string_lossy().into_owned();
    error.insert(ContextKind::InvalidArg, ContextValue::String(word));
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::apply::own_flags;
    use crate::cli::command_line;

    fn divided(line: &str) -> (String, KubectlPart) {
        let command = command_line::command();
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let (own, kubectl) = divide_words(command.find_subcommand("apply").unwrap(), &words);
        (own.join(" ".as_ref()).into_string().unwrap(), kubectl)
    }

    #[test]
    fn flags_are_divided_between_this_program_and_kubectl_apply() {
        for (typed, own, filenames, selection, apply_only) in [
            ("-f job.yaml", "", "job.yaml", "", ""),
            ("-", "", "-", "", ""),
            ("-f -", "", "-", "", ""),
            ("-f a.yaml,- -fb.yaml", "", "a.yaml - b.yaml", "", ""),
            ("-f job.yaml -n ns --server-side", "--namespace=ns", "job.yaml", "", "--server-side"),
            ("-Rn danger -f=job.yaml", "--namespace=danger", "job.yaml", "--recursive", ""),
            ("-Rf DIR", "", "DIR", "--recursive", ""),
            ("-Rf -", "", "-", "--recursive", ""),
            ("--namespace=ns -k dir --timeout 5m", "--namespace=ns --timeout=5m", "", "--kustomize=dir", ""),
            ("-l app=x --prune -f d --detach", "--detach", "d", "--selector=app=x", "--prune"),
            ("-o json -f x --dry-run=client", "--output=json", "x", "", "--dry-run=client"),
            ("-Ro name -f x", "--output=name", "x", "--recursive", ""),
            ("--ascii --field-manager me -f x", "--ascii", "x", "", "--field-manager=me"),
            ("--field-manager -n -f x", "", "x", "", "--field-manager=-n"),
            ("--insecure-skip-tls-verify -f x", "--insecure-skip-tls-verify", "x", "", ""),
            ("-v 6 -f x --proxy-url u", "--v=6 --proxy-url=u", "x", "", ""),
            ("-f x -h", "--help", "x", "", ""),
            ("-f \"", "", "", "--filename=\"", ""),
            ("--force view-last-applied", "", "", "", "--force view-last-applied"),
            ("--nosuch -f x", "", "x", "", "--nosuch"),
        ] {
            let (for_clap, kubectl) = divided(typed);
            let join = |words: Vec<OsString>| words.join(" ".as_ref()).into_string().unwrap();
            let ApplyArguments { filenames: names, selection: selects, apply_only: others, .. } =
                kubectl.arguments;
            assert_eq!(
                (for_clap.as_str(), names.join(" ").as_str(), join(selects).as_str(), join(others).as_str()),
                (own, filenames, selection, apply_only),
                "{typed}"
            );
        }
    }

    #[test]
    fn the_last_dry_run_flag_counts() {
        for (typed, is_dry_run) in [
            ("-f x", false),
            ("-f x --dry-run", true),
            ("-f - --dry-run=server", true),
            ("-f - --dry_run=client", true),
            ("--filename=- --dry-run=none", false),
            ("-f x --dry-run=server --dry-run=none", false),
            ("-f x --dry-run=none --dry-run", true),
        ] {
            assert_eq!(divided(typed).1.is_dry_run, is_dry_run, "{typed}");
        }
    }

    #[test]
    fn a_misspelt_flag_and_a_stray_word_are_errors_with_a_suggestion() {
        for (typed, complaint, tip) in [
            ("-f x --filed-manager me", "'--filed-manager'", "'--field-manager'"),
            ("--serverside -f x", "'--serverside'", "'--server-side'"),
            ("-f x --wiat", "'--wiat'", "'--wait'"),
            ("-f x --deatch", "'--deatch'", "'--detach'"),
            ("--namepsace=ns -f x", "'--namepsace'", "'--namespace'"),
            ("-RZf x", "'-Z'", ""),
            ("-f x --=x", "'--'", ""),
            ("job.yaml", "'job.yaml'", "'-f job.yaml'"),
            ("-f a.yaml b.yaml", "'b.yaml'", "'-f b.yaml'"),
            ("--server-side job.yaml", "'job.yaml'", "'-f job.yaml'"),
            ("-f x --dry-run client", "'client'", "'--dry-run=client'"),
            ("-f x -- -y", "'-y'", "'-f -y'"),
            ("-f x view-last-appleid", "'view-last-appleid'", ""),
        ] {
            let error =
                divided(typed).1.usage_error(own_flags()).unwrap_or_else(|| panic!("{typed}: no error"));
            let text = error.to_string();
            assert!(error.use_stderr() && text.contains("unexpected argument"), "{typed}: {text}");
            assert!(text.contains(complaint) && text.contains(tip), "{typed}: {text}");
        }
        for correct in [
            "-f x --server-side --dry-run=client",
            "-",
            "view-last-applied job/x -o yaml",
            "set-last-applied --create-annotation -f x",
        ] {
            assert!(divided(correct).1.usage_error(own_flags()).is_none(), "{correct}");
        }
    }
}
