//! Stops the containers of deleted Pods, and the sidecars of Pods whose work is done.

use jiff::SignedDuration;

use crate::observation::{Seen, Terminated, Waiting};
use crate::source::simulation::kubelet_step::{ContainerSlot, KubeletStep};
use crate::source::simulation::pod_runtime::{
    ContainerPurpose, ContainerRuntime, PodStage, ProcessState, SandboxState,
};
use crate::source::simulation::program::ContainerProgram;
use crate::source::simulation::task::{PodKey, SimulationTask};
use crate::source::simulation::virtual_time::{ms, truncate_to_second};
use crate::source::simulation::world::World;

impl World {
    /// Stops a deleted Pod. The containers get SIGTERM. The containers that still run after the grace period get
    /// SIGKILL.
    pub(crate) fn stop_pod(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.is_stopping() || runtime.has_ended() {
            return;
        }
        runtime.stage = PodStage::Stopping;
        runtime.notice_exits();
        let waiting_reason = if runtime.init_count == 0 { "ContainerCreating" } else { "PodInitializing" };
        for container in &mut runtime.containers {
            if let ProcessState::Waiting(state) = &mut container.state {
                *state = Waiting { reason: waiting_reason.to_owned(), message: String::new() };
            }
        }
        let running: Vec<ContainerSlot> =
            (0..runtime.containers.len()).filter(|&slot| runtime.containers[slot].is_running()).collect();
        for &slot in &running {
            self.kill_container(pod, slot);
        }
        if running.is_empty() {
            self.send_status(pod, 6, 12);
            // There is no container to stop, so the kubelet continues at its next check.
            let delay = self.delay_until_check(pod);
            self.schedule_after(delay, SimulationTask::Kubelet(pod, KubeletStep::StopSidecar));
        }
    }

    /// Sends SIGTERM to a running container, and plans its exit.
    fn kill_container(&mut self, pod: PodKey, slot: ContainerSlot) {
        let grace = self.pods[pod].object.spec.termination_grace_period_seconds.unwrap_or(30);
        let stop_time = self.random_latency(20, 60);
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let container = &runtime.containers[slot];
        let (name, run) = (container.name.clone(), container.run);
        let (after, code) = match &container.program {
            ContainerProgram::Known { handles_sigterm: false, .. } => (SignedDuration::from_secs(grace), 137),
            ContainerProgram::Known { .. } => (stop_time, 0),
            // A sidecar is a server that handles SIGTERM.
            ContainerProgram::Works | ContainerProgram::Missing(_)
                if container.purpose == ContainerPurpose::Sidecar =>
            {
                (stop_time, 0)
            }
            ContainerProgram::Works | ContainerProgram::Missing(_) => (stop_time, 143),
        };
        self.record_container_event(pod, slot, false, "Killing", format!("Stopping container {name}"));
        self.schedule_step(pod, after, KubeletStep::Exit(slot, run, Some(code)));
    }

    /// Stops the sidecar that was started last among the running sidecars. If no sidecar is running, plans the end of
    /// the Pod.
    pub(crate) fn stop_sidecar(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.is_stopping() {
            return self.note_stopped(pod);
        }
        let running = runtime.containers.iter().rposition(ContainerRuntime::is_running);
        if let Some(slot) = running {
            return self.kill_container(pod, slot);
        }
        runtime.sandbox = SandboxState::Gone;
        self.send_status(pod, 3, 12);
        // The kubelet finds at one check that the containers are gone, and at the next check that the sandbox is gone.
        let delay = self.delay_until_check(pod);
        self.schedule_step(pod, delay.saturating_add(ms(1000)), KubeletStep::Finish);
    }

    /// Handles the end of a container of a deleted Pod. When all containers have ended, declares the Pod ended.
    pub(crate) fn note_stopped(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.has_ended() || runtime.containers.iter().any(ContainerRuntime::is_running) {
            return;
        }
        runtime.sandbox = SandboxState::Gone;
        runtime.stage = PodStage::Stopped;
        let no_container_ran = runtime.main_containers().iter().all(|container| container.run == 0);
        for container in &mut runtime.containers {
            if let ProcessState::Waiting(_) = container.state {
                container.state = ProcessState::Exited(Terminated {
                    exit_code: 137,
                    reason: "ContainerStatusUnknown".to_owned(),
                    message: "The container could not be located when the pod was terminated".to_owned(),
                    ..Terminated::default()
                });
            }
        }
        self.send_status(pod, 4, 10);
        self.note_progress();
        let delay = if no_container_ran { ms(14) } else { self.delay_until_check(pod) };
        self.schedule_step(pod, delay, KubeletStep::ConfirmDeletion);
    }

    /// The kubelet has stopped a deleted Pod. It confirms the deletion, so that the API server can remove the Pod.
    pub(crate) fn confirm_deletion(&mut self, pod: PodKey) {
        let now = truncate_to_second(self.now);
        let metadata = &mut self.pods[pod].object.metadata;
        metadata.deletion_timestamp = Some(now);
        metadata.deletion_grace_period_seconds = Some(0);
        self.emit_pod(pod, Seen::Changed);
        self.schedule_step(pod, ms(4), KubeletStep::Remove);
    }
}
