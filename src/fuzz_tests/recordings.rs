//! Recordings, which may contain any sequence of observations.

use jiff::Timestamp;

use crate::app::reporter::status_lines::StatusLines;
use crate::export::{document, write_json};
use crate::fuzz_tests::choices::Choices;
use crate::fuzz_tests::pictures::{CHOICES_OF_PICTURE, check_picture};
use crate::source::recording::{RecordingEntry, RecordingLines};
use crate::timeline::Timeline;

/// The first line of every recording that a target reads.
const HEADER: &[u8] = b"{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}\n";

/// Applies the entries of a recording, up to the first invalid line.
fn read_timeline(lines: &[u8]) -> Timeline {
    let recording = [HEADER, lines].concat();
    let mut timeline = Timeline::default();
    for entry in RecordingLines::new(&*recording).expect("a recording").map_while(Result::ok) {
        match entry {
            RecordingEntry::Observation(observation) => timeline.apply(&observation),
            RecordingEntry::Outages { outages, .. } => timeline.set_outages(outages),
            RecordingEntry::Relist(relist) => timeline.apply_relist(&relist),
            RecordingEntry::Unwatched(unwatched) => timeline.add_unwatched(unwatched),
            RecordingEntry::Synced | RecordingEntry::End(_) | RecordingEntry::Unknown => {}
        }
    }
    timeline
}

#[test]
fn any_file_is_read_as_a_recording_or_refused() {
    fuzz!("recordings", |input: &[u8]| {
        if let Ok(mut lines) = RecordingLines::new(input) {
            let count = lines.by_ref().flatten().count();
            assert!(count <= input.len());
            assert!(lines.next().is_none(), "nothing follows an error");
        }
    });
}

#[test]
fn any_observations_can_be_drawn_in_any_view_at_any_size_and_time() {
    fuzz!("pictures", |input: &[u8]| {
        let (picture, lines) = input.split_at_checked(CHOICES_OF_PICTURE).unwrap_or((input, &[]));
        let mut timeline = read_timeline(lines);
        timeline.recompute();
        check_picture(&timeline, picture);
    });
}

#[test]
fn any_observations_have_a_document_and_lines() {
    fuzz!("documents", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let now = Timestamp::from_millisecond(choices.next_i64()).unwrap_or(Timestamp::MAX);
        let mut timeline = read_timeline(choices.rest());
        let mut lines = StatusLines::default();
        lines.begin(&Timeline::default(), now);
        let changes = timeline.recompute();
        lines.report_changes(&timeline, &changes, now);
        lines.report_tick(&timeline, now);
        lines.report_end(&timeline, now);
        write_json(&document(&timeline, now), &mut std::io::sink()).expect("a document");
    });
}
