//! Runs one workload of the hot paths once. `benches/instructions` counts the instructions of the workload with
//! callgrind, and `benches/compare` measures the memory of the workload. The argument names the workload and the number
//! of Pods, for example `apply-1000`. Without an argument, the program lists each workload with its preparation.

mod load;

use std::hint::black_box;
use std::io::Write as _;

use load::work;
use prost::Message;

fn main() {
    // Arguments of cargo begin with a dash.
    let name = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let (name, pods) = name.rsplit_once('-').unwrap_or_default();
    let pods = pods.parse().unwrap_or(1_000);
    match name {
        // `benches/instructions` subtracts the count of the preparation from the count of the workload.
        "observations" => drop(black_box(load::listed_observations(pods))),
        "apply" => drop(work::apply(&load::listed_observations(pods), usize::MAX)),
        "watched" => drop(black_box(load::watched_observations(pods))),
        "apply-watched" => drop(work::apply(&load::watched_observations(pods), 20)),
        "timeline" => drop(black_box(load::timeline(pods, pods / 10))),
        "frames" => work::render_frames(&load::timeline(pods, pods / 10), load::now(pods), 20),
        "jobs" => drop(black_box(load::timeline_of_jobs(pods / 20, 20, 5))),
        "overview" => work::render_overviews(&load::timeline_of_jobs(pods / 20, 20, 5), load::now(20), 20),
        "protobuf" => drop(black_box(encode_pods(pods))),
        "decode" => work::decode_pods(&encode_pods(pods)),
        "finished" => drop(black_box(load::timeline(pods, 0))),
        "document" => work::write_document(&load::timeline(pods, 0), load::now(pods)),
        "recorded" => drop(black_box(work::record(&load::listed_observations(pods)))),
        "read" => work::read_recording(&work::record(&load::listed_observations(pods))),
        _ => {
            let mut out = std::io::stdout().lock();
            for pair in [
                "apply-1000 observations-1000",
                "apply-watched-1000 watched-1000",
                "frames-3000 timeline-3000",
                "overview-2000 jobs-2000",
                "decode-1000 protobuf-1000",
                "document-1000 finished-1000",
                "recorded-300 observations-300",
                "read-300 recorded-300",
            ] {
                let _ = writeln!(out, "{pair}");
            }
        }
    }
}

fn encode_pods(pods: u32) -> Vec<Vec<u8>> {
    (0..pods).map(|nth| load::generate_pod(nth, load::PodState::Ended).encode_to_vec()).collect()
}
