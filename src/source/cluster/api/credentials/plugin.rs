//! Runs the credential plugin of a kubeconfig (`users[].user.exec`), as kubectl does.
//!
//! The protocol is the API group `client.authentication.k8s.io`: the plugin reads the environment variable
//! `KUBERNETES_EXEC_INFO` and prints an `ExecCredential`.

use std::io::{IsTerminal as _, stdin};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::source::cluster::api::credentials::error::CredentialError;

/// A program that prints credentials.
#[derive(Clone, Debug)]
pub(crate) struct CredentialPlugin {
    exec: ExecConfig,
}

/// Whether a plugin may use the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    /// The plugin may ask the user, if standard input is a terminal, and may print messages.
    Allowed,
    /// The terminal is in use. The plugin gets neither standard input nor standard error.
    Forbidden,
}

/// The credentials that a plugin has printed.
#[derive(Debug)]
pub(crate) struct PluginCredentials {
    /// A user with the token, the certificate and the key.
    pub(crate) user: AuthInfo,
    pub(crate) expires_at: Option<Timestamp>,
}

/// The output of a plugin.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ExecCredential {
    api_version: String,
    kind: String,
    status: Option<ExecCredentialStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ExecCredentialStatus {
    expiration_timestamp: Option<String>,
    token: String,
    /// The certificate in PEM.
    client_certificate_data: String,
    /// The key in PEM.
    client_key_data: String,
}

impl CredentialPlugin {
    /// Takes the plugin out of a user's credentials. Returns `None` if the user has no plugin or also has a token, a
    /// password or a certificate, because kubectl prefers these.
    pub(crate) fn take_from(user: &mut AuthInfo) -> Option<Self> {
        let exec = user.exec.take()?;
        let has_password = user.username.is_some() && user.password.is_some();
        let has_certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
        let has_token = user.token.is_some() || user.token_file.is_some();
        (!has_token && !has_password && !has_certificate).then_some(Self { exec })
    }

    /// Returns the program of the plugin. Empty if the kubeconfig names no program.
    pub(crate) fn program(&self) -> &str {
        self.exec.command.as_deref().unwrap_or_default()
    }

    /// Runs the plugin.
    ///
    /// # Errors
    ///
    /// The kubeconfig names no program, or the plugin needs a terminal and has no terminal, cannot be started, fails,
    /// or prints no usable credentials.
    pub(crate) async fn run(&self, interaction: Interaction) -> Result<PluginCredentials, CredentialError> {
        if self.program().is_empty() {
            return Err(CredentialError::NoCommand);
        }
        let has_terminal = interaction == Interaction::Allowed && stdin().is_terminal();
        let is_interactive = self.decide_interactive(has_terminal)?;
        let mut command = Command::new(self.program());
        command.args(self.exec.args.iter().flatten());
        for variable in self.exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        command.env("KUBERNETES_EXEC_INFO", self.describe_request(is_interactive).to_string());
        command.stdin(if is_interactive { Stdio::inherit() } else { Stdio::null() });
        command.stderr(match interaction {
            Interaction::Allowed => Stdio::inherit(),
            Interaction::Forbidden => Stdio::null(),
        });
        // If the request is cancelled, the plugin must not continue to run.
        command.kill_on_drop(true);
        let output = command.output().await.map_err(CredentialError::NotStarted)?;
        if !output.status.success() {
            return Err(CredentialError::Failed(output.status));
        }
        self.parse_output(&output.stdout)
    }

    /// Returns the text that tells the user how to install the plugin, if the kubeconfig contains one.
    pub(crate) fn install_hint(&self) -> Option<&str> {
        self.exec.install_hint.as_deref().map(str::trim).filter(|hint| !hint.is_empty())
    }

    /// Decides whether the plugin may ask the user.
    ///
    /// # Errors
    ///
    /// The plugin must ask the user, and there is no terminal.
    fn decide_interactive(&self, has_terminal: bool) -> Result<bool, CredentialError> {
        match self.exec.interactive_mode {
            Some(ExecInteractiveMode::Never) => Ok(false),
            Some(ExecInteractiveMode::Always) if !has_terminal => Err(CredentialError::NeedsTerminal),
            Some(ExecInteractiveMode::Always) => Ok(true),
            Some(ExecInteractiveMode::IfAvailable) | None => Ok(has_terminal),
        }
    }

    /// Returns the value of `KUBERNETES_EXEC_INFO`.
    fn describe_request(&self, is_interactive: bool) -> Value {
        let mut request = json!({
            "apiVersion": self.exec.api_version,
            "kind": "ExecCredential",
            "spec": { "interactive": is_interactive },
        });
        if let Some(cluster) = self.exec.cluster.as_ref().filter(|_| self.exec.provide_cluster_info) {
            request["spec"]["cluster"] = json!(cluster);
        }
        request
    }

    /// Reads the credentials from the output of the plugin, which is JSON or YAML.
    fn parse_output(&self, output: &[u8]) -> Result<PluginCredentials, CredentialError> {
        let unusable =
            |error: Box<dyn std::error::Error + Send + Sync>| CredentialError::Unusable(Some(error));
        let credential: ExecCredential =
            serde_saphyr::from_slice(output).map_err(|error| unusable(error.into()))?;
        if credential.kind != "ExecCredential" {
            return Err(CredentialError::Unusable(None));
        }
        if self.exec.api_version.as_ref().is_some_and(|version| *version != credential.api_version) {
            return Err(CredentialError::WrongVersion);
        }
        let status = credential.status.unwrap_or_default();
        let (certificate, key) = (&status.client_certificate_data, &status.client_key_data);
        let has_nothing = status.token.is_empty() && certificate.is_empty();
        if has_nothing || certificate.is_empty() != key.is_empty() {
            return Err(CredentialError::Unusable(None));
        }
        let expires_at = status.expiration_timestamp.map(|text| text.parse::<Timestamp>()).transpose();
        let encode = |pem: &String| (!pem.is_empty()).then(|| STANDARD.encode(pem));
        let user = AuthInfo {
            client_certificate_data: encode(certificate),
            client_key_data: encode(key).map(Into::into),
            token: (!status.token.is_empty()).then(|| status.token.into()),
            ..AuthInfo::default()
        };
        Ok(PluginCredentials { user, expires_at: expires_at.map_err(|error| unusable(error.into()))? })
    }
}
