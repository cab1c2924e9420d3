//! `kubectl seq version`: the version of the program. With `--verbose`, also the setup in which the program runs.

pub(crate) mod setup;
pub(crate) mod text;

use std::env::consts::{ARCH, OS};

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::environment::Environment;
use crate::cli::version::setup::{Setup, examine_setup};
use crate::cli::version::text::describe_version;
use crate::export::{write_json, write_yaml};

/// The arguments of `kubectl seq version`.
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Check the setup: kubectl, the server and its clock, your rights, the terminal
    #[arg(long, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// Print a document
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<VersionFormat>,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// The format of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VersionFormat {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// The document of `version -o json`.
#[derive(Debug, Serialize)]
pub(crate) struct VersionDocument {
    /// The version of this program.
    version: &'static str,
    /// Operating system and processor: `linux/x86_64`.
    platform: String,
    /// The setup, if the user asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    setup: Option<Setup>,
}

/// Prints the version and, if the user asked for it, the setup. An unknown part of the setup is not an error.
pub(crate) async fn run(args: VersionArgs, environment: &Environment) -> Result<Exit, RunError> {
    let setup = if args.verbose {
        Some(examine_setup(&args.connection.connection(), environment).await?)
    } else {
        None
    };
    let document =
        VersionDocument { version: env!("CARGO_PKG_VERSION"), platform: format!("{OS}/{ARCH}"), setup };
    Streams::write_stdout(|out| match args.output {
        None => {
            let VersionDocument { version, platform, setup } = &document;
            out.write_all(describe_version(version, platform, setup.as_ref()).as_bytes())
        }
        Some(VersionFormat::Json) => write_json(&document, out),
        Some(VersionFormat::Yaml) => write_yaml(&document, out),
    })?;
    Ok(Exit::Success)
}
