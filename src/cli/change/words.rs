//! Divides the words of `kubectl seq apply`, `create` and `replace` between this program and kubectl.

use std::ffi::{OsStr, OsString};

use crate::cli::change::typed_command::TypedCommand;
use crate::cli::kubectl_flags::flags::{
    Flag, FlagTable, GivenFlag, Takes, Token, declared_flags, split_list,
};
use crate::cli::kubectl_flags::rows::{command_flag_rows, command_flags};
use crate::cli::usage::errors::{unexpected_word, unknown_flag, with_tips};
use crate::source::kubectl::{ChangeArguments, ChangeCommand};

/// The part of the command line that kubectl receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KubectlPart {
    pub(crate) arguments: ChangeArguments,
    /// All words, if kubectl runs a subcommand whose objects are not followed.
    pub(crate) unchanged: Option<Vec<OsString>>,
    /// Whether `--dry-run` requests a dry run.
    pub(crate) is_dry_run: bool,
    /// Whether `--edit` opens an editor.
    pub(crate) opens_editor: bool,
    /// Whether `--template` or `--raw` makes kubectl print its own output. `--output` has priority over both flags.
    pub(crate) chooses_kubectls_output: bool,
    /// The whole command line, for hints.
    pub(crate) typed: TypedCommand,
    /// The first flag that is not in the table of kubectl's flags.
    unknown_flag: Option<OsString>,
    /// The first word that kubectl would refuse and that is not a flag.
    stray_word: Option<StrayWord>,
}

/// The subcommands of `kubectl apply`. kubectl accepts no other words besides flags.
const APPLY_SUBCOMMANDS: [&str; 3] = ["edit-last-applied", "set-last-applied", "view-last-applied"];

/// The subcommands of `kubectl create` whose objects are followed, each with the name of the command in the table of
/// kubectl's flags.
const FOLLOWED_CREATE_SUBCOMMANDS: [(&str, &str); 5] = [
    ("job", "create job"),
    ("deployment", "create deployment"),
    ("deploy", "create deployment"),
    ("cronjob", "create cronjob"),
    ("cj", "create cronjob"),
];

/// A word that is neither a flag nor the value of a flag, such as a file name without `-f`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StrayWord {
    word: OsString,
    /// The name of the flag before the word, if this flag takes a value only behind `=`.
    flag_before: Option<String>,
}

/// Divides the words of a command into the words for clap and the words for kubectl.
///
/// Flags that `declared` declares go to clap. The caller rewrites each of these flags as one word, so that clap cannot
/// interpret the flag differently. Without a subcommand, a lone `-` means `-f -` and goes to kubectl.
pub(crate) fn divide_words(
    command: ChangeCommand,
    declared: &clap::Command,
    words: &[OsString],
) -> (Vec<GivenFlag>, KubectlPart) {
    let own_flags = declared_flags(declared);
    let mut kubectl = KubectlPart::default();
    kubectl.arguments.command = command;
    let Some(kubectl_command) = find_kubectl_command(command, &own_flags, words) else {
        kubectl.unchanged = Some(words.to_vec());
        return (Vec::new(), kubectl);
    };
    let has_subcommand = kubectl_command != command.name();
    let table = FlagTable::new(own_flags.iter().cloned().chain(command_flags(kubectl_command)));
    let typed = table.lex_typed(words);
    let mut own = Vec::new();
    let mut flag_before = None;
    for token in typed.iter().flat_map(|typed| typed.tokens.clone()) {
        let flag_before = std::mem::replace(&mut flag_before, bare_flag_name(&token));
        match token {
            Token::Flag(flag) if own_flags.iter().any(|known| known.long == flag.name) => {
                own.push(flag);
            }
            Token::Flag(flag) => kubectl.add_flag(&flag),
            Token::Positional(word) if has_subcommand => kubectl.add_word(word),
            Token::Escaped(word) if has_subcommand => kubectl.arguments.operands.push(word),
            Token::Positional(word) if word == "-" => kubectl.arguments.filenames.push("-".to_owned()),
            Token::Positional(word) | Token::Escaped(word) => {
                kubectl.stray_word.get_or_insert(StrayWord { word, flag_before });
            }
            Token::Unknown(word) => {
                kubectl.unknown_flag.get_or_insert(word);
            }
        }
    }
    let own_names = own_flags.into_iter().map(|flag| flag.long).collect();
    kubectl.typed = TypedCommand::new(command, typed, own_names);
    (own, kubectl)
}

/// Finds the subcommand as kubectl does, and returns the name of the command in the table of kubectl's flags. Returns
/// `None` for a subcommand that is not in the table. Its words go to kubectl unchanged. `own_flags` are the flags of
/// the command of this program.
pub(crate) fn find_kubectl_command(
    command: ChangeCommand,
    own_flags: &[Flag],
    words: &[OsString],
) -> Option<&'static str> {
    let subcommand_flags = match command {
        ChangeCommand::Apply | ChangeCommand::Replace => Vec::new(),
        ChangeCommand::Create => {
            FOLLOWED_CREATE_SUBCOMMANDS.iter().flat_map(|(_, name)| command_flags(name)).collect()
        }
    };
    let flags = own_flags.iter().cloned().chain(command_flags(command.name())).chain(subcommand_flags);
    let tokens = FlagTable::new(flags).lex(words);
    let Some(word) = first_word(&tokens) else { return Some(command.name()) };
    let has_manifests = tokens.iter().any(
        |token| matches!(token, Token::Flag(flag) if ["filename", "kustomize"].contains(&flag.name.as_str())),
    );
    let followed = FOLLOWED_CREATE_SUBCOMMANDS.iter().find(|(name, _)| word == *name);
    match command {
        ChangeCommand::Apply if APPLY_SUBCOMMANDS.iter().any(|name| word == *name) => None,
        ChangeCommand::Apply | ChangeCommand::Replace => Some(command.name()),
        ChangeCommand::Create => match followed {
            Some((_, name)) => Some(name),
            // kubectl decides about the other subcommands, because later releases and plugins may add some.
            None if !has_manifests && !looks_like_file(&word.to_string_lossy()) => None,
            None => Some(command.name()),
        },
    }
}

/// Returns the first word that is neither a flag nor the value of a flag. As in kubectl, an unknown flag without `=`
/// takes the next word as its value.
fn first_word(tokens: &[Token]) -> Option<&OsStr> {
    let mut is_value = false;
    for token in tokens {
        match token {
            Token::Positional(word) if !is_value && word != "-" => return Some(word),
            Token::Unknown(word) => {
                let word = word.to_string_lossy();
                is_value = !word.contains('=') && (word.starts_with("--") || word.len() == 2);
            }
            Token::Flag(_) | Token::Positional(_) => is_value = false,
            Token::Escaped(_) => return None,
        }
    }
    None
}

fn looks_like_file(word: &str) -> bool {
    word.contains(['.', '/'])
}

/// Returns the name of a flag if the flag has no value.
fn bare_flag_name(token: &Token) -> Option<String> {
    match token {
        Token::Flag(flag) if flag.value.is_none() => Some(flag.name.clone()),
        Token::Flag(_) | Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => None,
    }
}

/// Adds the flags of a kubectl command to the declaration of the command of this program. The result is used only for
/// the text of errors, so that clap suggests flags of both programs.
fn with_kubectl_flags(command: clap::Command, kubectl_command: &str) -> clap::Command {
    let declared = declared_flags(&command);
    let missing = command_flag_rows(kubectl_command).iter().filter(|(long, short, _)| {
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
    /// `-f`. kubectl runs only if there is no such error. `own` declares the flags of the command of this program.
    pub(crate) fn usage_error(&self, own: clap::Command) -> Option<clap::Error> {
        let name = own.get_name().to_owned();
        let known = with_kubectl_flags(own, self.kubectl_command());
        if let Some(flag) = &self.unknown_flag {
            return Some(unknown_flag(&known, flag));
        }
        let StrayWord { word, flag_before } = self.stray_word.as_ref()?;
        let text = word.to_string_lossy();
        let tip = match flag_before {
            Some(flag) if !looks_like_file(&text) => {
                format!("to give '--{flag}' a value, use '--{flag}={text}'")
            }
            Some(_) | None => format!("to {name} a file or a folder, use '-f {text}'"),
        };
        Some(with_tips(unexpected_word(&known, word), [tip]))
    }

    /// Returns the name of the command in the table of kubectl's flags.
    fn kubectl_command(&self) -> &'static str {
        let followed = FOLLOWED_CREATE_SUBCOMMANDS
            .iter()
            .find(|(name, _)| self.arguments.subcommand.as_deref() == Some(OsStr::new(name)));
        followed.map_or(self.arguments.command.name(), |(_, name)| name)
    }

    /// Adds a word that is not a flag: the subcommand, or a word behind it.
    fn add_word(&mut self, word: OsString) {
        if self.arguments.subcommand.is_none() {
            self.arguments.subcommand = Some(word);
        } else {
            self.arguments.command_only.push(word);
        }
    }

    fn add_flag(&mut self, flag: &GivenFlag) {
        let value = flag.value.as_deref().and_then(OsStr::to_str);
        match flag.name.as_str() {
            "dry-run" => {
                // The last `--dry-run` counts. Older releases of kubectl accept `false` as `none`.
                self.is_dry_run = !matches!(value, Some("none" | "false"));
            }
            "edit" => {
                self.opens_editor = !matches!(value, Some("0" | "f" | "F" | "FALSE" | "false" | "False"));
            }
            "raw" | "template" => self.chooses_kubectls_output = true,
            _ => {}
        }
        match flag.name.as_str() {
            // Only the last flag can lack its value. kubectl reports this error.
            _ if flag.lacks_value => self.arguments.command_only.push(flag.to_word()),
            "filename" => match value.and_then(split_list) {
                Some(names) => self.arguments.filenames.extend(names),
                // kubectl explains why it refuses the list.
                None => self.arguments.selection.push(flag.to_word()),
            },
            "kustomize" | "recursive" | "selector" => self.arguments.selection.push(flag.to_word()),
            _ => self.arguments.command_only.push(flag.to_word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::change::typed_command::split_words;
    use crate::cli::command_line;

    fn divided(command: ChangeCommand, line: &str) -> (String, KubectlPart) {
        let root = command_line::command();
        let declared = root.find_subcommand(command.name()).unwrap();
        let (own, kubectl) = divide_words(command, declared, &split_words(line));
        let own: Vec<OsString> = own.iter().map(GivenFlag::to_word).collect();
        (join(&own), kubectl)
    }

    fn join(words: &[OsString]) -> String {
        words.join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn flags_are_divided_between_this_program_and_kubectl_apply() {
        for (typed, own, filenames, selection, command_only) in [
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
        ] {
            let (for_clap, kubectl) = divided(ChangeCommand::Apply, typed);
            let ChangeArguments { filenames: names, selection: selects, command_only: others, .. } =
                kubectl.arguments;
            assert_eq!(
                (
                    for_clap.as_str(),
                    names.join(" ").as_str(),
                    join(&selects).as_str(),
                    join(&others).as_str()
                ),
                (own, filenames, selection, command_only),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_subcommand_of_create_gets_its_words_and_the_words_after_the_double_dash() {
        for (typed, own, subcommand, command_only, operands) in [
            ("job pi --image=busybox -- sh -c -n", "", "job", "pi --image=busybox", "sh -c -n"),
            ("job pi --from cronjob/x -n ns", "--namespace=ns", "job", "pi --from=cronjob/x", ""),
            ("--image busybox -w=1 job pi", "", "job", "--image=busybox pi", ""),
            (
                "--namespace=ns deploy web --image nginx -r3",
                "--namespace=ns",
                "deploy",
                "web --image=nginx --replicas=3",
                "",
            ),
            (
                "cj tick --schedule=@daily --image x -o json",
                "--output=json",
                "cj",
                "tick --schedule=@daily --image=x",
                "",
            ),
            ("job - --image x", "", "job", "- --image=x", ""),
            ("job pi --image", "", "job", "pi --image", ""),
        ] {
            let (for_clap, kubectl) = divided(ChangeCommand::Create, typed);
            assert_eq!(kubectl.unchanged, None, "{typed}");
            let ChangeArguments { subcommand: name, command_only: others, operands: last, .. } =
                kubectl.arguments;
            assert_eq!(
                (
                    for_clap.as_str(),
                    name.unwrap().to_str().unwrap(),
                    join(&others).as_str(),
                    join(&last).as_str()
                ),
                (own, subcommand, command_only, operands),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_subcommand_whose_objects_are_not_followed_gets_its_words_unchanged() {
        use ChangeCommand::{Apply, Create};
        for (command, typed) in [
            (Create, "configmap settings --from-literal a=b -o yaml"),
            (Create, "--namespace=ns secret generic x --from-file=f --detach"),
            (Create, "--from-literal a=b cm settings"),
            (Create, "token default --duration 10m"),
            (Create, "somethingnew x"),
            (Create, "ns x --help"),
            (Apply, "view-last-applied job/x -o yaml"),
            (Apply, "--force view-last-applied"),
            (Apply, "set-last-applied --create-annotation -f x"),
        ] {
            let (own, kubectl) = divided(command, typed);
            assert_eq!((own.as_str(), kubectl.unchanged), ("", Some(split_words(typed))), "{typed}");
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
            for command in ChangeCommand::ALL {
                assert_eq!(divided(command, typed).1.is_dry_run, is_dry_run, "{command:?} {typed}");
            }
        }
    }

    #[test]
    fn an_editor_a_template_and_a_raw_request_are_recognized() {
        for (typed, opens_editor, chooses_output) in [
            ("-f x --edit", true, false),
            ("-f x --edit=false", false, false),
            ("-f x --template={{.kind}}", false, true),
            ("-f x --raw /apis", false, true),
        ] {
            let kubectl = divided(ChangeCommand::Create, typed).1;
            assert_eq!(
                (kubectl.opens_editor, kubectl.chooses_kubectls_output),
                (opens_editor, chooses_output),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_misspelt_flag_and_a_stray_word_are_errors_with_a_suggestion() {
        use ChangeCommand::{Apply, Create, Replace};
        for (command, typed, complaint, tip) in [
            (Apply, "-f x --filed-manager me", "'--filed-manager'", "'--field-manager'"),
            (Apply, "--serverside -f x", "'--serverside'", "'--server-side'"),
            (Apply, "-f x --wiat", "'--wiat'", "'--wait'"),
            (Apply, "-f x --deatch", "'--deatch'", "'--detach'"),
            (Apply, "--namepsace=ns -f x", "'--namepsace'", "'--namespace'"),
            (Apply, "-RZf x", "'-Z'", ""),
            (Apply, "-f x --=x", "'--'", ""),
            (Apply, "job.yaml", "'job.yaml'", "'-f job.yaml'"),
            (Apply, "-f a.yaml b.yaml", "'b.yaml'", "'-f b.yaml'"),
            (Apply, "--server-side job.yaml", "'job.yaml'", "'-f job.yaml'"),
            (Apply, "-f x --dry-run client", "'client'", "'--dry-run=client'"),
            (Apply, "-f x -- -y", "'-y'", "'-f -y'"),
            (Apply, "-f x view-last-appleid", "'view-last-appleid'", ""),
            (Create, "job.yaml", "'job.yaml'", "to create a file or a folder, use '-f job.yaml'"),
            (Create, "-f a.yaml b", "'b'", "'-f b'"),
            (Create, "-f x --save-confg", "'--save-confg'", "'--save-config'"),
            (Create, "-f x --server-side", "'--server-side'", ""),
            (Create, "job pi --imgae=x", "'--imgae'", "'--image'"),
            (Create, "job pi -f x --image=y", "'-f'", ""),
            (Create, "job pi --deatch --image=y", "'--deatch'", "'--detach'"),
            (Create, "deploy web --replcas=3", "'--replcas'", "'--replicas'"),
            (Create, "cj x --shedule=y", "'--shedule'", "'--schedule'"),
            (Replace, "--froce -f x", "'--froce'", "'--force'"),
            (Replace, "job.yaml", "'job.yaml'", "to replace a file or a folder, use '-f job.yaml'"),
            (Replace, "-f x -l a=b", "'-l'", ""),
        ] {
            let error = divided(command, typed).1.usage_error(command_line::own_flags(command));
            let error = error.unwrap_or_else(|| panic!("{typed}: no error"));
            let text = error.to_string();
            assert!(error.use_stderr() && text.contains("unexpected argument"), "{typed}: {text}");
            assert!(text.contains(complaint) && text.contains(tip), "{typed}: {text}");
            let usage = format!("Usage: kubectl seq {}", command.name());
            assert!(
                complaint.starts_with("'--") == text.contains(&usage) || tip.is_empty(),
                "{typed}: {text}"
            );
        }
        for (command, correct) in [
            (Apply, "-f x --server-side --dry-run=client"),
            (Apply, "-"),
            (Apply, "view-last-applied job/x -o yaml"),
            (Create, "-"),
            (Create, "-f x --save-config --validate=warn"),
            (Create, "job pi --image=x --detach -- --nosuch -Z"),
            (Create, "configmap x --from-literal=a=b"),
            (Replace, "--force -f x --cascade=orphan --grace-period 1 --wait"),
        ] {
            let error = divided(command, correct).1.usage_error(command_line::own_flags(command));
            assert!(error.is_none(), "{correct}");
        }
    }
}
