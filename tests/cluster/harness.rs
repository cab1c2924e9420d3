//! A namespace for a test, kubectl and the program in it.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{document, truth};

/// No command of a test takes longer, unless the program hangs.
const PATIENCE: Duration = Duration::from_secs(150);

/// Variables that lead to another cluster than the current one.
pub(crate) type Environment = Vec<(OsString, OsString)>;

/// A namespace that lives as long as its test.
pub(crate) struct Namespace {
    pub(crate) name: String,
    environment: Environment,
}

impl Namespace {
    /// Makes a namespace in which Pods can be made.
    pub(crate) fn new(topic: &str) -> Self {
        Self::within(topic, Environment::new())
    }

    /// The same in another cluster.
    pub(crate) fn within(topic: &str, environment: Environment) -> Self {
        let namespace = Self { name: format!("seq-{topic}-{}", std::process::id()), environment };
        namespace.kubectl_anywhere(&["create", "namespace", &namespace.name]).succeeds();
        namespace.kubectl(&["wait", "--for=create", "serviceaccount/default", "--timeout=60s"]).succeeds();
        namespace
    }

    /// kubectl in this namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Ended {
        self.kubectl_anywhere(&[&["--namespace", &self.name], arguments].concat())
    }

    fn kubectl_anywhere(&self, arguments: &[&str]) -> Ended {
        self.kubectl_with(arguments, "")
    }

    /// kubectl in this namespace's cluster, with that input.
    pub(crate) fn kubectl_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = Command::new("kubectl");
        self.lead(command.args(arguments));
        Running::start(command, input).wait()
    }

    /// Leads a command to this namespace's cluster.
    fn lead(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Holds all that is held in every document: its own sums and orders, and the truth. Says how much of the truth.
    #[track_caller]
    pub(crate) fn hold(&self, document: &Value) -> usize {
        document::hold(document);
        truth::hold_where(document, |command| self.lead(command))
    }

    /// Applies a manifest, follows it to its end, holds the document.
    #[track_caller]
    pub(crate) fn follow(&self, file: &str, code: i32) -> Value {
        let followed = self.seq(&["apply", "-f", &manifest(file), "-o", "json", "--timeout=100s"]);
        let document = followed.ends(code).json();
        self.hold(&document);
        document
    }

    /// The program in this namespace, to its end.
    pub(crate) fn seq(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// The program in this namespace, again and again until it says that.
    #[track_caller]
    pub(crate) fn seq_until(&self, arguments: &[&str], text: &str) -> Ended {
        let since = Instant::now();
        loop {
            let ended = self.seq(arguments).succeeds();
            if ended.stdout.contains(text) {
                return ended;
            }
            assert!(since.elapsed() < PATIENCE, "no {text:?} in\n{ended:#}");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// The program without this namespace, to its end.
    pub(crate) fn seq_anywhere(arguments: &[&str]) -> Ended {
        let mut command = program();
        command.args(arguments);
        Running::start(command, "").wait()
    }

    /// The program in this namespace.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments), "")
    }

    /// The program in this namespace, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        // The subcommand comes first; the flag behind it, as users type it.
        command.args(&arguments[..1]).args(["--namespace", &self.name]).args(&arguments[1..]);
        self.lead(&mut command);
        command
    }

    /// Applies a manifest with kubectl and waits until all its Jobs are complete.
    pub(crate) fn complete(&self, file: &str) {
        self.kubectl(&["apply", "-f", &manifest(file)]).succeeds();
        self.kubectl(&["wait", "--for=condition=complete", "jobs", "--all", "--timeout=120s"]).succeeds();
    }

    /// Waits until so many Pods of a Job are ready.
    pub(crate) fn ready(&self, job: &str, pods: u32) {
        let (job, ready) = (format!("job/{job}"), format!("--for=jsonpath={{.status.ready}}={pods}"));
        self.kubectl(&["wait", "--for=create", &job, "--timeout=60s"]).succeeds();
        self.kubectl(&["wait", &ready, &job, "--timeout=60s"]).succeeds();
    }

    /// Name of the first Pod with that label.
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

/// Path of a manifest.
pub(crate) fn manifest(file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/manifests");
    let path = PathBuf::from(folder).join(file);
    assert!(path.exists(), "{}", path.display());
    path.to_string_lossy().into_owned()
}

/// kubectl, to its end.
pub(crate) fn kubectl(arguments: &[&str]) -> Ended {
    let mut command = Command::new("kubectl");
    command.args(arguments);
    Running::start(command, "").wait()
}

/// The program, with nothing around it that changes what it prints.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-seq"));
    for name in ["CI", "NO_COLOR", "KUBECTL_PATH", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
    command
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails unless it ended with that code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{self:#}");
        self
    }

    /// Fails unless it ended with 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends(0)
    }

    /// Fails unless its stdout has this text.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        assert!(self.stdout.contains(text), "{text:?} is missing\n{self:#}");
    }

    /// Fails unless its stderr has this text.
    #[track_caller]
    pub(crate) fn warns(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?} is missing\n{self:#}");
    }

    /// Its stdout as one JSON document.
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

/// A program that runs; what it prints is gathered meanwhile.
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
    /// Starts a program with that input.
    pub(crate) fn start(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{command:?}");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let stdout = Gathered::from(child.stdout.take().unwrap());
        let stderr = Gathered::from(child.stderr.take().unwrap());
        Self { command: shown, child, stdout, stderr }
    }

    /// Waits until it has printed that text, on either stream.
    pub(crate) fn until_it_says(&mut self, text: &str) {
        let since = Instant::now();
        loop {
            let said = format!("{}\n{}", self.stdout.so_far(), self.stderr.so_far());
            if said.contains(text) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && since.elapsed() < PATIENCE,
                "{}: no {text:?} in\n{said}",
                self.command
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends it a signal: `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end; kills it if that does not come.
    pub(crate) fn wait(mut self) -> Ended {
        let status = end_of(&mut self.child);
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        let ended =
            Ended { command: self.command, code: status.and_then(|status| status.code()), stdout, stderr };
        assert!(status.is_some(), "it did not end\n{ended:#}");
        ended
    }
}

/// The end of a child, or `None` if it had to be killed.
pub(crate) fn end_of(child: &mut Child) -> Option<ExitStatus> {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Says something that is seen although the test passes.
pub(crate) fn notice(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
