//! `kubectl seq`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubectl_seq::cli::main(std::env::args_os())
}
