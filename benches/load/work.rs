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
use kubectl_seq::testing::view::{self, FrameCache, Glyphs, GroupBy, Size, Sort, ViewState};
use prost::Message;

/// Applies observations to the model and recomputes it after every `step` observations.
pub(crate) fn apply(observations: &[Observation], step: usize) -> Timeline {
    let mut timeline = Timeline::default();
    for step in observations.chunks(step) {
        for observation in step {
            timeline.apply(observation);
        }
        black_box(timeline.recompute());
    }
    timeline
}

/// Draws one frame of 120×40 with the cache of the previous frames.
pub(crate) fn frame(timeline: &Timeline, memo: &FrameCache, now: Timestamp) -> usize {
    paint(timeline, &ViewState::default(), &view::Window::default(), memo, now)
}

/// Draws one frame with another order, grouped by node and filtered.
#[allow(dead_code, clippy::allow_attributes, reason = "only one of the benches draws it")]
pub(crate) fn sought_frame(timeline: &Timeline, memo: &FrameCache, now: Timestamp) -> usize {
    let state = ViewState { sort: Sort::Work, group_by: GroupBy::Node, ..ViewState::default() };
    let window = view::Window { filter: "load-1".into(), ..view::Window::default() };
    paint(timeline, &state, &window, memo, now)
}

fn paint(
    timeline: &Timeline,
    state: &ViewState,
    window: &view::Window,
    memo: &FrameCache,
    now: Timestamp,
) -> usize {
    let size = Size { columns: 120, rows: Some(40) };
    view::render_picture(timeline, state, window, size, &Glyphs::UNICODE, now, memo).frame.lines.len()
}

/// Draws frames a tenth of a second apart.
#[allow(dead_code, clippy::allow_attributes, reason = "only one of the benches draws several frames")]
pub(crate) fn frames(timeline: &Timeline, now: Timestamp, count: i64) {
    let memo = FrameCache::default();
    for nth in 0..count {
        black_box(frame(timeline, &memo, now + SignedDuration::from_millis(100 * nth)));
    }
}

/// Decodes Pods from the API server's protobuf.
pub(crate) fn decode(pods: &[Vec<u8>]) {
    for bytes in pods {
        black_box(Pod::decode(bytes.as_slice()).map(|pod| pod.status.container_statuses.len())).ok();
    }
}

/// Writes the timeline document as JSON.
pub(crate) fn document(timeline: &Timeline, now: Timestamp) {
    export::write_json(&export::document(timeline, now), &mut std::io::sink()).ok();
}

/// Records the observations.
pub(crate) fn recording(observations: &[Observation]) -> Vec<u8> {
    let sink = Sink::default();
    let mut recorder = Recorder::new(Box::new(sink.clone()), false);
    recorder.record(&mut Update::Observed(observations.to_vec())).ok();
    drop(recorder);
    sink.0.take()
}

/// Reads a recording line by line.
pub(crate) fn read(recording: &[u8]) {
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
