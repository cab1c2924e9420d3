//! Determines from Events whether missing named objects have existed, and which Events may concern their Pods.

use jiff::Timestamp;

use crate::observation::{
    BuiltInKind, Event, MIN_AGE_OF_GONE_OBJECT, NAME_SUFFIX_LENGTH, Object, ObjectMeta, ObjectReference,
};
use crate::source::cluster::api::decoding::kind::Kind;

/// The Job controller shortens a long Job name in the names of its Pods, but keeps at least this many bytes.
const MIN_JOB_NAME_PREFIX: usize = 40;

/// The named objects that the lists do not contain.
#[derive(Debug, Default)]
pub(crate) struct GoneCandidates(Vec<GoneCandidate>);

/// The objects of a root that no Event names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownNames {
    root: usize,
    pub(crate) kind: BuiltInKind,
    /// The resource of the root in messages.
    pub(crate) resource: String,
    pub(crate) names: Vec<String>,
}

/// A named object that the lists do not contain.
#[derive(Debug)]
struct GoneCandidate {
    root: usize,
    kind: BuiltInKind,
    /// The resource in messages: `jobs.batch`.
    resource: String,
    name: String,
    /// The latest object with this name, according to Events.
    latest: Option<NamedByEvents>,
}

/// An object that Events name.
#[derive(Debug)]
struct NamedByEvents {
    first_event: Timestamp,
    latest_event: Timestamp,
    /// Namespace, name and uid.
    metadata: ObjectMeta,
}

impl GoneCandidates {
    /// Adds the missing names of a root. Returns `false` for kinds whose Events do not show what the objects did.
    pub(crate) fn add(&mut self, root: usize, kind: &Kind, resource: &str, names: Vec<String>) -> bool {
        let kind = match *kind {
            Kind::JOB => BuiltInKind::Job,
            Kind::POD => BuiltInKind::Pod,
            Kind::BuiltIn(_) | Kind::Custom(_) | Kind::QueuedWorkload(_) => return false,
        };
        let new = |name| GoneCandidate { root, kind, resource: resource.to_owned(), name, latest: None };
        self.0.extend(names.into_iter().map(new));
        true
    }

    /// Whether no object is missing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a missing object may own the object. Only a Job may own Pods.
    pub(crate) fn may_own(&self, object: &Object) -> bool {
        matches!(object, Object::Pod(_)) && self.0.iter().any(|missing| missing.kind == BuiltInKind::Job)
    }

    /// Returns whether an Event may concern a missing object or one of its Pods. Stores the object that the Event
    /// concerns.
    pub(crate) fn observe(&mut self, event: &Event) -> bool {
        let about = &event.involved_object;
        let mut is_relevant = false;
        for missing in &mut self.0 {
            let is_job = missing.kind == BuiltInKind::Job;
            if about.kind == missing.kind.info().name && about.name == missing.name {
                is_relevant = true;
                // Objects of other API groups are called `Job` too.
                let is_proof = !about.uid.is_empty() && (!is_job || event.is_from_job_controller());
                let times = event.first_occurrence().zip(event.last_occurrence()).filter(|_| is_proof);
                if let Some(((first, _), latest)) = times {
                    missing.add_event(&event.involved_object, first, latest);
                }
            }
            is_relevant |= is_job && about.kind == "Pod" && is_pod_name_of_job(&about.name, &missing.name)
                || is_job && may_claim_pod(event, std::iter::once(missing.name.as_str()));
        }
        is_relevant
    }

    /// Returns the missing objects that have existed, with their roots, and the names that are still missing. The
    /// objects contain only metadata.
    ///
    /// `first_received` is the time of the first observation.
    pub(crate) fn conclude(self, first_received: Timestamp) -> (Vec<(usize, Object)>, Vec<UnknownNames>) {
        let mut found = Vec::new();
        let mut unknown: Vec<UnknownNames> = Vec::new();
        for GoneCandidate { root, kind, resource, name, latest } in self.0 {
            // A younger object may have been created after the list of its kind.
            let latest =
                latest.filter(|object| object.first_event <= first_received - MIN_AGE_OF_GONE_OBJECT);
            if let Some(object) = latest {
                found.push((root, kind.with_metadata(object.metadata)));
                continue;
            }
            match unknown.iter_mut().find(|unknown| unknown.root == root) {
                Some(unknown) => unknown.names.push(name),
                None => unknown.push(UnknownNames { root, kind, resource, names: vec![name] }),
            }
        }
        (found, unknown)
    }
}

impl GoneCandidate {
    /// Adds an Event about an object with this name. The object with the latest Event counts.
    fn add_event(&mut self, about: &ObjectReference, first_event: Timestamp, latest_event: Timestamp) {
        match &mut self.latest {
            Some(known) if known.metadata.uid == about.uid => {
                known.first_event = known.first_event.min(first_event);
                known.latest_event = known.latest_event.max(latest_event);
            }
            Some(known) if known.latest_event >= latest_event => {}
            Some(_) | None => {
                let (namespace, name, uid) = (about.namespace.clone(), about.name.clone(), about.uid.clone());
                let metadata = ObjectMeta { name, namespace, uid, ..ObjectMeta::default() };
                self.latest = Some(NamedByEvents { first_event, latest_event, metadata });
            }
        }
    }
}

/// Whether the Job controller may have given the name `pod` to a Pod of the Job `job`. Such a name has the form
/// `JOB-xxxxx`, or `JOB-INDEX-xxxxx` for Indexed Jobs. `JOB` may be shortened.
pub(crate) fn is_pod_name_of_job(pod: &str, job: &str) -> bool {
    let Some(rest) = pod.strip_prefix(job).and_then(|rest| rest.strip_prefix('-')) else {
        return job.len() > MIN_JOB_NAME_PREFIX
            && job.get(..MIN_JOB_NAME_PREFIX).is_some_and(|start| pod.starts_with(start));
    };
    let (index, suffix) = rest.split_once('-').unwrap_or(("", rest));
    index.bytes().all(|byte| byte.is_ascii_digit())
        && suffix.len() == NAME_SUFFIX_LENGTH
        && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether an Event reports that an owner has created a Pod whose name has the form of a Pod of one of `jobs`. Also
/// returns `true` if the Event combines several creations, because one of them may be such a Pod. Without these Events,
/// the model could assign the Pod to the wrong Job.
pub(crate) fn may_claim_pod<'a>(event: &Event, mut jobs: impl Iterator<Item = &'a str>) -> bool {
    if event.reason != "SuccessfulCreate" || event.involved_object.kind == "Pod" {
        return false;
    }
    let owner = event.involved_object.name.as_str();
    let pod = event.plain_message().strip_prefix("Created pod: ");
    // The Pods of the Job `pi-3` and the Pods of the Indexed Job `pi` have names of the same form.
    let has_index_as_suffix = |job: &str| {
        let index = owner.strip_prefix(job).and_then(|rest| rest.strip_prefix('-'));
        index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    };
    jobs.any(|job| {
        owner == job || has_index_as_suffix(job) || pod.is_some_and(|pod| is_pod_name_of_job(pod, job))
    })
}
