//! Tests of the what-if: the runs that it refuses to predict, and the check of its model.

use std::fs;

use serde_json::Value;

use crate::document::{text, workload};
use crate::harness::{Namespace, manifest};

/// The what-if of a Job, with the change `parallelism=6`.
fn what_if(namespace: &Namespace, job: &str) -> Value {
    let command = ["get", "job", job, "-o", "json", "--what-if=parallelism=6"];
    let document = namespace.seq(&command).succeeds().json();
    namespace.check(&document);
    workload(&document, job)["whatIf"].clone()
}

/// Applies a manifest, with images that no node has from an earlier run of the test.
fn apply_with_new_images(namespace: &Namespace, file: &str) {
    let text = fs::read_to_string(manifest(file)).unwrap().replace(":1\"", &format!(":{}\"", namespace.name));
    namespace.kubectl_with(&["--namespace", &namespace.name, "apply", "-f", "-"], &text).succeeds();
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_that_waited_for_the_image_of_another_job_is_not_predicted() {
    let namespace = Namespace::new("other-load");
    let complete_other_load = || {
        apply_with_new_images(&namespace, "other-load.yaml");
        let wait = ["wait", "--for=condition=complete", "job/delayed", "--timeout=120s"];
        namespace.kubectl(&wait).succeeds();
    };
    apply_with_new_images(&namespace, "big-image.yaml");
    // The kubelet pulls the big image before the other Job exists.
    namespace.seq_until(&["get", "job", "big-image", "-o", "json"], "\"phase\": \"Pulling\"");
    complete_other_load();

    let answer = what_if(&namespace, "delayed");
    assert_eq!(text(&answer, "refused"), "otherLoad", "{answer:#}");
    assert!(text(&answer, "message").contains("images of other Pods were pulled first"), "{answer:#}");
    assert_eq!(answer["predictions"].as_array().map(Vec::len), Some(0), "{answer:#}");
    let shown = namespace.seq(&["get", "job", "delayed", "--what-if", "--width=80"]).succeeds();
    shown.prints("no prediction: other workloads delayed this run for ");

    // With the images on the node, nothing delays the same Job, and the model reproduces it.
    namespace.kubectl(&["delete", "job", "delayed"]).succeeds();
    complete_other_load();
    let answer = what_if(&namespace, "delayed");
    assert_ne!(answer["refused"], "otherLoad", "{answer:#}");
    assert!(answer["backtest"]["error"].as_f64().is_some_and(|error| error <= 0.05), "{answer:#}");
}
