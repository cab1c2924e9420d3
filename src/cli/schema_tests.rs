//! Compares the published JSON Schemas with the types of the documents.

use std::env;
use std::fs;

use serde_json::Value;

use crate::export::schema::{generate_diff_schema, generate_history_schema, generate_timeline_schema};

/// With `UPDATE_DOCUMENTS=1` in the environment, writes the schema.
fn compare_published_schema(name: &str, schema: &Value) {
    let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
    let schema = format!("{schema:#}\n");
    if env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    let difference = published.lines().zip(schema.lines()).find(|(published, real)| published != real);
    assert!(
        published == schema,
        "docs/{name} is out of date (run the test with UPDATE_DOCUMENTS=1): {difference:?}"
    );
}

#[test]
fn the_published_schemas_describe_the_types_of_the_documents() {
    compare_published_schema("timeline.schema.json", &generate_timeline_schema());
    compare_published_schema("diff.schema.json", &generate_diff_schema());
    compare_published_schema("history.schema.json", &generate_history_schema());
}
