//! The program as a user runs it, without a cluster: what it prints, where, and how it ends.

mod help;
mod kubectl_flags;
mod replay;
mod simulate;
mod terminal;

use std::fmt;
use std::process::{Command, Stdio};

/// The program in surroundings of its own: no terminal, no configuration, a UTF-8 locale.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-seq"));
    command.args(arguments).env_clear().env("LANG", "C.UTF-8").env("TERM", "xterm").stdin(Stdio::null());
    command
}

/// What a run left.
struct Ended {
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(formatter, "------- stderr -------\n{}", self.stderr)?;
        }
        write!(formatter, "[exit code: {}]", self.code.map_or_else(|| "none".into(), |code| code.to_string()))
    }
}

/// Runs it to its end.
fn seq(arguments: &[&str]) -> Ended {
    ended(&mut program(arguments))
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
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
