//! Tests of `kubectl seq version` without a cluster.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use super::seq;
use super::support::runner::{CommandResult, program, run};

/// A folder without a kubeconfig.
const CLEAN_HOME: &str = "/nowhere";

/// Runs the program with additional variables.
fn seq_with(arguments: &[&str], variables: &[(&str, &str)]) -> CommandResult {
    let mut command: Command = program(arguments);
    command.env("HOME", CLEAN_HOME).envs(variables.iter().copied());
    run(command, b"")
}

#[test]
fn the_version_is_printed_as_a_line_and_as_a_document() {
    assert_eq!(seq(&["version"]).stdout, concat!("kubectl-seq ", env!("CARGO_PKG_VERSION"), "\n"));
    let result = seq(&["version", "-o", "json"]);
    let document: Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert!(document.get("setup").is_none(), "{result:#}");
    let yaml: Value = serde_saphyr::from_str(&seq(&["version", "-o", "yaml"]).stdout).unwrap();
    assert_eq!(yaml, document);
}

#[test]
fn without_a_cluster_and_kubectl_the_setup_names_the_unknown_facts() {
    let result = seq_with(&["version", "--verbose"], &[("PATH", "/nowhere")]);
    assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result:#}");
    for line in [
        "kubectl    unknown: kubectl cannot be started: kubectl was not found\n",
        "server     unknown: ",
        "clock      unknown\n",
        "rights     unknown\n",
        "terminal   standard output is no terminal, no colours, Unicode, no mouse\n",
    ] {
        assert!(result.stdout.contains(line), "{line:?} in {result:#}");
    }
    let result = seq_with(&["version", "--verbose", "-o", "json"], &[("PATH", "/nowhere")]);
    let document: Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(document["setup"]["server"]["version"], Value::Null, "{result:#}");
    assert_eq!(document["setup"]["rights"], json!([]), "{result:#}");
}

#[test]
fn the_setup_names_the_kubectl_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let kubectl = folder.path().join("kubectl");
    fs::write(&kubectl, "#!/bin/sh\necho '{\"clientVersion\": {\"gitVersion\": \"v1.37.9\"}}'\n").unwrap();
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    let kubeconfig = folder.path().join("config");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
                clusters: [{name: c, cluster: {server: 'http://me:hidden1@127.0.0.1:1'}}]\n\
                users: [{name: u, user: {token: hidden2}}]\n\
                contexts: [{name: c, context: {cluster: c, user: u, namespace: team}}]\n";
    fs::write(&kubeconfig, text).unwrap();
    let path = folder.path().to_str().unwrap();
    let variables = [("PATH", path), ("KUBECONFIG", kubeconfig.to_str().unwrap())];
    for format in [&[] as &[&str], &["-o", "json"], &["-o", "yaml"]] {
        let result =
            seq_with(&[&["version", "--verbose", "--token", "hidden3"], format].concat(), &variables);
        assert_eq!(result.code, Some(0), "{result:#}");
        assert!(!format!("{}{}", result.stdout, result.stderr).contains("hidden"), "{result:#}");
        for text in ["v1.37.9", kubectl.to_str().unwrap(), "http://127.0.0.1:1", "team"] {
            assert!(result.stdout.contains(text), "{text} in {result:#}");
        }
    }
}

#[test]
fn a_wrong_value_of_a_variable_is_wrong_usage_unless_a_flag_replaces_it() {
    for (name, flag) in [("KUBECTL_SEQ_PROGRESS", "--progress=lines"), ("KUBECTL_SEQ_COLOR", "--color=never")]
    {
        let result = seq_with(&["simulate", "-o", "name"], &[(name, "pink")]);
        assert_eq!(result.code, Some(2), "{result:#}");
        assert!(result.stderr.contains(&format!("error: {name} has the unknown value `pink`")), "{result:#}");
        let result = seq_with(&["simulate", "-o", "name", flag], &[(name, "pink")]);
        assert_eq!(result.code, Some(0), "{result:#}");
    }
    let result = seq_with(&["simulate"], &[("KUBECTL_SEQ_MOUSE", "maybe")]);
    assert_eq!(result.code, Some(2), "{result:#}");
    assert!(result.stderr.contains("Set it to on or off, or unset it."), "{result:#}");
}

#[test]
fn a_variable_sets_the_default_of_the_colours() {
    let variable = [("KUBECTL_SEQ_COLOR", "always")];
    assert!(seq_with(&["simulate"], &variable).stdout.contains('\u{1b}'));
    assert!(!seq_with(&["simulate", "--color", "auto"], &variable).stdout.contains('\u{1b}'));
}
