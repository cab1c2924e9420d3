//! Changes text that a CI service would execute as a command.
//!
//! Names, messages and log lines come from the cluster. A line such as `::add-mask::…` or `##vso[…]` in this text must
//! not change the CI job. A blank inside the command breaks the command, and the line stays readable. GitHub's
//! `::stop-commands::` is less safe, because commands stay off if the program is killed before it turns them on again.

use std::borrow::Cow;

use crate::app::ci::service::CiService;

/// The starts of the commands that GitHub and Azure obey anywhere in a line. `##[` is an old form that GitHub still
/// obeys.
const HASH_COMMANDS: [&str; 2] = ["##[", "##vso["];

/// The starts of lines that begin or open a group on Buildkite.
const BUILDKITE_HEADERS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// Returns the text with a blank inside each command that the service would obey.
pub(crate) fn disarm_commands(text: &str, service: CiService) -> Cow<'_, str> {
    let is_suspicious = match service {
        CiService::GitHub => text.contains(':') || text.contains('#'),
        CiService::Azure => text.contains('#'),
        CiService::Buildkite => text.contains(['-', '+', '~', '^']),
        // The sections of GitLab need control characters that are always removed from text from the cluster.
        CiService::GitLab => false,
    };
    if !is_suspicious {
        return Cow::Borrowed(text);
    }
    let mut disarmed = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let blanks = match service {
            CiService::GitHub => {
                let mut blanks = hash_commands(line);
                blanks.extend(colon_command(line));
                blanks
            }
            CiService::Azure => hash_commands(line),
            CiService::Buildkite => buildkite_header(line).into_iter().collect(),
            CiService::GitLab => Vec::new(),
        };
        insert_blanks(line, blanks, &mut disarmed);
    }
    Cow::Owned(disarmed)
}

/// Appends the line with a blank at each of these byte positions.
fn insert_blanks(line: &str, mut positions: Vec<usize>, out: &mut String) {
    positions.sort_unstable();
    let mut written = 0;
    for position in positions {
        out.push_str(&line[written..position]);
        out.push(' ');
        written = position;
    }
    out.push_str(&line[written..]);
}

/// Returns the printable ASCII characters of a line, each with its byte position. A service ignores some other
/// characters inside a command, so this module ignores all other characters.
fn compared_chars(line: &str) -> Vec<(usize, char)> {
    line.char_indices().filter(|(_, char)| matches!(char, ' '..='~')).collect()
}

/// Returns the byte position of the second `#` of each command.
fn hash_commands(line: &str) -> Vec<usize> {
    if !line.contains('#') {
        return Vec::new();
    }
    let chars = compared_chars(line);
    let is_command = |start: usize, command: &str| {
        let mut rest = chars[start..].iter();
        command.chars().all(|char| rest.next().is_some_and(|(_, other)| other.eq_ignore_ascii_case(&char)))
    };
    let starts =
        (0..chars.len()).filter(|&start| HASH_COMMANDS.iter().any(|command| is_command(start, command)));
    starts.filter_map(|start| chars.get(start + 1)).map(|(position, _)| *position).collect()
}

/// Returns the byte position of the second `:` of a line that begins with `::`. Blanks before the command are ignored.
fn colon_command(line: &str) -> Option<usize> {
    let mut chars = compared_chars(line).into_iter().filter(|(_, char)| *char != ' ');
    let (first, second) = (chars.next()?, chars.next()?);
    (first.1 == ':' && second.1 == ':').then_some(second.0)
}

/// Returns position 0 if the line begins with a header. Colour codes before the header are ignored.
fn buildkite_header(line: &str) -> Option<usize> {
    let mut text = line;
    while let Some(code) = text.strip_prefix("\u{1b}[") {
        text = code.split_once('m').map_or("", |(_, rest)| rest);
    }
    BUILDKITE_HEADERS.iter().any(|header| text.starts_with(header)).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: CiService, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(disarm_commands(text, service), *expected, "{text:?}");
        }
    }

    #[test]
    fn github_obeys_no_command_in_either_form() {
        check(
            CiService::GitHub,
            &[
                ("::set-output name=a::b", ": :set-output name=a::b"),
                ("    ::add-mask::x\nnext\n  ::error::y\n", "    : :add-mask::x\nnext\n  : :error::y\n"),
                ("\u{3000}\u{2003}::warning::x", "\u{3000}\u{2003}: :warning::x"),
                ("\u{fe0f}:\u{fe0f}:stop-commands::x", "\u{fe0f}:\u{fe0f} :stop-commands::x"),
                ("text ##[add-mask]a ##[error]b", "text # #[add-mask]a # #[error]b"),
                ("###[error]", "## #[error]"),
                ("#\u{200d}#\u{1b}[1m", "#\u{200d} #\u{1b}[1m"),
                ("std::vector a::b # c ## d", "std::vector a::b # c ## d"),
            ],
        );
    }

    #[test]
    fn azure_obeys_no_command_anywhere_in_a_line() {
        check(
            CiService::Azure,
            &[
                ("a ##vso[task.setvariable variable=a]b", "a # #vso[task.setvariable variable=a]b"),
                ("##VSO[task.complete]", "# #VSO[task.complete]"),
                ("##[section]a", "# #[section]a"),
                ("::error::x ##value", "::error::x ##value"),
            ],
        );
    }

    #[test]
    fn buildkite_finds_no_header() {
        check(
            CiService::Buildkite,
            &[
                ("--- a/file\n+++ b/file\n", " --- a/file\n +++ b/file\n"),
                ("^^^ +++\n~~~ x", " ^^^ +++\n ~~~ x"),
                ("\u{1b}[31m+++ x", " \u{1b}[31m+++ x"),
                ("a --- b\n -- c", "a --- b\n -- c"),
            ],
        );
    }
}
