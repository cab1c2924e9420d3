//! Runs kubectl with the words that the user typed: the commands that change objects, `get`, and the shell completion.
//!
//! kubectl's messages and exit codes reach the user unchanged.

mod captured_stream;
mod change_command;
mod identity;
mod manifests;
pub(crate) mod printed_objects;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use self::captured_stream::CapturedStream;
pub(crate) use self::change_command::{ChangeArguments, ChangeCommand};
use self::manifests::ManifestContent;
pub(crate) use self::manifests::Manifests;
pub(crate) use self::printed_objects::ChangedObject;
use self::printed_objects::{PrintedObjects, parse_objects};
use crate::platform::process::ending_signal;
use crate::source::address::hide_secrets_of_address;
use crate::source::diagnostics;
use crate::source::error::{ErrorKind, SourceError};

/// Number of bytes at the end of kubectl's messages that are always kept. At most twice this number is kept.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// After kubectl has ended, this program reads kubectl's output until no output arrives for this time. The end of the
/// stream may come much later, because a process that kubectl has started may keep the stream open.
const OUTPUT_GRACE: Duration = Duration::from_millis(100);

/// The kubectl to run.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    program: PathBuf,
}

/// The stream of this program to which kubectl's standard output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KubectlOutput {
    /// Standard output.
    Stdout,
    /// Standard error, because standard output is reserved for a document.
    Stderr,
}

/// The part of kubectl's output that passes through this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// No part. kubectl uses the streams of this program, for example for an editor.
    Nothing,
    /// Standard error. This program copies the messages to its own standard error, and keeps the last of them.
    Messages,
    /// Standard error, and the changed objects as JSON on standard output. This program prints a line for each object.
    MessagesAndObjects,
}

/// The result of a [`ChangeCommand`].
#[derive(Debug)]
pub(crate) struct Change {
    /// kubectl's exit code.
    pub code: u8,
    /// The last part of the text that kubectl has written to standard error, if this text was captured.
    pub messages: String,
    /// The changed objects. Empty if kubectl failed, or if its standard output was not captured.
    pub objects: Vec<ChangedObject>,
}

impl Kubectl {
    /// Returns the kubectl to run: the kubectl that called this program, if `KUBECTL_PATH` names it, or else the
    /// kubectl on the search path.
    ///
    /// `KUBECTL_PATH` contains the path after symbolic links are resolved. If the file name does not begin with
    /// `kubectl`, the file may be a program that serves many commands by name, as `busybox` does. Such a program does
    /// not act as kubectl under its own name, so `KUBECTL_PATH` is ignored. It is also ignored if the file does not
    /// exist, or if the file is this program (`kubectl-seq`).
    pub(crate) fn locate() -> Self {
        Self { program: choose_kubectl(env::var_os("KUBECTL_PATH")) }
    }

    /// Runs a command that changes objects. An exit code other than 0 is not an error.
    ///
    /// kubectl's standard output goes to the stream `output`. `show` receives the captured part of the output as soon
    /// as kubectl writes it, with the stream to which it goes.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started, or kubectl succeeds and the objects that it prints cannot be parsed.
    pub(crate) async fn change(
        &self,
        arguments: &ChangeArguments,
        manifests: &Manifests,
        capture: Capture,
        output: KubectlOutput,
        mut show: impl FnMut(KubectlOutput, &[u8]),
    ) -> Result<Change, SourceError> {
        let mut command = self.command(arguments.command.name());
        command.args(&arguments.subcommand).args(&arguments.selection).args(&arguments.global);
        command.stdout(match output {
            KubectlOutput::Stdout => Stdio::inherit(),
            KubectlOutput::Stderr => Stdio::from(io::stderr()),
        });
        let (mut stdout, mut stderr) = (CapturedStream::ended(), CapturedStream::ended());
        if capture != Capture::Nothing {
            stderr = CapturedStream::stderr_of(&mut command).map_err(|error| self.start_error(error))?;
        }
        if capture == Capture::MessagesAndObjects {
            // These flags are set explicitly, because the user's kuberc may set other defaults.
            command.args(["--output=json", "--show-managed-fields=false"]);
            stdout = CapturedStream::stdout_of(&mut command).map_err(|error| self.start_error(error))?;
        }
        let (mut child, stdin) =
            self.spawn_with_manifests(command, manifests, &arguments.trailing_arguments())?;
        let write = tokio::spawn(write_stdin(&mut child, stdin));
        let mut printed = PrintedObjects::default();
        let mut messages = Vec::new();
        let mut status = None;
        while status.is_none() || !stdout.has_ended() || !stderr.has_ended() {
            tokio::select! {
                chunk = stderr.next_chunk(), if !stderr.has_ended() => if let Some(chunk) = chunk {
                    show(KubectlOutput::Stderr, &chunk);
                    keep_last_bytes(&mut messages, &chunk);
                },
                chunk = stdout.next_chunk(), if !stdout.has_ended() => if let Some(chunk) = chunk {
                    show(output, &printed.read(&chunk, arguments.command));
                },
                ended = self.wait(&mut child), if status.is_none() => status = Some(ended?),
                () = tokio::time::sleep(OUTPUT_GRACE), if status.is_some() => break,
            }
        }
        write.abort();
        let code = status.map_or(1, exit_code);
        let objects = printed.into_objects();
        Ok(Change {
            code,
            messages: String::from_utf8_lossy(&messages).into_owned(),
            objects: if code == 0 { objects.map_err(unreadable_output)? } else { Vec::new() },
        })
    }

    /// Returns the completions that kubectl offers for these words, in the output format of the library cobra.
    ///
    /// Returns `None` if kubectl cannot be started or fails.
    pub(crate) async fn complete(&self, words: &[OsString]) -> Option<String> {
        let mut command = self.command("__complete");
        command.args(words).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Lets kubectl compare its version with that of the server. `global` are the global flags of kubectl, with
    /// `--match-server-version`.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started, or it has reported that the versions differ.
    pub(crate) async fn require_matching_version(&self, global: &[OsString]) -> Result<(), SourceError> {
        let mut command = self.command("get");
        command.args(["--raw", "/version"]).args(global).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = self.spawn(&mut command)?;
        match exit_code(self.wait(&mut child).await?) {
            0 => Ok(()),
            code => Err(SourceError::new(ErrorKind::Wrapped(code), "kubectl refuses the server")),
        }
    }

    /// Runs a kubectl command with these arguments and returns its exit code. kubectl uses this program's streams
    /// directly.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started.
    pub(crate) async fn run_unchanged(
        &self,
        command: &str,
        arguments: &[OsString],
    ) -> Result<u8, SourceError> {
        let mut child = self.spawn(self.command(command).args(arguments))?;
        Ok(exit_code(self.wait(&mut child).await?))
    }

    /// Runs `kubectl get` for the manifests that were applied and returns the objects that exist. The kuberc has no
    /// effect on this command, so `arguments` must contain the defaults that the kuberc sets for `apply`.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started, its output cannot be read or parsed, or kubectl fails. If kubectl fails, it has
    /// printed the reason itself.
    pub(crate) async fn read_applied(
        &self,
        arguments: &ChangeArguments,
        manifests: &Manifests,
    ) -> Result<Vec<ChangedObject>, SourceError> {
        let (objects, code) = self.read_objects(arguments, manifests, true).await?;
        if code != 0 {
            return Err(SourceError::new(
                ErrorKind::Wrapped(code),
                "kubectl cannot read the applied objects, so they cannot be followed",
            )
            .hint("Follow a Job by its name: `kubectl seq get job NAME -w`."));
        }
        Ok(objects)
    }

    /// Runs `kubectl get` for the manifests. Returns the objects that exist and kubectl's exit code. If the code is not
    /// 0, kubectl has printed the reason itself.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started, or its output cannot be read or parsed.
    pub(crate) async fn read_objects(
        &self,
        arguments: &ChangeArguments,
        manifests: &Manifests,
        ignore_not_found: bool,
    ) -> Result<(Vec<ChangedObject>, u8), SourceError> {
        let mut command = self.command("get");
        // The kuberc is ignored, because its defaults for `get` could select other objects. kubectl refuses the flag
        // `--kuberc` together with `KUBERC=off`.
        command.env("KUBERC", "off");
        let is_kuberc = |word: &&OsString| word.to_string_lossy().starts_with("--kuberc=");
        command.args(&arguments.selection).args(arguments.global.iter().filter(|word| !is_kuberc(word)));
        command.arg("--output=json").arg(format!("--ignore-not-found={ignore_not_found}"));
        command.stdout(Stdio::piped());
        let (mut child, stdin) = self.spawn_with_manifests(command, manifests, &[])?;
        let mut printed = Vec::new();
        let stdout = child.stdout.take();
        let write = write_stdin(&mut child, stdin);
        let read = async {
            match stdout {
                Some(mut stdout) => stdout.read_to_end(&mut printed).await,
                None => Ok(0),
            }
        };
        let (read, status, ()) = tokio::join!(read, self.wait(&mut child), write);
        let code = exit_code(status?);
        read.map_err(unreadable_output)?;
        if code != 0 && printed.is_empty() {
            return Ok((Vec::new(), code));
        }
        Ok((parse_objects(&printed).map_err(unreadable_output)?, code))
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(verb);
        command
    }

    /// Starts a command that reads `manifests`. Returns the process, and the content to write to its standard input if
    /// one of the manifests is standard input.
    fn spawn_with_manifests(
        &self,
        mut command: Command,
        manifests: &Manifests,
        trailing_arguments: &[OsString],
    ) -> Result<(Child, Option<ManifestContent>), SourceError> {
        let mut attached = manifests.attach(&mut command).map_err(|error| self.start_error(error))?;
        command.args(trailing_arguments);
        let stdin = attached.stdin.take();
        command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::inherit() });
        let child = self.spawn(&mut command)?;
        attached.start_writing();
        Ok((child, stdin))
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, SourceError> {
        diagnostics::log(2, || describe_call(command));
        command.spawn().map_err(|error| self.start_error(error))
    }

    /// Waits until kubectl ends. The terminal sends Ctrl-C to kubectl too, and kubectl decides how to react. This
    /// program keeps waiting, because it must pass kubectl's exit code on.
    async fn wait(&self, child: &mut Child) -> Result<ExitStatus, SourceError> {
        loop {
            tokio::select! {
                status = child.wait() => return status.map_err(|error| self.start_error(error)),
                Ok(()) = tokio::signal::ctrl_c() => {}
            }
        }
    }

    fn start_error(&self, error: io::Error) -> SourceError {
        let program = self.program.display();
        let reported = match error.kind() {
            io::ErrorKind::NotFound => SourceError::new(
                ErrorKind::Kubectl,
                format!("kubectl cannot be started: {program} was not found"),
            )
            .hint("Install kubectl, or add its folder to `PATH`: <https://kubernetes.io/docs/tasks/tools/>."),
            _ => {
                SourceError::new(ErrorKind::Kubectl, format!("kubectl cannot be started: {program}: {error}"))
            }
        };
        reported.caused_by(error)
    }
}

/// Describes a call of kubectl without the values of secret flags and the secrets of addresses.
fn describe_call(command: &Command) -> String {
    let command = command.as_std();
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words = words.map(|word| {
        let word = word.to_string_lossy();
        let secret = ["--token=", "--password="].into_iter().find(|flag| word.starts_with(flag));
        secret.map_or_else(|| hide_secrets_of_address(&word).into_owned(), |flag| format!("{flag}..."))
    });
    format!("running {}", words.collect::<Vec<_>>().join(" "))
}

/// Returns the error for output of kubectl that cannot be read or parsed.
fn unreadable_output(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    let summary = format!("the output of kubectl cannot be read: {error}");
    SourceError::new(ErrorKind::Kubectl, summary).caused_by(error)
}

/// Returns the program to run. `caller` is the value of `KUBECTL_PATH`.
fn choose_kubectl(caller: Option<OsString>) -> PathBuf {
    let caller = caller.map(PathBuf::from).filter(|path| {
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or("");
        name.starts_with("kubectl") && !name.starts_with("kubectl-seq") && path.is_file()
    });
    caller.unwrap_or_else(|| Path::new("kubectl").to_owned())
}

/// Writes `content` to the standard input of `child` and closes this input. Write errors are ignored: if kubectl ends
/// before it has read all of its input, kubectl itself reports the reason.
fn write_stdin(child: &mut Child, content: Option<ManifestContent>) -> impl Future<Output = ()> + use<> {
    let stdin = child.stdin.take();
    async move {
        if let (Some(mut stdin), Some(content)) = (stdin, content) {
            let _ = stdin.write_all(&content).await;
        }
    }
}

/// Returns kubectl's exit code. If signal n ended kubectl, the code is 128 + n, as in a shell.
fn exit_code(status: ExitStatus) -> u8 {
    if let Some(signal) = ending_signal(status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}

/// Appends `bytes` to `messages`, and removes the oldest bytes if there are more than twice [`MAX_MESSAGE_BYTES`].
fn keep_last_bytes(messages: &mut Vec<u8>, bytes: &[u8]) {
    messages.extend(bytes);
    // Bytes are removed rarely, because each removal copies all remaining bytes.
    if messages.len() > 2 * MAX_MESSAGE_BYTES {
        messages.drain(..messages.len() - MAX_MESSAGE_BYTES);
    }
}

#[cfg(test)]
mod tests;
