//! Derives the life of one Pod (instants, phases, containers, outcome) from evidence.
//!
//! The module is pure: it reads no clock and does no I/O. [`PodEvidence`] collects what observations report, and
//! [`PodEvidence::derive`] turns it into a [`Lifecycle`]. Unknown values are `None`. A phase that still goes on has no
//! end, so a lifecycle does not depend on the current time.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod container_events;
pub(crate) mod container_evidence;
pub(crate) mod container_life;
pub(crate) mod derive;
pub(crate) mod enum_array;
pub(crate) mod event_fact;
pub(crate) mod evidence;
mod failure_cause;
pub(crate) mod message;
pub(crate) mod packed;
pub(crate) mod phase;
pub(crate) mod phase_spans;
pub(crate) mod pod_evidence;
pub(crate) mod pod_lifecycle;
pub(crate) mod pod_outcome;
pub(crate) mod restart_policy;
pub(crate) mod setup_part;
pub(crate) mod status_column;
pub(crate) mod time;
pub(crate) mod unseen_pod;
pub(crate) mod waits;

pub use container_life::{ContainerLife, ContainerRole, ContainerRun};
pub(crate) use container_life::{MAX_CLOCK_ERROR, NODE_RESTARTED, Pull, signal_of_exit_code};
pub(crate) use derive::life::DerivationHints;
pub(crate) use derive::orders::order_creation_and_scheduling;
pub(crate) use derive::phases::MIN_LATE_TAKE_UP;
pub(crate) use derive::pull_phases::{PULL_QUEUE, is_pull_failure};
pub(crate) use enum_array::{ArrayIndex, EnumArray};
pub(crate) use event_fact::{EventFact, FactKind};
pub use evidence::{Evidence, Source};
pub(crate) use packed::Packed;
pub(crate) use packed::interner::{Interner, TextNumber};
pub(crate) use phase::Phase;
pub use phase::{ByPhase, PhaseKind};
pub use phase_spans::PhaseSpan;
pub(crate) use phase_spans::PhaseSpans;
pub(crate) use pod_evidence::PodEvidence;
pub(crate) use pod_evidence::gates::is_gate_reason;
pub(crate) use pod_evidence::gone::StopBounds;
pub(crate) use pod_lifecycle::{Explanation, Lifecycle, Readiness};
pub(crate) use pod_outcome::PodOutcome;
pub(crate) use setup_part::SetupPart;
pub(crate) use time::duration_text::{
    MAX_DURATION_WIDTH, USUAL_DURATION_WIDTH, format_elapsed, format_elapsed_millis, format_exact,
    format_ranged,
};
pub use time::instant::Instant;
pub(crate) use time::instant::{Instants, MAX_WIDTH_FOR_TENTHS};
pub use time::instant_error::InstantError;
pub use time::ranged_duration::RangedDuration;
pub(crate) use time::ranged_duration::Uncertainty;
pub(crate) use unseen_pod::UnseenPod;
