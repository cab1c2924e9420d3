//! Checks names of objects. A server or a recording may hold names that Kubernetes refuses.

/// Maximum length of a name, in bytes.
const MAX_NAME_BYTES: usize = 253;

/// Whether Kubernetes allows this name (`IsDNS1123Subdomain` in `apimachinery/pkg/util/validation`). Only such a name may
/// become part of a command or of the path of a request: it is no flag, names no other path, and means nothing to a shell.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        label.bytes().all(|byte| is_allowed(byte) || byte == b'-')
            && label.bytes().next().is_some_and(is_allowed)
            && label.bytes().last().is_some_and(is_allowed)
    };
    name.len() <= MAX_NAME_BYTES && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_kubernetes_allows_are_valid() {
        for name in ["pi", "pi-x8k2p", "web-0", "3d", "a.b-c.d"] {
            assert!(is_valid_name(name), "{name}");
        }
        let too_long = "a".repeat(254);
        for name in [
            "", "-oyaml", "--all", "../x", "a/b", "a..b", ".a", "a-", "A", "a b", "a;b", "$(x)", "a\n", "ä",
            &too_long,
        ] {
            assert!(!is_valid_name(name), "{name:?}");
        }
    }
}
