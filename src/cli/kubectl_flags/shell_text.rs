//! Quotes words, so that a command in a hint can be pasted into a shell.

/// Flags whose values are secret. A hint must not show these values, because the hint may end up in a log.
pub(crate) const SECRET_FLAGS: [&str; 2] = ["password", "token"];

/// Quotes a word for a POSIX shell. A word without special characters stays as it is.
pub(crate) fn quote_for_shell(word: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-_./:=,@%+^".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
