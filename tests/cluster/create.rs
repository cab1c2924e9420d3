//! Tests of `create` and `replace`, and of the hints after a failed `apply`, `create` or `replace`.

use std::fs;

use serde_json::Value;

use crate::document::array;
use crate::harness::{CommandResult, Namespace, manifest, run};

/// Writes a Job that runs this shell command to a file of a temporary folder.
fn write_job(folder: &tempfile::TempDir, name: &str, command: &str) -> String {
    let path = folder.path().join(format!("{name}.yaml"));
    let text = fs::read_to_string(manifest("failing.yaml")).unwrap();
    let text = text.replace("name: failing", &format!("name: {name}")).replace("exit 3", command);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Returns the only workload of the document that a command printed.
#[track_caller]
fn only_workload(followed: &CommandResult) -> Value {
    let document = followed.json();
    assert_eq!(array(&document, "workloads").len(), 1, "{followed:#}");
    document["workloads"][0].clone()
}

/// Returns the names of the Pods of a workload.
fn pod_names(workload: &Value) -> Vec<String> {
    array(workload, "pods").iter().map(|pod| pod["name"].as_str().unwrap().to_owned()).collect()
}

/// Fails unless standard error contains exactly kubectl's message and one hint.
#[track_caller]
fn assert_hint(ours: &CommandResult, kubectls: &CommandResult, hint: &str) {
    assert_eq!(ours.code, kubectls.code, "{ours:#}");
    let expected = format!("{}hint: {hint}\n", kubectls.stderr);
    assert_eq!(without_addresses(&ours.stderr), without_addresses(&expected), "{ours:#}");
    assert_eq!(ours.stdout, "");
}

/// Removes the memory addresses that the messages of older API servers contain, for example `(*int64)(0xe7fe3763830)`.
fn without_addresses(message: &str) -> String {
    let mut parts = message.split("(0x");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()))
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_with_a_generated_name_is_created_and_followed() {
    let namespace = Namespace::new("create-generate");
    let file = manifest("generate-name.yaml");
    let followed = namespace.seq(&["create", "-f", &file, "-o", "json", "--timeout=60s"]).succeeds();
    let job = only_workload(&followed);
    let name = job["name"].as_str().unwrap();
    assert!(name.starts_with("gen-") && job["outcome"] == "Succeeded", "{job:#}");
    assert_eq!(followed.stderr, format!("job.batch/{name} created\n"));
    assert_eq!(pod_names(&job).len(), 1);

    let kubectls = namespace.kubectl(&["apply", "-f", &file]).exits_with(1);
    let ours = namespace.seq(&["apply", "-f", &file]);
    let command = format!("kubectl seq create --namespace {} -f {file}", namespace.name);
    assert_hint(
        &ours,
        &kubectls,
        &format!("Only `create` can give an object a generated name: `{command}`."),
    );
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_and_a_deployment_are_created_without_a_manifest_and_a_cron_job_is_not_followed() {
    let namespace = Namespace::new("create-generator");
    let schedule = ["--image=busybox", "--schedule=0 0 1 1 *", "--", "sh", "-c", "exit 0"];
    let created = namespace.seq(&[&["create", "cronjob", "yearly"], &schedule[..]].concat()).succeeds();
    assert_eq!(created.stdout, "cronjob.batch/yearly created\n");
    created.reports("cronjob/yearly is not followed, it has no end");

    let arguments = ["create", "job", "from-cron", "--from=cronjob/yearly", "-o", "json", "--timeout=60s"];
    let job = only_workload(&namespace.seq(&arguments).succeeds());
    assert_eq!((&job["name"], &job["outcome"]), (&"from-cron".into(), &"Succeeded".into()));

    // The words behind `--` belong to the container, also those that look like flags of this program.
    let words = ["--image=busybox", "--timeout=60s", "--", "sh", "-c", "exit 0", "-o", "json", "--nosuch"];
    let created = namespace.seq(&[&["create", "job", "words"], &words[..]].concat()).succeeds();
    assert!(created.stdout.starts_with("job.batch/words created\n"), "{created:#}");
    created.prints("job/words succeeded");
    let command = ["get", "job", "words", "-o", "jsonpath={.spec.template.spec.containers[0].command}"];
    let command = namespace.kubectl(&command).succeeds().json();
    assert_eq!(command, serde_json::json!(words[3..]));

    let deployment = ["create", "deploy", "web", "--image=nginx", "-r2", "--timeout=60s", "-o", "name"];
    let rolled_out = namespace.seq(&deployment).succeeds();
    assert_eq!(rolled_out.stderr, "deployment.apps/web created\n");
    assert!(rolled_out.stdout.starts_with("deployment.apps/web\nreplicaset.apps/web-"), "{rolled_out:#}");

    let settings = ["create", "configmap", "settings", "--from-literal=a=b", "-o", "name"];
    assert_eq!(namespace.kubectl(&settings).succeeds().stdout, "configmap/settings\n");
    let (kubectls, ours) = (namespace.kubectl(&settings), namespace.seq(&settings));
    assert_eq!((ours.code, &ours.stderr), (Some(1), &kubectls.stderr));
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_runs_again_whether_it_has_ended_or_still_runs() {
    let namespace = Namespace::new("replace-force");
    let folder = tempfile::tempdir().unwrap();
    let long = write_job(&folder, "again", "trap 'sleep 2; exit 5' TERM; sleep 100 & wait");
    namespace.kubectl(&["create", "-f", &long]).succeeds();
    namespace.wait_until_ready("again", 1);
    let first_pod = namespace.pod("job-name=again");

    // The Pod of the old Job terminates while the new Job runs.
    let short = write_job(&folder, "again", "sleep 1");
    let replace = ["replace", "--force", "-f", &short, "--timeout=60s", "-o", "json"];
    let followed = namespace.seq(&replace).succeeds();
    followed.reports("job.batch \"again\" deleted");
    assert!(followed.stderr.ends_with("job.batch/again replaced\n"), "{followed:#}");
    let running_replaced = only_workload(&followed);
    let pods = pod_names(&running_replaced);
    assert!(pods.len() == 1 && pods[0] != first_pod, "{running_replaced:#}");
    assert_eq!(running_replaced["outcome"], "Succeeded");

    let ended_replaced = only_workload(&namespace.seq(&replace).succeeds());
    assert_ne!(ended_replaced["uid"], running_replaced["uid"]);
    assert_eq!(pod_names(&ended_replaced).len(), 1);
    assert_ne!(pod_names(&ended_replaced), pods);
}

#[test]
#[ignore = "needs a cluster"]
fn an_allowed_change_is_replaced_and_followed_and_a_missing_object_has_a_hint() {
    let namespace = Namespace::new("replace-in-place");
    let folder = tempfile::tempdir().unwrap();
    let file = write_job(&folder, "same", "sleep 2");
    let kubectls = namespace.kubectl(&["replace", "-f", &file]).exits_with(1);
    let command = format!("kubectl seq create --namespace {} -f {file}", namespace.name);
    let hint = format!("Job same does not exist: `{command}` creates it.");
    assert_hint(&namespace.seq(&["replace", "-f", &file]), &kubectls, &hint);

    namespace.kubectl(&["create", "-f", &file]).succeeds();
    let stored = namespace.kubectl(&["get", "job", "same", "-o", "json"]).succeeds();
    let mut job = stored.json();
    job["spec"]["backoffLimit"] = 2.into();
    let input = job.to_string();
    let command = namespace.command(&["replace", "-f", "-", "-o", "json", "--timeout=60s"]);
    let followed = run(command, input.as_bytes()).succeeds();
    assert_eq!(followed.stderr, "job.batch/same replaced\n");
    let replaced = only_workload(&followed);
    assert_eq!((&replaced["uid"], &replaced["outcome"]), (&job["metadata"]["uid"], &"Succeeded".into()));
}

#[test]
#[ignore = "needs a cluster"]
fn an_immutable_field_and_an_existing_object_have_hints() {
    let namespace = Namespace::new("immutable");
    let folder = tempfile::tempdir().unwrap();
    let flags = format!("--namespace {}", namespace.name);
    let before = write_job(&folder, "fixed", "exit 0");
    namespace.kubectl(&["apply", "-f", &before]).succeeds();
    let kubectls = namespace.kubectl(&["create", "-f", &before]).exits_with(1);
    let again = |file: &str| {
        format!(
            "`kubectl seq replace --force {flags} -f {file}` deletes everything in the manifest and creates it again"
        )
    };
    let follow = format!("`kubectl seq get job/fixed -n {} -w` follows it", namespace.name);
    let hint = format!("Job fixed exists already: {}, and {follow}.", again(&before));
    assert_hint(&namespace.seq(&["create", "-f", &before]), &kubectls, &hint);
    let arguments = ["create", "job", "fixed", "--image=busybox"];
    let kubectls = namespace.kubectl(&arguments).exits_with(1);
    assert_hint(&namespace.seq(&arguments), &kubectls, &format!("Job fixed exists already: {follow}."));

    let after = write_job(&folder, "fixed", "exit 1");
    let hint = format!("A changed field of Job fixed is immutable: {}.", again(&after));
    for command in ["apply", "replace"] {
        let kubectls = namespace.kubectl(&[command, "-f", &after]).exits_with(1);
        assert!(kubectls.stderr.contains("field is immutable"), "{kubectls:#}");
        assert_hint(&namespace.seq(&[command, "-f", &after]), &kubectls, &hint);
    }

    let rollouts = fs::read_to_string(manifest("ordered.yaml")).unwrap();
    let path = folder.path().join("rollouts.yaml");
    fs::write(&path, rollouts.replace("replicas: 3", "replicas: 0")).unwrap();
    let path = path.to_str().unwrap();
    namespace.kubectl(&["apply", "-f", path]).succeeds();
    fs::write(path, fs::read_to_string(path).unwrap().replace("app: ", "app: other-")).unwrap();
    let ours = namespace.seq(&["apply", "-f", path]).exits_with(1);
    ours.reports("hint: Changed fields of ");
    ours.reports("are immutable: `kubectl seq replace --force ");
}
