//! Tests of mistyped words, of incomplete answers, and of kubectl's flags of `get`.

use crate::harness::{Namespace, manifest};

/// Creates a namespace with only the Job `quick`.
fn namespace_with_quick_job(topic: &str) -> Namespace {
    let namespace = Namespace::new(topic);
    namespace.complete("quick.yaml");
    namespace
}

#[test]
#[ignore = "needs a cluster"]
fn an_error_names_the_nearest_type_name_namespace_and_context() {
    let namespace = namespace_with_quick_job("nearest");
    let (typed_namespace, right_namespace) = (namespace.name.replacen("seq", "sqe", 1), &namespace.name);
    for (words, code, hint) in [
        (&["get", "jb"][..], 3, "`kubectl seq get jobs`"),
        (&["get", "deploymnet"], 3, "`kubectl seq get deployments`"),
        (&["get", "mpijob"], 3, "MPIJob of kubeflow.org is not installed"),
        (&["get", "job", "quikc"], 3, "Did you mean quick?"),
        (&["get", "pod", "quick"], 3, "quick is the name of a Job: `kubectl seq get job/quick`"),
        (&["pod", "quick"], 2, "quick is the name of a Job: `kubectl seq get job/quick`"),
        (&["get", "jobs", "--namespace", &typed_namespace], 3, &format!("Did you mean {right_namespace}?")),
        (&["get", "job", "quick", "-n", &typed_namespace], 3, &format!("Did you mean {right_namespace}?")),
        (&["get", "jobs", "-w", "-n", &typed_namespace], 3, &format!("Did you mean {right_namespace}?")),
    ] {
        let result = namespace.seq(words).exits_with(code);
        result.reports(hint);
        assert_eq!(result.stdout, "", "{result:#}");
    }
    namespace.seq(&["get", "jobs", "-n", &typed_namespace, "--ignore-not-found"]).succeeds();
    let manifest = manifest("quick.yaml");
    let applied = namespace.seq(&["apply", "-f", &manifest, "-n", &typed_namespace]).exits_with(1);
    applied.reports(&format!("namespaces \"{typed_namespace}\" not found"));
    applied.reports(&format!("hint: Did you mean {right_namespace}?"));
    let context = namespace.kubectl(&["config", "current-context"]).succeeds().stdout;
    let typed_context = format!("{}x", context.trim());
    let result = namespace.seq(&["get", "jobs", "--context", &typed_context]).exits_with(3);
    result.reports(&format!("Did you mean {}?", context.trim()));
}

#[test]
#[ignore = "needs a cluster"]
fn a_warning_of_the_server_looks_as_in_kubectl() {
    let namespace = Namespace::new("warning");
    let group = format!("{}.example.com", namespace.name);
    let definition = format!(
        "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: oldjobs.{group}}}, \
         spec: {{group: {group}, scope: Namespaced, names: {{plural: oldjobs, kind: OldJob}}, versions: [{{name: v1, \
         served: true, storage: true, deprecated: true, deprecationWarning: use another type, \
         schema: {{openAPIV3Schema: {{type: object}}}}}}]}}}}"
    );
    namespace.kubectl_with(&["apply", "-f", "-"], &definition).succeeds();
    let definition = format!("crd/oldjobs.{group}");
    namespace.kubectl(&["wait", "--for=condition=Established", &definition]).succeeds();
    let resource = format!("oldjobs.{group}");
    let expected = namespace.kubectl(&["get", &resource]).succeeds().stderr;
    let warning = expected.lines().next().unwrap_or_default();
    assert_eq!(warning, "Warning: use another type");
    let shown = namespace.seq(&["get", &resource]).succeeds();
    assert_eq!(shown.stderr.matches(warning).count(), 1, "{shown:#}");
    let refused = namespace.seq(&["get", &resource, "--warnings-as-errors"]).exits_with(3);
    refused.reports("error: 1 warning received");
    namespace.kubectl(&["delete", &definition]).succeeds();
}

#[test]
#[ignore = "needs a cluster"]
fn existing_objects_are_shown_before_the_error_about_missing_objects() {
    let namespace = namespace_with_quick_job("part");
    for (words, code, error) in [
        (&["get", "job", "quick", "nope"][..], 3, "jobs.batch \"nope\" not found"),
        (&["get", "job/quick", "pod/nope"], 3, "pods \"nope\" not found"),
        (&["get", "job", "quick", "nope", "-w"], 3, "jobs.batch \"nope\" not found"),
        (&["get", "job,mpijob"], 3, "doesn't have a resource type \"mpijob\""),
        (&["get", "job,cj", "quick"], 0, ""),
        (&["get", "job", "quick", "nope", "--ignore-not-found"], 0, ""),
    ] {
        let result = namespace.seq(&[words, &["-o", "name"]].concat()).exits_with(code);
        assert_eq!(result.stdout, "job.batch/quick\n", "{result:#}");
        result.reports(error);
        assert!(!error.is_empty() || result.stderr.is_empty(), "{result:#}");
    }
    let none = namespace.seq(&["get", "job,cj", "nope"]).exits_with(3);
    none.reports("jobs.batch \"nope\" not found");
    none.reports("cronjobs.batch \"nope\" not found");
}

#[test]
#[ignore = "needs a cluster"]
fn get_shows_the_objects_that_a_file_names() {
    let namespace = namespace_with_quick_job("files");
    let quick = manifest("quick.yaml");
    let result = namespace.seq(&["get", "-f", &quick, "-o", "name"]).succeeds();
    assert_eq!(result.stdout, "job.batch/quick\n", "{result:#}");
    // kubectl itself reports the missing object.
    let failing = manifest("failing.yaml");
    let part = namespace.seq(&["get", "-f", &quick, "-f", &failing, "-o", "name"]).exits_with(3);
    assert_eq!(part.stdout, "job.batch/quick\n", "{part:#}");
    part.reports("\"failing\" not found");
    namespace.seq(&["get", "-f", &failing]).exits_with(3).reports("\"failing\" not found");
    namespace.seq(&["get", "-f", &failing, "--ignore-not-found"]).succeeds();
    namespace.seq(&["get", "job", "-f", &quick]).exits_with(2).reports("either");
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n";
    let result = namespace.seq_with(&["get", "-f", "-"], account).exits_with(2);
    result.reports("no object that runs Pods");
}

#[test]
#[ignore = "needs a cluster"]
fn diagnostics_show_the_requests_and_no_token() {
    let namespace = namespace_with_quick_job("verbose");
    let shown = |level: &str| {
        namespace.seq(&["get", "job", "quick", "-o", "name", "--token=hidden-token", "-v", level])
    };
    let six = shown("6").succeeds();
    six.reports("\"Response\" verb=\"GET\" url=\"https://");
    six.reports("status=\"200 OK\" milliseconds=");
    assert_eq!(six.stdout, "job.batch/quick\n", "{six:#}");
    assert!(!shown("10").stderr.contains("hidden-token"));
    let five = shown("5").succeeds();
    assert!(five.stderr.contains("listing /apis/batch/v1/") && !five.stderr.contains("Response"), "{five:#}");
    assert_eq!(shown("0").succeeds().stderr, "");
    let quick = manifest("quick.yaml");
    let apply =
        namespace.seq(&["apply", "-f", &quick, "--token=hidden-token", "-v=2", "--detach"]).succeeds();
    apply.reports("running kubectl apply");
    assert!(!apply.stderr.contains("hidden-token"), "{apply:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn flags_about_the_server_have_the_meaning_of_kubectl() {
    let namespace = namespace_with_quick_job("server");
    namespace.seq(&["get", "jobs", "--match-server-version"]).succeeds();
    namespace.seq(&["get", "jobs", "--chunk-size=1", "-v6"]).succeeds().reports("limit=1");
    let authority = manifest("quick.yaml");
    let insecure = ["get", "jobs", "--insecure-skip-tls-verify", "--certificate-authority", &authority];
    namespace.seq(&insecure).exits_with(2).reports("root certificates file with the insecure flag");
    // The server refuses the selector with the code 400.
    namespace.seq(&["get", "jobs", "-l", "a==b==c"]).exits_with(3);
}
