//! Blocks of Pods: what belongs under one heading, in which order.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{GroupBy, Scene, Sort};
use crate::timeline::{PodKey, Workload};

/// What stands over a block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heading<'a> {
    /// One workload.
    Workload(&'a Workload),
    /// The bare Pods.
    Pods,
    /// Pods of one node, or without one.
    Node(Option<&'a str>),
    /// Pods of one outcome.
    Outcome(&'static str),
    /// All Pods.
    All,
}

impl<'a> Heading<'a> {
    /// What tells it apart from the others of a picture.
    pub(super) fn identity(&self) -> (u8, &'a str) {
        match *self {
            Self::Workload(workload) => (0, &workload.uid),
            Self::Pods => (1, ""),
            Self::Node(Some(node)) => (2, node),
            Self::Node(None) => (3, ""),
            Self::Outcome(name) => (4, name),
            Self::All => (5, ""),
        }
    }
}

/// Pods under one heading.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    /// What stands over it.
    pub(super) heading: Heading<'a>,
    /// Its Pods in the order in which they are shown.
    pub(super) pods: Cow<'a, [PodKey]>,
}

impl Block<'_> {
    /// Keeps the Pods that the filter lets through.
    pub(super) fn find(&mut self, scene: &Scene<'_>) {
        if !scene.window.filter.is_empty() {
            self.pods.to_mut().retain(|&key| scene.window.finds(&scene.timeline.pod(key)));
        }
    }
}

/// Whether a workload is a Pod that the user named.
pub(super) fn is_bare_pod(workload: &Workload) -> bool {
    &*workload.kind == "Pod"
}

/// All Pods in blocks.
pub(super) fn blocks<'a>(scene: &Scene<'a>) -> Vec<Block<'a>> {
    let timeline = scene.timeline;
    let mut blocks: Vec<Block<'a>> = Vec::new();
    match scene.state.group_by {
        GroupBy::Workload => {
            let mut bare: Vec<PodKey> = Vec::new();
            for workload in timeline.workloads() {
                if is_bare_pod(workload) {
                    bare.extend(&workload.pods);
                } else {
                    let pods = Cow::Borrowed(workload.pods.as_slice());
                    blocks.push(Block { heading: Heading::Workload(workload), pods });
                }
            }
            if !bare.is_empty() {
                blocks.push(Block { heading: Heading::Pods, pods: Cow::Owned(bare) });
            }
        }
        GroupBy::Node => {
            let groups = grouped(scene, |pod| scene.timeline.identity(pod).node.as_deref());
            // Who has no node yet comes last.
            let (none, nodes): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(node, _)| node.is_none());
            blocks.extend(
                nodes
                    .into_iter()
                    .chain(none)
                    .map(|(node, pods)| Block { heading: Heading::Node(node), pods }),
            );
        }
        GroupBy::Outcome => {
            let groups = grouped(scene, |pod| scene.timeline.digest(pod).outcome.name());
            blocks.extend(
                groups.into_iter().map(|(name, pods)| Block { heading: Heading::Outcome(name), pods }),
            );
        }
        GroupBy::None => blocks.push(Block { heading: Heading::All, pods: Cow::Owned(all(scene).collect()) }),
    }
    for block in &mut blocks {
        sort(scene, block);
    }
    blocks
}

/// All Pods, workload by workload.
fn all<'a>(scene: &Scene<'a>) -> impl Iterator<Item = PodKey> + use<'a> {
    scene.timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied())
}

fn grouped<'a, K: Ord>(scene: &Scene<'a>, key: impl Fn(PodKey) -> K) -> BTreeMap<K, Cow<'a, [PodKey]>> {
    let mut groups: BTreeMap<K, Cow<'a, [PodKey]>> = BTreeMap::new();
    for pod in all(scene) {
        groups.entry(key(pod)).or_default().to_mut().push(pod);
    }
    groups
}

/// Brings a block into the order that the user chose; equals stay in the order of creation.
fn sort(scene: &Scene<'_>, block: &mut Block<'_>) {
    match scene.state.sort {
        // A workload's own Pods are kept in this order.
        Sort::Start if matches!(block.heading, Heading::Workload(_)) => {}
        Sort::Start => block.pods.to_mut().sort_by_key(|key| {
            let created = scene.timeline.digest(*key).created();
            (created.is_none(), created)
        }),
        Sort::End => block.pods.to_mut().sort_by_key(|key| {
            let end = scene.timeline.digest(*key).end();
            (end.is_none(), end)
        }),
        Sort::Work => block.pods.to_mut().sort_by_cached_key(|key| {
            let life = scene.timeline.digest(*key);
            let open = life.work_started().filter(|_| !life.outcome.ended());
            Reverse(life.run().or_else(|| open.map(|started| scene.now.duration_since(started))))
        }),
        Sort::Cold => block.pods.to_mut().sort_by_cached_key(|key| {
            let life = scene.timeline.digest(*key);
            let open = life.scheduled().filter(|_| life.work_started().is_none() && !life.outcome.ended());
            Reverse(life.cold_start().or_else(|| open.map(|scheduled| scene.now.duration_since(scheduled))))
        }),
        Sort::Index => block.pods.to_mut().sort_by_key(|key| {
            let pod = scene.timeline.identity(*key);
            (pod.index.is_none(), pod.index, pod.attempt)
        }),
        Sort::Name => block.pods.to_mut().sort_by(|a, b| {
            let (a, b) = (scene.timeline.identity(*a), scene.timeline.identity(*b));
            (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
        }),
    }
}
