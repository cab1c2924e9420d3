//! Compares the published JSON Schema with the types of the document.

use std::env;
use std::fs;

use crate::export::schema::generate_schema;

/// The path of the published schema.
const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/timeline.schema.json");

/// With `UPDATE_DOCUMENTS=1` in the environment, this test writes the schema.
#[test]
fn the_published_schema_describes_the_types_of_the_document() {
    let schema = format!("{:#}\n", generate_schema());
    if env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(PUBLISHED, &schema).unwrap();
    }
    let published = fs::read_to_string(PUBLISHED).unwrap_or_default();
    let difference = published.lines().zip(schema.lines()).find(|(published, real)| published != real);
    assert!(
        published == schema,
        "docs/timeline.schema.json is out of date (run the test with UPDATE_DOCUMENTS=1): {difference:?}"
    );
}
