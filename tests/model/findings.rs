//! Tests of the findings: the sentences about the most expensive losses, and the facts behind these sentences.

use jiff::Timestamp;
use kubectl_seq::testing::export::{document, write_json};
use kubectl_seq::testing::observation::Seen::Listed;
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::slots::{ended_since, job, pod_of};
use crate::support::pod_builder::{at, observation, patched};
use crate::support::scenario::read_scenario;

/// The Job in the document.
fn job_entry(timeline: &Timeline, now: Timestamp) -> Value {
    let mut json = Vec::new();
    write_json(&document(timeline, now), &mut json).unwrap();
    let document: Value = serde_json::from_slice(&json).unwrap();
    let workloads = document["workloads"].as_array().unwrap();
    workloads.iter().find(|workload| workload["kind"] == "Job").unwrap().clone()
}

fn entry_of_list(objects: Vec<Value>, now: f64) -> Value {
    let observations = objects.into_iter().map(|object| observation(Listed, now, object));
    job_entry(&timeline_of(&observations.collect::<Vec<_>>()), at(now))
}

fn finding<'a>(entry: &'a Value, kind: &str) -> &'a Value {
    let findings = entry["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["kind"] == kind).unwrap_or(&Value::Null)
}

fn on_node(pod: Value, node: &str) -> Value {
    patched(pod, json!({"spec": {"nodeName": node}}))
}

#[test]
fn the_stragglers_are_named_with_their_nodes() {
    let mut objects: Vec<Value> =
        (0..28).map(|pod| on_node(pod_of(&format!("p{pod}"), 1, 2, 20 + pod % 5, 0), "node-1")).collect();
    objects.push(on_node(pod_of("late-a", 1, 2, 58, 0), "node-7"));
    objects.push(on_node(pod_of("late-b", 1, 2, 60, 0), "node-7"));
    objects.push(job(30, Some(30), ended_since("Complete", 60)));
    let entry = entry_of_list(objects, 70.0);
    let stragglers = finding(&entry, "stragglers");
    let text = stragglers["text"].as_str().unwrap();
    assert!(text.starts_with("2 of 30 Pods ended after all others and took 6"), "{text}");
    assert!(text.ends_with(" % of the wall time (2 on node-7)"), "{text}");
    assert_eq!((&stragglers["node"], &stragglers["pods"]), (&json!("node-7"), &json!(["late-b", "late-a"])));
}

#[test]
fn idle_slots_are_explained_by_the_pause_between_two_pods() {
    let objects = vec![
        pod_of("a", 1, 2, 10, 0),
        pod_of("b", 13, 14, 20, 0),
        pod_of("c", 23, 24, 30, 0),
        job(1, Some(3), ended_since("Complete", 30)),
    ];
    let entry = entry_of_list(objects, 40.0);
    let text = finding(&entry, "idle")["text"].as_str().unwrap();
    assert!(
        text.starts_with("idle slots took ")
            && text.ends_with(
                "of slot time: 20 % because on average 3.0s pass between the end of a Pod and the start of the next, 2 times"
            ),
        "{text}"
    );
    assert!(entry["findings"].as_array().unwrap().len() <= 3);
}

#[test]
fn the_numbers_of_a_finding_add_up_to_its_share() {
    // Six Pods set up for 0 to 2 seconds each, one of them for 9.
    let mut objects: Vec<Value> = (0..5).map(|pod| pod_of(&format!("p{pod}"), 2, 4, 30, 0)).collect();
    objects.push(pod_of("slow", 2, 11, 30, 0));
    objects.push(job(6, Some(6), ended_since("Complete", 30)));
    let entry = entry_of_list(objects, 40.0);
    let setup = finding(&entry, "setup");
    assert_eq!(
        setup["text"].as_str().unwrap().split_once(": ").unwrap().1,
        "1 Pod for 9.0s (slow on n), 5 others about 2.0s each"
    );
    let slot_millis = entry["summary"]["slotMillis"].as_f64().unwrap();
    let millis = setup["share"].as_f64().unwrap() * slot_millis;
    assert!((millis - 19_000.0).abs() < 300.0, "{millis}");
    assert_eq!(setup["pods"], json!(["slow"]));
}

#[test]
fn idle_slots_of_a_suspension_and_of_a_back_off_are_no_gaps() {
    for name in ["suspend-done", "retry", "fail-index", "paused", "lost-replaced"] {
        let scenario = read_scenario(name);
        let now = scenario.observations.last().unwrap().received;
        let entry = job_entry(&timeline_of(&scenario.observations), now);
        let idle = finding(&entry, "idle");
        let Some(text) = idle["text"].as_str() else { continue };
        let Some((_, gaps)) = text.split_once("on average ") else { continue };
        let (seconds, rest) = gaps.split_once("s pass").unwrap();
        let (_, count) = rest.split_once("the next, ").unwrap();
        let count: f64 = count.split(' ').next().unwrap().parse().unwrap();
        let in_gaps = seconds.parse::<f64>().unwrap() * 1_000.0 * count;
        let all = entry["summary"]["idleMillis"].as_f64().unwrap();
        assert!(in_gaps <= all + 50.0 * count, "{name}: {text}, {all}");
    }
}

#[test]
fn the_most_expensive_loss_comes_first_and_small_losses_are_no_findings() {
    let objects = vec![
        pod_of("a", 1, 2, 40, 3),
        pod_of("b", 40, 50, 99, 0),
        job(1, Some(1), ended_since("Complete", 100)),
    ];
    let entry = entry_of_list(objects, 110.0);
    let findings = entry["findings"].as_array().unwrap();
    let kinds: Vec<&str> = findings.iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["lostWork", "setup"], "{findings:?}");
    assert!(findings[0]["share"].as_f64() > findings[1]["share"].as_f64());
    let text = findings[0]["text"].as_str().unwrap();
    assert!(text.contains("1 Pod failed, 38s in a on n"), "{text}");
}

#[test]
fn reserved_resources_count_until_the_work_begins() {
    let requests = json!({"spec": {"containers": [{"name": "main", "image": "i",
        "resources": {"requests": {"cpu": "500m", "nvidia.com/gpu": "2"}}}]}});
    let pods = (0..2).map(|pod| patched(pod_of(&format!("p{pod}"), 0, 120, 240, 0), requests.clone()));
    let objects = pods.chain([job(2, Some(2), ended_since("Complete", 240))]).collect();
    let entry = entry_of_list(objects, 250.0);
    let reserved = entry["summary"]["reserved"].as_array().unwrap();
    let [gpus, cpus] = &reserved[..] else { panic!("{reserved:?}") };
    assert_eq!((&gpus["resource"], &cpus["resource"]), (&json!("nvidia.com/gpu"), &json!("cpu")));
    // Two Pods hold two GPUs each for two minutes.
    let amount = gpus["amountMillis"].as_i64().unwrap();
    assert!((470_000..=490_000).contains(&amount), "{amount}");
    assert_eq!(cpus["amountMillis"].as_i64().unwrap(), amount / 4);
    let text = finding(&entry, "reserved")["text"].as_str().unwrap();
    assert_eq!(text, "8.0 of 16 GPU-minutes and 2.0 of 4.0 CPU-minutes were reserved before work began");
}

#[test]
fn slow_pulls_are_explained_by_image_node_and_bandwidth() {
    let scenario = read_scenario("slow-pull");
    let now = scenario.observations.last().unwrap().received;
    let entry = job_entry(&timeline_of(&scenario.observations), now);
    let pulls = finding(&entry, "pulls");
    insta::assert_snapshot!(pulls.to_string());
}

#[test]
fn the_slot_time_of_all_nodes_and_of_all_images_is_the_slot_time_with_pods() {
    for name in ["pi", "retry", "evicted", "elastic", "lost-replaced", "suspend-done"] {
        let scenario = read_scenario(name);
        let now = scenario.observations.last().unwrap().received;
        let entry = job_entry(&timeline_of(&scenario.observations), now);
        let slots = entry["summary"]["slots"].as_object().unwrap();
        for table in ["byNode", "byImage"] {
            let rows = entry[table].as_array().unwrap();
            let pods: u64 = rows.iter().map(|row| row["pods"].as_u64().unwrap()).sum();
            assert_eq!(Some(pods), entry["summary"]["pods"].as_u64(), "{name}");
            let lost: i64 = rows.iter().map(|row| row["lostWorkMillis"].as_i64().unwrap()).sum();
            assert_eq!(Some(lost), entry["summary"]["lostWork"]["millis"].as_i64(), "{name}");
            // Slots without a Pod count as back-off or as idle, and belong to no row.
            for (field, millis) in
                slots.iter().filter(|(field, _)| !["backOffMillis", "idleMillis"].contains(&field.as_str()))
            {
                let sum: i64 = rows.iter().map(|row| row["slots"][field].as_i64().unwrap()).sum();
                assert_eq!(Some(sum), millis.as_i64(), "{name}: {field} in {table}");
            }
        }
    }
}
