//! Reports about queues: the place of a workload in its queue, and the time in which it was held.

pub(crate) mod held;
pub(crate) mod place;
#[cfg(test)]
mod tests;
