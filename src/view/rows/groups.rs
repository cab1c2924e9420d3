//! Blocks of Pods: what belongs under one heading, in which order.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::timeline::{PodKey, Timeline, Workload};
use crate::view::frame_cache::Pass;
use crate::view::state::{GroupBy, Sort};
use crate::view::view_context::ViewContext;

/// What stands over a block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heading<'a> {
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
    pub(crate) fn identity(&self) -> (u8, &'a str) {
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
pub(crate) struct Group<'a> {
    /// What stands over it.
    pub(crate) heading: Heading<'a>,
    /// Its Pods in the order in which they are shown.
    pub(crate) pods: Cow<'a, [PodKey]>,
}

impl Group<'_> {
    /// Keeps the Pods that the filter lets through.
    pub(crate) fn find(&mut self, scene: &ViewContext<'_>) {
        let words = scene.window.words();
        if words.is_empty() {
            return;
        }
        let found = scene.memo.passes.recall(scene, Pass::Found, self.heading.identity(), || {
            let pods = self.pods.iter().copied();
            pods.filter(|&key| finds(scene.timeline, key, &words)).collect::<Vec<PodKey>>()
        });
        self.pods = Cow::Owned(Rc::unwrap_or_clone(found));
    }
}

/// Whether a workload is a Pod that the user named.
pub(crate) fn is_bare_pod(workload: &Workload) -> bool {
    &*workload.kind == "Pod"
}

/// All Pods in blocks.
pub(crate) fn blocks<'a>(scene: &ViewContext<'a>) -> Vec<Group<'a>> {
    let timeline = scene.timeline;
    let mut blocks: Vec<Group<'a>> = Vec::new();
    match scene.state.group_by {
        GroupBy::Workload => {
            let mut bare: Vec<PodKey> = Vec::new();
            for workload in timeline.workloads() {
                if is_bare_pod(workload) {
                    bare.extend(&workload.pods);
                } else {
                    let pods = Cow::Borrowed(workload.pods.as_slice());
                    blocks.push(Group { heading: Heading::Workload(workload), pods });
                }
            }
            if !bare.is_empty() {
                blocks.push(Group { heading: Heading::Pods, pods: Cow::Owned(bare) });
            }
        }
        GroupBy::Node => {
            let groups = grouped(scene, |pod| timeline.identity(pod).node.clone());
            // Who has no node yet comes last.
            let (without, nodes): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(node, _)| node.is_none());
            blocks.extend(nodes.into_iter().chain(without).map(|(node, pods)| {
                // It stays the same from its binding on.
                let first = pods.first().filter(|_| node.is_some());
                let node = first.and_then(|&first| timeline.identity(first).node.as_deref());
                Group { heading: Heading::Node(node), pods: Cow::Owned(pods) }
            }));
        }
        GroupBy::Outcome => {
            let groups = grouped(scene, |pod| timeline.overview(pod).outcome.name());
            blocks.extend(
                groups
                    .into_iter()
                    .map(|(name, pods)| Group { heading: Heading::Outcome(name), pods: Cow::Owned(pods) }),
            );
        }
        GroupBy::None => blocks.push(Group { heading: Heading::All, pods: Cow::Owned(all(scene).collect()) }),
    }
    for block in &mut blocks {
        // A workload's own Pods are kept in this order.
        if scene.state.sort == Sort::Start && matches!(block.heading, Heading::Workload(_)) {
            continue;
        }
        let whose = block.heading.identity();
        let order =
            scene.memo.passes.recall(scene, Pass::Order, whose, || sorted(scene, block.pods.to_vec()));
        block.pods = Cow::Owned(Rc::unwrap_or_clone(order));
    }
    blocks
}

/// All Pods, workload by workload.
fn all<'a>(scene: &ViewContext<'a>) -> impl Iterator<Item = PodKey> + use<'a> {
    scene.timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied())
}

fn grouped<K: Clone + Ord + 'static>(
    scene: &ViewContext<'_>,
    key: impl Fn(PodKey) -> K,
) -> Vec<(K, Vec<PodKey>)> {
    let groups = scene.memo.passes.recall(scene, Pass::Groups, (), || {
        let mut groups: BTreeMap<K, Vec<PodKey>> = BTreeMap::new();
        for pod in all(scene) {
            groups.entry(key(pod)).or_default().push(pod);
        }
        groups.into_iter().collect::<Vec<_>>()
    });
    Rc::unwrap_or_clone(groups)
}

/// Pods in the order that the user chose; equals stay in the order of creation.
fn sorted(scene: &ViewContext<'_>, mut pods: Vec<PodKey>) -> Vec<PodKey> {
    match scene.state.sort {
        Sort::Start => pods.sort_by_key(|key| {
            let created = scene.timeline.overview(*key).created();
            (created.is_none(), created)
        }),
        Sort::End => pods.sort_by_key(|key| {
            let end = scene.timeline.overview(*key).end();
            (end.is_none(), end)
        }),
        Sort::Work => pods.sort_by_cached_key(|key| {
            let life = scene.timeline.overview(*key);
            let open = life.work_started().filter(|_| !life.outcome.ended());
            Reverse(life.run().or_else(|| open.map(|started| scene.now.duration_since(started))))
        }),
        Sort::Cold => pods.sort_by_cached_key(|key| {
            let life = scene.timeline.overview(*key);
            let open = life.scheduled().filter(|_| life.work_started().is_none() && !life.outcome.ended());
            Reverse(life.cold_start().or_else(|| open.map(|scheduled| scene.now.duration_since(scheduled))))
        }),
        Sort::Index => pods.sort_by_key(|key| {
            let pod = scene.timeline.identity(*key);
            (pod.index.is_none(), pod.index, pod.attempt)
        }),
        Sort::Name => pods.sort_by(|a, b| {
            let (a, b) = (scene.timeline.identity(*a), scene.timeline.identity(*b));
            (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
        }),
    }
    pods
}

/// Whether each of the words is found in the name, node, outcome, status or reason of a Pod.
pub(crate) fn finds(timeline: &Timeline, key: PodKey, words: &[String]) -> bool {
    let has = |text: &str, word: &str| text.to_lowercase().contains(word);
    let identity = timeline.identity(key);
    let outcome = timeline.overview(key).outcome.name();
    // The life of a Pod that is over has a price.
    let pod = OnceCell::new();
    let life = || &pod.get_or_init(|| timeline.pod(key)).life;
    words.iter().all(|word| {
        has(&identity.name, word)
            || identity.node.as_deref().is_some_and(|node| has(node, word))
            || has(outcome, word)
            || has(&life().status, word)
            || life().reason.as_deref().is_some_and(|reason| has(reason, word))
    })
}
