//! The wrapped kubectl: `apply` and raw `get`, run as the user would have run them.
//!
//! Its messages and exit codes are passed on untouched. Of the objects that it prints for us only names and uids are
//! read: the rest may be secret.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::source::error::{ErrorKind, SourceError};

/// Bytes of a manifest on standard input that are taken at most.
const LONGEST_INPUT: u64 = 64 << 20;

/// The kubectl to run.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    program: PathBuf,
}

/// Where kubectl's standard output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// To ours.
    Stdout,
    /// To our standard error, when standard output belongs to a machine format.
    Stderr,
}

/// An object that a manifest names, as it is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
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

impl Kubectl {
    /// The kubectl that called us, else the one on the search path.
    ///
    /// `KUBECTL_PATH` has symbolic links resolved: if the name is no longer kubectl's, it is a program of many names
    /// that would not act as kubectl.
    pub(crate) fn find() -> Self {
        Self { program: program(env::var_os("KUBECTL_PATH")) }
    }

    /// Runs `kubectl apply` with these arguments; gives its exit code, whatever it is.
    ///
    /// # Errors
    ///
    /// kubectl cannot be run at all.
    pub(crate) async fn apply(
        &self,
        args: &[OsString],
        input: Option<&[u8]>,
        output: Output,
    ) -> Result<u8, SourceError> {
        let mut command = self.command("apply", args, input);
        command.stdout(match output {
            Output::Stdout => Stdio::inherit(),
            Output::Stderr => Stdio::from(io::stderr()),
        });
        let mut child = self.spawn(&mut command)?;
        let feed = feed(&mut child, input);
        let (status, ()) = tokio::join!(self.wait(&mut child), feed);
        Ok(exit_code(status?))
    }

    /// What kubectl offers to complete these words, in the form of its shell library; `None` if it offers nothing.
    pub(crate) async fn complete(&self, words: &[OsString]) -> Option<String> {
        let mut command = self.command("__complete", words, None);
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs `kubectl get` with these arguments, its output being ours byte for byte; gives its exit code.
    ///
    /// # Errors
    ///
    /// kubectl cannot be run at all.
    pub(crate) async fn get_raw(&self, args: &[OsString]) -> Result<u8, SourceError> {
        let mut child = self.spawn(&mut self.command("get", args, None))?;
        Ok(exit_code(self.wait(&mut child).await?))
    }

    /// The objects of the manifests that `apply` was given in `args`, as far as they are there.
    ///
    /// # Errors
    ///
    /// kubectl cannot be run, or fails; then it has said why itself.
    pub(crate) async fn applied(
        &self,
        args: &[OsString],
        input: Option<&[u8]>,
    ) -> Result<Vec<Applied>, SourceError> {
        let mut args = manifest_args(args);
        // Said in full: the user's kuberc may set other defaults.
        args.extend(
            ["--output=json", "--ignore-not-found=true", "--show-managed-fields=false"].map(OsString::from),
        );
        let mut command = self.command("get", &args, input);
        let mut child = self.spawn(command.stdout(Stdio::piped()))?;
        let mut printed = Vec::new();
        let stdout = child.stdout.take();
        let feed = feed(&mut child, input);
        let read = async {
            match stdout {
                Some(mut stdout) => stdout.read_to_end(&mut printed).await,
                None => Ok(0),
            }
        };
        let (read, status, ()) = tokio::join!(read, self.wait(&mut child), feed);
        let code = exit_code(status?);
        if code != 0 {
            return Err(SourceError::new(
                ErrorKind::Wrapped(code),
                "kubectl cannot read back what was applied, so it cannot be followed",
            )
            .hint("Follow it by name: `kubectl seq get job NAME -w`."));
        }
        read.map_err(unreadable)?;
        objects(&printed).map_err(unreadable)
    }

    fn command(&self, verb: &str, args: &[OsString], input: Option<&[u8]>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(verb).args(args);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::inherit() });
        command
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, SourceError> {
        command.spawn().map_err(|error| self.cannot_run(error))
    }

    /// Waits for its end. Ctrl-C reaches kubectl by itself; we outlive it to pass on what it makes of it.
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

/// Reads a manifest from standard input, so that it can be given to kubectl more than once. Blocks.
///
/// # Errors
///
/// It cannot be read, or is longer than 64 MiB.
pub(crate) fn read_input() -> Result<Vec<u8>, SourceError> {
    limited(io::stdin().lock(), LONGEST_INPUT)
}

fn limited(input: impl io::Read, limit: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    let read = io::Read::read_to_end(&mut input.take(limit + 1), &mut bytes);
    read.map_err(|error| {
        SourceError::new(ErrorKind::Input, format!("standard input cannot be read: {error}")).caused_by(error)
    })?;
    if bytes.len() as u64 > limit {
        return Err(SourceError::new(
            ErrorKind::Usage,
            format!("standard input is longer than {} MiB", limit >> 20),
        )
        .hint("Apply it with `kubectl apply -f -`, then follow it with `kubectl seq get job NAME -w`."));
    }
    Ok(bytes)
}

/// The program to run, given `KUBECTL_PATH`.
fn program(calling: Option<OsString>) -> PathBuf {
    let calling = calling.map(PathBuf::from).filter(|path| {
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or("");
        name.starts_with("kubectl") && !name.starts_with("kubectl-seq") && path.is_file()
    });
    calling.unwrap_or_else(|| Path::new("kubectl").to_owned())
}

/// Writes the input and closes it. A kubectl that ends without reading it says itself why.
fn feed<'a>(child: &mut Child, input: Option<&'a [u8]>) -> impl Future<Output = ()> + use<'a> {
    let stdin = child.stdin.take();
    async move {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            let _ = stdin.write_all(input).await;
        }
    }
}

/// kubectl's exit code; as a shell does, 128 + n if signal n killed it.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}

/// Flags of `apply` that say which objects are meant and where; with a value each.
const WITH_VALUE: [(&str, &str); 3] = [("-f", "--filename"), ("-k", "--kustomize"), ("-l", "--selector")];

/// The arguments of `apply` that make `get` find the same objects.
///
/// The connection's flags among them are kept too; all others, and their values, are left out.
fn manifest_args(args: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let Some(text) = arg.to_str() else { continue };
        let (name, valued) = text.split_once('=').map_or((text, false), |(name, _)| (name, true));
        let names = |short: &str, long: &str| name == short || name == long;
        if WITH_VALUE.iter().any(|(short, long)| names(short, long)) || is_connection_flag(name) {
            kept.push(arg.clone());
            if !valued && !matches!(name, "--insecure-skip-tls-verify" | "--disable-compression") {
                kept.extend(rest.next().cloned());
            }
        } else if names("-R", "--recursive") {
            kept.push(arg.clone());
        } else if ["-f", "-k", "-l", "-n", "-s"].iter().any(|short| is_glued(text, short)) {
            // `-fjob.yaml`
            kept.push(arg.clone());
        }
    }
    kept
}

fn is_glued(text: &str, short: &str) -> bool {
    text.len() > 2 && text.starts_with(short) && !text.starts_with("--")
}

/// kubectl's global flags about the connection.
fn is_connection_flag(name: &str) -> bool {
    matches!(
        name,
        "-n" | "--namespace"
            | "-s"
            | "--server"
            | "--kubeconfig"
            | "--context"
            | "--cluster"
            | "--user"
            | "--token"
            | "--username"
            | "--password"
            | "--as"
            | "--as-uid"
            | "--as-group"
            | "--as-user-extra"
            | "--client-certificate"
            | "--client-key"
            | "--certificate-authority"
            | "--insecure-skip-tls-verify"
            | "--tls-server-name"
            | "--request-timeout"
            | "--disable-compression"
            | "--cache-dir"
            | "--kuberc"
    )
}

/// An object or a list of them; whatever else it says is skipped, not held.
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

fn objects(printed: &[u8]) -> Result<Vec<Applied>, serde_json::Error> {
    // With nothing found, kubectl prints nothing.
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
        .map(|object| Applied {
            api_version: object.api_version,
            kind: object.kind,
            namespace: object.metadata.namespace,
            name: object.metadata.name,
            uid: object.metadata.uid,
        })
        .collect())
}

#[cfg(test)]
#[path = "kubectl_tests.rs"]
mod tests;
