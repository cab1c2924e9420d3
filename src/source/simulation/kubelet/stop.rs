//! How Pods are stopped: by a deletion, or their sidecars when the work is over.

use jiff::SignedDuration;

use super::{ContainerRuntime, Role, Sandbox, Slot, Stage, State, Step};
use crate::observation::{Terminated, Waiting};
use crate::source::simulation::program::Program;
use crate::source::simulation::world::{PodKey, Task, World, ms};

impl World {
    /// The Pod's deletion was asked for: its containers get SIGTERM, and SIGKILL when their time is over.
    pub(crate) fn stop(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.stopping() || runtime.ended() {
            return;
        }
        runtime.stage = Stage::Stopping;
        runtime.take_exits();
        let waiting = if runtime.inits == 0 { "ContainerCreating" } else { "PodInitializing" };
        for container in &mut runtime.containers {
            if let State::Waiting(state) = &mut container.state {
                *state = Waiting { reason: waiting.to_owned(), message: String::new() };
            }
        }
        let running: Vec<Slot> =
            (0..runtime.containers.len()).filter(|&slot| runtime.containers[slot].is_running()).collect();
        for &slot in &running {
            self.kill(pod, slot);
        }
        if running.is_empty() {
            self.show(pod, 6, 12);
            // Nothing to wait for but the next look.
            let look = self.until_look(pod);
            self.after(look, Task::Kubelet(pod, Step::StopSidecar));
        }
    }

    /// Sends SIGTERM to a running container.
    fn kill(&mut self, pod: PodKey, slot: Slot) {
        let grace = self.pods[pod].object.spec.termination_grace_period_seconds.unwrap_or(30);
        let obeys_after = self.latency(20, 60);
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let container = &runtime.containers[slot];
        let (name, run) = (container.name.clone(), container.run);
        let (after, code) = match &container.program {
            Program::Told { obeys: false, .. } => (SignedDuration::from_secs(grace), 137),
            Program::Told { .. } => (obeys_after, 0),
            // A server that was written to be stopped.
            _ if container.role == Role::Sidecar => (obeys_after, 0),
            _ => (obeys_after, 143),
        };
        self.record_container(pod, slot, false, "Killing", format!("Stopping container {name}"));
        self.step(pod, after, Step::Exit(slot, run, Some(code)));
    }

    /// All work is over: sidecars are stopped in reverse order, each after the one that was started after it. When
    /// none runs any more, the Pod can be declared ended.
    pub(crate) fn stop_sidecar(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.stopping() {
            return self.stopped(pod);
        }
        let running = runtime.containers.iter().rposition(ContainerRuntime::is_running);
        if let Some(slot) = running {
            return self.kill(pod, slot);
        }
        runtime.sandbox = Sandbox::Gone;
        self.show(pod, 3, 12);
        // One look finds the containers gone, the next one the sandbox.
        let look = self.until_look(pod);
        self.step(pod, look + ms(1000), Step::Finish);
    }

    /// A container of a deleted Pod has stopped; when all have, the Pod is declared ended at once.
    pub(crate) fn stopped(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.ended() || runtime.containers.iter().any(ContainerRuntime::is_running) {
            return;
        }
        runtime.sandbox = Sandbox::Gone;
        runtime.stage = Stage::Stopped;
        let never = runtime.main_containers().iter().all(|container| container.run == 0);
        for container in &mut runtime.containers {
            if let State::Waiting(_) = container.state {
                container.state = State::Exited(Terminated {
                    exit_code: 137,
                    reason: "ContainerStatusUnknown".to_owned(),
                    message: "The container could not be located when the pod was terminated".to_owned(),
                    ..Terminated::default()
                });
            }
        }
        self.show(pod, 4, 10);
        self.advance();
        let look = if never { ms(14) } else { self.until_look(pod) };
        self.step(pod, look, Step::Remove);
    }
}
