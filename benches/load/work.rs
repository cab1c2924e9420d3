//! The measured workloads, each as one function.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{self, Write};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::export;
use kubectl_seq::testing::observation::{Observation, Pod};
use kubectl_seq::testing::source::Update;
use kubectl_seq::testing::source::recording::{Recorder, RecordingLines};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{self, FrameCache, Glyphs, GroupBy, Size, Sort, View, ViewState};
use prost::Message;

/// Applies observations to a timeline and recomputes the timeline after every `step` observations.
pub(crate) fn apply(observations: &[Observation], step: usize) -> Timeline {
    let mut timeline = Timeline::default();
    for chunk in observations.chunks(step) {
        for observation in chunk {
            timeline.apply(observation);
        }
        black_box(timeline.recompute());
    }
    timeline
}

/// Renders one frame of 120 columns and 40 rows with the cache of the previous frames.
pub(crate) fn render_frame(timeline: &Timeline, cache: &FrameCache, now: Timestamp) -> usize {
    render(timeline, &ViewState::default(), &view::Window::default(), cache, now)
}

/// Renders one frame of the overview, with a row for each workload.
#[allow(dead_code, clippy::allow_attributes, reason = "not all benches render it")]
pub(crate) fn render_overview(timeline: &Timeline, cache: &FrameCache, now: Timestamp) -> usize {
    let state = ViewState { view: View::Runs, ..ViewState::default() };
    render(timeline, &state, &view::Window::default(), cache, now)
}

/// Renders one frame that is sorted by work, grouped by node and filtered.
#[allow(dead_code, clippy::allow_attributes, reason = "only one of the benches renders it")]
pub(crate) fn render_filtered_frame(timeline: &Timeline, cache: &FrameCache, now: Timestamp) -> usize {
    let state = ViewState { sort: Sort::Work, group_by: GroupBy::Node, ..ViewState::default() };
    let window = view::Window { filter: "load-1".into(), ..view::Window::default() };
    render(timeline, &state, &window, cache, now)
}

fn render(
    timeline: &Timeline,
    state: &ViewState,
    window: &view::Window,
    cache: &FrameCache,
    now: Timestamp,
) -> usize {
    let size = Size { columns: 120, rows: Some(40) };
    view::render_picture(timeline, state, window, size, &Glyphs::UNICODE, now, cache).frame.lines.len()
}

/// Renders frames at times a tenth of a second apart.
#[allow(dead_code, clippy::allow_attributes, reason = "only one of the benches renders several frames")]
pub(crate) fn render_frames(timeline: &Timeline, now: Timestamp, count: i64) {
    let cache = FrameCache::default();
    for nth in 0..count {
        black_box(render_frame(timeline, &cache, now + SignedDuration::from_millis(100 * nth)));
    }
}

/// Renders frames of the overview at times a tenth of a second apart.
#[allow(dead_code, clippy::allow_attributes, reason = "only one of the benches renders several frames")]
pub(crate) fn render_overviews(timeline: &Timeline, now: Timestamp, count: i64) {
    let cache = FrameCache::default();
    for nth in 0..count {
        black_box(render_overview(timeline, &cache, now + SignedDuration::from_millis(100 * nth)));
    }
}

/// Decodes Pods from the API server's protobuf.
pub(crate) fn decode_pods(pods: &[Vec<u8>]) {
    for bytes in pods {
        black_box(Pod::decode(bytes.as_slice()).map(|pod| pod.status.container_statuses.len())).ok();
    }
}

/// Writes the timeline document as JSON.
pub(crate) fn write_document(timeline: &Timeline, now: Timestamp) {
    export::write_json(&export::document(timeline, now), &mut std::io::sink()).ok();
}

/// Records the observations, and returns the recording.
pub(crate) fn record(observations: &[Observation]) -> Vec<u8> {
    let sink = Sink::default();
    let mut recorder = Recorder::new(Box::new(sink.clone()), false);
    recorder.record(&mut Update::Observed(observations.to_vec())).ok();
    drop(recorder);
    sink.0.take()
}

/// Reads a recording line by line.
pub(crate) fn read_recording(recording: &[u8]) {
    let Ok(lines) = RecordingLines::new(recording) else { return };
    for line in lines {
        black_box(line.is_ok());
    }
}

/// A buffer in memory that the writer and the reader share.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
