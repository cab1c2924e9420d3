//! Shortens runs of zero bytes. Packed evidence has many of them, because most optional facts are unknown.

/// The longest run of zeros that one pair of bytes stands for.
const MAX_RUN: u8 = u8::MAX;

/// Replaces each run of zeros in `bytes` by a zero and the length of the run.
pub(crate) fn shorten(bytes: &[u8]) -> Box<[u8]> {
    let mut short = Vec::with_capacity(bytes.len() + 8);
    let mut zeros: u8 = 0;
    for &byte in bytes {
        if byte == 0 && zeros < MAX_RUN {
            zeros += 1;
            continue;
        }
        if zeros > 0 {
            short.extend([0, zeros]);
            zeros = 0;
        }
        if byte == 0 {
            zeros = 1;
        } else {
            short.push(byte);
        }
    }
    if zeros > 0 {
        short.extend([0, zeros]);
    }
    short.into_boxed_slice()
}

/// Returns the bytes that [`shorten`] has shortened.
pub(crate) fn expand(short: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(short.len() * 2);
    let mut rest = short.iter();
    while let Some(&byte) = rest.next() {
        match (byte, rest.clone().next()) {
            (0, Some(&run)) => {
                rest.next();
                bytes.resize(bytes.len() + usize::from(run), 0);
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expanding_returns_the_shortened_bytes() {
        let long_run = vec![0; 700];
        let mixed: Vec<u8> = (0..=255).flat_map(|byte| [byte, 0, 0, byte]).collect();
        for bytes in
            [&[][..], &[0], &[0, 0, 0], &[1, 2, 3], &[0, 1, 0], &[1, 0, 0, 0, 0, 2], &long_run, &mixed]
        {
            assert_eq!(expand(&shorten(bytes)), bytes);
        }
        assert_eq!(&*shorten(&[7, 0, 0, 0, 0, 9]), [7, 0, 4, 9]);
        assert!(shorten(&long_run).len() < 8);
    }
}
