//! A node: its resources, its images, its queue of pulls, and the times at which its kubelet checks containers.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::observation::{saturating_add, saturating_sub};
use crate::source::simulation::random::{Random, RandomPurpose};
use crate::source::simulation::virtual_time::{START, ms, ms_range};

/// The CPU that the Pods on a node can request together, in thousandths of a CPU.
const NODE_CPU: u64 = 8000;
/// Maximum number of Pods on a node, which is the kubelet's default.
const NODE_PODS: u32 = 110;

/// The time that a pull takes in addition to the transfer, to resolve the name and to unpack the image.
const PULL_OVERHEAD: SignedDuration = ms(250);
/// The speed of the transfer, in bytes per millisecond.
const TRANSFER_SPEED: u64 = 63_000;

/// The name of the node with this index.
pub(crate) fn node_name(index: usize) -> String {
    format!("node-{}", index + 1)
}

/// A node of the simulated cluster.
#[derive(Debug)]
pub(crate) struct SimulatedNode {
    /// The CPU that the Pods on the node request, in thousandths of a CPU.
    pub(crate) requested_cpu: u64,
    /// Number of the Pods on the node that have not ended.
    pub(crate) pods: u32,
    /// The offset within each second at which the kubelet checks its containers.
    check_offset: SignedDuration,
    /// The offset within each second at which the kubelet ends back-offs.
    wake_offset: SignedDuration,
    /// By image, the time from which the node has the image.
    images: HashMap<String, Timestamp>,
    /// When the last pull in the queue ends. The node pulls one image after another.
    pulls_done: Timestamp,
}

impl SimulatedNode {
    /// Makes an empty node.
    pub(crate) fn new(seed: u64, index: usize) -> Self {
        let mut random = Random::new(seed, RandomPurpose::NodeClock, &[index as u64]);
        let mut draw_offset = || random.uniform(&ms_range(0, 999));
        Self {
            requested_cpu: 0,
            pods: 0,
            check_offset: draw_offset(),
            wake_offset: draw_offset(),
            images: HashMap::new(),
            pulls_done: START,
        }
    }

    /// Why a Pod that requests `cpu` does not fit, or `None` if it fits.
    pub(crate) fn refusal_reason(&self, cpu: u64) -> Option<&'static str> {
        if self.pods >= NODE_PODS {
            Some("Too many pods")
        } else if self.requested_cpu + cpu > NODE_CPU {
            Some("Insufficient cpu")
        } else {
            None
        }
    }

    /// Whether a Pod that requests `cpu` does not fit on an empty node.
    pub(crate) fn never_fits(cpu: u64) -> bool {
        cpu > NODE_CPU
    }

    /// Reserves the resources of a Pod.
    pub(crate) fn reserve(&mut self, cpu: u64) {
        self.requested_cpu += cpu;
        self.pods += 1;
    }

    /// Releases the resources of a Pod that has ended.
    pub(crate) fn release(&mut self, cpu: u64) {
        self.requested_cpu = self.requested_cpu.saturating_sub(cpu);
        self.pods = self.pods.saturating_sub(1);
    }

    /// When the kubelet next checks its containers, not before `from`.
    pub(crate) fn next_check(&self, from: Timestamp) -> Timestamp {
        next_at_offset(from, self.check_offset)
    }

    /// When the kubelet next ends back-offs, not before `from`.
    pub(crate) fn next_wake(&self, from: Timestamp) -> Timestamp {
        next_at_offset(from, self.wake_offset)
    }

    /// Whether the node has the image.
    pub(crate) fn has_image(&self, image: &str, now: Timestamp) -> bool {
        self.images.get(image).is_some_and(|&since| since <= now)
    }

    /// Queues a pull, and returns when the pull begins and when it ends. A pull takes `full_time`, or only
    /// `repeated_time` if an earlier pull in the queue fetches the same image. Such repeated pulls happen because the
    /// kubelet looks for the image only before it queues a pull.
    pub(crate) fn queue_pull(
        &mut self,
        image: &str,
        full_time: SignedDuration,
        repeated_time: SignedDuration,
        now: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let began = self.pulls_done.max(now);
        let done =
            saturating_add(began, if self.has_image(image, began) { repeated_time } else { full_time });
        self.pulls_done = done;
        self.images.entry(image.to_owned()).or_insert(done);
        (began, done)
    }

    /// Queues a pull that fails after `time`, and returns when it fails.
    pub(crate) fn queue_failing_pull(&mut self, time: SignedDuration, now: Timestamp) -> Timestamp {
        self.pulls_done = saturating_add(self.pulls_done.max(now), time);
        self.pulls_done
    }
}

/// The next time, not before `from`, at this offset within a second.
fn next_at_offset(from: Timestamp, offset: SignedDuration) -> Timestamp {
    let passed = SignedDuration::from_nanos(i64::from(from.subsec_nanosecond()));
    let begin = saturating_sub(from, passed);
    let offset = if passed <= offset { offset } else { offset.saturating_add(SignedDuration::from_secs(1)) };
    saturating_add(begin, offset)
}

/// The size of an image in bytes, and the time that a pull of the image takes.
pub(crate) fn image_size_and_pull_time(seed: u64, image: &str) -> (u64, SignedDuration) {
    let name = image.rsplit('/').next().unwrap_or(image);
    let letters: Vec<u64> = image.bytes().map(u64::from).collect();
    let mut random = Random::new(seed, RandomPurpose::Image, &letters);
    // The sizes of well-known images for linux/amd64, as their registry reports them.
    let bytes = match name.split([':', '@']).next().unwrap_or(name) {
        "busybox" => 2_156_519,
        "alpine" => 3_623_844,
        "nginx" => 72_080_558,
        "ubuntu" => 29_733_000,
        "debian" => 49_286_000,
        "python" => 384_101_122,
        "perl" => 352_321_536,
        // A whole number of mebibytes, from 30 to 399.
        _ => (30 + random.below(370)) << 20,
    };
    let transfer = i64::try_from(bytes / TRANSFER_SPEED).unwrap_or(i64::MAX);
    let pull_time = PULL_OVERHEAD
        .saturating_add(random.uniform(&ms_range(transfer - transfer / 20, transfer + transfer / 20)));
    (bytes, pull_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_of_a_node_wait_for_each_other() {
        let mut node = SimulatedNode::new(1, 0);
        let (first, done) = node.queue_pull("perl", ms(5000), ms(200), START);
        let (second, again) = node.queue_pull("perl", ms(5000), ms(200), START + ms(10));
        let (third, _) = node.queue_pull("busybox", ms(300), ms(200), START + ms(9000));
        assert_eq!((first, done), (START, START + ms(5000)));
        assert_eq!((second, again), (done, done + ms(200)));
        assert_eq!(third, START + ms(9000));
        assert!(!node.has_image("perl", START + ms(4999)) && node.has_image("perl", START + ms(5000)));
    }

    #[test]
    fn a_pull_of_perl_takes_five_to_six_seconds() {
        for seed in 0..50 {
            let (bytes, pull_time) = image_size_and_pull_time(seed, "perl:5.34.0");
            assert_eq!(bytes, 352_321_536);
            assert!((ms(5000)..=ms(6200)).contains(&pull_time), "{pull_time:?}");
        }
    }

    #[test]
    fn a_kubelet_checks_its_containers_once_a_second() {
        let node = SimulatedNode::new(3, 1);
        let check = node.next_check(START);
        assert_eq!(node.next_check(check), check);
        assert_eq!(node.next_check(check + ms(1)), check + ms(1000));
    }
}
