//! `-o yaml`.

use std::io::{self, Write};

use super::document::Document;

/// Writes the document as YAML: the same fields as in JSON, strings that other readers could take for something else in
/// quotes, each on one line.
///
/// # Errors
/// What the writer says, a broken pipe as such.
pub(crate) fn write_yaml(document: &Document<'_>, mut out: &mut dyn Write) -> io::Result<()> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_io_writer_with_options(&mut out, document, options).map_err(|error| match error {
        serde_saphyr::ser::Error::IO { error } => error,
        other => io::Error::other(other),
    })
}
