//! Tests of the causes that are about whole workloads: refused Pods, rollouts, and workloads below others.

use serde_json::{Value, json};

use crate::fatal_causes::{failed_pod, job, listed, of_job, stuck_pod};
use crate::support::pod_builder::{condition_with_reason, kubelet_event, merge, patched, running_pod, time};

/// The controller's event about a Pod that it could not create.
fn refusal(second: f64, message: &str) -> Value {
    let mut event = kubelet_event("FailedCreate", "", second, &format!("Error creating: {message}"));
    event["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j", "namespace": "default"});
    event["source"] = json!({"component": "job-controller"});
    event
}

#[test]
fn a_quota_or_a_webhook_that_refuses_all_pods_is_a_cause_at_once() {
    let quota =
        "pods \"j-x\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2";
    let webhook = "admission webhook \"deny.example\" denied the request: no";
    for message in [quota, webhook, "pods \"j-x\" is forbidden: violates PodSecurity \"restricted:latest\""] {
        let found = listed(5.0, [job(json!({}), json!({})), refusal(2.0, message)]);
        assert!(
            found.len() == 1 && found[0].starts_with("j refused: ") && found[0].ends_with(" from 2"),
            "{found:?}"
        );
    }
    // The Job makes progress with the Pods that the quota allows.
    let working = of_job(running_pod());
    assert_eq!(listed(5.0, [job(json!({}), json!({})), refusal(2.0, quota), working]), [""; 0]);
}

#[test]
fn a_refusal_that_can_pass_by_itself_has_a_minute() {
    for message in [
        "Operation cannot be fulfilled on resourcequotas \"few\": the object has been modified; please apply your changes to the latest version and try again",
        "Internal error occurred: failed calling webhook \"check.example\": connection refused",
        "pods \"j-x\" is forbidden: error looking up service account ns/worker: serviceaccount \"worker\" not found",
    ] {
        let found = listed(5.0, [job(json!({}), json!({})), refusal(2.0, message)]);
        assert!(found.len() == 1 && found[0].ends_with(" from 62"), "{found:?}");
    }
}

fn deployment(updated: i32, patch: Value) -> Value {
    let mut deployment = json!({
        "kind": "Deployment", "metadata": {"namespace": "default", "name": "web", "uid": "web", "creationTimestamp": time(0), "generation": 2},
        "spec": {"replicas": 1}, "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": updated, "availableReplicas": 1},
    });
    merge(&mut deployment, patch);
    deployment
}

fn revision(name: &str, created: i64) -> Value {
    json!({
        "kind": "ReplicaSet",
        "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(created), "generation": 1,
            "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "web", "controller": true}]},
        "spec": {"replicas": 1}, "status": {"observedGeneration": 1, "replicas": 1},
    })
}

/// A Pod of a revision that misses its `ConfigMap`.
fn broken_pod(revision: &str, created: i64) -> Value {
    let owner = json!([{"kind": "ReplicaSet", "name": revision, "uid": revision, "controller": true}]);
    let name = format!("{revision}-x");
    patched(
        stuck_pod("CreateContainerConfigError", "configmap \"nope\" not found"),
        json!({"metadata": {"name": name, "uid": name, "creationTimestamp": time(created), "ownerReferences": owner}}),
    )
}

#[test]
fn only_the_pods_of_the_newest_revision_of_a_rollout_count() {
    let all = |deployment: Value| {
        let revisions = [revision("web-1", 0), revision("web-2", 50)];
        [deployment].into_iter().chain(revisions).collect::<Vec<Value>>()
    };
    let old = || broken_pod("web-1", 1);
    let new = || broken_pod("web-2", 51);
    let found = listed(55.0, [all(deployment(1, json!({}))), vec![old(), new()]].concat());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("web-2-x configmap"), "{found:?}");
    // The controller has not counted the new Pod yet, or has not seen the change.
    assert_eq!(listed(55.0, [all(deployment(0, json!({}))), vec![old()]].concat()), [""; 0]);
    let unobserved = deployment(1, json!({"status": {"observedGeneration": 1}}));
    assert_eq!(listed(55.0, [all(unobserved), vec![old()]].concat()), [""; 0]);
}

#[test]
fn a_rollout_past_its_progress_deadline_is_a_cause() {
    let condition = json!({"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \"web-1\" has timed out progressing.", "lastUpdateTime": time(60)});
    let failed = deployment(1, json!({"status": {"conditions": [condition]}}));
    assert_eq!(listed(61.0, [failed]), ["web failed itself from 60"]);
}

#[test]
fn the_earlier_jobs_of_a_cron_job_do_not_matter() {
    let cron = json!({"kind": "CronJob", "metadata": {"namespace": "default", "name": "c", "uid": "c", "creationTimestamp": time(0)},
        "spec": {"schedule": "* * * * *"}, "status": {}});
    let owner = json!([{"kind": "CronJob", "name": "c", "uid": "c", "controller": true}]);
    let mut failed = condition_with_reason("Failed", "True", 10, "BackoffLimitExceeded");
    failed["message"] = json!("Job has reached the specified backoff limit");
    let of_cron = |conditions: Value| {
        job(
            json!({"backoffLimit": 0}),
            json!({"metadata": {"ownerReferences": owner}, "status": {"conditions": conditions}}),
        )
    };
    let failed_pod = || failed_pod("a", None, 9, 3);
    assert_eq!(listed(11.0, [cron.clone(), of_cron(json!([failed])), failed_pod()]), [""; 0]);
    assert_eq!(listed(11.0, [cron, of_cron(json!([])), failed_pod()]), ["a failed 3 from 9"]);
}

#[test]
fn a_job_set_may_run_a_failed_job_again() {
    let set = |conditions: Value| {
        json!({"kind": "Custom", "apiVersion": "jobset.x-k8s.io/v1alpha2", "metadata": {"namespace": "default", "name": "set", "uid": "set"},
            "status": {"conditions": conditions}})
    };
    let owner = json!([{"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "name": "set", "uid": "set", "controller": true}]);
    let of_set = || job(json!({"backoffLimit": 0}), json!({"metadata": {"ownerReferences": owner}}));
    let open = set(json!([{"type": "StartupPolicyCompleted", "status": "True"}]));
    assert_eq!(listed(11.0, [open, of_set(), failed_pod("a", None, 9, 3)]), [""; 0]);
    let failed = set(json!([{"type": "Failed", "status": "True", "lastTransitionTime": time(10)}]));
    let found = listed(11.0, [failed, of_set(), failed_pod("a", None, 9, 3)]);
    assert_eq!(found, ["set failed itself from 10"]);
}
