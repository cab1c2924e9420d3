//! The pieces of work that are measured, each as one call.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{self, Write};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::export;
use kubectl_seq::testing::observation::{Observation, Pod};
use kubectl_seq::testing::source::Update;
use kubectl_seq::testing::source::recording::{Lines, Recorder};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{self, FrameCache, Glyphs, GroupBy, Size, Sort, ViewState};
use prost::Message;

/// Observations into the model, brought up to date after every `step` of them.
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

/// One frame of 120×40, as the screen draws it: with what is remembered of the frames before.
pub(crate) fn frame(timeline: &Timeline, memo: &FrameCache, now: Timestamp) -> usize {
    paint(timeline, &ViewState::default(), &view::Window::default(), memo, now)
}

/// The same in another order, by node, and of some of the Pods only.
#[allow(dead_code, clippy::allow_attributes, reason = "of the two benches only one draws it")]
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
    view::paint(timeline, state, window, size, &Glyphs::UNICODE, now, memo).frame.lines.len()
}

/// Frames a tenth of a second apart.
#[allow(dead_code, clippy::allow_attributes, reason = "of the two benches only one draws many")]
pub(crate) fn frames(timeline: &Timeline, now: Timestamp, count: i64) {
    let memo = FrameCache::default();
    for nth in 0..count {
        black_box(frame(timeline, &memo, now + SignedDuration::from_millis(100 * nth)));
    }
}

/// Pods from the API server's protobuf.
pub(crate) fn decode(pods: &[Vec<u8>]) {
    for bytes in pods {
        black_box(Pod::decode(bytes.as_slice()).map(|pod| pod.status.container_statuses.len())).ok();
    }
}

/// The timeline document as JSON.
pub(crate) fn document(timeline: &Timeline, now: Timestamp) {
    export::write_json(&export::document(timeline, now), &mut std::io::sink()).ok();
}

/// What a recorder makes of these observations.
pub(crate) fn recording(observations: &[Observation]) -> Vec<u8> {
    let sink = Sink::default();
    let mut recorder = Recorder::new(Box::new(sink.clone()), false);
    recorder.take(&mut Update::Observed(observations.to_vec())).ok();
    drop(recorder);
    sink.0.take()
}

/// A recording, line by line.
pub(crate) fn read(recording: &[u8]) {
    let Ok(lines) = Lines::new(recording) else { return };
    for line in lines {
        black_box(line.is_ok());
    }
}

/// Memory to write to, of which one end is kept.
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
