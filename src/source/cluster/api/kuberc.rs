//! What the user's kuberc says of credential plugins: kubectl runs none that it forbids, and so neither do we.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::source::error::{ErrorKind, SourceError};

/// The part of kuberc (`kubectl.config.k8s.io`) that concerns credential plugins.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kuberc {
    /// `AllowAll`, `DenyAll` or `Allowlist`; absent: all.
    credential_plugin_policy: Option<String>,
    credential_plugin_allowlist: Option<Vec<Allowed>>,
}

/// A plugin that may run, by name or path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Allowed {
    command: String,
    /// The field's older name.
    name: String,
}

/// Whether the kubeconfig's credential plugin may run.
///
/// # Errors
///
/// The kuberc forbids it, or cannot be read.
pub(crate) fn permits(flag: Option<&PathBuf>, plugin: &str) -> Result<(), SourceError> {
    let Some(path) = path(flag) else { return Ok(()) };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
    // Its text is not quoted: arguments in it may be secret.
    let kuberc: Vec<Kuberc> = serde_saphyr::from_multiple(&text).map_err(|error| {
        SourceError::new(ErrorKind::Configuration, format!("the kuberc {} is not valid YAML", path.display()))
            .hint("Mend it, or set the environment variable `KUBERC=off`.")
            .caused_by(error)
    })?;
    let search = env::var_os("PATH").unwrap_or_default();
    if kuberc.iter().all(|kuberc| kuberc.permits(plugin, &search)) {
        return Ok(());
    }
    Err(SourceError::new(
        ErrorKind::Configuration,
        format!("the kuberc {} forbids to run the kubeconfig's credential plugin", path.display()),
    )
    .hint("Add it to `credentialPluginAllowlist` there if you trust this kubeconfig."))
}

/// Where the kuberc is, unless it is switched off.
fn path(flag: Option<&PathBuf>) -> Option<PathBuf> {
    if env::var("KUBECTL_KUBERC").is_ok_and(|gate| gate.eq_ignore_ascii_case("false")) {
        return None;
    }
    if let Some(path) = flag {
        return Some(path.clone());
    }
    match env::var_os("KUBERC").filter(|value| !value.is_empty()) {
        Some(value) if value == OsStr::new("off") => None,
        Some(value) => Some(PathBuf::from(value)),
        None => env::home_dir().map(|home| home.join(".kube").join("kuberc")),
    }
}

impl Kuberc {
    fn permits(&self, plugin: &str, search: &OsStr) -> bool {
        match self.credential_plugin_policy.as_deref() {
            None | Some("" | "AllowAll") => true,
            Some("Allowlist") => {
                let program = program(plugin, search);
                program.is_some()
                    && self.credential_plugin_allowlist.iter().flatten().any(|allowed| {
                        let allowed =
                            if allowed.command.is_empty() { &allowed.name } else { &allowed.command };
                        program == crate::source::cluster::api::kuberc::program(allowed, search)
                    })
            }
            // `DenyAll`, and whatever a later release may add.
            Some(_) => false,
        }
    }
}

/// The file that a command's name means.
fn program(command: &str, search: &OsStr) -> Option<PathBuf> {
    if command.is_empty() {
        return None;
    }
    let command = Path::new(command);
    if command.components().count() > 1 || command.is_absolute() {
        return std::path::absolute(command).ok();
    }
    env::split_paths(search).map(|folder| folder.join(command)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_permits_what_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("aws");
        std::fs::write(&plugin, "").unwrap();
        let permits = |text: &str, plugin: &str| {
            let kuberc: Vec<Kuberc> = serde_saphyr::from_multiple(text).unwrap();
            kuberc.iter().all(|kuberc| kuberc.permits(plugin, folder.path().as_os_str()))
        };
        let path = plugin.to_str().unwrap();
        assert!(permits("kind: Preference\ndefaults: []\n", "aws"));
        assert!(permits("credentialPluginPolicy: AllowAll", "aws"));
        assert!(!permits("credentialPluginPolicy: DenyAll", "aws"));
        assert!(!permits("credentialPluginPolicy: Allowlist", "aws"));
        for field in ["command", "name"] {
            let list =
                format!("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{{field}: aws}}]");
            assert!(permits(&list, "aws"));
            assert!(permits(&list, path), "the same file by its path");
            assert!(!permits(&list, "/elsewhere/aws"));
            assert!(!permits(&list, "other"), "a plugin that is not there is none that is allowed");
        }
    }

    #[test]
    fn a_forbidden_plugin_is_refused_without_telling_its_command() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kuberc");
        std::fs::write(&path, "credentialPluginPolicy: DenyAll").unwrap();
        let error = permits(Some(&path), "/secret/plugin").unwrap_err();
        assert!(!error.summary.contains("/secret"), "{error}");
        assert!(permits(Some(&folder.path().join("none")), "plugin").is_ok());
    }
}
