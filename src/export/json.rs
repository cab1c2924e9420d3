//! `-o json`: the timeline document as JSON.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::export::escapes::write_escaped;

/// Writes a document as JSON with a final newline. The indentation is that of kubectl.
///
/// # Errors
/// Returns the writer's error. A broken pipe is returned as `io::ErrorKind::BrokenPipe`.
pub fn write_json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, IndentFormatter::default());
    document.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// The number of spaces of each level of the indentation.
const INDENT_WIDTH: usize = 4;

/// Everything between two values on neighbouring lines: a comma, a line break and up to 12 levels of indentation. Deeper
/// lines need a second write.
const LINE_START: &[u8] = b",\n                                                ";

/// Writes each value on a line of its own. Except for the escapes of text, writes the same bytes as `serde_json`'s
/// `PrettyFormatter`, which needs a write for
/// each level of each line. A document of many Pods has so many lines that this takes a twelfth of the whole time.
#[derive(Debug, Default)]
struct IndentFormatter {
    /// The number of arrays and objects around the current value.
    depth: usize,
    /// Whether the array or object that ends next has a value.
    has_value: bool,
}

impl IndentFormatter {
    /// Writes a line break and the indentation, after a comma unless the line is the `first` of its array or object.
    fn start_line<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        let range = usize::from(first)..2 + self.depth * INDENT_WIDTH;
        if let Some(line_start) = LINE_START.get(range.clone()) {
            return writer.write_all(line_start);
        }
        writer.write_all(&LINE_START[range.start..])?;
        (LINE_START.len()..range.end).try_for_each(|_| writer.write_all(b" "))
    }

    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value {
            self.start_line(writer, true)?;
        }
        writer.write_all(bracket)
    }
}

impl Formatter for IndentFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.start_line(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.start_line(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_escaped(writer, fragment)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::ser::PrettyFormatter;

    use super::*;

    fn write_with(value: &serde_json::Value, formatter: impl Formatter) -> String {
        let mut out = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut out, formatter)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_bytes_are_those_of_the_pretty_formatter_at_any_depth() {
        let mut value = json!({ "empty": [], "none": {}, "last": [[], {}, [1], { "a\n": null }], "é": "\"" });
        for depth in 0..20 {
            let written = write_with(&value, IndentFormatter::default());
            assert_eq!(written, write_with(&value, PrettyFormatter::with_indent(b"    ")), "{depth}");
            value = if depth % 2 == 0 { json!([1, value, []]) } else { json!({ "x": value, "y": {} }) };
        }
    }
}
