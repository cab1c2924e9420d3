//! Tests of Pods and Jobs that no longer exist and are shown from their Events.

use std::fs;

use serde_json::{Value, json};

use crate::document::{array, attempts, end, instant, only_pod, phases, text, workload};
use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster"]
fn pods_and_jobs_that_no_longer_exist_are_shown_from_their_events() {
    let namespace = Namespace::new("gone");
    namespace.kubectl(&["apply", "-f", &manifest("gone.yaml")]).succeeds();
    let failed = ["wait", "--for=condition=failed", "job/deadline", "job/limit", "--timeout=90s"];
    namespace.kubectl(&failed).succeeds();
    namespace.kubectl(&["wait", "--for=delete", "job/expired", "--timeout=90s"]).succeeds();
    namespace.kubectl(&["wait", "--for=delete", "pods", "--all", "--timeout=90s"]).succeeds();
    let recording = std::env::temp_dir().join(format!("gone-{}.jsonl", std::process::id()));
    let path = recording.to_str().unwrap();
    let names = ["get", "job", "deadline", "limit", "expired", "-o", "json", "--record", path];
    let printed = namespace.seq(&names).succeeds();
    let document = printed.json();
    namespace.check(&document);

    let job = workload(&document, "deadline");
    assert_eq!((end(job), &job["gone"]), (["Failed", "DeadlineExceeded"], &json!(false)), "{job:#}");
    for index in 0..11 {
        let [pod] = attempts(job, index)[..] else { panic!("{job:#}") };
        assert_eq!((text(pod, "outcome"), &pod["gone"]), ("Deleted", &json!(true)), "{pod:#}");
        assert!(pod["node"].is_string() && pod["status"].is_null(), "{pod:#}");
        assert!(instant(pod, "workStarted") < instant(pod, "deleteRequested"), "{pod:#}");
    }
    let job = workload(&document, "limit");
    let pod = only_pod(job);
    assert_eq!((end(job), &pod["gone"]), (["Failed", "BackoffLimitExceeded"], &json!(true)), "{job:#}");
    assert!(array(pod, "containers")[0]["restarts"].as_u64() >= Some(1), "{pod:#}");
    assert_eq!(array(pod, "containers")[0]["image"], "busybox:1");
    assert!(pod["exitCode"].is_null(), "{pod:#}");

    let job = workload(&document, "expired");
    assert_eq!((end(job), &job["gone"]), (["Succeeded", ""], &json!(true)), "{job:#}");
    let unknown = ["createdAt", "parallelism", "completions", "succeeded", "failed"];
    assert!(unknown.iter().all(|field| job[field].is_null()), "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), phases(pod).last()), ("Unknown", Some(&"Running")), "{pod:#}");
    assert!(phases(pod).contains(&"Initializing"), "{pod:#}");
    assert_eq!(array(pod, "phases").last().unwrap()["end"], Value::Null);

    let replayed = namespace.seq(&["replay", path, "-o", "json"]).succeeds();
    assert!(replayed.stdout == printed.stdout, "{replayed:#}{printed:#}");
    fs::remove_file(recording).unwrap();

    let followed = namespace.seq(&["get", "job", "expired", "--watch", "--progress=lines"]).succeeds();
    followed.prints("gone, shown from its Events");
    let page = namespace.seq(&["pod", text(pod, "name")]).succeeds();
    page.prints("no longer exists, shown from its Events");
    let never = namespace.seq(&["get", "job", "never"]).exits_with(3);
    never.reports("`--record FILE` would have kept the run");
}
