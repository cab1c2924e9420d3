//! Measures the time of the pure parts: `cargo bench --bench pure [FILTER]`. Compare only rows of the same run.

mod load;

use divan::Bencher;
use divan::counter::ItemsCount;
use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::FrameCache;
use load::{whole, work};
use prost::Message;

fn main() {
    divan::main();
}

#[divan::bench(args = [1_000, 10_000], sample_count = 5, sample_size = 1)]
fn apply_listed(bencher: Bencher<'_, '_>, pods: u32) {
    let observations = load::finished(pods);
    bencher.counter(ItemsCount::new(observations.len())).bench(|| work::apply(&observations, usize::MAX));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 5, sample_size = 1)]
fn apply_watched_in_twenties(bencher: Bencher<'_, '_>, pods: u32) {
    let observations = load::watched(pods);
    bencher.counter(ItemsCount::new(observations.len())).bench(|| work::apply(&observations, 20));
}

/// Frames between which only the time changes.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 50, sample_size = 1)]
fn frame(bencher: Bencher<'_, '_>, pods: u32) {
    one_after_the_other(bencher, pods, work::frame);
}

/// Frames with another order, grouped by node and filtered.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 50, sample_size = 1)]
fn sought_frame(bencher: Bencher<'_, '_>, pods: u32) {
    one_after_the_other(bencher, pods, work::sought_frame);
}

/// Draws frames a tenth of a second apart.
fn one_after_the_other(
    bencher: Bencher<'_, '_>,
    pods: u32,
    draw: impl Fn(&Timeline, &FrameCache, Timestamp) -> usize,
) {
    let timeline = load::timeline(pods, 300);
    let memo = FrameCache::default();
    let mut nth = 0;
    bencher.bench_local(|| {
        nth += 1;
        draw(&timeline, &memo, load::now(pods) + SignedDuration::from_millis(100 * nth))
    });
}

/// The first frame, for which nothing is cached.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 5, sample_size = 1)]
fn exact_frame(bencher: Bencher<'_, '_>, pods: u32) {
    let timeline = load::timeline(pods, 300);
    bencher.bench_local(|| work::frame(&timeline, &FrameCache::default(), load::now(pods)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn decode_protobuf(bencher: Bencher<'_, '_>) {
    let pods: Vec<Vec<u8>> =
        (0..10_000).map(|nth| load::pod(nth, load::Stage::Done).encode_to_vec()).collect();
    bencher.counter(ItemsCount::new(pods.len())).bench(|| work::decode(&pods));
}

/// Decodes complete Kubernetes types from JSON, as a client without types of its own has to.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn decode_json_into_the_whole_type(bencher: Bencher<'_, '_>) {
    let pods: Vec<Vec<u8>> = (0..2_000).map(|nth| whole::json(nth, load::Stage::Done)).collect();
    bencher.counter(ItemsCount::new(pods.len())).bench(|| {
        for bytes in &pods {
            divan::black_box(serde_json::from_slice::<k8s_openapi::api::core::v1::Pod>(bytes).is_ok());
        }
    });
}

/// Writes the lines of a recording.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_recording(bencher: Bencher<'_, '_>) {
    let recording = work::recording(&load::finished(10_000));
    bencher.counter(ItemsCount::new(10_001_usize)).bench(|| work::read(&recording));
}

#[divan::bench(args = [1_000], sample_count = 5, sample_size = 1)]
fn write_document(bencher: Bencher<'_, '_>, pods: u32) {
    let timeline = load::timeline(pods, 0);
    bencher
        .counter(ItemsCount::new(pods as usize))
        .bench_local(|| work::document(&timeline, load::now(pods)));
}
