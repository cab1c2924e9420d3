//! The command line that the user typed, for hints that repeat it with another command.

use crate::cli::kubectl_flags::flags::{GivenFlag, Token, TypedTokens};
use crate::cli::kubectl_flags::rows::command_flag_rows;
use crate::cli::kubectl_flags::shell_text::{SECRET_FLAGS, quote_for_shell};
use crate::source::kubectl::ChangeCommand;

/// A command line of `kubectl seq apply`, `create` or `replace`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypedCommand {
    command: ChangeCommand,
    typed: Vec<TypedTokens>,
    /// The names of the flags of this program.
    own_flags: Vec<String>,
}

impl TypedCommand {
    /// Creates a command line from its words. `own_flags` are the names of the flags of this program.
    pub(crate) fn new(command: ChangeCommand, typed: Vec<TypedTokens>, own_flags: Vec<String>) -> Self {
        Self { command, typed, own_flags }
    }

    /// Whether the user gave the flag with this name.
    pub(crate) fn has_flag(&self, name: &str) -> bool {
        let mut tokens = self.typed.iter().flat_map(|typed| &typed.tokens);
        tokens.any(|token| matches!(token, Token::Flag(flag) if flag.name == name))
    }

    /// Returns the same command line for another command, so that the user can paste it into a shell. Flags that the
    /// other command does not have are left out. `added` is the name of a flag that comes first, and that replaces the
    /// same flag of the user.
    pub(crate) fn with_command(&self, command: ChangeCommand, added: Option<&str>) -> String {
        let mut words = vec!["kubectl".to_owned(), "seq".to_owned(), command.name().to_owned()];
        words.extend(added.map(|name| format!("--{name}")));
        let is_kept = |token: &Token| match token {
            Token::Flag(flag) => added != Some(flag.name.as_str()) && self.is_known(flag, command),
            Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => true,
        };
        for TypedTokens { words: typed, tokens } in &self.typed {
            if tokens.iter().all(|token| is_kept(token) && !is_secret(token)) {
                words.extend(typed.iter().map(|word| quote_for_shell(&word.to_string_lossy())));
            } else {
                words.extend(tokens.iter().filter(|token| is_kept(token)).map(|token| match token {
                    Token::Flag(flag) if is_secret(token) => format!("--{}=...", flag.name),
                    Token::Flag(flag) => quote_for_shell(&flag.to_word().to_string_lossy()),
                    Token::Unknown(word) | Token::Positional(word) | Token::Escaped(word) => {
                        quote_for_shell(&word.to_string_lossy())
                    }
                }));
            }
        }
        words.join(" ")
    }

    /// Whether a flag that the user gave stays on the command line of `command`: a flag of this program, a flag of
    /// `command`, or a flag that only a subcommand has.
    fn is_known(&self, flag: &GivenFlag, command: ChangeCommand) -> bool {
        let is_flag_of = |command: ChangeCommand| {
            command_flag_rows(command.name()).iter().any(|(long, _, _)| *long == flag.name)
        };
        self.own_flags.contains(&flag.name) || is_flag_of(command) || !is_flag_of(self.command)
    }
}

fn is_secret(token: &Token) -> bool {
    matches!(token, Token::Flag(flag) if SECRET_FLAGS.contains(&flag.name.as_str()))
}

/// Splits a command line of a test at its spaces.
#[cfg(test)]
pub(crate) fn split_words(line: &str) -> Vec<std::ffi::OsString> {
    line.split_whitespace().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::change::words::divide_words;
    use crate::cli::command_line;

    fn retyped(
        command: ChangeCommand,
        words: &[OsString],
        target: ChangeCommand,
        added: Option<&str>,
    ) -> String {
        let root = command_line::command();
        let declared = root.find_subcommand(command.name()).unwrap();
        divide_words(command, declared, words).1.typed.with_command(target, added)
    }

    #[test]
    fn a_command_line_is_repeated_with_the_flags_that_the_other_command_has() {
        use ChangeCommand::{Apply, Create, Replace};
        for (command, typed, target, added, repeated) in [
            (Apply, "-f job.yaml", Create, None, "create -f job.yaml"),
            (Apply, "-Rf dir -n=ns --timeout 5m", Create, None, "create -Rf dir -n=ns --timeout 5m"),
            (Apply, "--server-side -f a,b --force-conflicts", Create, None, "create -f a,b"),
            (Apply, "- -o json", Create, None, "create - -o json"),
            (Apply, "-k dir --prune -l a=b", Create, None, "create -k dir -l a=b"),
            (Apply, "-f x", Replace, Some("force"), "replace --force -f x"),
            (Apply, "--force -f x --wait", Replace, Some("force"), "replace --force -f x --wait"),
            (Replace, "-f x --force=false", Replace, Some("force"), "replace --force -f x"),
            (
                Create,
                "-f x --edit=false --record r",
                Replace,
                Some("force"),
                "replace --force -f x --record r",
            ),
            (Apply, "--token t -f x --password=p", Create, None, "create --token=... -f x --password=..."),
        ] {
            let command_line = retyped(command, &split_words(typed), target, added);
            assert_eq!(command_line, format!("kubectl seq {repeated}"), "{typed}");
        }
    }

    #[test]
    fn words_with_special_characters_are_quoted() {
        let words = ["-f", "my job's.yaml", "-f*.yaml", "--field-manager="].map(OsString::from);
        assert_eq!(
            retyped(ChangeCommand::Apply, &words, ChangeCommand::Create, None),
            r"kubectl seq create -f 'my job'\''s.yaml' '-f*.yaml' --field-manager="
        );
    }
}
