//! Generates the JSON Schema of the timeline document from the types of the document.
//!
//! The schema is published as `docs/timeline.schema.json`. Its root is the document of `-o json`, and its definition
//! `Line` is a line of `-o jsonl`. The program itself does not need the schema, so only the tests contain this module.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

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

/// Generates the schema of the document, with a definition of its lines.
pub(crate) fn generate_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.subschema_for::<AnyLine<'_>>();
    let mut schema = generator.into_root_schema_for::<Document<'_>>();
    schema.insert("title".to_owned(), "The timeline document of kubectl-seq".into());
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
