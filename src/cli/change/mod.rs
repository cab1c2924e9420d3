//! `kubectl seq apply`, `create` and `replace`, which run the kubectl command of the same name.

pub(crate) mod changed_workloads;
pub(crate) mod command;
pub(crate) mod hints;
pub(crate) mod typed_command;
pub(crate) mod words;
