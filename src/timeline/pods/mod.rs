//! The Pods of a timeline: their identities, their observations, the store that holds them, and facts derived from one
//! Pod.

pub(crate) mod attempt_numbers;
pub(crate) mod clocks;
pub(crate) mod creation_times;
pub(crate) mod image_digests;
pub(crate) mod images;
pub(crate) mod kubelet_starts;
pub(crate) mod membership;
pub(crate) mod overview;
pub(crate) mod pod;
pub(crate) mod pod_store;
pub(crate) mod receipts;
pub(crate) mod record;
pub(crate) mod requests;
pub(crate) mod siblings;
pub(crate) mod uid_index;
