//! `kubectl seq`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubectl_seq::main(std::env::args_os())
}
