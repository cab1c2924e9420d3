//! Validates the documents of the program against the published JSON Schema.

use serde_json::{Value, json};

use super::seq;
use super::support::schema::{is_valid_document, validate_document, validate_lines};

fn document(arguments: &[&str]) -> Value {
    let result = seq(&[arguments, &["-o", "json"]].concat());
    serde_json::from_str(&result.stdout).unwrap_or_else(|error| panic!("{error}: {result:#}"))
}

#[test]
fn the_documents_of_the_simulation_follow_the_schema() {
    for flags in [
        &[] as &[&str],
        &["--what-if"],
        &["--what-if=parallelism=2,prepulled"],
        &["--fail-if", "share(idle) > 1%", "--fail-if", "max(run) > 1s", "--fail-if", "count(run) > 100"],
        &["-f", "examples/short-pods.yaml", "--seed", "3"],
    ] {
        validate_document(&document(&[&["simulate"], flags].concat()));
    }
}

#[test]
fn the_lines_of_the_simulation_follow_the_schema() {
    let types = validate_lines(&seq(&["simulate", "-o", "jsonl"]).stdout);
    for name in ["workload", "pod", "end"] {
        assert!(types.iter().any(|other| other == name), "{types:?}");
    }
}

#[test]
fn the_schema_refuses_a_document_with_a_wrong_field() {
    let document = document(&["simulate"]);
    for (pointer, field, value) in [
        ("", "kind", json!("History")),
        ("", "observedAt", json!("yesterday")),
        ("/workloads/0", "succeeded", json!("20")),
        ("/workloads/0", "surprise", json!(1)),
        ("/workloads/0/pods/0", "attempt", json!(null)),
        ("/workloads/0/pods/0/instants/created", "at", json!(0)),
        ("/workloads/0/summary/slotRanges", "workMillis", json!([1])),
    ] {
        let mut wrong = document.clone();
        wrong.pointer_mut(pointer).unwrap()[field] = value;
        assert!(!is_valid_document(&wrong), "{pointer} {field}");
    }
    let mut wrong = document.clone();
    wrong["workloads"][0]["pods"][0].as_object_mut().unwrap().remove("uid");
    assert!(!is_valid_document(&wrong), "a missing field");
    assert!(is_valid_document(&document));
}
