//! Runs kubectl: its `apply` and `get`, with the flags that the user typed, and its shell completion.
//!
//! kubectl's messages and exit codes reach the user unchanged. When this program itself reads objects from kubectl's
//! output, it reads only their type, namespace, name and uid, because other fields may be secret.

mod manifests;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use self::manifests::ManifestContent;
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
    /// Standard error, because standard output is reserved for a document.
    Stderr,
}

/// The arguments of one `kubectl apply`, grouped by the kubectl calls that receive them: `apply`, and the `get` that
/// reads the applied objects back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApplyArguments {
    /// The values of `--filename`. A list such as `a.yaml,b.yaml` is already split.
    pub filenames: Vec<String>,
    /// The other flags that select objects, such as `--kustomize` and `--recursive`. `kubectl get` has the same flags.
    pub selection: Vec<OsString>,
    /// The global flags of kubectl.
    pub global: Vec<OsString>,
    /// Arguments that only `apply` accepts. The last argument may be a flag without its value. kubectl then reports the
    /// error.
    pub apply_only: Vec<OsString>,
    /// The words after `--`.
    pub operands: Vec<OsString>,
}

/// An applied object, as kubectl reads it back from the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppliedObject {
    /// API version, for example `batch/v1`.
    pub api_version: String,
    /// Kind, for example `Job`.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl ApplyArguments {
    /// Returns the arguments that only `apply` receives. These arguments must come last on the command line, because a
    /// flag without its value would take the next argument as the value, and no flag is recognized after `--`.
    fn trailing_arguments(&self) -> Vec<OsString> {
        let mut words = self.apply_only.clone();
        if !self.operands.is_empty() {
            words.push("--".into());
            words.extend(self.operands.iter().cloned());
        }
        words
    }
}

impl Kubectl {
    /// Returns the kubectl to run: the kubectl that called this program, if `KUBECTL_PATH` names it, or else the
    /// kubectl on the search path.
    ///
    /// `KUBECTL_PATH` contains the path after symbolic links are resolved. If the file name does not begin with
    /// `kubectl`, the file may be a program that serves many commands by name, as `busybox` does. Such a program does
    /// not act as kubectl under its own name, so `KUBECTL_PATH` is ignored.
    pub(crate) fn locate() -> Self {
        Self { program: choose_kubectl(env::var_os("KUBECTL_PATH")) }
    }

    /// Runs `kubectl apply` and returns its exit code. An exit code other than 0 is not an error.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started.
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
        let (mut child, stdin) =
            self.spawn_with_manifests(command, manifests, &arguments.trailing_arguments())?;
        let write = write_stdin(&mut child, stdin);
        let (status, ()) = tokio::join!(self.wait(&mut child), write);
        Ok(exit_code(status?))
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

    /// Runs `kubectl get` with these arguments and returns its exit code. kubectl writes to this program's output
    /// directly.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started.
    pub(crate) async fn get_raw(&self, arguments: &[OsString]) -> Result<u8, SourceError> {
        let mut child = self.spawn(self.command("get").args(arguments))?;
        Ok(exit_code(self.wait(&mut child).await?))
    }

    /// Runs `kubectl get` for the manifests that were applied and returns the objects that exist.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started, its output cannot be read or parsed, or kubectl fails. If kubectl fails, it has
    /// printed the reason itself.
    pub(crate) async fn read_applied(
        &self,
        arguments: &ApplyArguments,
        manifests: &Manifests,
    ) -> Result<Vec<AppliedObject>, SourceError> {
        let mut command = self.command("get");
        command.args(&arguments.selection).args(&arguments.global);
        // These flags are set explicitly, because the user's kuberc may set other defaults.
        command.args(["--output=json", "--ignore-not-found=true", "--show-managed-fields=false"]);
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
        if code != 0 {
            return Err(SourceError::new(
                ErrorKind::Wrapped(code),
                "kubectl cannot read the applied objects, so they cannot be followed",
            )
            .hint("Follow a Job by its name: `kubectl seq get job NAME -w`."));
        }
        read.map_err(unreadable_output)?;
        parse_objects(&printed).map_err(unreadable_output)
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

/// Returns the error for output of `kubectl get` that cannot be read or parsed.
fn unreadable_output(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    let summary = format!("the output of `kubectl get` cannot be read: {error}");
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
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}

/// The output of `kubectl get -o json`: one object or a list of objects. All other fields are skipped while the output
/// is parsed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PrintedObject {
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

/// Parses the output of `kubectl get -o json`.
fn parse_objects(printed: &[u8]) -> Result<Vec<AppliedObject>, serde_json::Error> {
    // kubectl prints nothing if no object exists.
    if printed.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let printed: PrintedObject = serde_json::from_slice(printed)?;
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
