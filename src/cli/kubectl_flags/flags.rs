//! Reads command-line words as kubectl does: applies the rules of kubectl's flag library (pflag) to a table of flags.
//!
//! Only this module reads the raw words of `apply`, `create` and `replace`. clap receives each flag of these commands
//! as one word. If clap also read the raw words, clap and kubectl could disagree about the namespace or the files.

use std::ffi::{OsStr, OsString};

use clap_lex::{ArgCursor, OsStrExt as _, ParsedArg, RawArgs};

/// A flag of kubectl or of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Name without the dashes: `filename`.
    pub long: String,
    /// The letter of the short form: `f`.
    pub short: Option<char>,
    /// How the value is written.
    pub takes: Takes,
}

/// How the value of a flag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A value is needed: `--flag=VALUE`, `-fVALUE`, or the next word, whatever that word is.
    Value,
    /// A switch, or a flag with a default for the bare form (`--dry-run`): a value can only follow `=`.
    OptionalValue,
}

/// Returns the flags that a clap command declares, including hidden ones.
pub(crate) fn declared_flags(command: &clap::Command) -> Vec<Flag> {
    let flags = command.get_arguments().filter_map(|arg| {
        let needs_value = arg.get_action().takes_values() && !arg.is_require_equals_set();
        Some(Flag {
            long: arg.get_long()?.to_owned(),
            short: arg.get_short(),
            takes: if needs_value { Takes::Value } else { Takes::OptionalValue },
        })
    });
    flags.collect()
}

/// A part of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A flag of the table.
    Flag(GivenFlag),
    /// A word that contains a flag that is not in the table, as typed.
    Unknown(OsString),
    /// A word that is not a flag.
    Positional(OsString),
    /// A word after `--`. The word is not a flag, even if the word begins with a dash.
    Escaped(OsString),
}

/// Tokens that share words, such as the flags of `-Rf job.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypedTokens {
    /// The words, as typed.
    pub(crate) words: Vec<OsString>,
    pub(crate) tokens: Vec<Token>,
}

/// A flag that the user gave. Two spellings of the same flag and value are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GivenFlag {
    /// Name without the dashes.
    pub(crate) name: String,
    /// The value, or `None` if the user gave no value.
    pub(crate) value: Option<OsString>,
    /// Whether the flag needs a value but is the last word.
    pub(crate) lacks_value: bool,
}

impl GivenFlag {
    /// Returns the flag as one word: `--name` or `--name=value`.
    pub(crate) fn to_word(&self) -> OsString {
        match &self.value {
            Some(value) => flag_word(&self.name, value),
            None => format!("--{}", self.name).into(),
        }
    }
}

/// Returns the word `--name=value`.
pub(crate) fn flag_word(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("--{name}="));
    word.push(value);
    word
}

/// The flags that a command accepts. If two flags have the same name or letter, the first flag counts.
#[derive(Debug, Default)]
pub(crate) struct FlagTable(Vec<Flag>);

impl FlagTable {
    /// Creates a table of these flags.
    pub(crate) fn new(flags: impl IntoIterator<Item = Flag>) -> Self {
        Self(flags.into_iter().collect())
    }

    /// Reads all words of a command line.
    pub(crate) fn lex<W: Into<OsString>>(&self, words: impl IntoIterator<Item = W>) -> Vec<Token> {
        self.lex_typed(words).into_iter().flat_map(|typed| typed.tokens).collect()
    }

    /// Reads all words of a command line, and keeps the words of each token.
    pub(crate) fn lex_typed<W: Into<OsString>>(
        &self,
        words: impl IntoIterator<Item = W>,
    ) -> Vec<TypedTokens> {
        let raw = RawArgs::new(words);
        let mut cursor = raw.cursor();
        let mut typed = Vec::new();
        loop {
            let mut first = cursor.clone();
            let Some(word) = raw.next(&mut cursor) else { return typed };
            let tokens = if word.is_escape() {
                raw.remaining(&mut cursor).map(|word| Token::Escaped(word.to_owned())).collect()
            } else {
                self.lex_word(&word, &raw, &mut cursor)
            };
            let unread = if raw.is_end(&cursor) { 0 } else { raw.remaining(&mut cursor.clone()).count() };
            let words: Vec<OsString> = raw.remaining(&mut first).map(OsStr::to_owned).collect();
            typed.push(TypedTokens { words: words[..words.len() - unread].to_vec(), tokens });
        }
    }

    /// Reads the flags before the first word that is not a flag, which is the name of the subcommand.
    ///
    /// Returns the flags and the remaining words. Returns `None` if a flag is not in the table or lacks its value, or
    /// if the word after the flags is `-` or `--`.
    pub(crate) fn lex_leading(&self, words: &[OsString]) -> Option<(Vec<GivenFlag>, Vec<OsString>)> {
        let raw = RawArgs::new(words);
        let mut cursor = raw.cursor();
        let mut flags = Vec::new();
        while let Some(word) = raw.peek(&cursor) {
            if word.is_escape() || word.is_stdio() {
                return None;
            }
            if !word.is_long() && !word.is_short() {
                break;
            }
            raw.next(&mut cursor);
            for token in self.lex_word(&word, &raw, &mut cursor) {
                match token {
                    Token::Flag(flag) if !flag.lacks_value => flags.push(flag),
                    Token::Flag(_) | Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => {
                        return None;
                    }
                }
            }
        }
        Some((flags, raw.remaining(&mut cursor).map(OsStr::to_owned).collect()))
    }

    /// Reads one word. Also reads the next word if the next word is the value of a flag in the first word.
    fn lex_word(&self, word: &ParsedArg<'_>, raw: &RawArgs, cursor: &mut ArgCursor) -> Vec<Token> {
        let unknown = || vec![Token::Unknown(word.to_value_os().to_owned())];
        if let Some((name, value)) = word.to_long() {
            let flag = name.ok().and_then(|name| self.find_long(name));
            return flag.map_or_else(unknown, |flag| vec![new_flag_token(flag, value, raw, cursor)]);
        }
        let Some(mut letters) = word.to_short() else {
            return vec![Token::Positional(word.to_value_os().to_owned())];
        };
        let mut tokens = Vec::new();
        while let Some(letter) = letters.next_flag() {
            let Some(flag) = letter.ok().and_then(|letter| self.find_short(letter)) else { return unknown() };
            let rest = letters.clone().next_value_os();
            // As in pflag, a `=` at the end of the word does not separate a value.
            let assigned = rest.and_then(|rest| rest.strip_prefix("=")).filter(|value| !value.is_empty());
            let value = if assigned.is_none() && flag.takes == Takes::Value { rest } else { assigned };
            let ends_here = value.is_some();
            tokens.push(new_flag_token(flag, value, raw, cursor));
            if ends_here {
                break;
            }
        }
        tokens
    }

    /// Returns the flag with this long name. As in kubectl, `_` in the name means `-`.
    fn find_long(&self, name: &str) -> Option<&Flag> {
        let name = name.replace('_', "-");
        self.0.iter().find(|flag| flag.long == name)
    }

    fn find_short(&self, letter: char) -> Option<&Flag> {
        self.0.iter().find(|flag| flag.short == Some(letter))
    }
}

/// Creates the token of a flag. If the flag needs a value and the same word contains no value, the next word is the
/// value.
fn new_flag_token(flag: &Flag, value: Option<&OsStr>, raw: &RawArgs, cursor: &mut ArgCursor) -> Token {
    let needs_value = flag.takes == Takes::Value;
    let value = value.or_else(|| if needs_value { raw.next_os(cursor) } else { None });
    Token::Flag(GivenFlag {
        name: flag.long.clone(),
        lacks_value: needs_value && value.is_none(),
        value: value.map(OsStr::to_owned),
    })
}

/// Parses the value of a switch as pflag does. `None` if the text is not a truth value.
pub(crate) fn parse_switch(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Splits the value of a list flag such as `--filename` at its commas, as Go's CSV reader does.
///
/// Returns `None` if kubectl would refuse the value, because a quote is not closed or is not at the edge of a field.
pub(crate) fn split_list(value: &str) -> Option<Vec<String>> {
    // Only the first line that is not empty counts.
    let value = value.trim_start_matches(['\n', '\r']);
    let mut fields = Vec::new();
    if value.is_empty() {
        return Some(fields);
    }
    let mut rest = value;
    loop {
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let (field, after) = split_quoted(quoted)?;
            fields.push(field);
            after
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            let field = rest[..end].strip_suffix('\r').unwrap_or(&rest[..end]);
            if field.contains('"') {
                return None;
            }
            fields.push(field.to_owned());
            &rest[end..]
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() || after.starts_with(['\n', '\r']) => return Some(fields),
            None => return None,
        }
    }
}

/// Reads a field after the opening quote, where `""` stands for a quote. Returns the text of the field, and the rest of
/// the value after the closing quote. Returns `None` if the quote is not closed.
fn split_quoted(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Some((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::kubectl_flags::rows::command_flags;

    fn apply_table() -> FlagTable {
        let namespace = Flag { long: "namespace".to_owned(), short: Some('n'), takes: Takes::Value };
        FlagTable::new(command_flags("apply").into_iter().chain([namespace]))
    }

    /// Returns the tokens as text: `--name`, `--name=value`, `--name?` for a missing value, `?word` for an unknown
    /// flag, `word`, and `'word` for an escaped word.
    fn lexed(line: &str) -> String {
        let words = apply_table().lex(line.split(' ').filter(|word| !word.is_empty()));
        let shown = words.iter().map(|token| match token {
            Token::Flag(flag) => {
                let missing = if flag.lacks_value { "?" } else { "" };
                format!("{}{missing}", flag.to_word().to_string_lossy())
            }
            Token::Unknown(word) => format!("?{}", word.to_string_lossy()),
            Token::Positional(word) => word.to_string_lossy().into_owned(),
            Token::Escaped(word) => format!("'{}", word.to_string_lossy()),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_read_as_pflag_reads_them() {
        for (typed, tokens) in [
            ("-f job.yaml", "--filename=job.yaml"),
            ("-fjob.yaml", "--filename=job.yaml"),
            ("-f=job.yaml", "--filename=job.yaml"),
            ("--filename job.yaml", "--filename=job.yaml"),
            ("--filename=job.yaml", "--filename=job.yaml"),
            ("-f a -f b", "--filename=a --filename=b"),
            ("-f -", "--filename=-"),
            ("-f-", "--filename=-"),
            ("-f --", "--filename=--"),
            ("-f -R", "--filename=-R"),
            ("-f=", "--filename=="),
            ("--filename= x", "--filename= x"),
            ("-Rn danger", "--recursive --namespace=danger"),
            ("-Rndanger", "--recursive --namespace=danger"),
            ("-Rn=danger", "--recursive --namespace=danger"),
            ("-Rf DIR", "--recursive --filename=DIR"),
            ("-Rf-", "--recursive --filename=-"),
            ("-R=false", "--recursive=false"),
            ("-R false", "--recursive false"),
            ("-nns", "--namespace=ns"),
            ("--dry-run none", "--dry-run none"),
            ("--dry-run=none", "--dry-run=none"),
            ("--server_side --dry_run=server", "--server-side --dry-run=server"),
            ("--field-manager me", "--field-manager=me"),
            ("- x", "- x"),
            ("-R -- -f x", "--recursive '-f 'x"),
            ("-f", "--filename?"),
            ("-Rf", "--recursive --filename?"),
            ("--nosuch x", "?--nosuch x"),
            ("-RZf x", "?-RZf x"),
            ("-R=", "?-R="),
            ("--=x ---", "?--=x ?---"),
        ] {
            assert_eq!(lexed(typed), tokens, "{typed}");
        }
    }

    #[test]
    fn a_list_is_split_as_csv() {
        let split = |value| split_list(value).map(|fields| fields.join("|"));
        for (value, fields) in [
            ("a.yaml,-", Some("a.yaml|-")),
            ("", Some("")),
            (",", Some("|")),
            ("\"a,b\",c", Some("a,b|c")),
            ("\"a\"\"b\"", Some("a\"b")),
            ("a\"b", None),
            ("\"a", None),
            ("\"a\"b", None),
            ("a\nb", Some("a")),
        ] {
            assert_eq!(split(value).as_deref(), fields, "{value}");
        }
        assert_eq!(split_list("").unwrap().len(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_word_that_is_not_utf8_is_kept_to_the_byte() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let Token::Flag(flag) = apply_table().lex([bytes(b"-Rf\xff.yaml")]).remove(1) else { panic!() };
        assert_eq!(flag.value, Some(bytes(b"\xff.yaml")));
        assert_eq!(apply_table().lex([bytes(b"-\xff")]), [Token::Unknown(bytes(b"-\xff"))]);
    }

    #[test]
    fn leading_flags_end_at_the_first_word_that_is_not_a_flag() {
        let leading = |line: &str| {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            apply_table().lex_leading(&words).map(|(flags, rest)| (flags.len(), rest.len()))
        };
        assert_eq!(leading("-n ns get -n x"), Some((1, 3)));
        assert_eq!(leading("-Rnns get"), Some((2, 1)));
        assert_eq!(leading("get -n ns"), Some((0, 3)));
        assert_eq!(leading("-n ns"), Some((1, 0)));
        for refused in ["-n", "--watch get", "-- get", "- get"] {
            assert_eq!(leading(refused), None, "{refused}");
        }
    }
}
