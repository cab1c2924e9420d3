//! A node: its room, its images, its clockwork.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::source::simulation::random::{Random, Subject};
use crate::source::simulation::world::{START, between, ms};

/// Thousandths of a CPU that Pods may request of a node.
const CPU: u64 = 8000;
/// Pods that a node takes: the kubelet's default.
const PODS: u32 = 110;

/// What a pull takes beside the transfer: resolving the name, unpacking.
const PULL_LEAST: SignedDuration = ms(250);
/// Bytes a millisecond of a pull's transfer.
const PULL_SPEED: u64 = 63_000;

/// The name of the node at a place.
pub(crate) fn node_name(at: usize) -> String {
    format!("node-{}", at + 1)
}

/// A node.
#[derive(Debug)]
pub(crate) struct Node {
    /// Requested thousandths of a CPU.
    pub(crate) requested: u64,
    /// Pods that have not ended.
    pub(crate) pods: u32,
    /// When it looks at its containers within each second.
    look: SignedDuration,
    /// When it wakes within each second to see to back-offs.
    wake: SignedDuration,
    /// When each image is there.
    images: HashMap<String, Timestamp>,
    /// When the last of the pulls in its queue is done: one after another.
    pulls_done: Timestamp,
}

impl Node {
    /// An empty node.
    pub(crate) fn new(seed: u64, at: usize) -> Self {
        let mut random = Random::of(seed, Subject::Node, &[at as u64]);
        let mut within = || random.even(&between(0, 999));
        Self {
            requested: 0,
            pods: 0,
            look: within(),
            wake: within(),
            images: HashMap::new(),
            pulls_done: START,
        }
    }

    /// Why a Pod that requests so much does not fit, if it does not.
    pub(crate) fn refuses(&self, cpu: u64) -> Option<&'static str> {
        if self.pods >= PODS {
            Some("Too many pods")
        } else if self.requested + cpu > CPU {
            Some("Insufficient cpu")
        } else {
            None
        }
    }

    /// Whether a Pod that requests so much would not even fit on the empty node.
    pub(crate) fn never_fits(cpu: u64) -> bool {
        cpu > CPU
    }

    /// A Pod comes.
    pub(crate) fn take(&mut self, cpu: u64) {
        self.requested += cpu;
        self.pods += 1;
    }

    /// A Pod has gone.
    pub(crate) fn free(&mut self, cpu: u64) {
        self.requested = self.requested.saturating_sub(cpu);
        self.pods = self.pods.saturating_sub(1);
    }

    /// When the node next looks at its containers.
    pub(crate) fn next_look(&self, from: Timestamp) -> Timestamp {
        next(from, self.look)
    }

    /// When the node next sees to back-offs.
    pub(crate) fn next_wake(&self, from: Timestamp) -> Timestamp {
        next(from, self.wake)
    }

    /// Whether an image is there.
    pub(crate) fn has(&self, image: &str, now: Timestamp) -> bool {
        self.images.get(image).is_some_and(|&since| since <= now)
    }

    /// Puts a pull into the queue: when it begins and when it is done. An image that is there by then is quickly
    /// pulled again: the node looks before it queues, and not after.
    pub(crate) fn pull(
        &mut self,
        image: &str,
        takes: SignedDuration,
        again: SignedDuration,
        now: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let began = self.pulls_done.max(now);
        let done = began + if self.has(image, began) { again } else { takes };
        self.pulls_done = done;
        self.images.entry(image.to_owned()).or_insert(done);
        (began, done)
    }

    /// Puts a pull that will fail into the queue: when that is known.
    pub(crate) fn pull_in_vain(&mut self, takes: SignedDuration, now: Timestamp) -> Timestamp {
        self.pulls_done = self.pulls_done.max(now) + takes;
        self.pulls_done
    }
}

/// The next time at such a part of a second.
fn next(from: Timestamp, part: SignedDuration) -> Timestamp {
    let passed = SignedDuration::from_nanos(i64::from(from.subsec_nanosecond()));
    let begin = from - passed;
    if passed <= part { begin + part } else { begin + SignedDuration::from_secs(1) + part }
}

/// The size of an image in bytes and how long a pull of it takes.
pub(crate) fn image_size(seed: u64, image: &str) -> (u64, SignedDuration) {
    let name = image.rsplit('/').next().unwrap_or(image);
    let letters: Vec<u64> = image.bytes().map(u64::from).collect();
    let mut random = Random::of(seed, Subject::Image, &letters);
    // Sizes as their registry tells them for linux/amd64, where many know the image.
    let bytes = match name.split([':', '@']).next().unwrap_or(name) {
        "busybox" => 2_156_519,
        "alpine" => 3_623_844,
        "nginx" => 72_080_558,
        "ubuntu" => 29_733_000,
        "debian" => 49_286_000,
        "python" => 384_101_122,
        "perl" => 352_321_536,
        // Whole blocks of a megabyte.
        _ => (30 + random.below(370)) << 20,
    };
    let transfer = i64::try_from(bytes / PULL_SPEED).unwrap_or(i64::MAX);
    let takes = PULL_LEAST + random.even(&between(transfer - transfer / 20, transfer + transfer / 20));
    (bytes, takes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_of_a_node_wait_for_each_other() {
        let mut node = Node::new(1, 0);
        let (first, done) = node.pull("perl", ms(5000), ms(200), START);
        let (second, again) = node.pull("perl", ms(5000), ms(200), START + ms(10));
        let (third, _) = node.pull("busybox", ms(300), ms(200), START + ms(9000));
        assert_eq!((first, done), (START, START + ms(5000)));
        assert_eq!((second, again), (done, done + ms(200)));
        assert_eq!(third, START + ms(9000));
        assert!(!node.has("perl", START + ms(4999)) && node.has("perl", START + ms(5000)));
    }

    #[test]
    fn perl_takes_five_to_six_seconds() {
        for seed in 0..50 {
            let (bytes, takes) = image_size(seed, "perl:5.34.0");
            assert_eq!(bytes, 352_321_536);
            assert!((ms(5000)..=ms(6200)).contains(&takes), "{takes:?}");
        }
    }

    #[test]
    fn a_node_looks_once_a_second() {
        let node = Node::new(3, 1);
        let look = node.next_look(START);
        assert_eq!(node.next_look(look), look);
        assert_eq!(node.next_look(look + ms(1)), look + ms(1000));
    }
}
