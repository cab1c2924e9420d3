//! Creates a namespace for a test, and runs kubectl and the program in this namespace.

use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::runner::{COMMAND_TIMEOUT, program};
pub(crate) use crate::support::runner::{CommandResult, Running, run, wait_or_kill};
use crate::{document, truth};

/// Environment variables that select a cluster. The list is empty for the cluster of the current kubeconfig.
pub(crate) type Environment = Vec<(OsString, OsString)>;

/// A namespace for one test. Dropping the value deletes the namespace.
pub(crate) struct Namespace {
    pub(crate) name: String,
    environment: Environment,
}

impl Namespace {
    /// Creates a namespace and waits for the service account that Pods need.
    pub(crate) fn new(topic: &str) -> Self {
        Self::within(topic, Environment::new())
    }

    /// Creates a namespace in the cluster that `environment` selects.
    pub(crate) fn within(topic: &str, environment: Environment) -> Self {
        let namespace = Self { name: format!("seq-{topic}-{}", std::process::id()), environment };
        namespace.kubectl_anywhere(&["create", "namespace", &namespace.name]).succeeds();
        namespace.kubectl(&["wait", "--for=create", "serviceaccount/default", "--timeout=60s"]).succeeds();
        namespace
    }

    /// Runs kubectl in this namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> CommandResult {
        self.kubectl_anywhere(&[&["--namespace", &self.name], arguments].concat())
    }

    fn kubectl_anywhere(&self, arguments: &[&str]) -> CommandResult {
        self.kubectl_with(arguments, "")
    }

    /// Runs kubectl in this namespace's cluster, with `input` on standard input.
    pub(crate) fn kubectl_with(&self, arguments: &[&str], input: &str) -> CommandResult {
        let mut command = Command::new("kubectl");
        self.select_cluster(command.args(arguments));
        run(command, input.as_bytes())
    }

    /// Makes a command use this namespace's cluster.
    fn select_cluster(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Checks the rules that every document follows, and compares the document with the records of the nodes. Returns
    /// the number of compared times.
    #[track_caller]
    pub(crate) fn check(&self, document: &Value) -> usize {
        document::check(document);
        truth::compare_in(document, |command| self.select_cluster(command))
    }

    /// Applies a manifest, follows its workloads until they end, and checks the exit code and the document.
    #[track_caller]
    pub(crate) fn follow(&self, file: &str, code: i32) -> Value {
        let followed = self.seq(&["apply", "-f", &manifest(file), "-o", "json", "--timeout=100s"]);
        let document = followed.exits_with(code).json();
        self.check(&document);
        document
    }

    /// Runs the program in this namespace to its end.
    pub(crate) fn seq(&self, arguments: &[&str]) -> CommandResult {
        self.start(arguments).wait()
    }

    /// Runs the program in this namespace to its end, with `input` on standard input.
    pub(crate) fn seq_with(&self, arguments: &[&str], input: &str) -> CommandResult {
        run(self.command(arguments), input.as_bytes())
    }

    /// Runs the program in this namespace again and again until it prints `text`.
    #[track_caller]
    pub(crate) fn seq_until(&self, arguments: &[&str], text: &str) -> CommandResult {
        let start = Instant::now();
        loop {
            let result = self.seq(arguments).succeeds();
            if result.stdout.contains(text) {
                return result;
            }
            assert!(start.elapsed() < COMMAND_TIMEOUT, "no {text:?} in\n{result:#}");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Runs the program to its end, in the namespace of the current kubeconfig.
    pub(crate) fn seq_anywhere(arguments: &[&str]) -> CommandResult {
        run(program_with_cluster(arguments), b"")
    }

    /// Starts the program in this namespace.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments), b"")
    }

    /// Returns the command that runs the program in this namespace.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        // The flag follows the subcommand, as users type it.
        let (subcommand, rest) = arguments.split_at(arguments.len().min(1));
        let mut command = program_with_cluster(&[subcommand, &["--namespace", &self.name], rest].concat());
        self.select_cluster(&mut command);
        command
    }

    /// Applies a manifest with kubectl and waits until all its Jobs are complete.
    pub(crate) fn complete(&self, file: &str) {
        self.kubectl(&["apply", "-f", &manifest(file)]).succeeds();
        self.kubectl(&["wait", "--for=condition=complete", "jobs", "--all", "--timeout=120s"]).succeeds();
    }

    /// Waits until a Job has `pods` ready Pods.
    pub(crate) fn wait_until_ready(&self, job: &str, pods: u32) {
        let (job, ready) = (format!("job/{job}"), format!("--for=jsonpath={{.status.ready}}={pods}"));
        self.kubectl(&["wait", "--for=create", &job, "--timeout=60s"]).succeeds();
        self.kubectl(&["wait", &ready, &job, "--timeout=60s"]).succeeds();
    }

    /// Returns the name of the first Pod that the label selector matches.
    pub(crate) fn pod(&self, selector: &str) -> String {
        let name = "jsonpath={.items[0].metadata.name}";
        self.kubectl(&["get", "pods", "-l", selector, "-o", name]).succeeds().stdout
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.kubectl_anywhere(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}

/// Returns the path of a file in the folder `manifests`. Fails if the file does not exist.
pub(crate) fn manifest(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/manifests");
    let path = PathBuf::from(folder).join(file);
    assert!(path.exists(), "{}", path.display());
    path.to_string_lossy().into_owned()
}

/// Runs kubectl to its end.
pub(crate) fn kubectl(arguments: &[&str]) -> CommandResult {
    let mut command = Command::new("kubectl");
    command.args(arguments);
    run(command, b"")
}

/// Variables that change the output of the program or of the kubectl that the program runs. The program does not
/// inherit these variables.
const OUTPUT_VARIABLES: [&str; 15] = [
    "BUILDKITE",
    "CI",
    "COLUMNS",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "KUBECTL_PATH",
    "KUBECTL_SEQ_PROGRESS",
    "KUBECTL_SEQ_COLOR",
    "KUBECTL_SEQ_MOUSE",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NO_COLOR",
    "TERM",
    "TF_BUILD",
];

/// Returns a command that runs the program with access to the cluster of the current kubeconfig. The command has the
/// clean environment and all inherited variables except [`OUTPUT_VARIABLES`].
pub(crate) fn program_with_cluster(arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    command.envs(env::vars_os().filter(|(name, _)| !OUTPUT_VARIABLES.iter().any(|output| name == output)));
    command
}

impl CommandResult {
    /// Fails unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{self:#}");
        self
    }

    /// Fails unless the exit code is 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits_with(0)
    }

    /// Fails unless standard output contains `text`.
    #[track_caller]
    pub(crate) fn prints(&self, text: &str) {
        assert!(self.stdout.contains(text), "{text:?} is missing\n{self:#}");
    }

    /// Fails unless standard error contains `text`.
    #[track_caller]
    pub(crate) fn reports(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?} is missing\n{self:#}");
    }

    /// Returns standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self:#}"))
    }
}

/// Prints a line. The line also appears if the test passes, because the test runner does not capture this write.
pub(crate) fn print_notice(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
