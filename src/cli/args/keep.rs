//! The value of `--keep`: how long, or up to which total size, recordings are kept.

use jiff::SignedDuration;

use crate::app::record::retention::Retention;

/// The units of times, in seconds.
const TIMES: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)];

/// The units of sizes, in bytes.
const SIZES: [(&str, u64); 8] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// Parses `30d`, `20GiB`, or both with a comma between them.
pub(crate) fn parse_keep(text: &str) -> Result<Retention, String> {
    let error = || format!("`{text}` is neither a time nor a size; write it as 30d, 20GiB or 30d,20GiB");
    let mut retention = Retention::default();
    for part in text.split(',') {
        let part = part.trim();
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = part.split_at(digits);
        let number: u64 = number.parse().map_err(|_| error())?;
        let find = |units: &[(&str, u64)]| {
            let unit = units.iter().find(|(name, _)| *name == unit)?;
            number.checked_mul(unit.1)
        };
        if let Some(seconds) = find(&TIMES).filter(|_| retention.age.is_none()) {
            let seconds = i64::try_from(seconds).map_err(|_| error())?;
            retention.age = Some(SignedDuration::from_secs(seconds));
        } else if let Some(bytes) = find(&SIZES).filter(|_| retention.bytes.is_none()) {
            retention.bytes = Some(bytes);
        } else {
            return Err(error());
        }
    }
    Ok(retention)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_a_size_or_both_limit_the_recordings() {
        let retention = |days: Option<i64>, bytes| Retention {
            age: days.map(|days| SignedDuration::from_hours(24 * days)),
            bytes,
        };
        for (text, expected) in [
            ("30d", Some(retention(Some(30), None))),
            ("20GiB", Some(retention(None, Some(20 << 30)))),
            ("1w,5MB", Some(retention(Some(7), Some(5_000_000)))),
            ("5MB, 48h", Some(retention(Some(2), Some(5_000_000)))),
            ("30", None),
            ("30d,20d", None),
            ("d", None),
            ("", None),
            ("-1d", None),
            ("99999999999999999999d", None),
            ("9999999999999TiB", None),
        ] {
            assert_eq!(parse_keep(text).ok(), expected, "{text}");
        }
    }
}
