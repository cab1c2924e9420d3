//! Measures the time of the pure parts: `cargo bench --bench pure [FILTER]`. Only rows of the same run can be compared.

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
    let observations = load::listed_observations(pods);
    bencher.counter(ItemsCount::new(observations.len())).bench(|| work::apply(&observations, usize::MAX));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 5, sample_size = 1)]
fn apply_watched_in_twenties(bencher: Bencher<'_, '_>, pods: u32) {
    let observations = load::watched_observations(pods);
    bencher.counter(ItemsCount::new(observations.len())).bench(|| work::apply(&observations, 20));
}

/// Frames between which only the time changes.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 50, sample_size = 1)]
fn frame(bencher: Bencher<'_, '_>, pods: u32) {
    bench_consecutive_frames(bencher, pods, work::render_frame);
}

/// Frames that are sorted by work, grouped by node and filtered.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 50, sample_size = 1)]
fn filtered_frame(bencher: Bencher<'_, '_>, pods: u32) {
    bench_consecutive_frames(bencher, pods, work::render_filtered_frame);
}

/// Frames of the overview of this many Jobs with 20 Pods each, between which only the time changes.
#[divan::bench(args = [30, 500], sample_count = 100, sample_size = 1)]
fn overview(bencher: Bencher<'_, '_>, jobs: u32) {
    bench_frames_of(bencher, &load::timeline_of_jobs(jobs, 20, 5), load::now(20), work::render_overview);
}

/// The prediction of the time left of a Job.
#[divan::bench(args = [20, 1_000, 10_000], sample_count = 10, sample_size = 1)]
fn time_left(bencher: Bencher<'_, '_>, pods: u32) {
    let timeline = load::timeline(pods, pods.min(300) / 4);
    let now = load::now(pods);
    bencher.bench_local(|| {
        let left: Vec<_> = timeline.workloads().iter().map(|job| timeline.time_left(job, now)).collect();
        assert!(left.iter().all(Option::is_some));
    });
}

/// Measures frames of a Job of which 300 Pods run.
fn bench_consecutive_frames(
    bencher: Bencher<'_, '_>,
    pods: u32,
    render: impl Fn(&Timeline, &FrameCache, Timestamp) -> usize,
) {
    bench_frames_of(bencher, &load::timeline(pods, 300), load::now(pods), render);
}

/// Measures frames at times a tenth of a second apart, with one cache.
fn bench_frames_of(
    bencher: Bencher<'_, '_>,
    timeline: &Timeline,
    now: Timestamp,
    render: impl Fn(&Timeline, &FrameCache, Timestamp) -> usize,
) {
    let cache = FrameCache::default();
    let mut nth = 0;
    bencher.bench_local(|| {
        nth += 1;
        render(timeline, &cache, now + SignedDuration::from_millis(100 * nth))
    });
}

/// The first frame, for which nothing is cached.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 5, sample_size = 1)]
fn first_frame(bencher: Bencher<'_, '_>, pods: u32) {
    let timeline = load::timeline(pods, 300);
    bencher.bench_local(|| work::render_frame(&timeline, &FrameCache::default(), load::now(pods)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn decode_protobuf(bencher: Bencher<'_, '_>) {
    let pods: Vec<Vec<u8>> =
        (0..10_000).map(|nth| load::generate_pod(nth, load::PodState::Ended).encode_to_vec()).collect();
    bencher.counter(ItemsCount::new(pods.len())).bench(|| work::decode_pods(&pods));
}

/// Decodes JSON into the complete Kubernetes types, as a client without types of its own must do.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn decode_json_into_the_whole_type(bencher: Bencher<'_, '_>) {
    let pods: Vec<Vec<u8>> = (0..2_000).map(|nth| whole::json(nth, load::PodState::Ended)).collect();
    bencher.counter(ItemsCount::new(pods.len())).bench(|| {
        for bytes in &pods {
            divan::black_box(serde_json::from_slice::<k8s_openapi::api::core::v1::Pod>(bytes).is_ok());
        }
    });
}

/// Reads the lines of a recording.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_recording(bencher: Bencher<'_, '_>) {
    let recording = work::record(&load::listed_observations(10_000));
    bencher.counter(ItemsCount::new(10_001_usize)).bench(|| work::read_recording(&recording));
}

#[divan::bench(args = [1_000], sample_count = 5, sample_size = 1)]
fn write_document(bencher: Bencher<'_, '_>, pods: u32) {
    let timeline = load::timeline(pods, 0);
    bencher
        .counter(ItemsCount::new(pods as usize))
        .bench_local(|| work::write_document(&timeline, load::now(pods)));
}
