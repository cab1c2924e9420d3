//! The logs of containers, which may contain any bytes.

use crate::fuzz_tests::choices::Choices;
use crate::observation::{clean, is_unsafe};
use crate::source::cluster::logs::RewrittenText;
use crate::source::cluster::logs::batch::parse_line;
use crate::source::cluster::logs::line_splitter::LineSplitter;
use crate::terminal::log_text::write_log_text;
use crate::view::Stylesheet;

/// Divides a stream that arrives in parts of `size` bytes into lines.
fn split_lines(stream: &[u8], size: usize, rewritten_text: RewrittenText) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut splitter = LineSplitter::new(rewritten_text);
    for part in stream.chunks(size) {
        let unread = splitter.push(part, |line| lines.push(line.bytes.into_owned()));
        // Only longer lines than these need a permit.
        assert!(unread.is_empty());
    }
    splitter.finish(|line| lines.push(line.bytes.into_owned()));
    lines
}

/// Removes the sequences for colours and text styles.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        let parameters = part.find(|char: char| !char.is_ascii_digit() && !matches!(char, ';' | ':'));
        match parameters.filter(|&end| part[end..].starts_with('m')) {
            Some(end) => kept + &part[end + 1..],
            None => kept + "\u{1b}[" + part,
        }
    })
}

#[test]
fn any_log_is_split_and_written_without_unsafe_characters() {
    fuzz!("log_lines", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let size = usize::from(choices.next_byte()).max(1);
        let stylesheet = choices.pick(&[Stylesheet::PLAIN, Stylesheet::COLOURED]);
        let stylesheet = stylesheet.with_ascii(choices.next_bool());
        let stream = choices.rest();
        let stream = &stream[..stream.len().min(16 << 10)];
        for rewritten_text in [RewrittenText::Whole, RewrittenText::Last] {
            let lines = split_lines(stream, stream.len().max(1), rewritten_text);
            assert_eq!(lines, split_lines(stream, size, rewritten_text), "the parts have {size} bytes");
            for line in lines {
                let text = parse_line(&line).map_or(&*line, |(_, text)| text);
                let text = String::from_utf8_lossy(text);
                let mut written = String::new();
                write_log_text(&mut written, &text, stylesheet);
                let plain = without_colours(&written);
                assert!(!plain.contains(is_unsafe), "{plain:?}");
                let cleaned = clean(&text);
                assert!(!cleaned.contains(is_unsafe), "{cleaned:?}");
                assert_eq!(clean(&cleaned), cleaned);
            }
        }
    });
}
