//! Tests of a CronJob with scheduled and manual Jobs, and of its next run.

use serde_json::Value;

use crate::document::{array, children, counts, end, only_pod, text, workload};
use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster, and up to 80 s"]
fn jobs_appear_while_a_cron_job_is_followed() {
    let namespace = Namespace::new("cron");
    // A CronJob never ends, so `apply` does not wait for it.
    let applied = namespace.seq(&["apply", "-f", &manifest("every-minute.yaml")]).succeeds();
    applied.reports("cronjob/tick is not followed");
    let mut running = namespace.start(&["get", "cj/tick", "-w", "-o", "json", "--progress=lines"]);
    running.wait_for_text("cronjob/tick");
    namespace.kubectl(&["create", "job", "by-hand", "--from=cronjob/tick"]).succeeds();
    running.wait_for_text("job/by-hand succeeded");
    running.wait_for_text("job/tick-");
    // This is the first scheduled Job.
    let scheduled_names = "jsonpath={.items[?(@.metadata.name!=\"by-hand\")].metadata.name}";
    let name = namespace.kubectl(&["get", "jobs", "-o", scheduled_names]).succeeds().stdout;
    let name = name.split_whitespace().next().unwrap().to_owned();
    running.wait_for_text(&format!("job/{name} succeeded"));
    running.signal("INT");
    let document = running.wait().exits_with(130).json();
    namespace.check(&document);
    let tick = workload(&document, "tick");
    let next: &str = text(tick, "nextRunAt");
    assert!(next.ends_with(":00.000Z") && next > text(&document, "observedAt"), "{tick:#}");
    assert!(array(tick, "pods").is_empty(), "{tick:#}");
    let jobs: Vec<&Value> = children(&document, tick).collect();
    for job in ["by-hand", &name] {
        let job = jobs.iter().find(|found| found["name"] == job).unwrap_or_else(|| panic!("{document:#}"));
        assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{document:#}");
        assert_eq!(text(only_pod(job), "outcome"), "Succeeded", "{document:#}");
    }
    // The scheduled Job was created in the first half of a minute.
    let scheduled = jobs.iter().find(|found| found["name"] == name.as_str()).unwrap();
    let created = text(scheduled, "createdAt");
    assert!(created[17..19].parse::<u32>().unwrap() < 30, "{created}");

    namespace.kubectl(&["patch", "cronjob", "tick", "-p", "{\"spec\":{\"suspend\":true}}"]).succeeds();
    let document = namespace.seq(&["get", "cronjobs", "-o", "json"]).succeeds().json();
    let tick = workload(&document, "tick");
    assert_eq!((text(tick, "outcome"), &tick["nextRunAt"]), ("Suspended", &Value::Null), "{tick:#}");
}
