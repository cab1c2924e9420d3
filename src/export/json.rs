//! `-o json`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::document::Document;

/// Writes the document as JSON, indented as kubectl does, with a newline at the end.
///
/// # Errors
/// What the writer says, a broken pipe as such.
pub fn write_json(document: &Document<'_>, mut out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"    "));
    document.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
