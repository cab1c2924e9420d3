//! Validates documents against the published JSON Schema.

use std::fs;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Validator> = LazyLock::new(|| create_validator(&read_schema("timeline")));

static HISTORY: LazyLock<Validator> = LazyLock::new(|| create_validator(&read_schema("history")));

static DIFF: LazyLock<Validator> = LazyLock::new(|| create_validator(&read_schema("diff")));

static LINE: LazyLock<Validator> = LazyLock::new(|| {
    let schema = read_schema("timeline");
    create_validator(
        &json!({ "$schema": schema["$schema"], "$ref": "#/$defs/Line", "$defs": schema["$defs"] }),
    )
});

/// Checks a timeline document.
#[track_caller]
pub(crate) fn validate_document(document: &Value) {
    validate(&DOCUMENT, document);
}

/// Checks the document of `diff`.
#[track_caller]
pub(crate) fn validate_diff(document: &Value) {
    validate(&DIFF, document);
}

/// Checks the document of `history`.
#[track_caller]
pub(crate) fn validate_history(document: &Value) {
    validate(&HISTORY, document);
}

/// Checks the text of `-o jsonl`, and returns the types of its lines.
#[track_caller]
pub(crate) fn validate_lines(text: &str) -> Vec<String> {
    let check = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        validate(&LINE, &line);
        line["type"].as_str().unwrap().to_owned()
    };
    text.lines().map(check).collect()
}

#[track_caller]
fn validate(validator: &Validator, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Whether the schema accepts a document.
pub(crate) fn is_valid_document(document: &Value) -> bool {
    DOCUMENT.is_valid(document)
}

/// Reads the published schema of a kind of documents.
fn read_schema(kind: &str) -> Value {
    let path = format!("{}/docs/{kind}.schema.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns a validator that also refuses fields that the schema does not name. The published schema allows such fields,
/// because a later version of the program may add fields.
fn create_validator(schema: &Value) -> Validator {
    let mut schema = schema.clone();
    forbid_unknown_fields(&mut schema);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn forbid_unknown_fields(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.values_mut().for_each(forbid_unknown_fields);
        }
        Value::Array(values) => values.iter_mut().for_each(forbid_unknown_fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
