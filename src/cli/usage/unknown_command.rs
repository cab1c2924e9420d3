//! The error about a first word that is not a subcommand. The error names a command to type instead.

use std::ffi::OsString;

use clap::{Command, Error};

use crate::cli::kubectl_flags::shell_text::quote_for_shell;
use crate::cli::usage::errors::{unknown_subcommand, with_tips};
use crate::source::cluster::is_type_with_pods;
use crate::source::nearest::find_nearest;

/// The commands of kubectl that are not commands of this program.
const KUBECTL_COMMANDS: [&str; 39] = [
    "annotate",
    "api-resources",
    "api-versions",
    "attach",
    "auth",
    "autoscale",
    "certificate",
    "cluster-info",
    "config",
    "cordon",
    "cp",
    "debug",
    "delete",
    "describe",
    "diff",
    "drain",
    "edit",
    "events",
    "exec",
    "explain",
    "expose",
    "kuberc",
    "kustomize",
    "label",
    "logs",
    "options",
    "patch",
    "plugin",
    "port-forward",
    "proxy",
    "rollout",
    "run",
    "scale",
    "set",
    "taint",
    "top",
    "uncordon",
    "wait",
    "alpha",
];

/// Returns the error about the first word, if it is neither a flag nor a subcommand of `root`.
pub(crate) fn unknown_command_error(root: &Command, words: &[OsString]) -> Option<Error> {
    let (first, arguments) = words.split_first()?;
    let word = first.to_str()?;
    if word.is_empty() || word.starts_with('-') || root.find_subcommand(word).is_some() {
        return None;
    }
    let arguments: Vec<String> =
        arguments.iter().map(|argument| quote_for_shell(&argument.to_string_lossy())).collect();
    let typed_after = |command: &str| {
        [command].into_iter().chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    };
    let own_way = match word {
        "delete" => "to replace a Job and follow the new one, use 'kubectl seq replace --force -f FILENAME'",
        "describe" => "for the phases, containers and events of a Pod, use 'kubectl seq pod NAME'",
        "logs" => "for the logs together with the timeline, use 'kubectl seq get TYPE/NAME -w --logs'",
        "top" => "for the time that each Pod took, use 'kubectl seq get TYPE/NAME -o wide'",
        "wait" => "to wait until a workload has ended, use 'kubectl seq get TYPE/NAME -w'",
        _ => "",
    };
    let mut tips: Vec<String> = (!own_way.is_empty()).then(|| own_way.to_owned()).into_iter().collect();
    if KUBECTL_COMMANDS.contains(&word) {
        tips.push(format!("this is a command of kubectl: '{}'", typed_after(&format!("kubectl {word}"))));
    } else if word.split([',', '/']).next().is_some_and(is_type_with_pods) {
        tips.push(format!(
            "to show objects of this type, use '{}'",
            typed_after(&format!("kubectl seq get {word}"))
        ));
    } else {
        let own = root.get_subcommands().filter(|command| !command.is_hide_set());
        let names =
            own.flat_map(|command| command.get_name_and_visible_aliases()).map(|name| (name, "kubectl seq"));
        let commands = names.chain(KUBECTL_COMMANDS.map(|name| (name, "kubectl")));
        let commands: Vec<(&str, &str)> = commands.collect();
        if let Some(nearest) = find_nearest(word, commands.iter().map(|(name, _)| *name))
            && let Some((name, program)) = commands.iter().find(|(name, _)| *name == nearest)
        {
            tips.push(format!("a similar command exists: '{}'", typed_after(&format!("{program} {name}"))));
        }
    }
    Some(with_tips(unknown_subcommand(root, word), tips))
}
