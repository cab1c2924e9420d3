//! The names of recordings in a directory: `NAMESPACE_KIND_NAME_START.jsonl`, with `.zst` if the recording is compressed
//! and with `.partial` while `record` writes it.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::source::recording::header::RecordedRun;

/// Maximum number of bytes of the workload's name. File systems allow 255 bytes for the whole name.
const MAX_NAME_BYTES: usize = 150;

/// The form of the start: `20261125T101530Z`.
const START_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// The ends of the names, the longest first.
const ENDINGS: [(&str, Compression, bool); 4] = [
    (".jsonl.zst.partial", Compression::Zstd, true),
    (".jsonl.partial", Compression::None, true),
    (".jsonl.zst", Compression::Zstd, false),
    (".jsonl", Compression::None, false),
];

/// Whether a recording is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Plain lines.
    None,
    /// zstd.
    Zstd,
}

/// The parts of the name of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordingName {
    pub(crate) namespace: String,
    /// The kind in lower case.
    pub(crate) kind: String,
    /// The name of the workload, which may be shortened.
    pub(crate) name: String,
    /// The start in UTC, without its fraction of a second.
    pub(crate) start: Timestamp,
    /// 1 for the first recording with these parts, 2 for the second one, and so on.
    pub(crate) number: u32,
    pub(crate) compression: Compression,
    /// Whether the run goes on, or the program that recorded it was killed.
    pub(crate) is_partial: bool,
}

impl RecordingName {
    /// Returns the name of the first recording of a run that began at `start`.
    pub(crate) fn new(run: &RecordedRun, start: Timestamp, compression: Compression) -> Self {
        let mut length = run.name.len().min(MAX_NAME_BYTES);
        while !run.name.is_char_boundary(length) {
            length -= 1;
        }
        // The server's names contain neither of these characters. Anything else could lead out of the directory.
        let part = |text: &str| text.replace(['/', '\\', '_', '\0'], "-");
        Self {
            namespace: part(&run.namespace),
            kind: part(&run.kind.to_lowercase()),
            name: part(&run.name[..length]),
            start: Timestamp::from_second(start.as_second()).unwrap_or(start),
            number: 1,
            compression,
            is_partial: false,
        }
    }

    /// Parses the name of a file. Returns `None` if the name does not have the form of a recording's name.
    pub(crate) fn parse(file_name: &str) -> Option<Self> {
        let (stem, compression, is_partial) =
            ENDINGS.iter().find_map(|&(ending, compression, is_partial)| {
                Some((file_name.strip_suffix(ending)?, compression, is_partial))
            })?;
        let parts: Vec<&str> = stem.split('_').collect();
        let (&[namespace, kind, name, start], number) = match parts.split_first_chunk()? {
            (first, []) => (first, 1),
            (first, [number]) => (first, number.parse().ok().filter(|number| *number > 1)?),
            _ => return None,
        };
        let start = strtime::parse(START_FORMAT, start).ok()?.to_datetime().ok()?;
        let start = start.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let name = Self {
            namespace: namespace.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            start,
            number,
            compression,
            is_partial,
        };
        (name.to_string() == file_name).then_some(name)
    }
}

impl fmt::Display for RecordingName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, kind, name, start, number, compression, is_partial } = self;
        write!(formatter, "{namespace}_{kind}_{name}_{}", start.strftime(START_FORMAT))?;
        if *number > 1 {
            write!(formatter, "_{number}")?;
        }
        let ending = ENDINGS.iter().find(|ending| (ending.1, ending.2) == (*compression, *is_partial));
        formatter.write_str(ending.map_or("", |ending| ending.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str) -> RecordedRun {
        RecordedRun {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
            uid: "u".to_owned(),
            ..RecordedRun::default()
        }
    }

    #[test]
    fn a_name_has_the_namespace_the_kind_the_name_and_the_start_and_is_parsed_to_the_same_parts() {
        let start: Timestamp = "2026-11-25T10:15:30.9Z".parse().unwrap();
        let mut name = RecordingName::new(&run("pi"), start, Compression::None);
        assert_eq!(name.to_string(), "default_job_pi_20261125T101530Z.jsonl");
        for (number, compression, is_partial, ending) in [
            (1, Compression::None, false, ".jsonl"),
            (2, Compression::Zstd, true, "_2.jsonl.zst.partial"),
            (11, Compression::Zstd, false, "_11.jsonl.zst"),
        ] {
            (name.number, name.compression, name.is_partial) = (number, compression, is_partial);
            let text = name.to_string();
            assert_eq!(text, format!("default_job_pi_20261125T101530Z{ending}"));
            assert_eq!(RecordingName::parse(&text), Some(name.clone()));
        }
    }

    #[test]
    fn a_long_name_is_cut_at_150_bytes_and_a_hostile_name_stays_in_the_directory() {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let long = RecordingName::new(&run(&"ä".repeat(100)), start, Compression::Zstd);
        assert_eq!(long.name, "ä".repeat(75));
        let odd = RecordingName::new(&run(&format!("{}é", "a".repeat(149))), start, Compression::Zstd);
        assert_eq!(odd.name, "a".repeat(149));
        let hostile = RecordingName::new(&run("../../etc_x"), start, Compression::Zstd).to_string();
        assert_eq!(hostile, "default_job_..-..-etc-x_20270115T080000Z.jsonl.zst");
        assert!(RecordingName::parse(&hostile).is_some());
    }

    #[test]
    fn other_files_have_no_name_of_a_recording() {
        for other in [
            "run.jsonl",
            "default_job_pi.jsonl",
            "default_job_pi_20261125T101530Z.json",
            "default_job_pi_20261325T101530Z.jsonl",
            "default_job_pi_20261125T101530Z_1.jsonl",
            "default_job_pi_20261125T101530Z_02.jsonl",
            "default_job_pi_20261125T101530Z_2_3.jsonl",
            ".default_job_pi_20261125T101530Z.jsonl.tmp",
        ] {
            assert_eq!(RecordingName::parse(other), None, "{other}");
        }
    }
}
