//! Uids in a short form, because the ownership of objects is decided for very many uids.

/// Packs a uid into 16 bytes. Kubernetes' uids are UUIDs, which fit. Any other text is hashed.
pub(crate) fn uid_key(uid: &str) -> u128 {
    let mut digits = 0;
    let mut value = 0_u128;
    for byte in uid.bytes().filter(|byte| *byte != b'-') {
        match char::from(byte).to_digit(16) {
            Some(digit) => value = value << 4 | u128::from(digit),
            None => return hash_uid(uid),
        }
        digits += 1;
    }
    if digits == 32 { value } else { hash_uid(uid) }
}

/// Hashes a uid into 16 bytes.
fn hash_uid(uid: &str) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut low = DefaultHasher::new();
    uid.hash(&mut low);
    let mut high = DefaultHasher::new();
    (uid, 0_u8).hash(&mut high);
    u128::from(high.finish()) << 64 | u128::from(low.finish())
}
