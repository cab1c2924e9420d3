//! Runs the program and other commands, and collects their results.

use std::fmt;
use std::fs;
use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Maximum time that a command or a wait for its output may take.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(150);

/// The whole environment of the program: a UTF-8 locale and the type of the terminal.
pub(crate) const CLEAN_ENVIRONMENT: [(&str, &str); 2] = [("LANG", "C.UTF-8"), ("TERM", "xterm")];

/// Returns a command that runs the program with these arguments in [`CLEAN_ENVIRONMENT`].
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-seq"));
    command.args(arguments).env_clear().envs(CLEAN_ENVIRONMENT);
    command
}

/// Runs a command to its end, with `input` on standard input.
pub(crate) fn run(command: Command, input: &[u8]) -> CommandResult {
    Running::start(command, input).wait()
}

/// The result of a command that has ended.
#[derive(Debug)]
pub(crate) struct CommandResult {
    /// The program and its arguments.
    pub(crate) command: String,
    /// The exit code. `None` if a signal ended the command.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Display for CommandResult {
    /// Writes both streams and the exit code. The alternate form `{:#}` begins with the command.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if formatter.alternate() {
            writeln!(formatter, "$ {}", self.command)?;
        }
        write!(formatter, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(formatter, "------- stderr -------\n{}", self.stderr)?;
        }
        write!(formatter, "[exit code: {}]", self.code.map_or_else(|| "none".into(), |code| code.to_string()))
    }
}

/// A running command whose output is collected.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: CollectedOutput,
    stderr: CollectedOutput,
}

impl Running {
    /// Starts a command with `input` on standard input.
    pub(crate) fn start(mut command: Command, input: &[u8]) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let text = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{text}: {error}"));
        let stdout = CollectedOutput::from_pipe(child.stdout.take().expect("a pipe"));
        let stderr = CollectedOutput::from_pipe(child.stderr.take().expect("a pipe"));
        // The command may end before it has read the whole input.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        Self { command: text, child, stdout, stderr }
    }

    /// Waits until the command has printed `text` to one of its streams.
    #[track_caller]
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait_until(text, |printed| printed.contains(text));
    }

    /// Waits until `is_reached` holds for everything that the command has printed to its streams.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, text: &str, is_reached: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let printed = format!("{}\n{}", self.stdout.so_far(), self.stderr.so_far());
            if is_reached(&printed) {
                return;
            }
            let is_running = self.child.try_wait().expect("a child process").is_none();
            assert!(
                is_running && start.elapsed() < COMMAND_TIMEOUT,
                "{}: no {text:?} in\n{printed}",
                self.command
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal, such as `INT` or `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &process]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Returns the maximum resident memory of the command so far in KiB. Returns `None` if the command has ended.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Waits until the command ends. Fails if this takes longer than [`COMMAND_TIMEOUT`].
    #[track_caller]
    pub(crate) fn wait(mut self) -> CommandResult {
        let status = wait_or_kill(&mut self.child);
        let result = CommandResult {
            command: self.command,
            code: status.and_then(|status| status.code()),
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
        };
        assert!(status.is_some(), "the command did not end\n{result:#}");
        result
    }
}

/// The output of a running command. A thread reads it from a pipe.
struct CollectedOutput {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl CollectedOutput {
    fn from_pipe(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                collected.lock().expect("no panic").extend_from_slice(&buffer[..length]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("no panic")).into_owned()
    }

    fn all(self) -> String {
        self.reader.join().expect("no panic");
        String::from_utf8(self.bytes.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

/// Waits for a child process. Kills the process after [`COMMAND_TIMEOUT`] and returns `None`.
pub(crate) fn wait_or_kill(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < COMMAND_TIMEOUT {
        if let Some(status) = child.try_wait().expect("a child process") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a child process");
    child.wait().expect("a child process");
    None
}
