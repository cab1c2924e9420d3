//! Generates the JSON Schemas of the documents from their types.
//!
//! The schemas are published as `docs/timeline.schema.json`, `docs/diff.schema.json` and
//! `docs/history.schema.json`. The root of the first one is the
//! document of `-o json`, and its definition
//! `Line` is a line of `-o jsonl`. The program itself does not need the schemas, so only the tests contain this module.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::export::comparison::{DiffDocument, HistoryDocument};
use crate::export::document::Document;
use crate::export::jsonl::{EndLine, PodLine, WorkloadLine};
use crate::export::log_line::LogLineEntry;

/// A line of `-o jsonl`.
#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
#[schemars(rename = "Line")]
#[expect(dead_code, clippy::large_enum_variant, reason = "only the schema of the lines is needed")]
enum AnyLine<'a> {
    Workload(WorkloadLine<'a>),
    Pod(PodLine<'a>),
    Log(LogLineEntry<'a>),
    End(EndLine<'a>),
}

/// Generates the schema of the timeline document, with a definition of its lines.
pub(crate) fn generate_timeline_schema() -> Value {
    let mut generator = new_generator();
    generator.subschema_for::<AnyLine<'_>>();
    finish_schema(generator.into_root_schema_for::<Document<'_>>(), "The timeline document of kubectl-seq")
}

/// Generates the schema of the document of `diff`.
pub(crate) fn generate_diff_schema() -> Value {
    let schema = new_generator().into_root_schema_for::<DiffDocument<'_>>();
    finish_schema(schema, "The document of kubectl-seq diff")
}

/// Generates the schema of the document of `history`.
pub(crate) fn generate_history_schema() -> Value {
    let schema = new_generator().into_root_schema_for::<HistoryDocument<'_>>();
    finish_schema(schema, "The document of kubectl-seq history")
}

fn new_generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

fn finish_schema(mut schema: Schema, title: &str) -> Value {
    schema.insert("title".to_owned(), title.into());
    let mut schema = Value::from(schema);
    clean_schema(&mut schema);
    schema
}

/// Joins the lines of the descriptions, because comments in the code are wrapped. Removes defaults of `null`, because every
/// field is always written.
fn clean_schema(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "default" || !value.is_null());
            for (name, value) in fields {
                if let (Value::String(text), "description") = (&mut *value, name.as_str()) {
                    *text = text.replace('\n', " ");
                } else {
                    clean_schema(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(clean_schema),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
