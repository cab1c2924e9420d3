//! A namespace for a test, with kubectl and the program in it.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{document, truth};

/// A command that takes longer hangs.
const TIMEOUT: Duration = Duration::from_secs(150);

/// Environment variables that select another cluster than the current one.
pub(crate) type Environment = Vec<(OsString, OsString)>;

/// A namespace that is deleted at the end of its test.
pub(crate) struct Namespace {
    pub(crate) name: String,
    environment: Environment,
}

impl Namespace {
    /// Creates a namespace and waits until Pods can be created in it.
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
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Ended {
        self.kubectl_anywhere(&[&["--namespace", &self.name], arguments].concat())
    }

    fn kubectl_anywhere(&self, arguments: &[&str]) -> Ended {
        self.kubectl_with(arguments, "")
    }

    /// Runs kubectl in this namespace's cluster, with `input` on standard input.
    pub(crate) fn kubectl_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = Command::new("kubectl");
        self.select_cluster(command.args(arguments));
        Running::start(command, input).wait()
    }

    /// Makes a command use this namespace's cluster.
    fn select_cluster(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Checks the rules of every document, and compares it with what the nodes did. Returns the number of compared times.
    #[track_caller]
    pub(crate) fn check(&self, document: &Value) -> usize {
        document::check(document);
        truth::compare_in(document, |command| self.select_cluster(command))
    }

    /// Applies a manifest, follows it to its end and checks the document.
    #[track_caller]
    pub(crate) fn follow(&self, file: &str, code: i32) -> Value {
        let followed = self.seq(&["apply", "-f", &manifest(file), "-o", "json", "--timeout=100s"]);
        let document = followed.ends(code).json();
        self.check(&document);
        document
    }

    /// Runs the program in this namespace to its end.
    pub(crate) fn seq(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// Runs the program in this namespace repeatedly until it prints `text`.
    #[track_caller]
    pub(crate) fn seq_until(&self, arguments: &[&str], text: &str) -> Ended {
        let since = Instant::now();
        loop {
            let ended = self.seq(arguments).succeeds();
            if ended.stdout.contains(text) {
                return ended;
            }
            assert!(since.elapsed() < TIMEOUT, "no {text:?} in\n{ended:#}");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Runs the program without a namespace to its end.
    pub(crate) fn seq_anywhere(arguments: &[&str]) -> Ended {
        let mut command = program();
        command.args(arguments);
        Running::start(command, "").wait()
    }

    /// Starts the program in this namespace.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments), "")
    }

    /// The command that runs the program in this namespace.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        // The flag follows the subcommand, as users type it.
        command.args(&arguments[..1]).args(["--namespace", &self.name]).args(&arguments[1..]);
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

    /// The name of the first Pod with this label.
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

/// The path of a manifest.
pub(crate) fn manifest(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/manifests");
    let path = PathBuf::from(folder).join(file);
    assert!(path.exists(), "{}", path.display());
    path.to_string_lossy().into_owned()
}

/// Runs kubectl to its end.
pub(crate) fn kubectl(arguments: &[&str]) -> Ended {
    let mut command = Command::new("kubectl");
    command.args(arguments);
    Running::start(command, "").wait()
}

/// The program without environment variables that change its output.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-seq"));
    for name in ["CI", "NO_COLOR", "KUBECTL_PATH", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
    command
}

/// The result of a program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{self:#}");
        self
    }

    /// Fails unless the exit code is 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends(0)
    }

    /// Fails unless stdout contains `text`.
    #[track_caller]
    pub(crate) fn prints(&self, text: &str) {
        assert!(self.stdout.contains(text), "{text:?} is missing\n{self:#}");
    }

    /// Fails unless stderr contains `text`.
    #[track_caller]
    pub(crate) fn warns(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?} is missing\n{self:#}");
    }

    /// Stdout as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self:#}"))
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(formatter, "$ {command}\nexit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A running program whose output is collected.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: Gathered,
    stderr: Gathered,
}

struct Gathered {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Gathered {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    fn all(self) -> String {
        self.reader.join().unwrap();
        String::from_utf8(self.text.lock().unwrap().clone()).expect("UTF-8")
    }
}

impl Running {
    /// Starts a program with `input` on standard input.
    pub(crate) fn start(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{command:?}");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        // The program may end before it reads everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let stdout = Gathered::from(child.stdout.take().unwrap());
        let stderr = Gathered::from(child.stderr.take().unwrap());
        Self { command: shown, child, stdout, stderr }
    }

    /// Waits until the program has printed `text` to stdout or stderr.
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        let since = Instant::now();
        loop {
            let said = format!("{}\n{}", self.stdout.so_far(), self.stderr.so_far());
            if said.contains(text) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && since.elapsed() < TIMEOUT, "{}: no {text:?} in\n{said}", self.command);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal, such as `INT` or `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until the program ends. Kills it after the timeout.
    pub(crate) fn wait(mut self) -> Ended {
        let status = wait_or_kill(&mut self.child);
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        let ended =
            Ended { command: self.command, code: status.and_then(|status| status.code()), stdout, stderr };
        assert!(status.is_some(), "it did not end\n{ended:#}");
        ended
    }
}

/// Waits for a child process. Returns `None` if it had to be killed.
pub(crate) fn wait_or_kill(child: &mut Child) -> Option<ExitStatus> {
    let since = Instant::now();
    while since.elapsed() < TIMEOUT {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Prints a line even if the test passes.
pub(crate) fn print_notice(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
