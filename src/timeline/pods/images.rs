//! Image pulls, grouped by image and node.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::Pull;
use crate::timeline::pods::pod::TimelinePod;

/// The pulls of one image on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePulls {
    /// Image as the user wrote it.
    pub image: Arc<str>,
    /// Name of the node.
    pub node: Arc<str>,
    /// Duration of the first observed pull.
    pub first_pull: Option<SignedDuration>,
    /// Duration of the longest pull.
    pub longest_pull: Option<SignedDuration>,
    /// Number of completed pulls. Images that were already on the node do not count.
    pub pulls: u32,
    /// How often the image was already on the node.
    pub cached: u32,
    /// The longest wait in the node's queue before a pull.
    pub longest_wait: Option<SignedDuration>,
    /// Size of the image in bytes.
    pub bytes: Option<u64>,
}

impl ImagePulls {
    fn new(image: Arc<str>, node: Arc<str>) -> Self {
        Self {
            image,
            node,
            first_pull: None,
            longest_pull: None,
            pulls: 0,
            cached: 0,
            longest_wait: None,
            bytes: None,
        }
    }

    /// Adds a pull. `first_start` is the start of the first pull so far.
    fn add(&mut self, pull: &Pull, first_start: &mut Option<Timestamp>) {
        if pull.cached {
            self.cached += 1;
            return;
        }
        self.pulls += 1;
        self.bytes = self.bytes.max(pull.bytes);
        self.longest_wait = self.longest_wait.max(pull.wait);
        if let (Some(start), Some(end)) = (pull.start, pull.end) {
            let duration = end.duration_since(start);
            self.longest_pull = self.longest_pull.max(Some(duration));
            // If several pulls start at the same time, the longest of these pulls counts as the first.
            let is_first = first_start.is_none_or(|first| start < first)
                || (*first_start == Some(start) && Some(duration) > self.first_pull);
            if is_first {
                (*first_start, self.first_pull) = (Some(start), Some(duration));
            }
        }
    }
}

/// An image and a node.
type ImageOnNode = (Arc<str>, Arc<str>);

/// Groups the completed pulls of these Pods by image, then node. Pulls without an event are not counted.
pub(crate) fn image_pulls<'a>(pods: impl IntoIterator<Item = TimelinePod<'a>>) -> Vec<ImagePulls> {
    let mut table: BTreeMap<ImageOnNode, (Option<Timestamp>, ImagePulls)> = BTreeMap::new();
    for pod in pods {
        let Some(node) = &pod.node else { continue };
        for container in &pod.life.containers {
            let Some(pull) = container.pull.filter(|pull| pull.cached || pull.end.is_some()) else {
                continue;
            };
            let (image, node) = (Arc::clone(&container.image), Arc::clone(node));
            let (first_start, pulls) = table.entry((image, node)).or_insert_with_key(|(image, node)| {
                (None, ImagePulls::new(Arc::clone(image), Arc::clone(node)))
            });
            pulls.add(&pull, first_start);
        }
    }
    table.into_values().map(|(_, pulls)| pulls).collect()
}
