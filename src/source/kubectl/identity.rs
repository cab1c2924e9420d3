//! Finds the kubectl that the program runs, and asks for its version.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::timeout;

use crate::source::error::{ErrorKind, SourceError};
use crate::source::kubectl::{Kubectl, unreadable_output};

/// Maximum time to wait for the version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    client_version: ClientVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientVersion {
    git_version: String,
}

impl Kubectl {
    /// Returns the path of kubectl. `None` if there is no such file on the search path.
    pub(crate) fn find_program(&self) -> Option<PathBuf> {
        if self.program.components().count() > 1 {
            return Some(self.program.clone());
        }
        let mut name = self.program.clone();
        name.set_extension(env::consts::EXE_EXTENSION);
        let folders = env::var_os("PATH")?;
        env::split_paths(&folders).map(|folder| folder.join(&name)).find(|path| path.is_file())
    }

    /// Asks kubectl for its own version, for example `v1.37.2`.
    ///
    /// # Errors
    ///
    /// kubectl cannot be started, does not answer within ten seconds, or prints no version.
    pub(crate) async fn fetch_version(&self) -> Result<String, SourceError> {
        let mut command = self.command("version");
        // The user's kuberc may set other defaults.
        command.args(["--client", "--output=json"]).env("KUBERC", "off");
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = timeout(VERSION_TIMEOUT, command.output()).await.map_err(|_| {
            let summary = format!("{} does not print its version", self.program.display());
            SourceError::new(ErrorKind::Kubectl, summary)
        })?;
        let output = output.map_err(|error| self.start_error(error))?;
        let versions: Versions = serde_json::from_slice(&output.stdout).map_err(unreadable_output)?;
        Ok(versions.client_version.git_version)
    }
}
