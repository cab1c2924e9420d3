//! Tests of the what-if: the runs that it refuses to predict, and the check of its model.

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

#[test]
#[ignore = "needs a cluster"]
fn a_job_that_waited_for_the_image_of_another_job_is_not_predicted() {
    let namespace = Namespace::new("other-load");
    namespace.kubectl(&["apply", "-f", &manifest("big-image.yaml")]).succeeds();
    // The kubelet pulls the big image before the other Job exists.
    namespace.seq_until(&["get", "job", "big-image", "-o", "json"], "\"phase\": \"Pulling\"");
    namespace.complete("other-load.yaml");

    let answer = what_if(&namespace, "delayed");
    assert_eq!(text(&answer, "refused"), "otherLoad", "{answer:#}");
    assert!(text(&answer, "message").contains("images of other Pods were pulled first"), "{answer:#}");
    assert_eq!(answer["predictions"].as_array().map(Vec::len), Some(0), "{answer:#}");
    let shown = namespace.seq(&["get", "job", "delayed", "--what-if", "--width=80"]).succeeds();
    shown.prints("no prediction: other workloads delayed this run for ");

    // With the images on the node, nothing delays the same Job, and it is predicted.
    namespace.kubectl(&["delete", "job", "delayed"]).succeeds();
    namespace.complete("other-load.yaml");
    let answer = what_if(&namespace, "delayed");
    assert!(answer["refused"].is_null(), "{answer:#}");
    assert!(answer["backtest"]["error"].as_f64().is_some_and(|error| error <= 0.05), "{answer:#}");
    assert_eq!(answer["predictions"].as_array().map(Vec::len), Some(1), "{answer:#}");
}
