//! A run that another run of the program began to record.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::observation::{Object, ObjectKind, ObjectMeta, Observation, Seen, Unwatched};

/// Why nobody watched.
const REASON: &str = "kubectl seq record was not running";

/// The objects that existed when the recording was interrupted, and the time since then.
#[derive(Debug)]
pub(crate) struct ResumedRun {
    /// The time of the latest observation.
    since: Timestamp,
    /// Whether the recording names the time in which nobody watched.
    is_gap_named: bool,
    /// The objects that have not been observed again, by uid.
    objects: BTreeMap<String, Object>,
}

impl ResumedRun {
    pub(crate) fn new(since: Timestamp) -> Self {
        Self { since, is_gap_named: false, objects: BTreeMap::new() }
    }

    /// Stores that nobody watched from an earlier time on, because the recording ends in an outage.
    pub(crate) fn begin_gap_at(&mut self, since: Timestamp) {
        self.since = self.since.min(since);
    }

    /// Stores that the recording contains this observation.
    pub(crate) fn remember(&mut self, observation: &Observation) {
        let metadata = observation.object.metadata();
        if matches!(observation.object, Object::Event(_)) {
            return;
        }
        if observation.seen.is_gone() {
            self.objects.remove(&metadata.uid);
        } else {
            self.objects.insert(metadata.uid.clone(), identity_of(&observation.object));
        }
    }

    /// The objects that have not been observed again.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// Stores that an object was observed again.
    pub(crate) fn find_again(&mut self, observation: &Observation) {
        self.objects.remove(&observation.object.metadata().uid);
    }

    /// Returns the time in which nobody watched, once. It ends at `until`.
    pub(crate) fn end_of_gap(&mut self, until: Timestamp) -> Option<Unwatched> {
        if std::mem::replace(&mut self.is_gap_named, true) {
            return None;
        }
        let until = until.max(self.since);
        Some(Unwatched { since: self.since, until, reason: REASON.to_owned(), resource: None })
    }

    /// Returns an observation for each object that no longer exists.
    pub(crate) fn missing(self, received: Timestamp) -> impl Iterator<Item = Observation> {
        self.objects.into_values().map(move |object| Observation { received, seen: Seen::Missing, object })
    }
}

/// Returns the object with only its names, as a list reports that an object is missing.
fn identity_of(object: &Object) -> Object {
    let ObjectMeta { name, namespace, uid, .. } = object.metadata().clone();
    match object.kind() {
        ObjectKind::BuiltIn(kind) => {
            kind.with_metadata(ObjectMeta { name, namespace, uid, ..ObjectMeta::default() })
        }
        ObjectKind::Custom | ObjectKind::Owner | ObjectKind::QueuedWorkload => object.clone(),
    }
}
