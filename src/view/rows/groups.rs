//! Groups of Pods under common headings, and the order of the Pods in each group.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::timeline::{PodKey, Timeline, Workload};
use crate::view::frame_cache::cache::Cached;
use crate::view::frame_cache::keys::{GroupId, GroupKey};
use crate::view::frame_cache::results::{PodPace, PodsBy};
use crate::view::names::has_several_namespaces;
use crate::view::rows::trouble::rank_trouble;
use crate::view::state::{GroupBy, Sort};
use crate::view::view_context::ViewContext;

/// The heading of a group: the property that its Pods share.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heading<'a> {
    /// The Pods belong to this workload.
    Workload(&'a Workload),
    /// The Pods whose owner is not followed. If the workloads are in several namespaces, only the Pods of this
    /// namespace.
    Pods(Option<&'a Arc<str>>),
    /// The Pods are on this node, or have no node yet.
    Node(Option<&'a Arc<str>>),
    /// The Pods have this role, or no role.
    Role {
        role: Option<&'a Arc<str>>,
        /// The uid of the workload that they belong to; `None` for the Pods of all workloads.
        of: Option<&'a Arc<str>>,
    },
    /// The Pods have this outcome.
    Outcome(&'static str),
    /// These are all Pods.
    All,
}

impl Heading<'_> {
    /// The identity of the group below this heading.
    pub(crate) fn id(&self) -> GroupId {
        match *self {
            Self::Workload(workload) => GroupId::Workload(Arc::clone(&workload.uid)),
            Self::Pods(namespace) => GroupId::BarePods(namespace.cloned()),
            Self::Node(node) => GroupId::Node(node.cloned()),
            Self::Role { role, of } => GroupId::Role(role.cloned(), of.cloned()),
            Self::Outcome(name) => GroupId::Outcome(name),
            Self::All => GroupId::All,
        }
    }
}

impl<'a> Heading<'a> {
    /// The workload whose Pods these are, if the Pods are grouped by workload.
    pub(crate) fn workload(self) -> Option<&'a Workload> {
        match self {
            Self::Workload(workload) => Some(workload),
            Self::Pods(_) | Self::Node(_) | Self::Role { .. } | Self::Outcome(_) | Self::All => None,
        }
    }
}

/// Pods under one heading.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    pub(crate) heading: Heading<'a>,
    /// The order of the Pods; never [`Sort::Usual`].
    pub(crate) sort: Sort,
    /// The Pods in the order in which they are shown.
    pub(crate) pods: Cow<'a, [PodKey]>,
}

impl<'a> Group<'a> {
    /// The workload whose Pods these are, if the Pods are grouped by workload.
    pub(crate) fn workload(&self) -> Option<&'a Workload> {
        self.heading.workload()
    }

    /// The number of completions of the Job whose Pods these are.
    pub(crate) fn completions(&self) -> Option<u32> {
        self.workload().and_then(|workload| workload.completions)
    }

    /// How long the Pods of the group work.
    pub(crate) fn pace(&self, context: &ViewContext<'_>) -> PodPace {
        PodPace::get_or_compute(context, self.key(), &self.pods, self.completions())
    }

    /// The identity of the group and the order of its Pods.
    pub(crate) fn key(&self) -> GroupKey {
        GroupKey { id: self.heading.id(), sort: self.sort }
    }

    /// Removes the Pods that do not match the filter.
    pub(crate) fn apply_filter(&mut self, context: &ViewContext<'_>) {
        let words = context.window.filter_words();
        if words.is_empty() {
            return;
        }
        let key = (self.key(), context.window.filter.clone());
        let matching = context.cache.matching_pods.get_or_compute(context.version(), key, || {
            let pods = self.pods.iter().copied();
            pods.filter(|&key| matches_filter(context.timeline, key, &words)).collect::<Vec<PodKey>>()
        });
        self.pods = Cow::Owned(Rc::unwrap_or_clone(matching));
    }
}

/// Whether the workload is a Pod that no followed object owns. Such Pods share one group.
pub(crate) fn is_bare_pod(workload: &Workload) -> bool {
    &*workload.kind == "Pod"
}

/// A group for each workload that is not a bare Pod, with its Pods in the order of their creation.
pub(crate) fn workload_groups<'a>(context: &ViewContext<'a>) -> Vec<Group<'a>> {
    let workloads = context.workloads().iter().filter(|workload| !is_bare_pod(workload));
    // A workload keeps its Pods in the order of their creation.
    let to_group = |workload: &'a Workload| Group {
        heading: Heading::Workload(workload),
        sort: Sort::Start,
        pods: workload.pods.as_slice().into(),
    };
    workloads.map(to_group).collect()
}

/// All Pods, in the groups and the order that the user chose.
pub(crate) fn pod_groups<'a>(context: &ViewContext<'a>) -> Vec<Group<'a>> {
    let timeline = context.timeline;
    let sort = match context.state.sort {
        Sort::Usual => Sort::Start,
        sort @ (Sort::Start
        | Sort::End
        | Sort::Work
        | Sort::Cold
        | Sort::Index
        | Sort::Name
        | Sort::Trouble
        | Sort::Wasted) => sort,
    };
    let mut groups: Vec<Group<'a>> = Vec::new();
    match context.state.group_by {
        GroupBy::Workload => {
            let has_several_namespaces = has_several_namespaces(timeline);
            let mut bare: BTreeMap<Option<&Arc<str>>, Vec<PodKey>> = BTreeMap::new();
            for workload in context.workloads() {
                if is_bare_pod(workload) {
                    let is_named = has_several_namespaces || context.is_elsewhere(&workload.namespace);
                    let namespace = is_named.then_some(&workload.namespace);
                    bare.entry(namespace).or_default().extend(&workload.pods);
                } else {
                    let pods = Cow::Borrowed(workload.pods.as_slice());
                    let is_usual = context.state.sort == Sort::Usual;
                    let sort = if is_usual && is_indexed(timeline, workload) { Sort::Index } else { sort };
                    groups.push(Group { heading: Heading::Workload(workload), sort, pods });
                }
            }
            groups.extend(bare.into_iter().map(|(namespace, pods)| Group {
                heading: Heading::Pods(namespace),
                sort,
                pods: Cow::Owned(pods),
            }));
        }
        GroupBy::Node => {
            let by_node = &context.cache.pods_by_node;
            let by_node = group_by(context, by_node, |pod| timeline.identity(pod).node.clone());
            // The Pods without a node come last.
            let (without, nodes): (Vec<_>, Vec<_>) =
                by_node.into_iter().partition(|(node, _)| node.is_none());
            groups.extend(nodes.into_iter().chain(without).map(|(node, pods)| {
                // All Pods of the group are on the same node, so the name can be borrowed from the first Pod.
                let first = pods.first().filter(|_| node.is_some());
                let node = first.and_then(|&first| timeline.identity(first).node.as_ref());
                Group { heading: Heading::Node(node), sort, pods: Cow::Owned(pods) }
            }));
        }
        GroupBy::Role => {
            let by_role = &context.cache.pods_by_role;
            let by_role = group_by(context, by_role, |pod| timeline.identity(pod).role().cloned());
            // The Pods without a role come last.
            let (without, roles): (Vec<_>, Vec<_>) =
                by_role.into_iter().partition(|(role, _)| role.is_none());
            groups.extend(roles.into_iter().chain(without).map(|(role, pods)| {
                // All Pods of the group have the same role, so it can be borrowed from the first Pod.
                let first = pods.first().filter(|_| role.is_some());
                let role = first.and_then(|&first| timeline.identity(first).role());
                Group { heading: Heading::Role { role, of: None }, sort, pods: Cow::Owned(pods) }
            }));
        }
        GroupBy::Outcome => {
            let by_outcome = &context.cache.pods_by_outcome;
            let by_outcome = group_by(context, by_outcome, |pod| timeline.overview(pod).outcome.name());
            groups.extend(by_outcome.into_iter().map(|(name, pods)| Group {
                heading: Heading::Outcome(name),
                sort,
                pods: Cow::Owned(pods),
            }));
        }
        GroupBy::None => {
            groups.push(Group { heading: Heading::All, sort, pods: Cow::Owned(all_pods(context).collect()) });
        }
    }
    for group in &mut groups {
        // The timeline already keeps the Pods of a workload in this order.
        if group.sort == Sort::Start && matches!(group.heading, Heading::Workload(_)) {
            continue;
        }
        let sorted_pods = &context.cache.sorted_pods;
        let order = sorted_pods.get_or_compute(context.version(), group.key(), || sort_pods(context, group));
        group.pods = Cow::Owned(Rc::unwrap_or_clone(order));
    }
    groups
}

/// Puts the Jobs of one workload whose Pods have the same role into one group. Groups of other workloads stay.
pub(crate) fn merge_jobs_by_role<'a>(context: &ViewContext<'a>, groups: Vec<Group<'a>>) -> Vec<Group<'a>> {
    let mut merged: Vec<Group<'a>> = Vec::new();
    for group in groups {
        let role_of_job = |group: &Group<'a>| {
            let workload = group.workload().filter(|workload| !context.timeline.has_children(workload))?;
            let of = &workload.parent.as_ref()?.uid;
            Some((context.timeline.identity(*group.pods.first()?).role()?, of))
        };
        let Some((role, of)) = role_of_job(&group) else {
            merged.push(group);
            continue;
        };
        let heading = Heading::Role { role: Some(role), of: Some(of) };
        match merged.iter_mut().find(|other| other.heading.id() == heading.id()) {
            Some(same) => same.pods.to_mut().extend_from_slice(&group.pods),
            None => merged.push(Group { heading, ..group }),
        }
    }
    merged
}

/// Whether the workload is an Indexed Job: its Pods have completion indexes.
fn is_indexed(timeline: &Timeline, workload: &Workload) -> bool {
    // The Pods of a Job all have an index, or none has. Only a Pod that is known from Events alone may lack its index.
    let known = workload.pods.iter().find(|&&key| !timeline.overview(key).gone);
    known.or(workload.pods.first()).is_some_and(|&key| timeline.identity(key).index.is_some())
}

/// All Pods, workload by workload.
fn all_pods<'a>(context: &ViewContext<'a>) -> impl Iterator<Item = PodKey> + use<'a> {
    context.workloads().iter().flat_map(|workload| workload.pods.iter().copied())
}

/// Groups all Pods by the property that `key` returns. The groups are sorted by this property.
fn group_by<K: Clone + Ord>(
    context: &ViewContext<'_>,
    cache: &Cached<(), PodsBy<K>>,
    key: impl Fn(PodKey) -> K,
) -> Vec<(K, Vec<PodKey>)> {
    let groups = cache.get_or_compute(context.version(), (), || {
        let mut groups: BTreeMap<K, Vec<PodKey>> = BTreeMap::new();
        for pod in all_pods(context) {
            groups.entry(key(pod)).or_default().push(pod);
        }
        groups.into_iter().collect::<Vec<_>>()
    });
    Rc::unwrap_or_clone(groups)
}

/// Returns the Pods of a group in its order. The sort is stable.
fn sort_pods(context: &ViewContext<'_>, group: &Group<'_>) -> Vec<PodKey> {
    let mut pods = group.pods.to_vec();
    match group.sort {
        Sort::Usual | Sort::Start => pods.sort_by_key(|key| {
            let created = context.timeline.overview(*key).created();
            (created.is_none(), created)
        }),
        Sort::End => pods.sort_by_key(|key| {
            let end = context.timeline.overview(*key).end();
            (end.is_none(), end)
        }),
        Sort::Work => pods.sort_by_cached_key(|key| {
            let life = context.timeline.overview(*key);
            Reverse(life.run_so_far(context.now))
        }),
        Sort::Cold => pods.sort_by_cached_key(|key| {
            let life = context.timeline.overview(*key);
            Reverse(life.cold_start_so_far(context.now))
        }),
        Sort::Index => pods.sort_by_key(|key| {
            let pod = context.timeline.identity(*key);
            (pod.index.is_none(), pod.index, pod.attempt)
        }),
        Sort::Name => pods.sort_by(|a, b| {
            let (a, b) = (context.timeline.identity(*a), context.timeline.identity(*b));
            (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
        }),
        Sort::Wasted => pods.sort_by_cached_key(|key| {
            let life = context.timeline.overview(*key);
            let waits = [life.queued_so_far(context.now), life.cold_start_so_far(context.now)];
            let lost = life.run_so_far(context.now).filter(|_| life.has_failed());
            Reverse(waits.into_iter().chain([lost]).flatten().sum::<i64>())
        }),
        Sort::Trouble => {
            let pace = PodPace::from_pods(context, &pods, group.completions());
            pods.sort_by_cached_key(|&key| rank_trouble(context, &pace, key));
        }
    }
    pods
}

/// The start of a word of the filter that is the whole name of a node.
pub(crate) const NODE_PREFIX: &str = "node/";

/// Whether each word occurs in the name, node, outcome, status or reason of a Pod, or is `node/` with the name of its
/// node. The words must be in lower case.
fn matches_filter(timeline: &Timeline, key: PodKey, words: &[String]) -> bool {
    let contains = |text: &str, word: &str| text.to_lowercase().contains(word);
    let identity = timeline.identity(key);
    let outcome = timeline.overview(key).outcome.name();
    // Deriving the life of an ended Pod costs time, so this happens only if a word occurs in no other field.
    let pod = OnceCell::new();
    let life = || &pod.get_or_init(|| timeline.pod(key)).life;
    words.iter().all(|word| {
        if let Some(node) = word.strip_prefix(NODE_PREFIX) {
            return identity.node.as_deref().is_some_and(|own| own.to_lowercase() == *node);
        }
        contains(&identity.name, word)
            || identity.node.as_deref().is_some_and(|node| contains(node, word))
            || contains(outcome, word)
            || contains(&life().status, word)
            || life().reason.as_deref().is_some_and(|reason| contains(reason, word))
    })
}
