//! The digests that image names stood for.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{Container, Pod};

/// The digests of each image name, as the container statuses reported them. All Pods of a timeline share one map, because
/// nearly all Pods with the same image name have the same digest.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageDigests(BTreeMap<Box<str>, BTreeSet<Box<str>>>);

impl ImageDigests {
    /// Adds the digests of a Pod's main containers.
    pub(crate) fn observe(&mut self, pod: &Pod) {
        for status in pod.status.container_statuses.iter().filter(|status| !status.image_id.is_empty()) {
            let has_name = |container: &&Container| container.name == status.name;
            let Some(container) = pod.spec.containers.iter().find(has_name) else { continue };
            let digest = status.image_id.as_str();
            match self.0.get_mut(container.image.as_str()) {
                Some(digests) if digests.contains(digest) => {}
                Some(digests) => _ = digests.insert(digest.into()),
                None => {
                    self.0.insert(container.image.as_str().into(), BTreeSet::from([digest.into()]));
                }
            }
        }
    }

    /// The digests of an image name, in order.
    pub(crate) fn digests_of(&self, image: &str) -> impl Iterator<Item = &str> {
        self.0.get(image).into_iter().flatten().map(|digest| &**digest)
    }
}
