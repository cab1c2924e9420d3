//! Reads the user's kuberc: the default values of flags, and the policy for credential plugins.
//!
//! kubectl does not run a plugin that the kuberc forbids, so this program does not run such a plugin either.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::source::error::{ErrorKind, SourceError, system_error_text};

/// The hint of errors about a kuberc that cannot be used.
const IGNORE_KUBERC_HINT: &str =
    "Correct the file, or set the environment variable `KUBERC=off` to ignore it.";

/// A document of a kuberc, with the fields that concern this program.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kuberc {
    api_version: String,
    kind: String,
    /// The default values. Version `v1alpha1` calls the field `overrides`.
    #[serde(alias = "overrides")]
    defaults: Option<Vec<CommandDefaults>>,
    /// `AllowAll`, `DenyAll` or `Allowlist`. If the field is absent, all plugins are permitted.
    credential_plugin_policy: Option<String>,
    credential_plugin_allowlist: Option<Vec<AllowedPlugin>>,
}

/// The default values that a kuberc sets for the flags of one kubectl command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct CommandDefaults {
    /// The words of the command, for example `get` or `create job`.
    pub(crate) command: String,
    /// The values. Version `v1alpha1` calls the field `flags`.
    #[serde(alias = "flags")]
    pub(crate) options: Vec<FlagDefault>,
}

/// The default value of one flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct FlagDefault {
    /// Name without the dashes.
    pub(crate) name: String,
    #[serde(rename = "default")]
    pub(crate) value: String,
}

/// A permitted plugin, given by its name or path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AllowedPlugin {
    command: String,
    /// The older name of the field `command`.
    name: String,
}

/// Returns the default values that the kuberc sets for the flags of kubectl's commands. `flag` is the value of
/// `--kuberc`.
///
/// As in kubectl, the first document that is a `Preference` counts, and a file at the default path may be missing or
/// invalid.
///
/// # Errors
///
/// The user named the file, and it cannot be read or is not a kuberc.
pub(crate) fn read_command_defaults(flag: Option<&PathBuf>) -> Result<Vec<CommandDefaults>, SourceError> {
    let Some(path) = kuberc_path(flag) else { return Ok(Vec::new()) };
    let is_named = flag.is_some() || env::var_os("KUBERC").is_some_and(|value| !value.is_empty());
    match parse_preference(&path) {
        Ok(kuberc) => Ok(kuberc.defaults.unwrap_or_default()),
        Err(_) if !is_named => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Reads the first document of the file that is a `Preference`.
fn parse_preference(path: &Path) -> Result<Kuberc, SourceError> {
    let configuration_error =
        |text: String| SourceError::new(ErrorKind::Configuration, text).hint(IGNORE_KUBERC_HINT);
    let text = std::fs::read_to_string(path).map_err(|error| {
        let reason = system_error_text(&error);
        configuration_error(format!("the kuberc {} cannot be read: {reason}", path.display()))
            .caused_by(error)
    })?;
    let documents = parse_documents(&text, path)?;
    let is_empty = documents.is_empty();
    let is_preference = |kuberc: &Kuberc| {
        kuberc.api_version.starts_with("kubectl.config.k8s.io/") && kuberc.kind == "Preference"
    };
    match documents.into_iter().find(is_preference) {
        Some(kuberc) => Ok(kuberc),
        None if is_empty => Ok(Kuberc::default()),
        None => Err(configuration_error(format!("the kuberc {} contains no Preference", path.display()))),
    }
}

/// Parses the documents of a kuberc. The error does not quote the file, because the file may contain secret arguments.
fn parse_documents(text: &str, path: &Path) -> Result<Vec<Kuberc>, SourceError> {
    serde_saphyr::from_multiple(text).map_err(|error| {
        SourceError::new(ErrorKind::Configuration, format!("the kuberc {} is not valid YAML", path.display()))
            .hint(IGNORE_KUBERC_HINT)
            .caused_by(error)
    })
}

/// Checks that the kuberc permits the kubeconfig's credential plugin. `flag` is the value of `--kuberc`.
///
/// # Errors
///
/// The kuberc forbids the plugin, or the kuberc is not valid YAML. A file that cannot be read forbids nothing.
pub(crate) fn check_credential_plugin(flag: Option<&PathBuf>, plugin: &str) -> Result<(), SourceError> {
    let Some(path) = kuberc_path(flag) else { return Ok(()) };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
    let kuberc = parse_documents(&text, &path)?;
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
    fn the_defaults_of_the_first_preference_are_read_in_both_versions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kuberc");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_command_defaults(Some(&path))
        };
        let beta = "apiVersion: v1\nkind: Config\n---\napiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults: [{command: create job, options: [{name: namespace, default: other}]}]\naliases: [{name: a, command: get}]";
        let alpha = "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\noverrides: [{command: create job, flags: [{name: namespace, default: other}]}]";
        for text in [beta, alpha] {
            let [CommandDefaults { command, options }] = &read(text).unwrap()[..] else { panic!("{text}") };
            assert_eq!(command, "create job");
            assert_eq!(options[0], FlagDefault { name: "namespace".to_owned(), value: "other".to_owned() });
        }
        assert_eq!(read("").unwrap(), []);
        assert!(
            read("apiVersion: v1\nkind: Preference").unwrap_err().summary.ends_with("contains no Preference")
        );
        assert!(read("{").unwrap_err().summary.ends_with("is not valid YAML"));
        let missing = read_command_defaults(Some(&folder.path().join("none"))).unwrap_err();
        assert!(missing.summary.ends_with("cannot be read: no such file or directory"), "{missing}");
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
