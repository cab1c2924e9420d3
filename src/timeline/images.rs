//! What the pulls of each image took on each node.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::TimelinePod;

/// The pulls of one image on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePulls {
    /// Image as the user wrote it.
    pub image: Arc<str>,
    /// Node.
    pub node: Arc<str>,
    /// What the first pull took: the image was not there yet.
    pub first: Option<SignedDuration>,
    /// What the longest pull took.
    pub longest: Option<SignedDuration>,
    /// Pulls that ended.
    pub pulls: u32,
    /// How often it was there already.
    pub cached: u32,
    /// The longest wait in the node's queue before a pull.
    pub waited: Option<SignedDuration>,
    /// Size of the image.
    pub bytes: Option<u64>,
}

/// When the first pull began, and what all of them took.
type Begun = (Option<Timestamp>, ImagePulls);

/// What the pulls of these Pods took, by image, then node. Pulls that no event tells of are not there.
pub(crate) fn image_pulls<'a>(pods: impl IntoIterator<Item = TimelinePod<'a>>) -> Vec<ImagePulls> {
    let mut table: BTreeMap<(Arc<str>, Arc<str>), Begun> = BTreeMap::new();
    for pod in pods {
        let Some(node) = &pod.node else { continue };
        for container in &pod.life.containers {
            let Some(pull) = container.pull.filter(|pull| pull.cached || pull.end.is_some()) else {
                continue;
            };
            let entry = table.entry((Arc::clone(&container.image), Arc::clone(node))).or_insert_with(|| {
                let (image, node) = (Arc::clone(&container.image), Arc::clone(node));
                let nothing = (None, None, None, None);
                let (first, longest, waited, bytes) = nothing;
                (None, ImagePulls { image, node, first, longest, pulls: 0, cached: 0, waited, bytes })
            });
            let (began, pulls) = entry;
            if pull.cached {
                pulls.cached += 1;
                continue;
            }
            pulls.pulls += 1;
            pulls.bytes = pulls.bytes.max(pull.bytes);
            pulls.waited = pulls.waited.max(pull.wait);
            if let (Some(start), Some(end)) = (pull.start, pull.end) {
                let took = end.duration_since(start);
                pulls.longest = pulls.longest.max(Some(took));
                let earlier = began.is_none_or(|began| start < began)
                    || (*began == Some(start) && Some(took) > pulls.first);
                if earlier {
                    (*began, pulls.first) = (Some(start), Some(took));
                }
            }
        }
    }
    table.into_values().map(|(_, pulls)| pulls).collect()
}
