//! The command line: one file per subcommand, with its arguments and its function.

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod appearance;
pub(crate) mod apply;
pub(crate) mod command_line;
pub(crate) mod completion;
pub(crate) mod connection;
pub(crate) mod draw_args;
pub(crate) mod environment;
pub(crate) mod follow_args;
pub(crate) mod get;
#[cfg(test)]
pub(crate) mod interactive_tests;
pub(crate) mod kubectl_flags;
pub(crate) mod output_format;
pub(crate) mod pod;
pub(crate) mod record_args;
pub(crate) mod replay;
pub(crate) mod simulate;
pub(crate) mod speed;
pub(crate) mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::app::appearance::Appearance;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::streams::Streams;
use crate::cli::command_line::{Cli, Subcommand};
use crate::cli::draw_args::DrawArgs;
use crate::cli::environment::Environment;
use crate::cli::follow_args::FollowArgs;
use crate::source::ErrorKind;

/// Runs the program with these arguments, the first of which is its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match command_line::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // clap reports help and version as errors too. A closed output is no reason to fail.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() };
        }
    };
    let environment = Environment::from_process();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(RunError::Output(error)), &plain_output(&environment)).into(),
    };
    let exit = runtime.block_on(run(cli, &environment));
    // Does not wait for connections that are still open.
    runtime.shutdown_background();
    exit.into()
}

async fn run(cli: Cli, environment: &Environment) -> Exit {
    match cli.command {
        Subcommand::Apply(args) => {
            let run_output = apply::run_output(&args);
            with_output(
                &args.draw.clone(),
                &args.follow.clone(),
                run_output,
                environment,
                async |drawing, output| apply::run(args, drawing, output).await,
            )
            .await
        }
        Subcommand::Pod(args) => {
            let run_output = pod::run_output(&args);
            with_output(
                &args.draw.clone(),
                &args.follow.clone(),
                run_output,
                environment,
                async |drawing, output| pod::run(args, drawing, output).await,
            )
            .await
        }
        Subcommand::Get(args) => {
            with_output(
                &args.draw.clone(),
                &args.follow.clone(),
                args.output.into(),
                environment,
                async |drawing, output| get::run(args, drawing, output).await,
            )
            .await
        }
        Subcommand::Simulate(args) => {
            with_output(
                &args.draw.clone(),
                &args.follow.clone(),
                args.output.into(),
                environment,
                async |drawing, output| simulate::run(args, drawing, output).await,
            )
            .await
        }
        Subcommand::Replay(args) => {
            with_output(
                &args.draw.clone(),
                &args.follow.clone(),
                args.output.into(),
                environment,
                async |drawing, output| replay::run(args, drawing, output).await,
            )
            .await
        }
        Subcommand::Completion { shell } => {
            end(completion::print_script(shell, &mut command_line::command()), &plain_output(environment))
        }
        Subcommand::Complete { words } => completion::answer(&command_line::command(), &words).await,
        Subcommand::Version => end(version::run(), &plain_output(environment)),
    }
}

async fn with_output(
    draw: &DrawArgs,
    follow: &FollowArgs,
    run_output: Output,
    environment: &Environment,
    command: impl AsyncFnOnce(&Appearance, &Streams) -> Result<Exit, RunError>,
) -> Exit {
    match Appearance::resolve(draw, follow, run_output, environment) {
        Ok(drawing) => {
            let output = Streams::new(drawing.clone());
            end(command(&drawing, &output).await, &output)
        }
        Err(error) => end(Err(error.into()), &plain_output(environment)),
    }
}

/// Prints the error of a command, if it failed, and returns how the program exits.
fn end(result: Result<Exit, RunError>, output: &Streams) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(RunError::BrokenPipe(_)) => Exit::Success,
        Err(RunError::Source(error)) => {
            // The wrapped kubectl has printed its own error.
            if !matches!(error.kind, ErrorKind::Wrapped(_)) {
                output.error(&error.summary, &error.hints);
            }
            error.kind.into()
        }
        Err(error @ RunError::Output(_)) => {
            output.error(&error.to_string(), &[]);
            Exit::Unknown
        }
    }
}

/// Streams for messages of commands that have no flags of drawing.
fn plain_output(environment: &Environment) -> Streams {
    Streams::new(Appearance::for_messages(environment))
}
