//! Checks whether the user's kuberc permits a credential plugin.
//!
//! kubectl does not run a plugin that the kuberc forbids, so this program does not run such a plugin either.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::source::error::{ErrorKind, SourceError};

/// The fields of a kuberc (API group `kubectl.config.k8s.io`) that concern credential plugins.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kuberc {
    /// `AllowAll`, `DenyAll` or `Allowlist`. If the field is absent, all plugins are permitted.
    credential_plugin_policy: Option<String>,
    credential_plugin_allowlist: Option<Vec<AllowedPlugin>>,
}

/// A permitted plugin, given by its name or path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AllowedPlugin {
    command: String,
    /// The older name of the field `command`.
    name: String,
}

/// Checks that the kuberc permits the kubeconfig's credential plugin. `flag` is the value of `--kuberc`.
///
/// # Errors
///
/// The kuberc forbids the plugin, or the kuberc is not valid YAML. A file that cannot be read forbids nothing.
pub(crate) fn check_credential_plugin(flag: Option<&PathBuf>, plugin: &str) -> Result<(), SourceError> {
    let Some(path) = kuberc_path(flag) else { return Ok(()) };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
    // The message does not quote the file, because the file may contain secret arguments.
    let kuberc: Vec<Kuberc> = serde_saphyr::from_multiple(&text).map_err(|error| {
        SourceError::new(ErrorKind::Configuration, format!("the kuberc {} is not valid YAML", path.display()))
            .hint("Correct the file, or set the environment variable `KUBERC=off` to ignore it.")
            .caused_by(error)
    })?;
    let search_path = env::var_os("PATH").unwrap_or_default();
    if kuberc.iter().all(|kuberc| kuberc.allows(plugin, &search_path)) {
        return Ok(());
    }
    Err(SourceError::new(
        ErrorKind::Configuration,
        format!("the kuberc {} does not allow the kubeconfig's credential plugin to run", path.display()),
    )
    .hint("If you trust this kubeconfig, allow its plugin in the kuberc: set `credentialPluginPolicy: Allowlist` and add the plugin to `credentialPluginAllowlist`."))
}

/// Returns the path of the kuberc, or `None` if an environment variable disables the kuberc or the home folder is
/// unknown.
fn kuberc_path(flag: Option<&PathBuf>) -> Option<PathBuf> {
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
    /// Whether the policy allows `plugin`. `search_path` is the value of `PATH`, by which names are resolved.
    fn allows(&self, plugin: &str, search_path: &OsStr) -> bool {
        match self.credential_plugin_policy.as_deref() {
            None | Some("" | "AllowAll") => true,
            Some("Allowlist") => {
                let program = find_program(plugin, search_path);
                program.is_some()
                    && self.credential_plugin_allowlist.iter().flatten().any(|allowed| {
                        let allowed =
                            if allowed.command.is_empty() { &allowed.name } else { &allowed.command };
                        program == find_program(allowed, search_path)
                    })
            }
            // `DenyAll` forbids every plugin. A policy that this program does not know counts as `DenyAll`.
            Some(_) => false,
        }
    }
}

/// Returns the absolute path of a command. A command that is only a name is searched for in the folders of
/// `search_path`.
fn find_program(command: &str, search_path: &OsStr) -> Option<PathBuf> {
    if command.is_empty() {
        return None;
    }
    let command = Path::new(command);
    if command.components().count() > 1 || command.is_absolute() {
        return std::path::absolute(command).ok();
    }
    env::split_paths(search_path).map(|folder| folder.join(command)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_permits_only_the_plugins_that_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("aws");
        std::fs::write(&plugin, "").unwrap();
        let allows = |text: &str, plugin: &str| {
            let kuberc: Vec<Kuberc> = serde_saphyr::from_multiple(text).unwrap();
            kuberc.iter().all(|kuberc| kuberc.allows(plugin, folder.path().as_os_str()))
        };
        let path = plugin.to_str().unwrap();
        assert!(allows("kind: Preference\ndefaults: []\n", "aws"));
        assert!(allows("credentialPluginPolicy: AllowAll", "aws"));
        assert!(!allows("credentialPluginPolicy: DenyAll", "aws"));
        assert!(!allows("credentialPluginPolicy: Allowlist", "aws"));
        for field in ["command", "name"] {
            let list =
                format!("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{{field}: aws}}]");
            assert!(allows(&list, "aws"));
            assert!(allows(&list, path), "the same program, given by its path");
            assert!(!allows(&list, "/elsewhere/aws"));
            assert!(!allows(&list, "other"), "a plugin that does not exist is not allowed");
        }
    }

    #[test]
    fn the_error_of_a_forbidden_plugin_does_not_contain_its_command() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kuberc");
        std::fs::write(&path, "credentialPluginPolicy: DenyAll").unwrap();
        let error = check_credential_plugin(Some(&path), "/secret/plugin").unwrap_err();
        assert!(!error.summary.contains("/secret"), "{error}");
        assert!(check_credential_plugin(Some(&folder.path().join("none")), "plugin").is_ok());
    }
}
