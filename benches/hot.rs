//! One piece of work, once, for callgrind to count: `benches/instructions` runs it. The name of the work is the only
//! argument; without one it says which there are.

mod load;

use std::io::Write as _;

use load::work;
use prost::Message;

fn main() {
    // Cargo's own arguments begin with dashes.
    let name = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    match name.as_deref() {
        // What is made before the work is counted by itself, and subtracted.
        Some("observations-1000") => drop(std::hint::black_box(load::finished(1_000))),
        Some("apply-1000") => drop(work::apply(&load::finished(1_000), usize::MAX)),
        Some("watched-1000") => drop(std::hint::black_box(load::watched(1_000))),
        Some("apply-watched-1000") => drop(work::apply(&load::watched(1_000), 20)),
        Some("timeline-3000") => drop(std::hint::black_box(load::timeline(3_000, 300))),
        Some("frames-3000") => work::frames(&load::timeline(3_000, 300), load::now(3_000), 20),
        Some("protobuf-1000") => drop(std::hint::black_box(protobuf())),
        Some("decode-1000") => work::decode(&protobuf()),
        Some("document-1000") => work::document(&load::timeline(1_000, 0), load::now(1_000)),
        Some("finished-1000") => drop(std::hint::black_box(load::timeline(1_000, 0))),
        _ => {
            let mut out = std::io::stdout().lock();
            for pair in [
                "apply-1000 observations-1000",
                "apply-watched-1000 watched-1000",
                "frames-3000 timeline-3000",
                "decode-1000 protobuf-1000",
                "document-1000 finished-1000",
            ] {
                let _ = writeln!(out, "{pair}");
            }
        }
    }
}

fn protobuf() -> Vec<Vec<u8>> {
    (0..1_000).map(|nth| load::pod(nth, load::Stage::Done).encode_to_vec()).collect()
}
