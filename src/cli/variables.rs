//! The variables `KUBECTL_SEQ_*`, which hold a user's own defaults. A flag takes precedence over its variable.
//!
//! This is the only list of the variables. A test compares it with the table in `docs/commands.md`.

use std::env;
use std::ffi::OsString;

use clap::ValueEnum;

use crate::source::{ErrorKind, SourceError};

/// A variable of the environment that this program defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// The default of `--progress`.
    Progress,
    /// The default of `--color`.
    Color,
    /// Whether the live picture uses the mouse when it starts.
    Mouse,
}

impl Variable {
    /// All variables.
    pub(crate) const ALL: [Self; 3] = [Self::Progress, Self::Color, Self::Mouse];

    /// Returns the name of the variable.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Progress => "KUBECTL_SEQ_PROGRESS",
            Self::Color => "KUBECTL_SEQ_COLOR",
            Self::Mouse => "KUBECTL_SEQ_MOUSE",
        }
    }
}

/// The values of the variables, as the user has set them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    values: Vec<(Variable, String)>,
}

impl Variables {
    /// Reads the variables of this process.
    pub(crate) fn from_process() -> Self {
        Self::read(|name| env::var_os(name))
    }

    /// Reads the variables. `get` returns the value of the variable that has the given name. An empty value counts as
    /// not set.
    pub(crate) fn read(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let values = Variable::ALL.into_iter().filter_map(|variable| {
            let value = get(variable.name()).filter(|value| !value.is_empty())?;
            Some((variable, value.to_string_lossy().into_owned()))
        });
        Self { values: values.collect() }
    }

    /// Parses the value of a variable. Returns `None` if the variable is not set.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if `T` has no such value.
    pub(crate) fn parse<T: ValueEnum>(&self, variable: Variable) -> Result<Option<T>, SourceError> {
        let Some((_, text)) = self.values.iter().find(|(other, _)| *other == variable) else {
            return Ok(None);
        };
        T::from_str(text, true).map(Some).map_err(|_| {
            let summary = format!("{} has the unknown value `{text}`", variable.name());
            SourceError::new(ErrorKind::Usage, summary)
                .hint(format!("Set it to {}, or unset it.", list_values::<T>()))
        })
    }
}

/// Lists the values of a type: `auto, live, lines or none`.
fn list_values<T: ValueEnum>() -> String {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        Some(_) | None => names.concat(),
    }
}

/// Whether the live picture uses the mouse at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MouseMode {
    /// The program uses the mouse
    On,
    /// The terminal keeps the mouse, for example to select text
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::follow::ProgressMode;

    fn set(name: &'static str, value: &'static str) -> Variables {
        Variables::read(move |asked| (asked == name).then(|| value.into()))
    }

    #[test]
    fn a_variable_has_the_values_of_its_flag() {
        let variables = set("KUBECTL_SEQ_PROGRESS", "Lines");
        assert_eq!(variables.parse(Variable::Progress).unwrap(), Some(ProgressMode::Lines));
        assert_eq!(variables.parse::<MouseMode>(Variable::Mouse).unwrap(), None);
        assert_eq!(set("KUBECTL_SEQ_MOUSE", "off").parse(Variable::Mouse).unwrap(), Some(MouseMode::Off));
        assert_eq!(set("KUBECTL_SEQ_MOUSE", "").parse::<MouseMode>(Variable::Mouse).unwrap(), None);
    }

    #[test]
    fn an_unknown_value_is_wrong_usage_and_the_error_names_the_variable_and_its_values() {
        let error =
            set("KUBECTL_SEQ_PROGRESS", "fast").parse::<ProgressMode>(Variable::Progress).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert_eq!(error.summary, "KUBECTL_SEQ_PROGRESS has the unknown value `fast`");
        assert_eq!(error.hints, ["Set it to auto, live, lines or none, or unset it."]);
        let error = set("KUBECTL_SEQ_MOUSE", "no").parse::<MouseMode>(Variable::Mouse).unwrap_err();
        assert_eq!(error.hints, ["Set it to on or off, or unset it."]);
    }

    #[test]
    fn the_commands_page_lists_every_variable() {
        let page = include_str!("../../docs/commands.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `KUBECTL_SEQ_"));
        let listed: Vec<String> = rows
            .filter_map(|row| row.split_once('`'))
            .map(|(name, _)| format!("KUBECTL_SEQ_{name}"))
            .collect();
        assert_eq!(listed, Variable::ALL.map(Variable::name));
    }
}
