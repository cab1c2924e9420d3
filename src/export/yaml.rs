//! `-o yaml`: the timeline document as YAML.

use std::io::{self, Write};

use serde::Serialize;

use crate::export::escapes::YamlEscaper;

/// Writes a document as YAML with the same fields as in JSON. Each string is on one line. A string that a YAML reader could
/// interpret as another type is quoted.
///
/// # Errors
/// Returns the writer's error. Its `io::ErrorKind` is kept, so that the caller can recognize a broken pipe.
pub(crate) fn write_yaml(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let mut escaper = YamlEscaper::new(out);
    serde_saphyr::to_io_writer_with_options(&mut escaper, document, options).map_err(|error| {
        if let serde_saphyr::ser::Error::IO { error } = error { error } else { io::Error::other(error) }
    })?;
    escaper.finish()
}
