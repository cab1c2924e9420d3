//! What the process sees of the world, asked once. Everything that decides by it takes it as a value.

use std::env;
use std::io::{self, IsTerminal as _};

/// The surroundings of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the surroundings")]
pub(crate) struct Environment {
    /// Standard output is a terminal.
    pub(crate) stdout_terminal: bool,
    /// Standard error is a terminal.
    pub(crate) stderr_terminal: bool,
    /// `NO_COLOR` is set and not empty.
    pub(crate) no_color: bool,
    /// `CI` is set and not empty, `0` or `false`.
    pub(crate) ci: bool,
    /// `TERM` is `dumb`, or there is none.
    pub(crate) dumb: bool,
    /// The locale says UTF-8.
    pub utf8: bool,
    /// `COLUMNS`.
    pub(crate) columns: Option<usize>,
    /// `KUBECTL_SEQ_PROGRESS`.
    pub(crate) progress: Option<String>,
}

impl Environment {
    /// The surroundings now.
    pub(crate) fn of_process() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG"));
        Self {
            stdout_terminal: io::stdout().is_terminal(),
            stderr_terminal: io::stderr().is_terminal(),
            no_color: text("NO_COLOR").is_some(),
            ci: text("CI").is_some_and(|value| value != "0" && value != "false"),
            dumb: text("TERM").is_none_or(|term| term == "dumb"),
            utf8: says_utf8(locale.as_deref()),
            columns: text("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0),
            progress: text("KUBECTL_SEQ_PROGRESS"),
        }
    }
}

/// Whether a locale is UTF-8. Without one, today's terminals are; `C` and `POSIX` say they are not.
fn says_utf8(locale: Option<&str>) -> bool {
    let Some(locale) = locale else { return true };
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_whether_it_is_utf8() {
        for (locale, utf8) in [
            (None, true),
            (Some("C.UTF-8"), true),
            (Some("en_US.utf8"), true),
            (Some("C"), false),
            (Some("POSIX"), false),
            (Some("de_DE.ISO-8859-1"), false),
        ] {
            assert_eq!(says_utf8(locale), utf8, "{locale:?}");
        }
    }
}
