//! Reads the queues of Kueue. Nothing is requested until a followed object has the label of a queue.

pub(crate) mod api_group;
pub(crate) mod positions;
pub(crate) mod preemptor_names;
pub(crate) mod reader;
