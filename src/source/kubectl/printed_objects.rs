//! The objects that kubectl prints as JSON.
//!
//! Only the type, the namespace, the name and the uid of an object are read, because other fields may be secret.

use serde::Deserialize;

use crate::source::kubectl::change_command::ChangeCommand;

/// An object that a kubectl command has changed, as kubectl prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedObject {
    /// API version, for example `batch/v1`.
    pub api_version: String,
    /// Kind, for example `Job`.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl ChangedObject {
    /// Returns the API group; empty for the core group.
    pub(crate) fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Returns the line that kubectl prints for this object if no output format is chosen, for example
    /// `job.batch/pi created`.
    pub(super) fn line(&self, participle: &str) -> String {
        let (kind, group, name) = (self.kind.to_lowercase(), self.group(), &self.name);
        let dot = if group.is_empty() { "" } else { "." };
        format!("{kind}{dot}{group}/{name} {participle}\n")
    }
}

/// One object or a list of objects. All other fields are skipped while the text is parsed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PrintedObject {
    api_version: String,
    kind: String,
    metadata: PrintedMetadata,
    items: Option<Vec<Self>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PrintedMetadata {
    name: String,
    namespace: String,
    uid: String,
}

/// Parses one JSON document: an object, or a list of objects.
pub(crate) fn parse_objects(printed: &[u8]) -> Result<Vec<ChangedObject>, serde_json::Error> {
    // kubectl prints nothing if no object exists.
    if printed.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let printed: PrintedObject = serde_json::from_slice(printed)?;
    let objects = match printed.items {
        Some(items) => items,
        None => vec![printed],
    };
    Ok(objects
        .into_iter()
        .map(|object| ChangedObject {
            api_version: object.api_version,
            kind: object.kind,
            namespace: object.metadata.namespace,
            name: object.metadata.name,
            uid: object.metadata.uid,
        })
        .collect())
}

/// Reads the objects that a command prints, and replaces them by the lines that kubectl prints without `--output`.
#[derive(Debug, Default)]
pub(crate) struct PrintedObjects {
    parts: PrintedParts,
    objects: Vec<ChangedObject>,
    /// The first error. Reading goes on after an error, because kubectl must not be interrupted.
    error: Option<serde_json::Error>,
}

impl PrintedObjects {
    /// Reads the next bytes of the output of `command`. Returns the text for the user.
    pub(crate) fn read(&mut self, bytes: &[u8], command: ChangeCommand) -> Vec<u8> {
        let mut text = Vec::new();
        for part in self.parts.read(bytes) {
            match part {
                PrintedPart::Text(bytes) => text.extend(bytes),
                PrintedPart::Document(json) => match parse_objects(&json) {
                    Ok(objects) => {
                        let lines = objects.iter().map(|object| object.line(command.participle()));
                        text.extend(lines.flat_map(String::into_bytes));
                        self.objects.extend(objects);
                    }
                    Err(error) => self.error = self.error.take().or(Some(error)),
                },
            }
        }
        text
    }

    /// Returns the objects.
    ///
    /// # Errors
    ///
    /// A document cannot be parsed, or the last document is incomplete.
    pub(crate) fn into_objects(self) -> Result<Vec<ChangedObject>, serde_json::Error> {
        match self.error {
            Some(error) => Err(error),
            None if self.parts.is_in_document() => parse_objects(&self.parts.part),
            None => Ok(self.objects),
        }
    }
}

/// A part of kubectl's standard output.
#[derive(Debug, PartialEq, Eq)]
enum PrintedPart {
    /// Text that is not JSON, such as the line about a deleted object. The text may end in the middle of a line.
    Text(Vec<u8>),
    /// A whole JSON document.
    Document(Vec<u8>),
}

/// Divides kubectl's standard output into JSON documents and other lines, while kubectl prints them.
#[derive(Debug, Default)]
struct PrintedParts {
    position: OutputPosition,
    /// The bytes of the part that has begun.
    part: Vec<u8>,
}

/// The position in the output after the last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OutputPosition {
    /// At the beginning of a line, outside of a document.
    #[default]
    LineStart,
    /// In a line that is not JSON.
    Line,
    /// In a document.
    Document {
        /// The number of open braces and brackets.
        depth: usize,
        in_string: bool,
        /// Whether the last byte is a backslash that escapes the next byte of a string.
        is_escaped: bool,
    },
    /// Between the end of a document and the end of its line.
    DocumentEnd,
}

impl PrintedParts {
    /// Reads the next bytes of the output. Returns the documents that are complete, and all text, in their order. Text
    /// is returned before its line is complete, because kubectl may wait for input in the middle of a line.
    fn read(&mut self, bytes: &[u8]) -> Vec<PrintedPart> {
        let mut parts = Vec::new();
        for &byte in bytes {
            match (self.position, byte) {
                (OutputPosition::DocumentEnd, b'\n') => {
                    self.position = OutputPosition::LineStart;
                    continue;
                }
                (OutputPosition::LineStart, b'{') => {
                    self.end_text(&mut parts);
                    self.position =
                        OutputPosition::Document { depth: 0, in_string: false, is_escaped: false };
                }
                (_, _) => {}
            }
            self.part.push(byte);
            self.position = self.position.after(byte);
            if self.position == OutputPosition::DocumentEnd && byte == b'}' {
                parts.push(PrintedPart::Document(std::mem::take(&mut self.part)));
            }
        }
        self.end_text(&mut parts);
        parts
    }

    /// Whether the output ends in the middle of a document.
    fn is_in_document(&self) -> bool {
        matches!(self.position, OutputPosition::Document { .. })
    }

    /// Moves the text that has been read to `parts`. Does nothing inside a document.
    fn end_text(&mut self, parts: &mut Vec<PrintedPart>) {
        if !self.is_in_document() && !self.part.is_empty() {
            parts.push(PrintedPart::Text(std::mem::take(&mut self.part)));
        }
    }
}

impl OutputPosition {
    /// Returns the position after `byte`.
    fn after(self, byte: u8) -> Self {
        let document = |depth, in_string, is_escaped| Self::Document { depth, in_string, is_escaped };
        match (self, byte) {
            (Self::Document { depth, in_string: true, is_escaped: true }, _) => document(depth, true, false),
            (Self::Document { depth, in_string: true, .. }, b'\\') => document(depth, true, true),
            (Self::Document { depth, in_string, .. }, b'"') => document(depth, !in_string, false),
            (Self::Document { depth, in_string: false, .. }, b'{' | b'[') => {
                document(depth + 1, false, false)
            }
            (Self::Document { depth: 1, in_string: false, .. }, b'}' | b']') => Self::DocumentEnd,
            (Self::Document { depth, in_string: false, .. }, b'}' | b']') => {
                document(depth.saturating_sub(1), false, false)
            }
            (Self::Document { .. }, _) => self,
            (Self::LineStart | Self::Line | Self::DocumentEnd, b'\n') => Self::LineStart,
            (Self::LineStart | Self::Line | Self::DocumentEnd, _) => Self::Line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lines_are_divided_wherever_the_output_is_cut() {
        let object = "{\n    \"a\": \"}\\\"{\\\\\",\n    \"b\": [{}, []]\n}";
        let output = format!("job.batch \"pi\" deleted\n{object}\n{object}\nafter\n{{}}\n");
        for size in 1..=output.len() {
            let mut parts = PrintedParts::default();
            let (mut text, mut documents) = (Vec::new(), Vec::new());
            for chunk in output.as_bytes().chunks(size) {
                for part in parts.read(chunk) {
                    match part {
                        PrintedPart::Text(bytes) => text.extend(bytes),
                        PrintedPart::Document(bytes) => documents.push(String::from_utf8(bytes).unwrap()),
                    }
                }
            }
            assert_eq!(String::from_utf8(text).unwrap(), "job.batch \"pi\" deleted\nafter\n", "{size}");
            assert_eq!(documents, [object, object, "{}"], "{size}");
            assert!(!parts.is_in_document());
        }
    }

    #[test]
    fn an_incomplete_line_is_passed_on_but_an_incomplete_document_is_not() {
        let mut parts = PrintedParts::default();
        assert_eq!(parts.read(b"Password: "), [PrintedPart::Text(b"Password: ".to_vec())]);
        assert_eq!(parts.read(b"\n{\"data\": \"secret"), [PrintedPart::Text(b"\n".to_vec())]);
        assert!(parts.is_in_document());
    }

    #[test]
    fn one_object_a_list_and_empty_output_are_parsed() {
        let one = br#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi","namespace":"ns","uid":"u","annotations":{"a":"b"}},"spec":{}}"#;
        let pi = ChangedObject {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            namespace: "ns".to_owned(),
            name: "pi".to_owned(),
            uid: "u".to_owned(),
        };
        assert_eq!(parse_objects(one).unwrap(), std::slice::from_ref(&pi));
        let list =
            [b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[".as_slice(), one, b"],\"metadata\":{}}"]
                .concat();
        assert_eq!(parse_objects(&list).unwrap(), [pi]);
        assert_eq!(parse_objects(b"\n").unwrap(), []);
        assert!(parse_objects(b"error").is_err());
    }

    #[test]
    fn the_line_of_an_object_is_the_same_as_in_kubectl() {
        let line = |api_version: &str, kind: &str| {
            let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
            let (namespace, name, uid) = (String::new(), "x".to_owned(), String::new());
            ChangedObject { api_version, kind, namespace, name, uid }.line("created")
        };
        assert_eq!(line("batch/v1", "Job"), "job.batch/x created\n");
        assert_eq!(line("v1", "ConfigMap"), "configmap/x created\n");
    }
}
