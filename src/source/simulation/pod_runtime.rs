//! The state of a Pod and its containers on a node, as the kubelet knows it.

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Terminated, Waiting};
use crate::source::simulation::program::ContainerProgram;

/// The kubelet's state of a Pod.
#[derive(Debug)]
pub(crate) struct PodRuntime {
    pub(crate) containers: Vec<ContainerRuntime>,
    /// Number of init containers and sidecars, which come first in `containers`.
    pub(crate) init_count: usize,
    pub(crate) sandbox: SandboxState,
    /// When the kubelet first saw the Pod.
    pub(crate) first_seen: Timestamp,
    pub(crate) pass: KubeletPass,
    /// Number of the latest planned wake. Earlier wakes have no effect.
    pub(crate) latest_wake: u32,
    pub(crate) stage: PodStage,
}

/// The current pass over a Pod, or the latest one.
#[derive(Debug, Default)]
pub(crate) struct KubeletPass {
    /// Number of the pass, from 1.
    pub(crate) number: u32,
    /// Whether the pass is still in progress.
    pub(crate) busy: bool,
    /// Whether a container ended during the pass.
    pub(crate) saw_exit: bool,
    /// Whether the pass started a container.
    pub(crate) started_container: bool,
}

/// The stage of the kubelet's work on a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodStage {
    /// Containers are started or are running.
    Working,
    /// No init container or main container will run again. The kubelet must still stop the sidecars and declare the Pod
    /// ended.
    WorkDone,
    /// The Pod was deleted, and its containers are being stopped.
    Stopping,
    /// The kubelet has declared the Pod ended.
    Ended,
    /// The kubelet has declared the Pod ended after its deletion.
    Stopped,
}

/// The state of a Pod's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SandboxState {
    /// The sandbox is being created.
    Creating,
    /// The sandbox exists.
    Ready,
    /// The sandbox has been removed.
    Gone,
}

/// The purpose of a container in its Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContainerPurpose {
    Init,
    Sidecar,
    Main,
}

/// The kubelet's state of a container.
#[derive(Debug)]
pub(crate) struct ContainerRuntime {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) purpose: ContainerPurpose,
    pub(crate) program: ContainerProgram,
    pub(crate) state: ProcessState,
    /// The end of the current run, until the kubelet notices this end.
    pub(crate) unnoticed_exit: Option<Terminated>,
    /// The end of the run before the current one.
    pub(crate) previous_exit: Option<Terminated>,
    /// The id that the runtime gave to the container.
    pub(crate) id: String,
    /// Number of the container's latest run, from 1; 0 before the first run.
    pub(crate) run: u32,
    pub(crate) restarts: i32,
    /// Number of the latest pass that handled the container.
    pub(crate) latest_pass: u32,
    /// The time until which the container must not be restarted after a failure.
    pub(crate) crash_back_off_until: Option<Timestamp>,
    /// The time until which the image must not be pulled again, and the length of this back-off.
    pub(crate) image_back_off: Option<(Timestamp, SignedDuration)>,
}

/// The state of a container's process, as the kubelet knows it.
#[derive(Debug)]
pub(crate) enum ProcessState {
    Waiting(Waiting),
    /// The process has been running since this time.
    Running(Timestamp),
    Exited(Terminated),
}

impl ContainerRuntime {
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state, ProcessState::Running(_))
    }

    /// Whether the container ended with exit code 0, or `None` if it has not ended or the kubelet has not noticed the
    /// end.
    pub(crate) fn exit_success(&self) -> Option<bool> {
        match &self.state {
            ProcessState::Exited(terminated) => Some(terminated.exit_code == 0),
            ProcessState::Waiting(_) | ProcessState::Running(_) => None,
        }
    }

    /// Whether the container is restarted after it has ended. `success` says whether the exit code was 0.
    pub(crate) fn is_restarted_after(&self, success: bool, restart_on_failure: bool) -> bool {
        self.purpose == ContainerPurpose::Sidecar || (!success && restart_on_failure)
    }
}

impl PodRuntime {
    /// Whether the containers are being stopped, or have been stopped, because the Pod was deleted.
    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.stage, PodStage::Stopping | PodStage::Stopped)
    }

    /// Whether the kubelet has declared the Pod ended.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.stage, PodStage::Ended | PodStage::Stopped)
    }

    pub(crate) fn init_containers(&self) -> &[ContainerRuntime] {
        &self.containers[..self.init_count]
    }

    pub(crate) fn main_containers(&self) -> &[ContainerRuntime] {
        &self.containers[self.init_count..]
    }

    /// Whether every init container has succeeded and every sidecar has started.
    pub(crate) fn is_initialized(&self) -> bool {
        self.init_containers().iter().all(|container| match container.purpose {
            ContainerPurpose::Sidecar => container.run > 0,
            ContainerPurpose::Init | ContainerPurpose::Main => container.exit_success() == Some(true),
        })
    }

    /// Returns `true` if no init container or main container will run again.
    pub(crate) fn is_work_done(&self, restart_on_failure: bool) -> bool {
        let init_failed = |container: &ContainerRuntime| {
            container.purpose == ContainerPurpose::Init
                && container.exit_success() == Some(false)
                && !restart_on_failure
        };
        let done = |container: &ContainerRuntime| {
            container
                .exit_success()
                .is_some_and(|success| !container.is_restarted_after(success, restart_on_failure))
        };
        self.init_containers().iter().any(init_failed)
            || (self.is_initialized() && self.main_containers().iter().all(done))
    }
}
