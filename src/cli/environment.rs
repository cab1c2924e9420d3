//! The terminals and variables of the process. They are read once and passed on as one value.

use std::env;
use std::io::{self, IsTerminal as _};

use crate::app::ci::service::CiService;
use crate::cli::variables::Variables;
use crate::terminal::tab_progress::can_show_tab_progress;

/// The environment of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the environment")]
pub(crate) struct Environment {
    /// Whether standard output is a terminal.
    pub(crate) stdout_terminal: bool,
    /// Whether standard error is a terminal.
    pub(crate) stderr_terminal: bool,
    /// Whether `NO_COLOR` is set and not empty.
    pub(crate) no_color: bool,
    /// Whether the program runs in a CI service: `CI` or one of [`SERVICE_VARIABLES`] has a value other than an empty
    /// text, `0` or `false`.
    pub(crate) ci: bool,
    /// The CI service that the program runs in, if the environment names one.
    pub(crate) ci_service: Option<CiService>,
    /// Whether the terminal cannot move its cursor: `TERM` is `dumb`, or not set on a system that uses this variable.
    pub(crate) dumb: bool,
    /// Whether the locale uses UTF-8.
    pub(crate) utf8: bool,
    /// The value of `COLUMNS`, if the value is a number above zero.
    pub(crate) columns: Option<usize>,
    /// Whether the terminal is known to show progress in its tab.
    pub(crate) tab_progress: bool,
    /// The variables of this program.
    pub(crate) variables: Variables,
}

impl Environment {
    /// Reads the environment of this process.
    pub(crate) fn from_process() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = text("LC_ALL").or_else(|| text("LC_CTYPE")).or_else(|| text("LANG"));
        Self {
            stdout_terminal: io::stdout().is_terminal(),
            stderr_terminal: io::stderr().is_terminal(),
            no_color: text("NO_COLOR").is_some(),
            ci: is_ci(text),
            ci_service: find_ci_service(text),
            dumb: text("TERM").map_or(cfg!(not(windows)), |term| term == "dumb"),
            utf8: is_utf8(locale.as_deref()),
            columns: text("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0),
            tab_progress: can_show_tab_progress(),
            variables: Variables::from_process(),
        }
    }
}

/// The variables by which a CI service can be recognized. Azure sets its variable to `True`.
const SERVICE_VARIABLES: [(&str, CiService); 4] = [
    ("GITHUB_ACTIONS", CiService::GitHub),
    ("GITLAB_CI", CiService::GitLab),
    ("TF_BUILD", CiService::Azure),
    ("BUILDKITE", CiService::Buildkite),
];

/// Whether a variable of a CI service is set. `text` returns the value of a variable, or `None` if the variable is not
/// set or empty.
fn is_ci<F>(text: F) -> bool
where
    F: Fn(&str) -> Option<String>,
{
    text("CI").is_some_and(is_on) || find_ci_service(text).is_some()
}

/// Returns the CI service that the variables name.
fn find_ci_service(text: impl Fn(&str) -> Option<String>) -> Option<CiService> {
    let named = SERVICE_VARIABLES.into_iter().find(|(variable, _)| text(variable).is_some_and(is_on));
    named.map(|(_, service)| service)
}

/// Whether the value of a variable is neither `0` nor `false`.
#[expect(clippy::needless_pass_by_value, reason = "the caller has no other use for the value")]
fn is_on(value: String) -> bool {
    value != "0" && !value.eq_ignore_ascii_case("false")
}

/// Whether the name of a locale contains UTF-8. Without a locale, the result is true, because today's terminals use
/// UTF-8.
fn is_utf8(locale: Option<&str>) -> bool {
    let Some(locale) = locale else { return true };
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_recognized_by_its_variable() {
        let with = |name: &str, value: &str| is_ci(|asked| (asked == name).then(|| value.to_owned()));
        for name in ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "BUILDKITE"] {
            assert!(with(name, "true") && with(name, "True") && with(name, "1"), "{name}");
            assert!(!with(name, "false") && !with(name, "False") && !with(name, "0"), "{name}");
        }
        assert!(!with("CIRCLE", "true"));
    }

    #[test]
    fn a_variable_of_a_ci_service_names_the_service() {
        for (variable, value, service) in [
            ("GITHUB_ACTIONS", "true", Some(CiService::GitHub)),
            ("GITLAB_CI", "true", Some(CiService::GitLab)),
            ("TF_BUILD", "True", Some(CiService::Azure)),
            ("BUILDKITE", "true", Some(CiService::Buildkite)),
            ("GITHUB_ACTIONS", "false", None),
            ("CI", "true", None),
        ] {
            let text = |name: &str| (name == variable).then(|| value.to_owned());
            assert_eq!(find_ci_service(text), service, "{variable}={value}");
        }
    }

    #[test]
    fn the_locale_decides_whether_the_terminal_uses_utf8() {
        for (locale, utf8) in [
            (None, true),
            (Some("C.UTF-8"), true),
            (Some("en_US.utf8"), true),
            (Some("C"), false),
            (Some("POSIX"), false),
            (Some("de_DE.ISO-8859-1"), false),
        ] {
            assert_eq!(is_utf8(locale), utf8, "{locale:?}");
        }
    }
}
