//! Runs the program as a user does, without a cluster. Checks both output streams and the exit code.

mod ci;
mod completion;
mod diff;
mod disk_full;
#[expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]
mod documents;
mod exports;
mod help;
mod history;
mod hostile;
mod hostile_names;
mod hostile_server;
mod kubectl_flags;
mod man_pages;
mod recordings;
mod replay;
mod resizing;
mod schema;
mod simulate;
mod soak;
#[path = "../support/mod.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "these tests need only a part of the helpers")]
mod support;
mod terminal;
mod terminal_end;
mod version;

use support::runner::{CommandResult, program, run};

/// Runs the program to its end.
fn seq(arguments: &[&str]) -> CommandResult {
    run(program(arguments), b"")
}

/// Returns the values of `--output`, as the help lists them.
fn output_formats() -> Vec<String> {
    let help = seq(&["simulate", "--help"]).stdout;
    let (_, output) = help.split_once("--output <FORMAT>").expect("the help of --output");
    let (output, _) = output.split_once("[default:").expect("the default of --output");
    let values = output.lines().filter_map(|line| line.trim_start().strip_prefix("- "));
    let formats: Vec<String> =
        values.filter_map(|line| line.split_once(':')).map(|(format, _)| format.to_owned()).collect();
    assert!(formats.contains(&"json".to_owned()), "{formats:?} in {help}");
    formats
}
