//! Lists and watches collections, and decides which of their objects become observations.

pub(crate) mod collection_watcher;
pub(crate) mod container_loss;
pub(crate) mod follow;
pub(crate) mod gone;
pub(crate) mod kind_rules;
pub(crate) mod known_object;
pub(crate) mod missing;
pub(crate) mod node_event_reader;
pub(crate) mod outages;
pub(crate) mod owner_lookup;
pub(crate) mod ownership;
pub(crate) mod plan;
pub(crate) mod preemptors;
pub(crate) mod queue;
pub(crate) mod queue_news;
pub(crate) mod resource_versions;
pub(crate) mod sibling_reader;
pub(crate) mod sibling_requests;
pub(crate) mod target;
pub(crate) mod uid_key;
