//! The values of `--output`.

use clap::ValueEnum;

use crate::app::output::{DocumentFormat, ExportFormat, Output};
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
    /// A table with a row per Pod, for spreadsheets and programs
    Csv,
    /// A trace for Perfetto and Chrome, by slot, or by node with --group-by node
    Trace,
    /// Traces of OpenTelemetry as JSON, one message per line
    Otlp,
    /// A report with a Mermaid diagram and a table of all Pods
    Markdown,
    /// A picture for light and dark pages
    Svg,
    /// An interactive page in one file
    Html,
    /// Job manifests that make a kwok cluster play the measured times
    Kwok,
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
            OutputFormat::Csv => Self::Export(ExportFormat::Csv),
            OutputFormat::Trace => Self::Export(ExportFormat::Trace),
            OutputFormat::Otlp => Self::Export(ExportFormat::Otlp),
            OutputFormat::Markdown => Self::Export(ExportFormat::Markdown),
            OutputFormat::Svg => Self::Export(ExportFormat::Svg),
            OutputFormat::Html => Self::Export(ExportFormat::Html),
            OutputFormat::Kwok => Self::Export(ExportFormat::Kwok),
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
