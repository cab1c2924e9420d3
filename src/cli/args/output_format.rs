//! The values of `--output`.

use clap::ValueEnum;

use crate::app::output::{DocumentFormat, Output};
use crate::view::View;

/// The formats of this program that `--output` accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// One bar per Pod on a common time axis
    Seq,
    /// One line of columns per Pod
    Table,
    /// The table with more columns
    Wide,
    /// One cell per Pod
    Grid,
    /// One row per workload: where its slot time went
    Runs,
    /// The timeline document
    Json,
    /// One line per change, each a JSON object
    Jsonl,
    /// The timeline document
    Yaml,
    /// Names only
    Name,
}

impl From<OutputFormat> for Output {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Seq => Self::Picture(View::Sequence),
            OutputFormat::Table => Self::Picture(View::Table),
            OutputFormat::Wide => Self::Picture(View::Wide),
            OutputFormat::Grid => Self::Picture(View::Grid),
            OutputFormat::Runs => Self::Picture(View::Runs),
            OutputFormat::Json => Self::Document(DocumentFormat::Json),
            OutputFormat::Jsonl => Self::Changes,
            OutputFormat::Yaml => Self::Document(DocumentFormat::Yaml),
            OutputFormat::Name => Self::Names,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::command_line::Cli;

    #[test]
    fn the_help_of_apply_names_every_format() {
        let command = Cli::command();
        let apply = command.find_subcommand("apply").unwrap();
        let output = apply.get_arguments().find(|argument| argument.get_long() == Some("output")).unwrap();
        let help = output.get_help().unwrap().to_string();
        let list = help.strip_prefix("Output format: ").unwrap();
        let names: Vec<String> = OutputFormat::value_variants()
            .iter()
            .map(|format| format.to_possible_value().unwrap().get_name().to_owned())
            .collect();
        assert_eq!(list.split(", ").collect::<Vec<_>>(), names);
    }
}
