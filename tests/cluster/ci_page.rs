//! Runs the commands of `docs/ci.md`, and tests that a CI service obeys no command in text from the cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{CommandResult, Namespace, kubectl, run};
use crate::markdown::blocks;

const PAGE: &str = include_str!("../../docs/ci.md");

/// The sections whose commands run in a CI service, each with the variable that names the service.
const SERVICES: [(&str, &str); 2] = [("GitHub Actions", "GITHUB_ACTIONS"), ("GitLab CI", "GITLAB_CI")];

/// A folder with the files of the page, and a namespace for its commands.
struct Page {
    folder: tempfile::TempDir,
    namespace: Namespace,
}

impl Page {
    fn new() -> Self {
        let page = Self { folder: tempfile::tempdir().unwrap(), namespace: Namespace::new("ci-page") };
        let config = kubectl(&["config", "view", "--raw", "--minify", "--flatten"]).succeeds().stdout;
        fs::write(page.path("kubeconfig"), config).unwrap();
        page.run("", "kubectl config set-context --current --namespace \"$NAMESPACE\"").succeeds();
        for block in blocks(PAGE) {
            if let Some(name) = block.text.lines().next().and_then(|line| line.strip_prefix("# "))
                && block.language == "yaml"
            {
                let path = page.path(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, page.in_namespace(&block.text)).unwrap();
            }
        }
        page
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the namespace of the page with the namespace of the test.
    fn in_namespace(&self, text: &str) -> String {
        let name = &self.namespace.name;
        text.replace("namespace: default", &format!("namespace: {name}"))
            .replace("serviceaccount:default:", &format!("serviceaccount:{name}:"))
    }

    /// Runs commands of a section. Sets the variables of the CI service if the section has a service.
    fn run(&self, section: &str, commands: &str) -> CommandResult {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &self.in_namespace(commands)]).current_dir(&self.folder);
        let program = Path::new(env!("CARGO_BIN_EXE_kubectl-seq")).parent().unwrap();
        let path = std::env::join_paths(
            std::iter::once(program.to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        command
            .env_clear()
            .env("PATH", path.unwrap())
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("NAMESPACE", &self.namespace.name)
            .env("GITHUB_STEP_SUMMARY", self.path("step-summary.md"));
        if let Some((_, variable)) = SERVICES.iter().find(|(name, _)| *name == section) {
            command.env(variable, "true").env("CI", "true");
        }
        run(command, b"")
    }

    /// Returns the content of a YAML file of the page.
    fn yaml(&self, name: &str) -> Value {
        serde_saphyr::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

#[test]
#[ignore = "needs a cluster"]
fn the_commands_of_the_page_about_ci_work() {
    let page = Page::new();
    for block in blocks(PAGE).iter().filter(|block| block.language == "sh") {
        let result = page.run(&block.section, &block.text).succeeds();
        assert!(!result.stderr.contains("warning"), "{result:#}");
        match block.section.as_str() {
            "One command" | "Inside the cluster" => result.prints("started"),
            "A shell script" => result.prints("the check found a difference"),
            other => panic!("no expectation for the section {other}"),
        }
    }
    assert!(page.read("report.md").starts_with("### ❌ `job/nightly`"), "{}", page.read("report.md"));
    let timeline: Value = serde_json::from_str(&page.read("timeline.json")).unwrap();
    assert_eq!(timeline["kind"], "Timeline");

    let steps = &page.yaml(".github/workflows/report.yml")["jobs"]["report"]["steps"];
    let commands: Vec<&str> =
        steps.as_array().unwrap().iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(commands.len(), 1);
    page.run("GitHub Actions", commands[0]).succeeds().prints("started");
    assert!(page.read("step-summary.md").starts_with("### ✅ `job/report-"), "the summary of the step");
    fs::remove_file(page.path("run.jsonl")).unwrap();

    let script = &page.yaml(".gitlab-ci.yml")["report"]["script"];
    for command in script.as_array().unwrap() {
        page.run("GitLab CI", command.as_str().unwrap()).succeeds();
    }
    assert!(page.path("run.jsonl").exists());

    page.run("", "kubectl apply --dry-run=server -f runner.yaml").succeeds();
    let words = &page.yaml("runner.yaml")["spec"]["containers"][0]["command"];
    let words: Vec<&str> = words.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let command = words.join(" ").replace("/manifests/", "");
    assert!(PAGE.contains(&format!("{command} --as system:serviceaccount:")), "{command}");
}

#[test]
#[ignore = "needs a cluster"]
fn github_obeys_no_command_in_the_log_of_a_container() {
    let namespace = Namespace::new("hostile-log");
    let manifest = crate::harness::manifest("hostile-log.yaml");
    for flags in [&[] as &[&str], &["--logs"], &["--logs=failed"]] {
        namespace.kubectl(&["delete", "job", "hostile", "--ignore-not-found"]).succeeds();
        let folder = tempfile::tempdir().unwrap();
        let summary = folder.path().join("summary.md");
        let arguments = ["apply", "-f", &manifest, "--summary", summary.to_str().unwrap()];
        let mut command = namespace.command(&[&arguments, flags].concat());
        command.env("GITHUB_ACTIONS", "true");
        let result = run(command, b"").exits_with(1);
        let commands = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
        let obeyed: Vec<&str> = result.stdout.lines().chain(result.stderr.lines()).filter(commands).collect();
        let groups = obeyed.iter().filter(|line| line.starts_with("::group::✗ hostile-")).count();
        let errors = obeyed.iter().filter(|line| line.starts_with("::error title=job/hostile::")).count();
        let ends = obeyed.iter().filter(|line| **line == "::endgroup::").count();
        assert_eq!(obeyed.len(), groups + errors + ends, "{result:#}");
        let expected_groups = usize::from(flags != ["--logs"]);
        assert_eq!((groups, ends, errors), (expected_groups, expected_groups, 1), "{flags:?} {result:#}");
        result.prints(": :set-output name=a::b");
        result.prints("# #[add-mask]x");
        let summary = fs::read_to_string(summary).unwrap();
        assert!(summary.contains("\n````text\n") && summary.contains("::set-output"), "{summary}");
    }
}
