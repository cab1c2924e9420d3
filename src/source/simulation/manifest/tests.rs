//! Tests of the parser of manifests.

use crate::source::simulation::manifest::*;

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata: {name: j}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: c, image: one:1}
";

fn read(text: &str) -> Result<Manifest, SourceError> {
    parse(&ManifestText { name: "job.yaml".to_owned(), text: text.to_owned() })
}

#[test]
fn defaults_are_those_of_the_api_server() {
    let job = read(JOB).unwrap().jobs.remove(0);
    let spec = &job.spec;
    assert_eq!((job.name.as_str(), job.namespace.as_str()), ("j", "default"));
    assert_eq!((spec.parallelism, spec.completions, spec.backoff_limit), (Some(1), Some(1), Some(6)));
    assert_eq!(
        (spec.completion_mode.as_str(), spec.suspend, job.cpu, job.ttl_seconds),
        ("NonIndexed", Some(false), 0, None)
    );
    assert_eq!(job.pod_spec.termination_grace_period_seconds, Some(30));
    let queue = read(&JOB.replace("spec:\n  template", "spec:\n  parallelism: 3\n  template")).unwrap();
    assert_eq!(queue.jobs[0].spec.completions, None);
    let indexed = "spec:\n  completions: 2\n  completionMode: Indexed\n  backoffLimitPerIndex: 1\n  template";
    assert_eq!(
        read(&JOB.replace("spec:\n  template", indexed)).unwrap().jobs[0].spec.backoff_limit,
        Some(i32::MAX)
    );
}

#[test]
fn the_built_in_example_is_the_pi_job() {
    let job = parse(&ManifestText::default()).unwrap().jobs.remove(0);
    assert_eq!((job.name.as_str(), job.spec.completions, job.spec.parallelism), ("pi", Some(20), Some(4)));
    assert_eq!((job.spec.backoff_limit, job.annotations.fail), (Some(4), 7000));
    assert_eq!(job.pod_spec.containers[0].image, "perl:5.34.0");
    assert_eq!(job.commands[0].command.join(" "), "perl -Mbignum=bpi -wle print bpi(2000)");
}

#[test]
fn json_lists_and_several_documents_are_read() {
    let list = format!("kind: List\napiVersion: v1\nitems:\n- {}", JOB.trim_end().replace('\n', "\n  "));
    let json = r#"{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "json", "namespace": "n"}, "spec":
        {"template": {"spec": {"restartPolicy": "OnFailure", "containers": [{"name": "c", "image": "i"}]}}}}"#;
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}";
    let manifest = read(&format!("---\n{list}\n---\n# nothing\n---\n{json}\n---\n{cron}\n")).unwrap();
    let names: Vec<&str> = manifest.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["j", "json"]);
    assert_eq!(manifest.notices, ["CronJob \"nightly\" is not simulated, only Jobs are"]);
}

#[test]
fn a_pod_requests_the_cpu_that_its_containers_need_at_the_same_time() {
    let containers = "      initContainers:
      - {name: i, image: one:1, resources: {requests: {cpu: 3}}}
      - {name: s, image: one:1, restartPolicy: Always, resources: {requests: {cpu: 0.1}}}
      containers:
      - {name: d, image: one:1, resources: {requests: {cpu: 500m, memory: 1Gi}}}";
    assert_eq!(read(&JOB.replace("      containers:", containers)).unwrap().jobs[0].cpu, 3100);
}

#[test]
fn an_invalid_manifest_is_refused() {
    let with = |from: &str, to: &str| JOB.replace(from, to);
    for (text, wanted) in [
        (String::new(), "no Job in job.yaml: it is empty"),
        ("kind: Pod\nmetadata: {name: p}".to_owned(), "no Job in job.yaml: Pod \"p\" is not simulated"),
        ("just text".to_owned(), "a document has no kind"),
        (with("{name: j}", "{generateName: j-}"), "it has generateName \"j-\" and no name"),
        (with("{name: j}", "{}"), "it has no name"),
        (with("batch/v1", "batch/v2"), "unknown apiVersion \"batch/v2\""),
        (with("Never", "Always"), "restartPolicy cannot be \"Always\""),
        (with("      restartPolicy: Never\n", ""), "restartPolicy cannot be \"\""),
        (with("- {name: c, image: one:1}", ""), "containers is empty"),
        (with(", image: one:1", ""), "container \"c\" has no image"),
        (with("spec:\n  template", "spec:\n  completionMode: Indexed\n  template"), "completions is missing"),
        (with("spec:\n  template", "spec:\n  completionMode: Mixed\n  template"), "cannot be \"Mixed\""),
        (with("spec:\n  template", "spec:\n  backoffLimitPerIndex: 1\n  template"), "needs an Indexed Job"),
        (with("spec:\n  template", "spec:\n  parallelism: -1\n  template"), "parallelism is negative"),
        (with("spec:\n  template", "spec:\n  parallelism: many\n  template"), "spec: invalid type"),
        (
            with("image: one:1", "image: one:1, resources: {requests: {cpu: much}}"),
            "cpu that is not a quantity",
        ),
        (format!("{JOB}---\n{JOB}"), "job \"j\" appears twice"),
    ] {
        let error = read(&text).expect_err(wanted);
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.summary.contains("job.yaml") && error.summary.contains(wanted), "{}", error.summary);
    }
}

#[test]
fn the_error_about_malformed_yaml_names_the_line() {
    let error = read(&JOB.replace("metadata: {name: j}", "metadata: {name: j")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert!(error.summary.starts_with("job.yaml line "), "{}", error.summary);
    assert!(!error.summary.contains('\n'), "{}", error.summary);
    assert!(!error.hints.is_empty());
    let tabs = read(&JOB.replace("  template:", "\ttemplate:")).unwrap_err();
    assert!(tabs.summary.starts_with("job.yaml line 5"), "{}", tabs.summary);
}

#[test]
fn the_error_about_a_document_names_its_file_line_and_number() {
    let error = read(&format!("{JOB}---\n# a comment\n{}", JOB.replace("Never", "Always"))).unwrap_err();
    let line = JOB.lines().count() + 3;
    let begin = format!("job.yaml line {line} document 2: job \"j\": spec.template.spec.restartPolicy");
    assert!(error.summary.starts_with(&begin), "{}", error.summary);
    let error = read(&JOB.replace("{name: j}", "{name: [j]}")).unwrap_err();
    assert!(error.summary.starts_with("job.yaml line 1: job \"?\": metadata"), "{}", error.summary);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_accepted() {
    let text = format!("\u{feff}{}", JOB.replace('\n', "\r\n"));
    assert_eq!(read(&text).unwrap().jobs[0].name, "j");
}

#[test]
fn large_and_exploding_manifests_end_quickly() {
    let levels = (1..12).map(|level| {
        let below = format!("*a{}, ", level - 1).repeat(10);
        format!("a{level}: &a{level} [{below}]")
    });
    let first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]".to_owned();
    let anchors = std::iter::once(first).chain(levels).collect::<Vec<_>>().join("\n");
    let documents = |count: usize| {
        let document = |number| JOB.replace("{name: j}", &format!("{{name: j{number}}}"));
        (0..count).map(document).collect::<Vec<_>>().join("---\n")
    };
    let pods = "---\nkind: Pod\nmetadata: {name: p}\n".repeat(4_000);
    let start = std::time::Instant::now();
    for text in [
        anchors,
        format!("a: {}", "[".repeat(100_000)),
        "- ".repeat(100_000),
        format!("a: \"{}\"", "x".repeat(4_000_000)),
        "---\n".repeat(100_000),
        pods,
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.summary.contains("job.yaml") && error.summary.len() < 300, "{}", error.summary);
    }
    let read = read(&documents(5_000));
    assert!(read.is_ok_and(|manifest| manifest.jobs.len() == 5_000));
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn the_error_about_a_document_with_too_many_values_names_the_limit() {
    let items = "- {kind: Pod, metadata: {name: p}}\n".repeat(50_000);
    let error = read(&format!("{JOB}---\nkind: List\nitems:\n{items}")).unwrap_err();
    assert_eq!(error.summary, "job.yaml document 2: the document is too large or too deeply nested");
    assert_eq!(error.kind, ErrorKind::Usage);
    assert!(error.hints[0].contains("250,000 values"), "{:?}", error.hints);
}

#[test]
fn the_error_about_one_of_thousands_of_documents_names_its_line_and_number() {
    let documents =
        |last: &str| format!("{}---\n{last}", "---\nkind: Pod\nmetadata: {name: p}\n".repeat(3_000));
    for (last, wanted) in [
        ("kind: [Job", "job.yaml line 9002 document 3001: not valid YAML"),
        ("kind: Job\nmetadata:\n\tname: j", "job.yaml line 9004 document 3001: not valid YAML"),
        ("just text", "job.yaml line 9002 document 3001: a document has no kind"),
        (
            "apiVersion: batch/v2\nkind: Job",
            "job.yaml line 9002 document 3001: job \"?\": unknown apiVersion",
        ),
    ] {
        let error = read(&documents(last)).unwrap_err();
        assert!(error.summary.starts_with(wanted), "{}", error.summary);
    }
}

#[test]
fn a_missing_file_is_a_usage_error() {
    let error = ManifestText::read(Path::new("no/such/job.yaml")).unwrap_err();
    assert_eq!(error.summary, "cannot read no/such/job.yaml: no such file or directory");
}
