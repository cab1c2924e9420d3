//! Starts a separate cluster for a test that stops or fills parts of the cluster.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{CommandResult, Environment, Namespace, print_notice, run};

/// A cluster for one test. Dropping the value stops the cluster.
pub(crate) struct PrivateCluster {
    script: PathBuf,
    environment: Environment,
    _directory: TempDir,
}

impl PrivateCluster {
    /// Starts a cluster. If `KUBECTL_SEQ_TEST_CLUSTER` is not set, prints a notice and returns `None`.
    pub(crate) fn up(nodes: u32) -> Option<Self> {
        let Some(script) = std::env::var_os("KUBECTL_SEQ_TEST_CLUSTER") else {
            print_notice("skipped: KUBECTL_SEQ_TEST_CLUSTER does not name a test cluster's script");
            return None;
        };
        let directory = TempDir::with_prefix("seq-cluster-").unwrap();
        let state = directory.path().join("state");
        let environment = vec![("CLUSTER_DIR".into(), state.into_os_string())];
        let mut cluster = Self { script: script.into(), environment, _directory: directory };
        let printed = cluster.run_script(&["up", "--nodes", &nodes.to_string()]).succeeds().stdout;
        let kubeconfig = printed.lines().find_map(|line| line.strip_prefix("export KUBECONFIG=")).unwrap();
        cluster.environment.push(("KUBECONFIG".into(), OsString::from(kubeconfig.trim_matches('"'))));
        Some(cluster)
    }

    /// Creates a namespace in the cluster.
    pub(crate) fn namespace(&self, topic: &str) -> Namespace {
        Namespace::within(topic, self.environment.clone())
    }

    /// Stops a part of the cluster, as if its machine lost power.
    pub(crate) fn stop(&self, part: &str) {
        self.run_script(&["stop", part]).succeeds();
    }

    /// Starts a stopped part of the cluster.
    pub(crate) fn start(&self, part: &str) {
        self.run_script(&["start", part]).succeeds();
    }

    /// Removes all old versions of objects from etcd, so that no watch can continue from such a version. etcd does the same
    /// every five minutes for an API server.
    pub(crate) fn compact_etcd(&self) {
        let directory = &self.environment.iter().find(|(name, _)| name == "CLUSTER_DIR").unwrap().1;
        let state = std::fs::read_to_string(PathBuf::from(directory).join("state.json")).unwrap();
        let state: Value = serde_json::from_str(&state).unwrap();
        let arguments = state["parts"]["apiserver"]["args"].as_array().unwrap();
        let address =
            arguments.iter().find_map(|argument| argument.as_str()?.strip_prefix("--etcd-servers=http://"));
        let post = |path: &str, body: &str| -> Value {
            let mut stream = TcpStream::connect(address.unwrap()).unwrap();
            let length = body.len();
            write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
        };
        let present = post("/v3/kv/range", r#"{"key": "AA=="}"#)["header"]["revision"].clone();
        let answer = post("/v3/kv/compaction", &format!(r#"{{"revision": {present}, "physical": true}}"#));
        assert!(answer["header"]["revision"].is_string(), "{answer:#}");
    }

    fn run_script(&self, arguments: &[&str]) -> CommandResult {
        let mut command = Command::new(&self.script);
        command.args(arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        run(command, b"")
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        let mut command = Command::new(&self.script);
        command.arg("down").envs(self.environment.iter().map(|(name, value)| (name, value)));
        // A panic here would hide the panic of the test.
        let _ = command.output();
    }
}
