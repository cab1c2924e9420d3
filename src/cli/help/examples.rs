//! The examples that the help and the man page of each command show.

/// Returns the examples of a command: shell comments and command lines. All lines except the first are indented.
/// Empty if the command has no examples.
pub(crate) fn examples(command: &str) -> &'static str {
    match command {
        "kubectl-seq" => ROOT,
        "apply" => APPLY,
        "create" => CREATE,
        "replace" => REPLACE,
        "get" => GET,
        "pod" => POD,
        "simulate" => SIMULATE,
        "record" => RECORD,
        "replay" => REPLAY,
        "diff" => DIFF,
        "history" => HISTORY,
        "completion" => COMPLETION,
        "version" => VERSION,
        _ => "",
    }
}

const ROOT: &str = "\
# Try the program without a cluster
  kubectl seq simulate

  # Apply a Job and follow it until it ends
  kubectl seq apply -f job.yaml

  # Show where the time of a Job went
  kubectl seq get job/pi";

const APPLY: &str = "\
# Apply a Job and follow it until it ends
  kubectl seq apply -f job.yaml

  # In CI: stop at the first failure, after ten minutes at most
  kubectl seq apply -f job.yaml --fail-fast --timeout 10m

  # Fail if the cold start of one Pod in twenty takes over 30 seconds
  kubectl seq apply -f job.yaml --fail-if 'p95(coldStart) > 30s'

  # Show the logs of the Pods, and notify the desktop at the end
  kubectl seq apply -f job.yaml --logs --notify

  # Send a trace of the run to an OpenTelemetry receiver
  kubectl seq apply -f job.yaml --otlp-endpoint http://localhost:4318

  # Record the run, and show it again later
  kubectl seq apply -f job.yaml --record run.jsonl
  kubectl seq replay run.jsonl";

const CREATE: &str = "\
# Create a Job with a generated name and follow it
  kubectl seq create -f job.yaml

  # Run a CronJob now
  kubectl seq create job backup-now --from=cronjob/backup

  # Run a command as a Job
  kubectl seq create job hello --image=busybox -- echo hello";

const REPLACE: &str = "\
# Run a Job again
  kubectl seq replace --force -f job.yaml";

const GET: &str = "\
# Show where the time of a Job went
  kubectl seq get job/pi

  # Follow all Jobs of a namespace until they have ended
  kubectl seq get jobs -n batch --watch

  # Compare everything that runs Pods, in all namespaces
  kubectl seq get all -A

  # Show the Pods that ran on a node
  kubectl seq get node/node-1

  # Show the Pods with the longest cold start first, as a table
  kubectl seq get job/pi -o table --sort cold

  # Print a table for a spreadsheet, or a document for programs
  kubectl seq get job/pi -o csv
  kubectl seq get job/pi -o json

  # Predict what would make the Job faster
  kubectl seq get job/pi --what-if";

const POD: &str = "\
# Show the phases, containers and events of a Pod
  kubectl seq pod pi-4h9hq

  # Follow a Pod until it ends, with its logs
  kubectl seq pod pi-4h9hq --watch --logs";

const SIMULATE: &str = "\
# Run Kubernetes' pi Job
  kubectl seq simulate

  # Run your own manifest on eight nodes
  kubectl seq simulate -f job.yaml --nodes 8

  # Print the end result of another run at once
  kubectl seq simulate --seed 7 --speed 0";

const RECORD: &str = "\
# Record what runs in all namespaces
  kubectl seq record -A --to recordings

  # Record Jobs, for 30 days and up to 20 GiB
  kubectl seq record jobs --to recordings --keep 30d,20GiB

  # Send the traces of all runs to Tempo, Jaeger or a collector
  kubectl seq record -A --otlp-endpoint http://localhost:4318

  # Show the recordings of one Job
  kubectl seq replay recordings/default_job_pi_*";

const REPLAY: &str = "\
# Play a recording
  kubectl seq replay run.jsonl

  # Print the table of the recorded run
  kubectl seq replay run.jsonl -o table --speed 0

  # Export the recorded run for Perfetto
  kubectl seq replay run.jsonl -o trace";

const DIFF: &str = "\
# Compare two recorded runs
  kubectl seq diff before.jsonl after.jsonl

  # Compare a recorded run with the Job as it is now
  kubectl seq diff before.jsonl job/pi

  # Compare two versions, with three runs of each
  kubectl seq diff a1.jsonl a2.jsonl a3.jsonl -- b1.jsonl b2.jsonl b3.jsonl";

const HISTORY: &str = "\
# Show the runs of a CronJob that still exist
  kubectl seq history cj/backup

  # Show all recorded runs of a folder
  kubectl seq history recordings/

  # Show the recorded runs of a Job together with the Job as it is now
  kubectl seq history job/pi recordings/

  # Select a run in the table and open its picture
  kubectl seq history recordings/ -i";

const COMPLETION: &str = "\
# bash
  source <(kubectl-seq completion bash)

  # zsh
  source <(kubectl-seq completion zsh)

  # fish
  kubectl-seq completion fish | source

  # PowerShell
  kubectl-seq completion powershell | Out-String | Invoke-Expression";

const VERSION: &str = "\
# Print the version
  kubectl seq version

  # Check the setup: kubectl, the server, your rights, the clock and the terminal
  kubectl seq version --verbose";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::{command, parse};

    #[test]
    fn every_visible_command_has_examples_and_each_example_is_accepted() {
        let root = command();
        let commands = root.get_subcommands().filter(|command| !command.is_hide_set());
        let names = commands.map(clap::Command::get_name).filter(|name| *name != "help");
        for name in ["kubectl-seq"].into_iter().chain(names) {
            let lines: Vec<&str> = examples(name).lines().map(str::trim).collect();
            let commands = lines.iter().filter(|line| !line.is_empty() && !line.starts_with('#'));
            assert!(commands.clone().next().is_some(), "{name} has no example");
            for line in commands.filter(|line| line.starts_with("kubectl seq ")) {
                // The parts between single quotes are at odd positions.
                let parts = line.split('\'').enumerate();
                let words = parts.flat_map(|(index, part)| match index % 2 {
                    0 => part.split_whitespace().collect(),
                    _ => vec![part],
                });
                let words = ["kubectl-seq"].into_iter().chain(words.skip(2)).map(Into::into).collect();
                assert!(parse(words).is_ok(), "{line}");
            }
        }
    }
}
