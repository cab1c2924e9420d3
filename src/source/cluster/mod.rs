//! A live cluster as a source: the requests to its API server, and the lists and watches that make observations.
//!
//! Only this folder uses the Kubernetes client. `api` sends requests and decodes answers; `watch` decides which
//! collections to list and watch, and which of their objects are followed; `logs` reads the logs of many containers.

#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

pub(crate) mod api;
pub(crate) mod logs;
pub(crate) mod node;
pub(crate) mod retry;
pub(crate) mod watch;

pub(crate) use crate::source::cluster::api::access::AccessQuestion;
pub(crate) use crate::source::cluster::api::client::{Cluster, connect};
pub(crate) use crate::source::cluster::api::configuration::connection::Connection;
pub(crate) use crate::source::cluster::api::configuration::kubeconfig_names::KubeconfigNames;
pub(crate) use crate::source::cluster::api::configuration::kuberc::{CommandDefaults, read_command_defaults};
pub(crate) use crate::source::cluster::api::configuration::proxy::ProxyVariables;
pub(crate) use crate::source::cluster::api::discovery::{
    NamedObjects, all_types, find_known_type, is_type_with_pods, known_type_names, resolve, resolve_available,
};
pub(crate) use crate::source::cluster::api::names::fetch_names;
pub(crate) use crate::source::cluster::api::rbac::RbacRule;
pub(crate) use crate::source::cluster::api::resource::Resource;
pub(crate) use crate::source::cluster::api::similar::{
    explain_missing, find_other_type, hint_about_other_type, require_namespace,
};
pub(crate) use crate::source::cluster::node::{require_node, target_pods_of_node};
pub(crate) use crate::source::cluster::watch::follow::open_feed;
pub(crate) use crate::source::cluster::watch::resource_versions::fetch_resource_versions;
pub(crate) use crate::source::cluster::watch::target::{
    Name, NamespaceScope, Need, Objects, Selection, Target,
};
pub(crate) use crate::source::cluster::watch::uid_key::uid_key;
