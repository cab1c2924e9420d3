//! One Pod of the timeline: its key, its identity, and a view of it with its life.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use crate::lifecycle::Lifecycle;
use crate::timeline::pods::membership::PodMembership;
use crate::timeline::pods::overview::PodOverview;

/// The index of a Pod in its timeline. A key stays valid for as long as the timeline exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey(pub u32);

impl PodKey {
    /// The key of the Pod at `index` among all Pods of the timeline.
    pub(crate) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index of the Pod among all Pods of the timeline.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The fields that identify a Pod and its part in the workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodIdentity {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name. No other Pod has the same name, so the text is not shared.
    pub name: Box<str>,
    /// Uid; empty if it is unknown. Not shared, for the same reason.
    pub uid: Box<str>,
    /// Node; `None` until the Pod is scheduled.
    pub node: Option<Arc<str>>,
    /// Completion index; `None` unless the Pod belongs to an Indexed Job.
    pub index: Option<u32>,
    /// The number of this attempt at the Pod's completion index, from 1. Always 1 without a completion index.
    pub attempt: u32,
    /// The part of the Pod in a larger workload; `None` if its labels name no part.
    pub(crate) membership: Option<Arc<PodMembership>>,
}

impl PodIdentity {
    /// The role of the Pod in its workload, from the labels that several projects set: `worker`, `head`.
    pub fn role(&self) -> Option<&Arc<str>> {
        self.membership.as_ref()?.role.as_ref()
    }
}

/// A Pod with its life. Borrows the parts that the timeline stores unpacked.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelinePod<'a> {
    pub(crate) identity: Cow<'a, PodIdentity>,
    pub(crate) overview: PodOverview,
    /// The instants, phases and containers of the Pod.
    pub life: Cow<'a, Lifecycle>,
}

impl TimelinePod<'static> {
    /// Creates a Pod that belongs to no timeline.
    pub fn new(identity: PodIdentity, life: Lifecycle) -> Self {
        Self {
            identity: Cow::Owned(identity),
            overview: PodOverview::from_life(&life, false),
            life: Cow::Owned(life),
        }
    }
}

impl TimelinePod<'_> {
    /// The outcome and the main times of the Pod.
    pub fn overview(&self) -> &PodOverview {
        &self.overview
    }

    /// Copies the borrowed parts, so that the Pod can be kept while the timeline changes.
    pub fn into_owned(self) -> TimelinePod<'static> {
        let (identity, life) = (self.identity.into_owned(), self.life.into_owned());
        TimelinePod { identity: Cow::Owned(identity), overview: self.overview, life: Cow::Owned(life) }
    }
}

impl Deref for TimelinePod<'_> {
    type Target = PodIdentity;

    fn deref(&self) -> &PodIdentity {
        &self.identity
    }
}
