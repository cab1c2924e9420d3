//! The entries of a recording and their form as JSON lines.
//!
//! An entry is read in one pass over its line. This works because `kind`, which determines the type of `object`, comes
//! before `object`.

use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::observation::{
    ManagedFieldsEntry, Object, ObjectKind, Observation, Outage, Relist, Seen, Time, Unwatched,
};

/// The name of the kubelet in `managedFields`. A recording keeps the time of no other manager.
const KUBELET: &str = "kubelet";

/// One line of a recording, after the header.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordingEntry {
    /// One observation of an object.
    Observation(Observation),
    /// All objects that existed when the run began have been observed.
    Synced,
    /// From this time on, the source could not read exactly these collections.
    Outages {
        /// The time at which the source noticed the change.
        at: Timestamp,
        /// The collections.
        outages: Vec<Outage>,
    },
    /// The source listed a collection again.
    Relist(Relist),
    /// Nobody watched the objects for some time.
    Unwatched(Unwatched),
    /// The run ended. The last picture and the document of the run show the state at this time.
    End(Timestamp),
    /// The mark `runs`, which follows from the other lines, or a mark that a newer version of the program wrote. A reader
    /// can skip the mark, because a change that older versions cannot skip gets a new format version.
    Unknown,
}

impl RecordingEntry {
    /// The time at which the observation was received or the run ended. `None` for marks without a time.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Observation(observation) => Some(observation.received),
            Self::End(at) | Self::Outages { at, .. } | Self::Relist(Relist { at, .. }) => Some(*at),
            Self::Unwatched(unwatched) => Some(unwatched.until),
            Self::Synced | Self::Unknown => None,
        }
    }
}

/// The name of a field. The parser does not copy the name.
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
    Outages,
    Relist,
    Unwatched,
    /// A field that a newer version of the program wrote. A reader can skip the field like a
    /// [`RecordingEntry::Unknown`].
    #[serde(other)]
    Unknown,
}

/// The value of `mark`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum RecordingMark {
    Synced,
    Outages,
    Relist,
    Unwatched,
    End,
    #[serde(other)]
    Unknown,
}

/// The value of `kind`.
struct RecordedKind(ObjectKind);

impl<'de> Deserialize<'de> for RecordedKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(RecordedKindVisitor)
    }
}

struct RecordedKindVisitor;

impl Visitor<'_> for RecordedKindVisitor {
    type Value = RecordedKind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the kind of an object")
    }

    fn visit_str<E: Error>(self, tag: &str) -> Result<RecordedKind, E> {
        ObjectKind::from_recording_tag(tag).map(RecordedKind).ok_or_else(|| {
            let known: Vec<&str> = ObjectKind::all().map(ObjectKind::recording_tag).collect();
            E::custom(format!("unknown kind `{tag}`; this version of kubectl seq knows {}", known.join(", ")))
        })
    }
}

impl<'de> DeserializeSeed<'de> for RecordedKind {
    type Value = Object;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        self.0.deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for RecordingEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = RecordingEntry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an observation or a mark")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RecordingEntry, A::Error> {
        let (mut received, mut seen, mut kind, mut kubelet_wrote, mut object) =
            (None, None, None, None, None);
        let (mut mark, mut at, mut outages, mut relist, mut unwatched) = (None, None, None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Received => received = Some(check_time_of_run(map.next_value()?)?),
                Field::Seen => seen = Some(map.next_value::<Seen>()?),
                Field::Kind => kind = Some(map.next_value::<RecordedKind>()?),
                Field::KubeletWrote => kubelet_wrote = Some(map.next_value::<Time>()?),
                Field::Object => {
                    let kind =
                        kind.take().ok_or_else(|| A::Error::custom("`kind` must come before `object`"))?;
                    object = Some(map.next_value_seed(kind)?);
                }
                Field::Mark => mark = Some(map.next_value::<RecordingMark>()?),
                Field::At => at = Some(check_time_of_run(map.next_value()?)?),
                Field::Outages => outages = Some(map.next_value::<Vec<Outage>>()?),
                Field::Relist => relist = Some(map.next_value::<Relist>()?),
                Field::Unwatched => unwatched = Some(map.next_value::<Unwatched>()?),
                Field::Unknown => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match mark {
            Some(RecordingMark::Synced) => return Ok(RecordingEntry::Synced),
            Some(RecordingMark::Outages) => {
                let at = at.ok_or_else(|| A::Error::missing_field("at"))?;
                let outages = outages.ok_or_else(|| A::Error::missing_field("outages"))?;
                return Ok(RecordingEntry::Outages { at, outages });
            }
            Some(RecordingMark::Relist) => {
                return Ok(RecordingEntry::Relist(relist.ok_or_else(|| A::Error::missing_field("relist"))?));
            }
            Some(RecordingMark::Unwatched) => {
                let unwatched = unwatched.ok_or_else(|| A::Error::missing_field("unwatched"))?;
                check_time_of_run::<A::Error>(unwatched.since)?;
                check_time_of_run::<A::Error>(unwatched.until)?;
                return Ok(RecordingEntry::Unwatched(unwatched));
            }
            Some(RecordingMark::End) => {
                return Ok(RecordingEntry::End(at.ok_or_else(|| A::Error::missing_field("at"))?));
            }
            Some(RecordingMark::Unknown) => return Ok(RecordingEntry::Unknown),
            None => {}
        }
        let mut object: Object = object.ok_or_else(|| A::Error::missing_field("object"))?;
        if let Some(time) = kubelet_wrote {
            object.metadata_mut().managed_fields = vec![kubelet_status_entry(time)];
        }
        Ok(RecordingEntry::Observation(Observation {
            received: received.ok_or_else(|| A::Error::missing_field("received"))?,
            seen: seen.ok_or_else(|| A::Error::missing_field("seen"))?,
            object,
        }))
    }
}

/// Refuses a time before 2000, because Kubernetes did not exist then, and a time after 2261, because the count of
/// nanoseconds since 1970 overflows in 2262.
fn check_time_of_run<E: Error>(at: Timestamp) -> Result<Timestamp, E> {
    const POSSIBLE_SECONDS: std::ops::Range<i64> = 946_684_800..9_214_646_400; // 2000 to 2261
    if POSSIBLE_SECONDS.contains(&at.as_second()) {
        Ok(at)
    } else {
        Err(E::custom(format!("{at} is not a time of a run")))
    }
}

/// The entry of `managedFields` that says that the kubelet last wrote the status at `time`.
pub(crate) fn kubelet_status_entry(time: Time) -> ManagedFieldsEntry {
    ManagedFieldsEntry { manager: KUBELET.to_owned(), time: Some(time), subresource: "status".to_owned() }
}

/// An observation in the form of a line of a recording. The fields that a recording must not contain have already been
/// removed.
pub(crate) struct RecordedObservation<'a> {
    pub(crate) observation: &'a Observation,
    /// When the kubelet last wrote the status. The line holds this time beside the object.
    pub(crate) kubelet_wrote: Option<Time>,
}

impl Serialize for RecordedObservation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Observation { received, seen, object } = self.observation;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("received", received)?;
        map.serialize_entry("seen", seen)?;
        if let Some(time) = self.kubelet_wrote {
            map.serialize_entry("kubeletWrote", &time)?;
        }
        map.serialize_entry("kind", object.kind().recording_tag())?;
        map.serialize_entry("object", object)?;
        map.end()
    }
}
