//! The wrapped kubectl: runs `apply` and `get` as the user would have run them.
//!
//! The messages and exit codes of kubectl are passed on unchanged. From the objects that kubectl prints for this
//! program, only names and uids are read, because the rest may be secret.

mod manifests;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use self::manifests::Content;
pub(crate) use self::manifests::Manifests;
use crate::source::error::{ErrorKind, SourceError};

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
    /// Standard error, if standard output is for a document.
    Stderr,
}

/// The arguments of one `kubectl apply`, sorted by the kubectl calls that need them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApplyArguments {
    /// The values of `--filename`, one each.
    pub filenames: Vec<String>,
    /// The other flags that select objects, such as `--kustomize` and `--recursive`; `kubectl get` has the same ones.
    pub selection: Vec<OsString>,
    /// The global flags of kubectl.
    pub global: Vec<OsString>,
    /// Arguments that only `apply` has. The last one may be a flag whose value is missing, which kubectl reports.
    pub apply_only: Vec<OsString>,
    /// Words after `--`.
    pub operands: Vec<OsString>,
}

/// An object that was applied, as it is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppliedObject {
    /// `batch/v1`.
    pub api_version: String,
    /// `Job`.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
}

impl ApplyArguments {
    /// The words that only `apply` gets, which must be the last of its command line.
    fn last_words(&self) -> Vec<OsString> {
        let mut words = self.apply_only.clone();
        if !self.operands.is_empty() {
            words.push("--".into());
            words.extend(self.operands.iter().cloned());
        }
        words
    }
}

impl Kubectl {
    /// The kubectl that called this program, else the one on the search path.
    ///
    /// In `KUBECTL_PATH` symbolic links are resolved. If the file name there is not kubectl's, it is a program with
    /// many names, which would not act as kubectl under that name.
    pub(crate) fn locate() -> Self {
        Self { program: choose_program(env::var_os("KUBECTL_PATH")) }
    }

    /// Runs `kubectl apply` and returns its exit code, whatever it is.
    ///
    /// # Errors
    ///
    /// kubectl cannot be run at all.
    pub(crate) async fn apply(
        &self,
        arguments: &ApplyArguments,
        manifests: &Manifests,
        output: KubectlOutput,
    ) -> Result<u8, SourceError> {
        let mut command = self.command("apply");
        command.args(&arguments.selection).args(&arguments.global);
        command.stdout(match output {
            KubectlOutput::Stdout => Stdio::inherit(),
            KubectlOutput::Stderr => Stdio::from(io::stderr()),
        });
        let (mut child, stdin) = self.spawn_with(command, manifests, &arguments.last_words())?;
        let write = write_stdin(&mut child, stdin);
        let (status, ()) = tokio::join!(self.wait(&mut child), write);
        Ok(exit_code(status?))
    }

    /// The completions that kubectl offers for these words, in the format of its shell library (cobra).
    ///
    /// Returns `None` if kubectl fails.
    pub(crate) async fn complete(&self, words: &[OsString]) -> Option<String> {
        let mut command = self.command("__complete");
        command.args(words).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs `kubectl get` with these arguments and returns its exit code. Its output goes to this program's output
    /// unchanged.
    ///
    /// # Errors
    ///
    /// kubectl cannot be run at all.
    pub(crate) async fn get_raw(&self, arguments: &[OsString]) -> Result<u8, SourceError> {
        let mut child = self.spawn(self.command("get").args(arguments))?;
        Ok(exit_code(self.wait(&mut child).await?))
    }

    /// Reads back the objects of the manifests that `apply` was given, as far as they exist.
    ///
    /// # Errors
    ///
    /// kubectl cannot be run, or it fails; then it has printed the reason itself.
    pub(crate) async fn read_applied(
        &self,
        arguments: &ApplyArguments,
        manifests: &Manifests,
    ) -> Result<Vec<AppliedObject>, SourceError> {
        let mut command = self.command("get");
        command.args(&arguments.selection).args(&arguments.global);
        // Each is set explicitly, because the user's kuberc may set other defaults.
        command.args(["--output=json", "--ignore-not-found=true", "--show-managed-fields=false"]);
        command.stdout(Stdio::piped());
        let (mut child, stdin) = self.spawn_with(command, manifests, &[])?;
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
        if code != 0 {
            return Err(SourceError::new(
                ErrorKind::Wrapped(code),
                "kubectl cannot read back what was applied, so it cannot be followed",
            )
            .hint("Follow it by name: `kubectl seq get job NAME -w`."));
        }
        read.map_err(unreadable)?;
        parse_objects(&printed).map_err(unreadable)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(verb);
        command
    }

    /// Starts a command that reads `manifests`. Returns it with the content for its standard input, if it has any.
    fn spawn_with(
        &self,
        mut command: Command,
        manifests: &Manifests,
        last_words: &[OsString],
    ) -> Result<(Child, Option<Content>), SourceError> {
        let mut attached = manifests.attach(&mut command).map_err(|error| self.cannot_run(error))?;
        command.args(last_words);
        let stdin = attached.stdin.take();
        command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::inherit() });
        let child = self.spawn(&mut command)?;
        attached.start_writing();
        Ok((child, stdin))
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, SourceError> {
        command.spawn().map_err(|error| self.cannot_run(error))
    }

    /// Waits until kubectl ends. Ctrl-C reaches kubectl directly, and kubectl decides what it does about it; this
    /// program goes on waiting so that it can pass the exit code on.
    async fn wait(&self, child: &mut Child) -> Result<ExitStatus, SourceError> {
        loop {
            tokio::select! {
                status = child.wait() => return status.map_err(|error| self.cannot_run(error)),
                Ok(()) = tokio::signal::ctrl_c() => {}
            }
        }
    }

    fn cannot_run(&self, error: io::Error) -> SourceError {
        let program = self.program.display();
        let reported = match error.kind() {
            io::ErrorKind::NotFound => {
                SourceError::new(ErrorKind::Kubectl, format!("there is no {program} on the search path"))
                    .hint("Install kubectl, or put it on `PATH`: <https://kubernetes.io/docs/tasks/tools/>.")
            }
            _ => SourceError::new(ErrorKind::Kubectl, format!("{program} cannot be run: {error}")),
        };
        reported.caused_by(error)
    }
}

/// The error of a read-back whose output cannot be understood.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    let summary = format!("the output of `kubectl get` cannot be read: {error}");
    SourceError::new(ErrorKind::Kubectl, summary).caused_by(error)
}

/// The program to run, given the value of `KUBECTL_PATH`.
fn choose_program(caller: Option<OsString>) -> PathBuf {
    let caller = caller.map(PathBuf::from).filter(|path| {
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or("");
        name.starts_with("kubectl") && !name.starts_with("kubectl-seq") && path.is_file()
    });
    caller.unwrap_or_else(|| Path::new("kubectl").to_owned())
}

/// Writes `content` to the standard input of `child` and closes it. A kubectl that ends before it has read everything
/// says why itself.
fn write_stdin(child: &mut Child, content: Option<Content>) -> impl Future<Output = ()> + use<> {
    let stdin = child.stdin.take();
    async move {
        if let (Some(mut stdin), Some(content)) = (stdin, content) {
            let _ = stdin.write_all(&content).await;
        }
    }
}

/// kubectl's exit code. If signal n ended it, 128 + n, as in a shell.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}

/// An object or a list of objects. All other fields are skipped and never held in memory.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Printed {
    api_version: String,
    kind: String,
    metadata: PrintedMetadata,
    items: Option<Vec<Self>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PrintedMetadata {
    name: String,
    namespace: String,
    uid: String,
}

fn parse_objects(printed: &[u8]) -> Result<Vec<AppliedObject>, serde_json::Error> {
    // kubectl prints nothing if no object exists.
    if printed.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let printed: Printed = serde_json::from_slice(printed)?;
    let objects = match printed.items {
        Some(items) => items,
        None => vec![printed],
    };
    Ok(objects
        .into_iter()
        .map(|object| AppliedObject {
            api_version: object.api_version,
            kind: object.kind,
            namespace: object.metadata.namespace,
            name: object.metadata.name,
            uid: object.metadata.uid,
        })
        .collect())
}

#[cfg(test)]
mod tests;
