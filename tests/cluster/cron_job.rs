//! A CronJob: its Jobs, by the schedule and by hand, and its next run.

use serde_json::Value;

use crate::document::{array, children, counts, end, only_pod, text, workload};
use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster, and up to 80 s"]
fn jobs_appear_while_it_is_followed() {
    let namespace = Namespace::new("cron");
    // It has no end, so that nobody waits for it unasked.
    let applied = namespace.seq(&["apply", "-f", &manifest("every-minute.yaml")]).succeeds();
    applied.warns("cronjob/tick is not followed");
    let mut running = namespace.start(&["get", "cj/tick", "-w", "-o", "json", "--progress=lines"]);
    running.until_it_says("cronjob/tick");
    namespace.kubectl(&["create", "job", "by-hand", "--from=cronjob/tick"]).succeeds();
    running.until_it_says("job/by-hand succeeded");
    running.until_it_says("job/tick-");
    // The first that the schedule made.
    let made = "jsonpath={.items[?(@.metadata.name!=\"by-hand\")].metadata.name}";
    let name = namespace.kubectl(&["get", "jobs", "-o", made]).succeeds().stdout;
    let name = name.split_whitespace().next().unwrap().to_owned();
    running.until_it_says(&format!("job/{name} succeeded"));
    running.signal("INT");
    let document = running.wait().ends(130).json();
    namespace.hold(&document);
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
    // What the schedule made began with its minute.
    let made = jobs.iter().find(|found| found["name"] == name.as_str()).unwrap();
    let created = text(made, "createdAt");
    assert!(created[17..19].parse::<u32>().unwrap() < 30, "{created}");

    namespace.kubectl(&["patch", "cronjob", "tick", "-p", "{\"spec\":{\"suspend\":true}}"]).succeeds();
    let document = namespace.seq(&["get", "cronjobs", "-o", "json"]).succeeds().json();
    let tick = workload(&document, "tick");
    assert_eq!((text(tick, "outcome"), &tick["nextRunAt"]), ("Suspended", &Value::Null), "{tick:#}");
}
