//! Tips for the flags and formats of `kubectl get` that this program does not have. Each tip names a command to type
//! instead.

use clap::{Command, Error};

use crate::cli::args::connection::global_flags;
use crate::cli::kubectl_flags::flags::{GivenFlag, Token};
use crate::cli::kubectl_flags::rows::command_flag_rows;
use crate::cli::kubectl_flags::shell_text::{SECRET_FLAGS, quote_for_shell};
use crate::cli::usage::errors::{invalid_value, with_tips};

/// The flags of `kubectl get` that select objects without their names.
pub(crate) const FLAGS_THAT_SELECT: [&str; 3] = ["all-namespaces", "selector", "field-selector"];

/// Formats of kubectl that print parts of an object. A value of `--output` is one of these words, or one of these
/// words followed by `=` and a template.
const TEMPLATE_FORMATS: [&str; 9] = [
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "go-template",
    "go-template-file",
    "template",
    "templatefile",
    "custom-columns",
    "custom-columns-file",
];

/// Returns the tips for a flag of `kubectl get` that a subcommand of this program does not have. `command` is the
/// command of kubectl that has the flag.
pub(crate) fn tips_for_flag(flag: &str, command: &str) -> Vec<String> {
    let own = match flag {
        "sort-by" => "to order the Pods, use '--sort' with start, end, work, cold, index, name or trouble",
        "template" => "for values of the timeline, use '-o json' and a program such as jq",
        "watch-only" => "to follow the objects from now on, use '-w'",
        "output-watch-events" => "for one line per change, use '-w -o jsonl'",
        "show-kind" => "for the kind before each name, use '-o name'",
        _ => "",
    };
    let own = (!own.is_empty()).then(|| own.to_owned());
    own.into_iter().chain([format!("to print the objects, use '{command}'")]).collect()
}

/// Returns the `kubectl get` command that shows the same objects. The command keeps the typed flags that kubectl has,
/// but hides secret values.
pub(crate) fn command_of_kubectl(declared: &Command, tokens: &[Token]) -> String {
    let mut words = vec!["kubectl".to_owned(), "get".to_owned()];
    words.extend((declared.get_name() == "pod").then(|| "pod".to_owned()));
    let is_known = |name: &str| {
        command_flag_rows("get").iter().any(|(long, _, _)| *long == name)
            || global_flags().iter().any(|flag| flag.long == name)
    };
    for token in tokens {
        match token {
            Token::Flag(flag) if SECRET_FLAGS.contains(&flag.name.as_str()) => {
                words.push(format!("--{}=...", flag.name));
            }
            Token::Flag(flag) if is_known(&flag.name) => {
                words.push(quote_for_shell(&flag.to_word().to_string_lossy()));
            }
            Token::Flag(_) | Token::Unknown(_) => {}
            Token::Positional(word) | Token::Escaped(word) => {
                words.push(quote_for_shell(&word.to_string_lossy()));
            }
        }
    }
    words.join(" ")
}

/// Refuses formats of kubectl that print parts of an object.
///
/// # Errors
///
/// The value of `--output` is such a format, and the subcommand that `declared` declares does not pass the value
/// on to kubectl.
pub(crate) fn refuse_template(declared: &Command, output: &GivenFlag, tokens: &[Token]) -> Result<(), Error> {
    let Some(arg) = declared.get_arguments().find(|arg| arg.get_long() == Some("output")) else {
        return Ok(());
    };
    let possible = arg.get_possible_values();
    let value = output.value.as_ref().map(|value| value.to_string_lossy()).unwrap_or_default();
    let (format, template) = value.split_once('=').unwrap_or((&value, ""));
    if possible.is_empty() || !TEMPLATE_FORMATS.contains(&format) {
        return Ok(());
    }
    let path = if format.starts_with("jsonpath") { jq_path(template) } else { None };
    let path = path.as_deref().unwrap_or(".workloads[].pods[].name");
    let mut tips =
        vec![format!("for values of the timeline, use '-o json' and jq: '... -o json | jq {path}'")];
    if declared.get_name() == "get" {
        let command = command_of_kubectl(declared, tokens);
        tips.push(format!("to print the objects, use '{command}'"));
    }
    Err(with_tips(invalid_value(declared, arg, &value, &[]), tips))
}

/// Translates a template such as `{.workloads[*].name}` to a path of jq. Returns `None` for templates that are more
/// than one path, and for paths that do not begin with a field of the timeline document.
fn jq_path(template: &str) -> Option<String> {
    let path = template.strip_prefix('{')?.strip_suffix('}')?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".[]*".contains(letter);
    let is_of_timeline = [".workloads", ".observedAt", ".kind", ".apiVersion"].iter().any(|field| {
        path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    });
    (is_of_timeline && path.chars().all(is_plain) && !path.contains("..")).then(|| path.replace("[*]", "[]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_timeline_document_is_translated_to_jq() {
        for (template, path) in [
            ("{.workloads[*].pods[0].name}", Some(".workloads[].pods[0].name")),
            ("{.observedAt}", Some(".observedAt")),
            ("{.items[*].metadata.name}", None),
            ("{..name}", None),
            ("{range .workloads[*]}{.name}{end}", None),
            ("{.workloads[?(@.name==\"x\")]}", None),
            ("", None),
        ] {
            assert_eq!(jq_path(template).as_deref(), path, "{template}");
        }
    }
}
