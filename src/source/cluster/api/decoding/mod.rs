//! Decodes the answers of the API server: lists, watch events and errors, as JSON and as protobuf.

pub(crate) mod decode;
pub(crate) mod json;
pub(crate) mod kind;
pub(crate) mod message;
pub(crate) mod protobuf;
