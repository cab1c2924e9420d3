//! Tests of `kubectl seq version --verbose`, and of kubectl's list of plugins.

use serde_json::Value;

use crate::document::array;
use crate::harness::Namespace;
use crate::support::runner::run;

#[test]
#[ignore = "needs a cluster"]
fn the_setup_shows_kubectl_the_server_the_clock_and_all_rights() {
    let namespace = Namespace::new("setup");
    let result = namespace.seq(&["version", "--verbose", "-o", "json"]).succeeds();
    let setup = &result.json()["setup"];
    let versions: Value =
        serde_json::from_str(&namespace.kubectl(&["version", "-o", "json"]).stdout).unwrap();
    assert_eq!(setup["kubectl"]["version"], versions["clientVersion"]["gitVersion"]);
    assert_eq!(setup["server"]["version"], versions["serverVersion"]["gitVersion"]);
    assert_eq!(setup["server"]["namespace"], namespace.name);
    // The server runs on this machine, so both have the same clock.
    let range: Vec<i64> =
        array(&setup["server"], "clockOffsetRangeMillis").iter().filter_map(Value::as_i64).collect();
    assert!(range[0] <= 0 && 0 <= range[1] && range[1] - range[0] < 5000, "{range:?}");
    assert!(array(setup, "rights").iter().all(|right| right["granted"] == true), "{setup:#}");
    assert_eq!(setup["eventsReadable"], true);
    let text = namespace.seq(&["version", "--verbose"]).succeeds();
    for line in ["right      granted: list, watch pods\n", "right      granted: get pods/log\n"] {
        assert!(text.stdout.contains(line), "{line} in {text:#}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn the_setup_names_the_rule_for_each_missing_right() {
    let namespace = Namespace::new("unset");
    let user = ["--as", "nobody-in-particular", "--as-group", "system:authenticated"];
    let result = namespace.seq(&[&["version", "--verbose"], &user[..]].concat()).succeeds();
    for line in [
        "right      missing: list, watch jobs.batch: add this rule to a Role in namespace ",
        "{apiGroups: [batch], resources: [jobs], verbs: [list, watch]}\n",
        "{apiGroups: [\"\"], resources: [pods/log], verbs: [get]}\n",
        "events     not readable",
    ] {
        assert!(result.stdout.contains(line), "{line} in {result:#}");
    }
    let document = namespace.seq(&[&["version", "--verbose", "-o", "json"], &user[..]].concat()).json();
    assert_eq!(document["setup"]["eventsReadable"], false, "{document:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn the_list_of_plugins_shows_no_warning() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kubectl-seq"), folder.path().join("kubectl-seq")).unwrap();
    let mut path = folder.path().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let kubectl = std::process::Command::new("kubectl");
    let mut command = kubectl;
    command.args(["plugin", "list"]).env("PATH", path);
    let result = run(command, b"");
    assert_eq!(result.code, Some(0), "{result:#}");
    assert!(result.stdout.contains("/kubectl-seq\n"), "{result:#}");
    assert!(!format!("{}{}", result.stdout, result.stderr).to_lowercase().contains("warning"), "{result:#}");
}
