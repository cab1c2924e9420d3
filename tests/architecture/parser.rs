//! Reads the paths and type names that a source file mentions. Expands `use` trees and resolves `super`.
//!
//! A full parser such as syn would be a further dependency of the tests, and it cannot parse the incomplete snippets in
//! the tests of this folder.

/// A path in the code.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The line of the last segment, counted from 1.
    pub(crate) line: usize,
    /// The segments. A path into this crate begins with `crate`, even if the code contains `super` or `self`. A glob
    /// import ends with `*`.
    pub(crate) path: Vec<String>,
    /// Whether a `pub use` mentions the path.
    pub(crate) reexport: bool,
    /// The name after `as`.
    pub(crate) exported_name: Option<String>,
    /// Whether an inline module named `tests` mentions the path.
    pub(crate) in_tests: bool,
}

/// Returns the paths of a file that defines `module`. Comments and strings do not count. A path of one segment counts
/// only in a `use`.
pub(crate) fn parse(module: &[String], text: &str) -> Vec<Reference> {
    let code = blank_out(text);
    let tokens = tokenize(&code);
    let mut parser = Parser {
        tokens: &tokens,
        position: 0,
        module: module.to_vec(),
        opened_modules: Vec::new(),
        reexport: false,
        references: Vec::new(),
    };
    parser.parse_file();
    parser.references
}

/// Returns the names of the structs, enums and traits that a file defines outside inline modules named `tests`.
pub(crate) fn type_names(text: &str) -> Vec<String> {
    let code = blank_out(text);
    let tokens = tokenize(&code);
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut tests_depth = None;
    for (index, &(_, token)) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).map_or("", |&(_, token)| token);
        match token {
            "mod" if next == "tests" && tests_depth.is_none() => tests_depth = Some(depth),
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                tests_depth = tests_depth.filter(|&outer| depth > outer);
            }
            // `mod tests;` opens no block.
            ";" => tests_depth = tests_depth.filter(|&outer| depth > outer),
            "struct" | "enum" | "trait" if is_name(next) && tests_depth.is_none() => {
                names.push(next.to_owned());
            }
            _ => {}
        }
    }
    names
}

struct Parser<'a> {
    /// Each token with its line.
    tokens: &'a [(usize, &'a str)],
    position: usize,
    /// The module that contains the current token.
    module: Vec<String>,
    /// For each open brace, whether it opened an inline module.
    opened_modules: Vec<bool>,
    /// Whether the current `use` is a `pub use`.
    reexport: bool,
    references: Vec<Reference>,
}

impl Parser<'_> {
    /// Returns the token that comes `ahead` tokens after the current one. Returns an empty text at the end of the file.
    fn token(&self, ahead: usize) -> &str {
        self.tokens.get(self.position + ahead).map_or("", |(_, token)| token)
    }

    fn parse_file(&mut self) {
        while self.position < self.tokens.len() {
            match self.token(0) {
                "mod" if is_name(self.token(1)) && self.token(2) == "{" => {
                    let name = self.token(1).to_owned();
                    self.module.push(name);
                    self.opened_modules.push(true);
                    self.position += 3;
                }
                "{" => {
                    self.opened_modules.push(false);
                    self.position += 1;
                }
                "}" => {
                    if self.opened_modules.pop() == Some(true) {
                        self.module.pop();
                    }
                    self.position += 1;
                }
                "use" => {
                    self.reexport = self.is_public();
                    self.position += 1;
                    self.parse_path(&[], true);
                    self.reexport = false;
                }
                token if is_name(token) && self.token(1) == "::" => self.parse_path(&[], false),
                _ => self.position += 1,
            }
        }
    }

    /// Whether the current token follows `pub` or `pub(…)`.
    fn is_public(&self) -> bool {
        let before = |back: usize| self.position.checked_sub(back).map_or("", |index| self.tokens[index].1);
        before(1) == "pub" || (before(1) == ")" && before(3) == "(" && before(4) == "pub")
    }

    /// Reads one path and adds it to the references. In a `use`, reads the whole tree and adds the path of each branch.
    fn parse_path(&mut self, prefix: &[String], is_use: bool) {
        let mut path = prefix.to_vec();
        let mut line = 0;
        if self.token(0) == "::" {
            self.position += 1;
        }
        loop {
            line = self.tokens.get(self.position).map_or(line, |&(line, _)| line);
            match self.token(0) {
                "{" if is_use => {
                    self.position += 1;
                    while !matches!(self.token(0), "}" | "") {
                        self.parse_path(&path, true);
                        if self.token(0) == "," {
                            self.position += 1;
                        }
                    }
                    self.position += 1;
                    return;
                }
                // `a::{self}` means `a`.
                "self" if !path.is_empty() => self.position += 1,
                token if is_name(token) || token == "*" => {
                    path.push(token.to_owned());
                    self.position += 1;
                }
                _ => {
                    // This is not a path. The position must advance, because the caller may loop until the end of the
                    // `use` tree.
                    self.position += 1;
                    break;
                }
            }
            if self.token(0) != "::" {
                break;
            }
            self.position += 1;
        }
        let mut exported_name = None;
        if is_use && self.token(0) == "as" {
            exported_name = Some(self.token(1).to_owned());
            self.position += 2;
        }
        self.add(line, &path, exported_name);
    }

    fn add(&mut self, line: usize, path: &[String], exported_name: Option<String>) {
        let relative = match path.first().map(String::as_str) {
            None => return,
            Some("self") => Some(&path[1..]),
            Some("super") => Some(path),
            Some(_) => None,
        };
        let path = match relative {
            Some(relative) => {
                let supers = relative.iter().take_while(|segment| *segment == "super").count();
                let depth = self.module.len().saturating_sub(supers);
                let mut path = vec!["crate".to_owned()];
                path.extend_from_slice(&self.module[..depth]);
                path.extend_from_slice(&relative[supers..]);
                path
            }
            None => path.to_vec(),
        };
        let in_tests = self.module.last().is_some_and(|name| name == "tests");
        self.references.push(Reference { line, path, reexport: self.reexport, exported_name, in_tests });
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Splits code into names, `::` and single characters, each with its line.
fn tokenize(code: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let is_part = |sign: char| sign.is_alphanumeric() || sign == '_';
        let length = if is_part(first) {
            rest.find(|sign| !is_part(sign)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        if first == '\n' {
            line += 1;
        } else if !first.is_whitespace() {
            tokens.push((line, token));
        }
        rest = after;
    }
    tokens
}

/// Replaces each comment, string and character literal by a space. Keeps line ends, so that line numbers stay correct.
fn blank_out(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = comment_length(rest).or_else(|| literal_length(rest, code.chars().last())).unwrap_or(0);
        let (skipped, after) = rest.split_at(length.max(first.len_utf8()));
        if length > 0 {
            code.push(' ');
            code.extend(skipped.chars().filter(|&sign| sign == '\n'));
        } else {
            code.push(first);
        }
        rest = after;
    }
    code
}

/// Returns the length in bytes of the comment at the start of the text. `None` if the text does not begin with a
/// comment.
fn comment_length(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let step = rest.chars().next().map_or(1, char::len_utf8);
        match rest {
            _ if rest.starts_with("/*") => (depth, at) = (depth + 1, at + 2),
            _ if depth == 0 || rest.is_empty() => return None,
            _ if rest.starts_with("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += step,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Returns the length in bytes of the string or character literal at the start of the text. `None` if the text does not
/// begin with a literal. `before` is the character before the text.
fn literal_length(text: &str, before: Option<char>) -> Option<usize> {
    let is_in_name = before.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    let raw = text.trim_start_matches(['b', 'c']).strip_prefix('r').filter(|_| !is_in_name);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let begin = text.len() - raw.len() + hashes + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            return text[begin..].find(&end).map(|length| begin + length + end.len());
        }
    }
    let quote = text.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let mut signs = text.char_indices().skip(1);
    let mut inside = 0;
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => {
                signs.next();
                // Only an escape such as `'\u{1b}'` has several characters between single quotes.
                if quote == '\'' {
                    return text[at + 2..].find('\'').map(|length| at + 2 + length + 1);
                }
            }
            _ if sign == quote => return Some(at + 1),
            // The quote begins a lifetime.
            _ if quote == '\'' && inside > 0 => return None,
            _ => inside += 1,
        }
    }
    None
}
