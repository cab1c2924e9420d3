//! Colours YAML line by line. No parser is needed, because the text comes from a serializer and has a regular form.

use crate::view::{Line, Style, clean};

/// Colours the lines of a document.
pub(crate) fn highlight(text: &str) -> Vec<Line> {
    let mut block_indent: Option<usize> = None;
    text.lines()
        .map(|line| {
            let indent = line.len() - line.trim_start_matches(' ').len();
            if let Some(outer) = block_indent {
                if indent > outer || line.trim().is_empty() {
                    return Line::new(clean(line), Style::Quoted);
                }
                block_indent = None;
            }
            let highlighted = highlight_line(line, indent);
            if opens_block(line) {
                block_indent = Some(indent);
            }
            highlighted
        })
        .collect()
}

/// Whether the line opens a block of text, such as `key: |` or `- >-`. The following lines with a deeper indent belong
/// to the block.
fn opens_block(line: &str) -> bool {
    let value = line.rsplit([' ']).next().unwrap_or_default();
    (line.contains(": ") || line.trim_start().starts_with("- "))
        && matches!(value, "|" | "|-" | "|+" | ">" | ">-" | ">+")
}

fn highlight_line(line: &str, indent: usize) -> Line {
    let mut highlighted = Line::new(&line[..indent], Style::Text);
    let mut rest = &line[indent..];
    while let Some(after) = rest.strip_prefix("- ") {
        highlighted.push("- ", Style::Dim);
        rest = after;
    }
    if rest.starts_with('#') || rest == "-" || rest == "---" {
        highlighted.push(clean(rest), Style::Dim);
        return highlighted;
    }
    if let Some(end) = end_of_key(rest) {
        highlighted.push(clean(&rest[..end]), Style::Key);
        highlighted.push(":", Style::Dim);
        rest = &rest[end + 1..];
    }
    let value = rest.trim_start();
    highlighted.push(&rest[..rest.len() - value.len()], Style::Text);
    highlighted.push(clean(value), value_style(value));
    highlighted
}

/// Returns the position of the colon that ends the key of a line. Such a colon ends the line, or a blank follows it.
fn end_of_key(line: &str) -> Option<usize> {
    let quote = line.chars().next().filter(|first| matches!(first, '"' | '\''));
    let from = match quote {
        Some(quote) => line[1..].find(quote)? + 2,
        None => 0,
    };
    let rest = &line[from..];
    let colon = rest.find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1))?;
    (quote.is_none() || colon == 0).then_some(from + colon)
}

/// Numbers, booleans, null, empty collections and the marks of blocks are literals. Any other value is a text.
fn value_style(value: &str) -> Style {
    let literal = matches!(value, "true" | "false" | "null" | "~" | "{}" | "[]" | "|" | "|-" | ">" | ">-");
    if literal || value.parse::<f64>().is_ok() { Style::Literal } else { Style::Quoted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::wildcard_enum_match_arm, reason = "the test marks only three of the styles")]
    fn mark_styles(text: &str) -> Vec<String> {
        highlight(text)
            .iter()
            .map(|line| {
                let spans = line.spans.iter().map(|span| match span.style {
                    Style::Key => format!("<{}>", span.text),
                    Style::Quoted => format!("'{}'", span.text),
                    Style::Literal => format!("#{}#", span.text),
                    _ => span.text.clone(),
                });
                spans.collect()
            })
            .collect()
    }

    #[test]
    fn keys_texts_and_numbers_have_different_styles() {
        assert_eq!(
            mark_styles(
                "kind: Pod\nspec:\n  - name: a:b\n    args: |-\n      x: 1\n\n      y\n    n: 3\n  - \"q: r\": 'x: y'\n# c\n  - plain\n"
            ),
            [
                "<kind>: 'Pod'",
                "<spec>:",
                "  - <name>: 'a:b'",
                "    <args>: #|-#",
                "'      x: 1'",
                "''",
                "'      y'",
                "    <n>: #3#",
                "  - <\"q: r\">: ''x: y''",
                "# c",
                "  - 'plain'",
            ]
            .map(|line| if line == "''" { "" } else { line })
        );
    }

    #[test]
    fn highlighting_keeps_all_text() {
        let text = "a:\n- b: \"c\"\n  - - d\n:\n'e\n\"f\": 1\n";
        let plain: Vec<String> = highlight(text).iter().map(Line::plain).collect();
        assert_eq!(plain, text.lines().collect::<Vec<_>>());
    }
}
