//! `-o json`: the timeline document as JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::export::document::Document;

/// Writes the document as JSON with a final newline. The indentation is that of kubectl.
///
/// # Errors
/// Returns the writer's error. A broken pipe is returned as `io::ErrorKind::BrokenPipe`.
pub fn write_json(document: &Document<'_>, mut out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"    "));
    document.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
