//! A cluster that one test has to itself, because it stops nodes or fills them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Ended, Environment, Namespace, Running, notice};

/// It lives as long as its test.
pub(crate) struct PrivateCluster {
    script: PathBuf,
    environment: Environment,
    _directory: TempDir,
}

impl PrivateCluster {
    /// Brings one up; `None`, with a notice, where no script is there that can.
    pub(crate) fn up(nodes: u32) -> Option<Self> {
        let Some(script) = std::env::var_os("KUBECTL_SEQ_TEST_CLUSTER") else {
            notice("left out: KUBECTL_SEQ_TEST_CLUSTER does not name a test cluster's script");
            return None;
        };
        let directory = TempDir::with_prefix("seq-cluster-").unwrap();
        let state = directory.path().join("state");
        let environment = vec![("CLUSTER_DIR".into(), state.into_os_string())];
        let mut cluster = Self { script: script.into(), environment, _directory: directory };
        let printed = cluster.script(&["up", "--nodes", &nodes.to_string()]).succeeds().stdout;
        let kubeconfig = printed.lines().find_map(|line| line.strip_prefix("export KUBECONFIG=")).unwrap();
        cluster.environment.push(("KUBECONFIG".into(), OsString::from(kubeconfig.trim_matches('"'))));
        Some(cluster)
    }

    /// A namespace in it.
    pub(crate) fn namespace(&self, topic: &str) -> Namespace {
        Namespace::within(topic, self.environment.clone())
    }

    /// Stops a part, as if its machine had lost its power.
    pub(crate) fn stop(&self, part: &str) {
        self.script(&["stop", part]).succeeds();
    }

    /// Starts a part again.
    pub(crate) fn start(&self, part: &str) {
        self.script(&["start", part]).succeeds();
    }

    fn script(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(&self.script);
        command.args(arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        Running::start(command, "").wait()
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        let mut command = Command::new(&self.script);
        command.arg("down").envs(self.environment.iter().map(|(name, value)| (name, value)));
        // A panic in here would hide the one that led here.
        let _ = command.output();
    }
}
