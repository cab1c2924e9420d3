//! Runs one workload of the hot paths once. `benches/instructions` counts its instructions with callgrind, and
//! `benches/compare` measures its memory. The argument names the workload and its number of Pods. Without an argument, it
//! lists the workloads.

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
        // The preparation is counted separately and subtracted.
        "observations" => drop(black_box(load::finished(pods))),
        "apply" => drop(work::apply(&load::finished(pods), usize::MAX)),
        "watched" => drop(black_box(load::watched(pods))),
        "apply-watched" => drop(work::apply(&load::watched(pods), 20)),
        "timeline" => drop(black_box(load::timeline(pods, pods / 10))),
        "frames" => work::frames(&load::timeline(pods, pods / 10), load::now(pods), 20),
        "protobuf" => drop(black_box(protobuf(pods))),
        "decode" => work::decode(&protobuf(pods)),
        "finished" => drop(black_box(load::timeline(pods, 0))),
        "document" => work::document(&load::timeline(pods, 0), load::now(pods)),
        "recorded" => drop(black_box(work::recording(&load::finished(pods)))),
        "read" => work::read(&work::recording(&load::finished(pods))),
        _ => {
            let mut out = std::io::stdout().lock();
            for pair in [
                "apply-1000 observations-1000",
                "apply-watched-1000 watched-1000",
                "frames-3000 timeline-3000",
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

fn protobuf(pods: u32) -> Vec<Vec<u8>> {
    (0..pods).map(|nth| load::pod(nth, load::Stage::Done).encode_to_vec()).collect()
}
