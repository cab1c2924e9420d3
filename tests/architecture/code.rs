//! The paths that a source file mentions, `use` trees spread out and `super` resolved.

/// A path in the code. One into this crate begins with `crate`, whatever it was written with.
#[derive(Debug)]
pub(crate) struct Reference {
    /// Line of its last segment, from 1.
    pub(crate) line: usize,
    /// Its segments; `*` for a glob.
    pub(crate) path: Vec<String>,
}

/// All paths of two segments or more in a file of that module, comments and strings left out.
pub(crate) fn references(module: &[String], text: &str) -> Vec<Reference> {
    let code = blank(text);
    let tokens = tokens(&code);
    let mut parser =
        Parser { tokens: &tokens, at: 0, module: module.to_vec(), inline: Vec::new(), found: Vec::new() };
    parser.file();
    parser.found
}

struct Parser<'a> {
    tokens: &'a [(usize, &'a str)],
    at: usize,
    /// The module that the code at this place belongs to.
    module: Vec<String>,
    /// Per open brace: whether it opened an inline module.
    inline: Vec<bool>,
    found: Vec<Reference>,
}

impl Parser<'_> {
    fn token(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |(_, token)| token)
    }

    fn file(&mut self) {
        while self.at < self.tokens.len() {
            match self.token(0) {
                "mod" if is_name(self.token(1)) && self.token(2) == "{" => {
                    let name = self.token(1).to_owned();
                    self.module.push(name);
                    self.inline.push(true);
                    self.at += 3;
                }
                "{" => {
                    self.inline.push(false);
                    self.at += 1;
                }
                "}" => {
                    if self.inline.pop() == Some(true) {
                        self.module.pop();
                    }
                    self.at += 1;
                }
                "use" => {
                    self.at += 1;
                    self.tree(&[], true);
                }
                token if is_name(token) && self.token(1) == "::" => self.tree(&[], false),
                _ => self.at += 1,
            }
        }
    }

    /// Reads one path, in a `use` with all its branches, and notes each branch.
    fn tree(&mut self, prefix: &[String], branches: bool) {
        let mut path = prefix.to_vec();
        let mut line = 0;
        if self.token(0) == "::" {
            self.at += 1;
        }
        loop {
            line = self.tokens.get(self.at).map_or(line, |&(line, _)| line);
            match self.token(0) {
                "{" if branches => {
                    self.at += 1;
                    while !matches!(self.token(0), "}" | "") {
                        self.tree(&path, true);
                        if self.token(0) == "as" {
                            self.at += 2;
                        }
                        if self.token(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                // `a::{self}` is `a`.
                "self" if !path.is_empty() => self.at += 1,
                token if is_name(token) || token == "*" => {
                    path.push(token.to_owned());
                    self.at += 1;
                }
                _ => {
                    // Nothing that is a path: step on, so that the caller never stands still.
                    self.at += 1;
                    break;
                }
            }
            if self.token(0) != "::" {
                break;
            }
            self.at += 1;
        }
        self.note(line, &path);
    }

    fn note(&mut self, line: usize, path: &[String]) {
        let supers = path.iter().take_while(|segment| *segment == "super").count();
        let path = match path.first().map(String::as_str) {
            None => return,
            Some("super") => self.resolved(self.module.len().saturating_sub(supers), &path[supers..]),
            Some("self") => match path.get(1).map(String::as_str) {
                Some("super") => {
                    let supers = path[1..].iter().take_while(|segment| *segment == "super").count();
                    self.resolved(self.module.len().saturating_sub(supers), &path[1 + supers..])
                }
                _ => self.resolved(self.module.len(), &path[1..]),
            },
            Some(_) => path.to_vec(),
        };
        self.found.push(Reference { line, path });
    }

    fn resolved(&self, depth: usize, rest: &[String]) -> Vec<String> {
        let mut path = vec!["crate".to_owned()];
        path.extend_from_slice(&self.module[..depth]);
        path.extend_from_slice(rest);
        path
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single signs, each with its line.
fn tokens(code: &str) -> Vec<(usize, &str)> {
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

/// The code with comments and the insides of strings and characters replaced by nothing but their line ends.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = comment(rest).or_else(|| literal(rest, code.chars().last())).unwrap_or(0);
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

/// Length of the comment that the text begins with.
fn comment(text: &str) -> Option<usize> {
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

/// Length of the string or character that the text begins with, after that sign.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    let in_a_name = before.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    let raw = text.trim_start_matches(['b', 'c']).strip_prefix('r').filter(|_| !in_a_name);
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
                // `'\u{1b}'` is the only character of more than one sign.
                if quote == '\'' {
                    return text[at + 2..].find('\'').map(|length| at + 2 + length + 1);
                }
            }
            _ if sign == quote => return Some(at + 1),
            // A lifetime, not a character.
            _ if quote == '\'' && inside > 0 => return None,
            _ => inside += 1,
        }
    }
    None
}
