//! Tests of the files of a directory of recordings.

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::source::recording::compression::FrameCompressor;
use crate::source::recording::directory::RecordingName;
use crate::source::recording::directory::file_name::Compression;
use crate::source::recording::directory::listing::{
    RecordingIndex, WholeRecording, list_recordings, read_header,
};
use crate::source::recording::directory::run_file::RunFile;
use crate::source::recording::{RecordedRun, RecordingEntry, RecordingHeader};

fn run(uid: &str) -> RecordedRun {
    RecordedRun {
        kind: "Job".to_owned(),
        namespace: "default".to_owned(),
        name: "pi".to_owned(),
        uid: uid.to_owned(),
        ..RecordedRun::default()
    }
}

fn start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn header(uid: &str) -> RecordingHeader {
    RecordingHeader { run: Some(run(uid)), ..RecordingHeader::new(true) }
}

/// A file of a run that goes on.
fn begin(folder: &Path, uid: &str) -> RunFile {
    let name =
        RecordingName { is_partial: true, ..RecordingName::new(&run(uid), start(), Compression::Zstd) };
    RunFile::new(folder, name, &header(uid)).unwrap()
}

fn marks(path: &Path) -> Vec<RecordingEntry> {
    WholeRecording::read(path).unwrap().entries
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn a_finished_run_has_a_header_that_describes_it_and_the_lines_of_all_its_frames() {
    let folder = tempfile::tempdir().unwrap();
    let compressor = &mut FrameCompressor::new().unwrap();
    let mut file = begin(folder.path(), "a");
    file.lines.add_synced();
    file.write(compressor).unwrap();
    assert_eq!(file_names(folder.path()), ["default_job_pi_20270115T080000Z.jsonl.zst.partial"]);
    file.lines.add_synced();
    file.lines.add_end(start());
    let outcome = Some("Succeeded".to_owned());
    let complete =
        RecordingHeader { run: Some(RecordedRun { outcome: outcome.clone(), ..run("a") }), ..header("a") };
    let path = file.finish(&complete, compressor).unwrap();
    assert_eq!(file_names(folder.path()), ["default_job_pi_20270115T080000Z.jsonl.zst"]);
    let recording = WholeRecording::read(&path).unwrap();
    assert_eq!(recording.entries, [RecordingEntry::Synced, RecordingEntry::Synced]);
    assert_eq!((recording.end, recording.notice), (start(), None));
    assert_eq!(read_header(&path).unwrap().run.unwrap().outcome, outcome);
}

#[test]
fn a_partial_recording_is_continued_wherever_it_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let compressor = &mut FrameCompressor::new().unwrap();
    let mut file = begin(folder.path(), "a");
    file.write(compressor).unwrap();
    let end_of_header = fs::metadata(file.path()).unwrap().len();
    for _ in 0..1000 {
        file.lines.add_synced();
    }
    file.write(compressor).unwrap();
    let bytes = fs::read(file.path()).unwrap();
    for length in usize::try_from(end_of_header).unwrap()..=bytes.len() {
        fs::write(file.path(), &bytes[..length]).unwrap();
        let (mut again, lines) = RunFile::reopen(folder.path(), file.name.clone()).unwrap();
        let before = String::from_utf8(lines).unwrap().lines().count();
        again.lines.add_end(start());
        again.write(compressor).unwrap();
        let recording = WholeRecording::read(&again.path()).unwrap();
        assert_eq!((recording.entries.len() + 1, recording.notice), (before, None), "{length}");
    }
}

#[test]
fn runs_with_the_same_name_and_start_get_numbers_and_their_uids_tell_them_apart() {
    let folder = tempfile::tempdir().unwrap();
    let compressor = &mut FrameCompressor::new().unwrap();
    for uid in ["a", "b"] {
        let mut file = begin(folder.path(), uid);
        file.lines.add_end(start());
        file.finish(&header(uid), compressor).unwrap();
    }
    begin(folder.path(), "c").write(compressor).unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let recordings = list_recordings(folder.path()).unwrap();
    let numbers: Vec<(u32, bool)> =
        recordings.iter().map(|file| (file.name.number, file.name.is_partial)).collect();
    assert_eq!(numbers, [(1, false), (2, false), (3, true)]);
    let index = RecordingIndex::new(&recordings);
    for (uid, is_known) in [("a", true), ("b", true), ("c", false)] {
        assert_eq!(index.has_run(&run(uid), Some(start())), is_known, "{uid}");
        assert_eq!(index.has_run(&run(uid), None), is_known, "{uid}");
    }
    let revision = RecordedRun { revision: Some("2".to_owned()), ..run("a") };
    assert!(!index.has_run(&revision, None));
    assert!(!index.has_run(&run("a"), Some(Timestamp::from_second(1_800_000_001).unwrap())));
}

#[test]
fn lines_that_cannot_be_written_are_kept_for_the_next_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("later");
    let compressor = &mut FrameCompressor::new().unwrap();
    let mut file = begin(&target, "a");
    file.lines.add_synced();
    file.write(compressor).unwrap_err();
    fs::create_dir(&target).unwrap();
    file.write(compressor).unwrap();
    assert_eq!(marks(&file.path()), [RecordingEntry::Synced]);
    // A file that somebody removed is not created again, because its first part is lost.
    fs::remove_file(file.path()).unwrap();
    file.lines.add_synced();
    file.write(compressor).unwrap_err();
    assert_eq!(file_names(&target), [] as [&str; 0]);
}
