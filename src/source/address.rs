//! Addresses in messages.

use std::borrow::Cow;

/// Hides the user, the password and the parameters of the address in a word of a command line. The word may be a
/// flag, as in `--server=https://me:password@host`. Other words stay as they are.
pub(crate) fn hide_secrets_of_address(word: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = word.split_once("://") else { return Cow::Borrowed(word) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@');
    let parameters = path.split_once(['?', '#']);
    if host.is_none() && parameters.is_none() {
        return Cow::Borrowed(word);
    }
    let shown_host = host.map_or(authority.to_owned(), |(_, host)| format!("...@{host}"));
    let shown_path = parameters.map_or(path.to_owned(), |(path, _)| format!("{path}?..."));
    Cow::Owned(format!("{scheme}://{shown_host}{shown_path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secrets_of_an_address_are_hidden() {
        for (word, shown) in [
            ("--server=https://me:a@b:p@host:1/x", "--server=https://...@host:1/x"),
            ("https://host/job.yaml?token=a#b", "https://host/job.yaml?..."),
            ("https://me@host?x=y@z", "https://...@host?..."),
            ("https://host/a@b", "https://host/a@b"),
            ("--context=me@host", "--context=me@host"),
            ("://@", "://...@"),
        ] {
            assert_eq!(hide_secrets_of_address(word), shown);
        }
    }
}
