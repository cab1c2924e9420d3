//! Adds the default values of the user's kuberc to the command line, as if the user had typed them.
//!
//! kubectl applies these values only to its own commands. This program must apply them too: `apply` follows the objects
//! in the namespace and the cluster in which kubectl applies them, and `get` shows what `kubectl get` shows.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::ValueEnum as _;

use crate::cli::args::connection::global_flags;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::change::words::find_kubectl_command;
use crate::cli::command_line::{OVERVIEW, arrange_words, command};
use crate::cli::kubectl_flags::flags::{Flag, FlagTable, GivenFlag, Token, declared_flags, flag_word};
use crate::cli::kubectl_flags::rows::command_flags;
use crate::source::SourceError;
use crate::source::cluster::{CommandDefaults, read_command_defaults};
use crate::source::kubectl::ChangeCommand;

/// The flags of `kubectl get` that have the same meaning in `kubectl seq get`, besides the global flags.
const SAME_IN_GET: [&str; 13] = [
    "all-namespaces",
    "chunk-size",
    "field-selector",
    "filename",
    "ignore-not-found",
    "kustomize",
    "label-columns",
    "no-headers",
    "output",
    "recursive",
    "selector",
    "show-labels",
    "watch",
];

/// Adds the defaults of the kuberc to the arguments of the program, which begin with the name of the program. Also
/// moves leading global flags behind the name of the subcommand.
///
/// # Errors
///
/// `--kuberc` or the variable `KUBERC` names a kuberc that cannot be read.
pub(crate) fn add_kuberc_defaults(arguments: Vec<OsString>) -> Result<Vec<OsString>, SourceError> {
    let mut words = arguments;
    if words.is_empty() {
        return Ok(words);
    }
    let program = words.remove(0);
    let root = command();
    let mut words = arrange_words(&root, words);
    if let Some(subcommand) = DefaultedCommand::find(&root, &words) {
        words = subcommand.add_kuberc_defaults(words)?;
    }
    words.insert(0, program);
    Ok(words)
}

/// A subcommand of this program for which a kuberc can set defaults.
struct DefaultedCommand {
    /// The kubectl command whose defaults apply.
    kubectl_command: &'static str,
    /// All flags that can be typed.
    flags: Vec<Flag>,
    /// The names of the flags that a kuberc can set.
    names: Vec<String>,
}

impl DefaultedCommand {
    /// Returns the subcommand that the words name. Returns `None` if a kuberc sets no defaults for the
    /// subcommand, or if kubectl gets the words unchanged.
    fn find(root: &clap::Command, words: &[OsString]) -> Option<Self> {
        let (name, words) = words.split_first()?;
        let declared = root.find_subcommand(name)?;
        let own = declared_flags(declared);
        let global = global_flags().into_iter().map(|flag| flag.long);
        if let Some(change) = ChangeCommand::from_name(declared.get_name().as_ref()) {
            let kubectl_command = find_kubectl_command(change, &own, words)?;
            let kubectl_flags = command_flags(kubectl_command);
            // `--timeout` has another meaning here: it limits how long the program follows the objects.
            let local = kubectl_flags.iter().map(|flag| flag.long.clone()).filter(|name| name != "timeout");
            let names = global.chain(local).collect();
            return Some(Self {
                kubectl_command,
                names,
                flags: own.into_iter().chain(kubectl_flags).collect(),
            });
        }
        let names = match declared.get_name() {
            "get" => global.chain(SAME_IN_GET.map(str::to_owned)).collect(),
            // These commands must use the cluster and the namespace of `kubectl get`, but take no other defaults.
            "pod" | OVERVIEW => global.collect(),
            _ => return None,
        };
        Some(Self { kubectl_command: "get", flags: own, names })
    }

    /// Adds the defaults of the kuberc to the words, which begin with the name of the subcommand.
    fn add_kuberc_defaults(&self, words: Vec<OsString>) -> Result<Vec<OsString>, SourceError> {
        let typed = self.typed_flags(&words[1..]);
        let kuberc =
            typed.iter().rev().find(|flag| flag.name == "kuberc").and_then(|flag| flag.value.clone());
        let defaults = read_command_defaults(kuberc.map(PathBuf::from).as_ref())?;
        Ok(self.add_defaults(words, &typed, &defaults))
    }

    fn typed_flags(&self, words: &[OsString]) -> Vec<GivenFlag> {
        let tokens = FlagTable::new(self.flags.iter().cloned()).lex(words);
        let flags = tokens.into_iter().filter_map(|token| match token {
            Token::Flag(flag) => Some(flag),
            Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => None,
        });
        flags.collect()
    }

    /// Inserts the defaults behind the name of the subcommand. A flag that the user typed gets no default.
    fn add_defaults(
        &self,
        words: Vec<OsString>,
        typed: &[GivenFlag],
        defaults: &[CommandDefaults],
    ) -> Vec<OsString> {
        let options = defaults
            .iter()
            .filter(|defaults| canonical_command(&defaults.command) == self.kubectl_command)
            .flat_map(|defaults| &defaults.options)
            .filter(|option| {
                self.names.contains(&option.name)
                    && self.flags.iter().any(|flag| flag.long == option.name)
                    && typed.iter().all(|flag| flag.name != option.name)
                    && (option.name != "output" || self.accepts_output(&option.value))
            })
            .map(|option| flag_word(&option.name, OsStr::new(&option.value)));
        let mut words = words.into_iter();
        let name: Vec<OsString> = words.by_ref().take(1).collect();
        name.into_iter().chain(options).chain(words).collect()
    }

    /// Whether the subcommand accepts this value of `--output`. The commands that change objects pass unknown formats
    /// on to kubectl.
    fn accepts_output(&self, value: &str) -> bool {
        self.kubectl_command != "get" || OutputFormat::from_str(value, false).is_ok()
    }
}

/// Returns the name of the command in the table of kubectl's flags: with single spaces and without short names.
fn canonical_command(command: &str) -> String {
    let words = command.split_whitespace().map(|word| match word {
        "deploy" => "deployment",
        "cj" => "cronjob",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::change::typed_command::split_words;

    /// Adds the defaults of a kuberc to a command line. `kuberc` is the list `defaults` in YAML.
    fn add_defaults_to(line: &str, kuberc: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kuberc");
        let head = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults:\n";
        std::fs::write(&path, format!("{head}{kuberc}")).unwrap();
        let flag = format!("--kuberc={}", path.display());
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words = split_words(&format!("kubectl-seq {name} {flag} {rest}"));
        let words = add_kuberc_defaults(words).unwrap();
        words[1..].join(OsStr::new(" ")).into_string().unwrap().replace(&format!(" {flag}"), "")
    }

    #[test]
    fn a_default_is_added_unless_the_user_typed_the_flag() {
        let get = "- {command: get, options: [{name: namespace, default: other}, {name: output, default: wide}, {name: watch, default: 'true'}, {name: ignore-not-found, default: 'F'}]}";
        for (typed, expected) in [
            ("get job a", "get --namespace=other --output=wide --watch=true --ignore-not-found=F job a"),
            ("get job -n mine", "get --output=wide --watch=true --ignore-not-found=F job -n mine"),
            ("get -wnmine job", "get --output=wide --ignore-not-found=F -wnmine job"),
            (
                "get job --watch=false -o json",
                "get --namespace=other --ignore-not-found=F job --watch=false -o json",
            ),
            ("pod a", "pod --namespace=other a"),
            ("apply -f x", "apply -f x"),
            ("replay x", "replay x"),
        ] {
            assert_eq!(add_defaults_to(typed, get), expected, "{typed}");
        }
    }

    #[test]
    fn each_command_has_its_own_defaults() {
        let defaults = "- {command: apply, options: [{name: server-side, default: 'true'}, {name: context, default: c}, {name: timeout, default: 5s}]}
- {command: create, options: [{name: namespace, default: a}]}
- {command: create  deploy, options: [{name: namespace, default: b}]}
";
        for (typed, expected) in [
            ("apply -f x", "apply --server-side=true --context=c -f x"),
            ("apply -f x --server-side=false", "apply --context=c -f x --server-side=false"),
            ("apply view-last-applied job/x", "apply view-last-applied job/x"),
            ("create -f x", "create --namespace=a -f x"),
            ("create deployment w --image=x", "create --namespace=b deployment w --image=x"),
            ("create job j --image=x", "create job j --image=x"),
            ("get job", "get job"),
        ] {
            assert_eq!(add_defaults_to(typed, defaults), expected, "{typed}");
        }
    }

    #[test]
    fn defaults_of_flags_that_this_program_does_not_accept_are_ignored() {
        let defaults = "- {command: get, options: [{name: server-print, default: 'false'}, {name: output, default: 'custom-columns=A:.a'}, {name: record, default: x}]}";
        assert_eq!(add_defaults_to("get job", defaults), "get job");
        let output = "- {command: apply, options: [{name: output, default: 'jsonpath={.a}'}]}";
        assert_eq!(add_defaults_to("apply -f x", output), "apply --output=jsonpath={.a} -f x");
    }
}
