//! `kubectl seq`: where did the time of a Job go?
//!
//! Data flows one way: source → lifecycle → timeline → view → terminal. ARCHITECTURE.md explains the flow, and the test
//! `architecture` checks the flow.

pub(crate) mod app;
pub(crate) mod cli;
pub(crate) mod export;
#[cfg(test)]
pub(crate) mod fuzz_tests;
pub(crate) mod lifecycle;
pub(crate) mod observation;
pub(crate) mod platform;
pub(crate) mod source;
pub(crate) mod terminal;
pub(crate) mod timeline;
pub(crate) mod tui;
pub(crate) mod view;

pub use crate::cli::main;

/// The items that the tests and benches of this package use. These items are not a public interface.
#[doc(hidden)]
pub mod testing {
    pub use crate::app::reporter::status_lines::{LineOptions, StatusLines};

    pub mod cli {
        pub use crate::cli::args::connection::global_flags;
        pub use crate::cli::command_line::command;
        pub use crate::cli::kubectl_flags::flags::{Flag, Takes};
        pub use crate::cli::kubectl_flags::rows::{command_flags, known_commands};
    }

    pub mod export {
        pub use crate::export::{document, write_json};
    }

    pub mod lifecycle {
        pub use crate::lifecycle::{
            ByPhase, ContainerLife, ContainerRole, ContainerRun, Evidence, Instant, InstantError, PhaseKind,
            PhaseSpan, RangedDuration, Source,
        };
    }

    pub mod observation {
        pub use crate::observation::{
            COMPLETION_INDEX, Container, ContainerState, ContainerStatus, Job, JobCondition, JobSpec,
            JobStatus, Object, ObjectKind, ObjectMeta, Observation, Outage, OwnerReference, Pod,
            PodCondition, PodSpec, PodStatus, Relist, Running, Seen, Terminated, Time, Unwatched,
        };
    }

    pub mod source {
        pub use crate::source::Update;

        pub mod recording {
            pub use crate::source::recording::{Recorder, RecordingEntry, RecordingLines};
        }

        pub mod simulation {
            pub use crate::source::simulation::{ManifestText, SimulationOptions, simulate};
        }
    }

    pub mod timeline {
        pub use crate::timeline::{
            Backtest, BreakdownBy, Capacity, FatalCause, FatalKind, Hold, LossCause, LostWork, ObservedRun,
            OpenRetry, PodKey, PredictedTime, Prediction, PredictionRefusal, RefusalKind, RunChange, Summary,
            TimeLeft, Timeline, TimelinePod, WhatIf, WhatIfRequest, Workload, WorkloadState,
        };
    }

    pub mod view {
        pub use crate::view::{
            Align, Frame, FrameCache, Glyphs, GroupBy, Line, Link, PodExtras, Size, Sort, View, ViewState,
            Window, Zoom, draw_pod, for_each_line, render_frame, render_picture,
        };
    }
}
