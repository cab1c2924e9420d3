//! The only table of the kinds of objects that this program reads into Rust types of their own.
//!
//! [`define_kinds`] derives [`BuiltInKind`] and [`Object`] from the table at the end of this file. To add a kind, add a
//! row to the table and its Rust type to a file of this folder. The compiler and the tests then name every other file
//! that must handle the new kind.

use prost::DecodeError;
use prost::Message as _;
use serde::{Deserialize as _, Deserializer, Serialize};

use crate::observation::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::observation::cron_job::CronJob;
use crate::observation::custom::{Custom, Owner};
use crate::observation::event::Event;
use crate::observation::job::Job;
use crate::observation::kind_data::{KindData as _, LabelSelector};
use crate::observation::meta::ObjectMeta;
use crate::observation::pod::Pod;
use crate::observation::queued_workload::QueuedWorkload;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct KindInfo {
    /// The kind's name: `Job`.
    pub(crate) name: &'static str,
    /// Group and version: `batch/v1`, or `v1` in the core group.
    pub(crate) api_version: &'static str,
    /// The plural, as in the paths of the API: `jobs`.
    pub(crate) plural: &'static str,
    /// The short names that kubectl accepts: `cj` for CronJobs.
    pub(crate) short_names: &'static [&'static str],
    /// The word that names the kind in a recording. It must never change, because older recordings contain it.
    pub(crate) recording_tag: &'static str,
}

impl KindInfo {
    /// The API group; empty for the core group.
    pub(crate) fn group(&self) -> &'static str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// The version: `v1`.
    pub(crate) fn version(&self) -> &'static str {
        self.api_version.rsplit_once('/').map_or(self.api_version, |(_, version)| version)
    }
}

macro_rules! define_kinds {
    ($($kind:ident {
        api_version: $api_version:literal, plural: $plural:literal, short_names: $short_names:expr,
        recording_tag: $tag:literal $(,)?
    })*) => {
        /// A kind of Kubernetes that this program reads into a Rust type of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum BuiltInKind {
            $(#[doc = concat!("`", stringify!($kind), "` of `", $api_version, "`.")] $kind,)*
        }

        impl BuiltInKind {
            /// All kinds, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kind's row of the table.
            pub(crate) fn info(self) -> &'static KindInfo {
                match self {
                    $(Self::$kind => &KindInfo {
                        name: stringify!($kind),
                        api_version: $api_version,
                        plural: $plural,
                        short_names: $short_names,
                        recording_tag: $tag,
                    },)*
                }
            }

            /// Returns an object of this kind with this metadata. All other fields have their default values.
            pub(crate) fn with_metadata(self, metadata: ObjectMeta) -> Object {
                match self {
                    $(Self::$kind => Object::$kind(Box::new($kind { metadata, ..$kind::default() })),)*
                }
            }

            /// Decodes the protobuf message of an object of this kind.
            pub(crate) fn decode_protobuf(self, bytes: &[u8]) -> Result<Object, DecodeError> {
                Ok(match self {
                    $(Self::$kind => Object::$kind(Box::new($kind::decode(bytes)?)),)*
                })
            }

            /// Deserializes an object of this kind, in the API's JSON form.
            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(self, input: D) -> Result<Object, D::Error> {
                Ok(match self {
                    $(Self::$kind => Object::$kind(Box::deserialize(input)?),)*
                })
            }
        }

        /// An object of the cluster. It serializes as the object itself, without its kind.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Object {
            $(#[doc = concat!("`", stringify!($kind), "` of `", $api_version, "`.")] $kind(Box<$kind>),)*
            /// A workload of a kind that is not in the table.
            Custom(Box<Custom>),
            /// An object between a Pod and its workload. Only the metadata of the object is known.
            Owner(Box<Owner>),
            /// A Workload of Kueue, which holds the place of a workload in a queue.
            QueuedWorkload(Box<QueuedWorkload>),
        }

        impl Object {
            /// The object's metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $(Self::$kind(object) => &object.metadata,)*
                    Self::Custom(object) => &object.metadata,
                    Self::Owner(object) => &object.metadata,
                    Self::QueuedWorkload(object) => &object.metadata,
                }
            }

            /// The object's metadata, for changes.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $(Self::$kind(object) => &mut object.metadata,)*
                    Self::Custom(object) => &mut object.metadata,
                    Self::Owner(object) => &mut object.metadata,
                    Self::QueuedWorkload(object) => &mut object.metadata,
                }
            }

            /// The object's kind.
            pub fn kind(&self) -> ObjectKind {
                match self {
                    $(Self::$kind(_) => ObjectKind::BuiltIn(BuiltInKind::$kind),)*
                    Self::Custom(_) => ObjectKind::Custom,
                    Self::Owner(_) => ObjectKind::Owner,
                    Self::QueuedWorkload(_) => ObjectKind::QueuedWorkload,
                }
            }

            /// The object's group and version, and its kind: `("batch/v1", "Job")`.
            pub(crate) fn type_name(&self) -> (&str, &str) {
                match self {
                    $(Self::$kind(_) => ($api_version, stringify!($kind)),)*
                    Self::Custom(object) => (&object.api_version, &object.kind),
                    Self::Owner(object) => (&object.api_version, &object.kind),
                    Self::QueuedWorkload(object) => (&object.api_version, "Workload"),
                }
            }

            /// The labels that all Pods of the object have, if its kind selects Pods by labels.
            pub(crate) fn pod_selector(&self) -> Option<&LabelSelector> {
                match self {
                    $(Self::$kind(object) => object.pod_selector(),)*
                    Self::Custom(_) | Self::Owner(_) | Self::QueuedWorkload(_) => None,
                }
            }

            /// The field that [`Object::pod_selector`] returns, for changes.
            pub(crate) fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
                match self {
                    $(Self::$kind(object) => object.pod_selector_mut(),)*
                    Self::Custom(_) | Self::Owner(_) | Self::QueuedWorkload(_) => None,
                }
            }
        }
    };
}

/// The kind of an [`Object`], as a recording names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A kind of the table.
    BuiltIn(BuiltInKind),
    /// [`Object::Custom`].
    Custom,
    /// [`Object::Owner`].
    Owner,
    /// [`Object::QueuedWorkload`].
    QueuedWorkload,
}

impl ObjectKind {
    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        BuiltInKind::ALL.iter().copied().map(Self::BuiltIn).chain([
            Self::Custom,
            Self::Owner,
            Self::QueuedWorkload,
        ])
    }

    /// The word that names the kind in a recording.
    pub fn recording_tag(self) -> &'static str {
        match self {
            Self::BuiltIn(kind) => kind.info().recording_tag,
            Self::Custom => "Custom",
            Self::Owner => "Owner",
            Self::QueuedWorkload => "QueuedWorkload",
        }
    }

    /// The kind that a recording names by `tag`, or `None` if this version of the program does not know the tag.
    pub fn from_recording_tag(tag: &str) -> Option<Self> {
        Self::all().find(|kind| kind.recording_tag() == tag)
    }

    /// Deserializes an object of this kind, in the API's JSON form.
    ///
    /// # Errors
    /// Returns an error if the input is not valid, or if the type of a field is not the type in the API.
    pub fn deserialize<'de, D: Deserializer<'de>>(self, input: D) -> Result<Object, D::Error> {
        match self {
            Self::BuiltIn(kind) => kind.deserialize(input),
            Self::Custom => Box::deserialize(input).map(Object::Custom),
            Self::Owner => Box::deserialize(input).map(Object::Owner),
            Self::QueuedWorkload => Box::deserialize(input).map(Object::QueuedWorkload),
        }
    }
}

define_kinds! {
    Job { api_version: "batch/v1", plural: "jobs", short_names: &[], recording_tag: "Job" }
    CronJob { api_version: "batch/v1", plural: "cronjobs", short_names: &["cj"], recording_tag: "CronJob" }
    Deployment { api_version: "apps/v1", plural: "deployments", short_names: &["deploy"], recording_tag: "Deployment" }
    ReplicaSet { api_version: "apps/v1", plural: "replicasets", short_names: &["rs"], recording_tag: "ReplicaSet" }
    StatefulSet { api_version: "apps/v1", plural: "statefulsets", short_names: &["sts"], recording_tag: "StatefulSet" }
    DaemonSet { api_version: "apps/v1", plural: "daemonsets", short_names: &["ds"], recording_tag: "DaemonSet" }
    Pod { api_version: "v1", plural: "pods", short_names: &["po"], recording_tag: "Pod" }
    Event { api_version: "v1", plural: "events", short_names: &["ev"], recording_tag: "Event" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_tag_names_one_kind() {
        for kind in ObjectKind::all() {
            assert_eq!(ObjectKind::from_recording_tag(kind.recording_tag()), Some(kind));
        }
        assert_eq!(ObjectKind::from_recording_tag("Secret"), None);
    }

    #[test]
    fn every_kind_keeps_its_kind_and_metadata_in_both_encodings() {
        for &kind in BuiltInKind::ALL {
            let metadata = ObjectMeta { name: "x".to_owned(), uid: "u".to_owned(), ..ObjectMeta::default() };
            let object = kind.with_metadata(metadata.clone());
            assert_eq!((object.kind(), object.metadata()), (ObjectKind::BuiltIn(kind), &metadata));
            let json = serde_json::to_value(&object).unwrap();
            assert_eq!(json, serde_json::json!({"metadata": {"name": "x", "uid": "u"}}), "{kind:?}");
            assert_eq!(kind.deserialize(json).unwrap(), object);
            // Field 1 of every message is the metadata, whose fields 1 and 5 are the name and the uid.
            let protobuf = [0x0a, 6, 0x0a, 1, b'x', 0x2a, 1, b'u'];
            assert_eq!(kind.decode_protobuf(&protobuf).unwrap(), object);
        }
    }

    #[test]
    fn the_documentation_describes_every_kind() {
        let page = include_str!("../../docs/kinds.md");
        let described: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
        // Events are shown with their objects, so the page has no row for them.
        for kind in BuiltInKind::ALL.iter().filter(|kind| **kind != BuiltInKind::Event) {
            let name = kind.info().name;
            let has_row = described.iter().any(|names| names.split(", ").any(|described| described == name));
            assert!(has_row, "docs/kinds.md has no row for {name}");
        }
    }

    #[test]
    fn groups_and_versions_are_the_parts_of_the_api_version() {
        let parts = |kind: BuiltInKind| (kind.info().group(), kind.info().version());
        assert_eq!(parts(BuiltInKind::Deployment), ("apps", "v1"));
        assert_eq!(parts(BuiltInKind::Pod), ("", "v1"));
    }
}
