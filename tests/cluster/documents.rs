//! Runs the commands of the `sh` blocks in README.md and `docs/`. `ci_page.rs` runs the commands of `docs/ci.md`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{CommandResult, Namespace, kubectl, run};
use crate::markdown::blocks;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Workloads that the pages mention, besides the Job `pi`.
const WORKLOADS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: nginx}]
";

/// The Pod of the simulation that the pages mention. The test replaces the name with the name of a Pod of the cluster.
const POD_OF_THE_SIMULATION: &str = "pi-sqcdw";

#[test]
#[ignore = "needs a cluster"]
fn the_commands_of_the_pages_work() {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let is_page =
        |path: &Path| path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("ci.md");
    let pages = docs.filter(|path| is_page(path)).chain([Path::new(ROOT).join("README.md")]);
    let reader = Reader::new();
    let mut commands = 0;
    for path in pages {
        for block in blocks(&fs::read_to_string(path).unwrap()).iter().filter(|block| block.language == "sh")
        {
            for command in block.text.lines().filter(|line| line.starts_with("kubectl seq")) {
                reader.run(command).succeeds();
                commands += 1;
            }
        }
    }
    assert!(commands >= 20, "only {commands} commands");
}

/// Returns the manifest of the pages with a command that takes a second.
fn short_job() -> String {
    let manifest = fs::read_to_string(Path::new(ROOT).join("examples/job.yaml")).unwrap();
    let (before, _) = manifest.split_once("command:").unwrap();
    format!("{before}command: [sleep, \"1\"]\n")
}

/// A user who types the commands of the pages. The user has a folder with the manifest and a separate namespace.
struct Reader {
    folder: tempfile::TempDir,
    namespace: Namespace,
}

impl Reader {
    fn new() -> Self {
        let reader = Self { folder: tempfile::tempdir().unwrap(), namespace: Namespace::new("pages") };
        let config = kubectl(&["config", "view", "--raw", "--minify", "--flatten"]).succeeds().stdout;
        fs::write(reader.folder.path().join("kubeconfig"), config).unwrap();
        reader
            .run(&format!("kubectl config set-context --current --namespace {}", reader.namespace.name))
            .succeeds();
        fs::write(reader.folder.path().join("job.yaml"), short_job()).unwrap();
        let namespace = reader.namespace.name.as_str();
        reader.namespace.kubectl_with(&["apply", "-f", "-", "-n", namespace], WORKLOADS).succeeds();
        reader.run("kubectl seq apply -f job.yaml").succeeds();
        reader.run("kubectl label job pi team=a").succeeds();
        reader
    }

    fn run(&self, command: &str) -> CommandResult {
        let mut command = command.to_owned();
        if command.contains(POD_OF_THE_SIMULATION) {
            command = command.replace(POD_OF_THE_SIMULATION, &self.namespace.pod("job-name=pi"));
        }
        // Each of these commands needs a new Job, but the Job of an earlier command may still exist.
        if ["kubectl seq create", "kubectl seq apply"].iter().any(|start| command.starts_with(start)) {
            self.namespace.kubectl(&["delete", "job", "pi", "--ignore-not-found"]).succeeds();
        }
        let mut bash = Command::new("bash");
        bash.args(["-o", "pipefail", "-c", &command]).current_dir(&self.folder);
        let program = Path::new(env!("CARGO_BIN_EXE_kubectl-seq")).parent().unwrap();
        let inherited = env::var_os("PATH").unwrap();
        let path = [program.to_owned()].into_iter().chain(env::split_paths(&inherited));
        bash.env_clear()
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"));
        run(bash, b"")
    }
}
