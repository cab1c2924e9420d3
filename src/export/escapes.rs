//! Writes the text of documents so that a terminal obeys and hides no part of it. A parser reads the same text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::ser::Formatter;

use crate::observation::is_unsafe;

/// Writes a part of a JSON string. JSON itself has no escapes for the characters that this function escapes as `\u....`.
pub(crate) fn write_escaped<W: ?Sized + Write>(writer: &mut W, fragment: &str) -> io::Result<()> {
    // Nearly all text is printable ASCII. JSON itself escapes the control characters below the space.
    if fragment.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return writer.write_all(fragment.as_bytes());
    }
    let mut rest = fragment;
    while let Some((at, char)) = rest.char_indices().find(|&(_, char)| is_unsafe(char)) {
        let (safe, unsafe_start) = rest.split_at(at);
        writer.write_all(safe.as_bytes())?;
        // A character outside the first 65,536 has two code units, and JSON escapes each of them.
        char.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
        rest = unsafe_start.get(char.len_utf8()..).unwrap_or_default();
    }
    writer.write_all(rest.as_bytes())
}

/// Replaces each character that a terminal would obey or hide by `\u{..}`, for formats without escapes of their own.
pub(crate) fn escape_unsafe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if is_unsafe(char) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(char));
        } else {
            escaped.push(char);
        }
    }
    escaped.into()
}

/// Escapes a text for HTML and XML. Line feeds stay. Other characters that a terminal would obey or hide become visible, because XML
/// does not allow most of them.
pub(crate) fn escape_markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push(char),
            // XML does not allow these two characters.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push_str(&escape_unsafe(char.encode_utf8(&mut [0; 4]))),
        }
    }
    escaped
}

/// Writes JSON without line breaks, with the escapes of [`write_escaped`].
#[derive(Debug)]
pub(crate) struct LineFormatter;

impl Formatter for LineFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_escaped(writer, fragment)
    }
}

/// Replaces the unsafe characters of YAML that was written with each string on one line. The serializer escapes control
/// characters itself, but writes bidirectional overrides and invisible characters as they are.
pub(crate) struct YamlEscaper<'a> {
    out: &'a mut dyn Write,
    /// The part of the current line that was written so far.
    line: Vec<u8>,
}

impl<'a> YamlEscaper<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, line: Vec::new() }
    }

    /// Writes the last line if it has no line feed.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.write_line()
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        match std::str::from_utf8(&line) {
            Ok(text) if !text.is_ascii() && text.contains(|char| char != '\n' && is_unsafe(char)) => {
                self.out.write_all(escape_yaml_line(text).as_bytes())
            }
            _ => self.out.write_all(&line),
        }?;
        self.line = line;
        self.line.clear();
        Ok(())
    }
}

impl Write for YamlEscaper<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Escapes the value in a line of YAML. A value without quotes gets double quotes, because only they can hold escapes.
fn escape_yaml_line(line: &str) -> String {
    let content = line.trim_end_matches('\n');
    let mut value = content.trim_start_matches([' ', '-']);
    // The keys of the document are names of fields, which consist of letters.
    if let Some((key, behind)) = value.split_once(": ")
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        value = behind;
    }
    let before = content.strip_suffix(value).unwrap_or_default();
    let quoted = if value.starts_with('"') {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let mut escaped = before.to_owned();
    for char in quoted.chars() {
        // Writing to a string cannot fail.
        let _ = match u32::from(char) {
            _ if !is_unsafe(char) => write!(escaped, "{char}"),
            code @ ..0x1_0000 => write!(escaped, "\\u{code:04X}"),
            code => write!(escaped, "\\U{code:08X}"),
        };
    }
    escaped.push_str(line.strip_prefix(content).unwrap_or_default());
    escaped
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::ser::Serializer;
    use serde_json::{Value, json};

    use super::*;

    /// Texts with every unsafe character, alone and among other characters.
    fn unsafe_texts() -> Vec<String> {
        let chars = ('\0'..='\u{ffff}').chain('\u{e0000}'..='\u{e0080}').filter(|&char| is_unsafe(char));
        let single = chars.clone().map(|char| format!("{char}"));
        let texts = chars.map(|char| format!("\"a\\ {char}: 漢{char}'"));
        single
            .chain(texts)
            .chain(["- a\u{202e}: b".to_owned(), "# \u{2066}".to_owned(), "null".to_owned()])
            .collect()
    }

    #[test]
    fn escaped_json_is_printable_and_has_the_same_text() {
        let texts = json!(unsafe_texts());
        let mut out = Vec::new();
        texts.serialize(&mut Serializer::with_formatter(&mut out, LineFormatter)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains(is_unsafe));
        assert!(out.contains("\\u202e") && out.contains("\\u009b") && out.contains("\\udb40\\udc41"));
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), texts);
    }

    #[test]
    fn escaped_yaml_is_printable_and_has_the_same_text() {
        let objects: Vec<Value> =
            unsafe_texts().into_iter().map(|text| json!({"key": text, "list": [text]})).collect();
        let mut out = Vec::new();
        let mut escaper = YamlEscaper::new(&mut out);
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        serde_saphyr::to_io_writer_with_options(&mut escaper, &objects, options).unwrap();
        escaper.finish().unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains(|char| char != '\n' && is_unsafe(char)));
        assert_eq!(serde_saphyr::from_str::<Vec<Value>>(&out).unwrap(), objects);
    }
}
