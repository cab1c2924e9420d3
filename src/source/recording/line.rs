//! One line, read in one pass: the `kind` that comes before an object says what it is read as.

use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::observation::{ManagedFieldsEntry, Object, Observation, Seen, Time};

/// The manager whose time is kept.
const KUBELET: &str = "kubelet";

/// What a line holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// One fact.
    Observation(Observation),
    /// All that existed at the beginning has been told.
    Synced,
    /// The run ended, and its last picture was of that time.
    End(Timestamp),
    /// Something of a newer program that does not change the rest.
    Other,
}

/// The names of the fields, read without a copy.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Received,
    Seen,
    Kind,
    KubeletWrote,
    Object,
    Mark,
    At,
    #[serde(other)]
    Other,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum SeenWord {
    Listed,
    Added,
    Changed,
    Deleted,
    Missing,
}

impl From<Seen> for SeenWord {
    fn from(seen: Seen) -> Self {
        match seen {
            Seen::Listed => Self::Listed,
            Seen::Added => Self::Added,
            Seen::Changed => Self::Changed,
            Seen::Deleted => Self::Deleted,
            Seen::Missing => Self::Missing,
        }
    }
}

impl From<SeenWord> for Seen {
    fn from(word: SeenWord) -> Self {
        match word {
            SeenWord::Listed => Self::Listed,
            SeenWord::Added => Self::Added,
            SeenWord::Changed => Self::Changed,
            SeenWord::Deleted => Self::Deleted,
            SeenWord::Missing => Self::Missing,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
enum Kind {
    Job,
    CronJob,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Custom,
    Owner,
    Pod,
    Event,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Mark {
    Synced,
    End,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for Kind {
    type Value = Object;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        Ok(match self {
            Self::Job => Object::Job(Box::deserialize(deserializer)?),
            Self::CronJob => Object::CronJob(Box::deserialize(deserializer)?),
            Self::Deployment => Object::Deployment(Box::deserialize(deserializer)?),
            Self::ReplicaSet => Object::ReplicaSet(Box::deserialize(deserializer)?),
            Self::StatefulSet => Object::StatefulSet(Box::deserialize(deserializer)?),
            Self::DaemonSet => Object::DaemonSet(Box::deserialize(deserializer)?),
            Self::Custom => Object::Custom(Box::deserialize(deserializer)?),
            Self::Owner => Object::Owner(Box::deserialize(deserializer)?),
            Self::Pod => Object::Pod(Box::deserialize(deserializer)?),
            Self::Event => Object::Event(Box::deserialize(deserializer)?),
        })
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an observation or a mark")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut received, mut seen, mut kind, mut wrote, mut object) = (None, None, None, None, None);
        let (mut mark, mut at) = (None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Received => received = Some(timely(map.next_value()?)?),
                Field::Seen => seen = Some(map.next_value::<SeenWord>()?),
                Field::Kind => kind = Some(map.next_value::<Kind>()?),
                Field::KubeletWrote => wrote = Some(map.next_value::<Time>()?),
                Field::Object => {
                    let kind = kind.ok_or_else(|| A::Error::custom("`kind` must come before `object`"))?;
                    object = Some(map.next_value_seed(kind)?);
                }
                Field::Mark => mark = Some(map.next_value::<Mark>()?),
                Field::At => at = Some(timely(map.next_value()?)?),
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match mark {
            Some(Mark::Synced) => return Ok(Entry::Synced),
            Some(Mark::End) => return Ok(Entry::End(at.ok_or_else(|| A::Error::missing_field("at"))?)),
            Some(Mark::Other) => return Ok(Entry::Other),
            None => {}
        }
        let mut object = object.ok_or_else(|| A::Error::missing_field("object"))?;
        if let Some(time) = wrote {
            object.metadata_mut().managed_fields = vec![kubelet_wrote(time)];
        }
        Ok(Entry::Observation(Observation {
            received: received.ok_or_else(|| A::Error::missing_field("received"))?,
            seen: seen.ok_or_else(|| A::Error::missing_field("seen"))?.into(),
            object,
        }))
    }
}

/// No run was received before there was Kubernetes, or so late that nanoseconds no longer count it.
fn timely<E: Error>(at: Timestamp) -> Result<Timestamp, E> {
    const YEARS: std::ops::Range<i64> = 946_684_800..9_214_646_400; // 2000 to 2261
    if YEARS.contains(&at.as_second()) { Ok(at) } else { Err(E::custom(format!("{at} is no time of a run"))) }
}

/// The entry that tells when the kubelet last wrote the status, and nothing else.
pub(crate) fn kubelet_wrote(time: Time) -> ManagedFieldsEntry {
    ManagedFieldsEntry { manager: KUBELET.to_owned(), time: Some(time), subresource: "status".to_owned() }
}

/// An observation as it is written, what may not be told having been taken out of it.
pub(crate) struct Line<'a> {
    pub(crate) observation: &'a Observation,
    /// When the kubelet last wrote the status, which stands beside the object.
    pub(crate) kubelet_wrote: Option<Time>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Observation { received, seen, object } = self.observation;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("received", received)?;
        map.serialize_entry("seen", &SeenWord::from(*seen))?;
        if let Some(wrote) = self.kubelet_wrote {
            map.serialize_entry("kubeletWrote", &wrote)?;
        }
        match object {
            Object::Job(object) => entry(&mut map, "Job", object),
            Object::CronJob(object) => entry(&mut map, "CronJob", object),
            Object::Deployment(object) => entry(&mut map, "Deployment", object),
            Object::ReplicaSet(object) => entry(&mut map, "ReplicaSet", object),
            Object::StatefulSet(object) => entry(&mut map, "StatefulSet", object),
            Object::DaemonSet(object) => entry(&mut map, "DaemonSet", object),
            Object::Custom(object) => entry(&mut map, "Custom", object),
            Object::Owner(object) => entry(&mut map, "Owner", object),
            Object::Pod(object) => entry(&mut map, "Pod", object),
            Object::Event(object) => entry(&mut map, "Event", object),
        }?;
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(map: &mut M, kind: &str, object: &T) -> Result<(), M::Error> {
    map.serialize_entry("kind", kind)?;
    map.serialize_entry("object", object)
}
