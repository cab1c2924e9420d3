//! The life of a Pod on a node: from the first time that the kubelet sees the Pod until it declares the Pod ended.

use jiff::SignedDuration;

use crate::observation::{ManagedFieldsEntry, ObjectReference, Seen, Terminated, Waiting, saturating_add};
use crate::source::simulation::events::{EventRecord, EventReporter};
use crate::source::simulation::kubelet::status;
use crate::source::simulation::kubelet_step::{ContainerSlot, KubeletStep};
use crate::source::simulation::pod_runtime::{
    ContainerPurpose, ContainerRuntime, KubeletPass, PodRuntime, PodStage, ProcessState, SandboxState,
};
use crate::source::simulation::program;
use crate::source::simulation::random::{Random, RandomPurpose};
use crate::source::simulation::task::{PodKey, SimulationTask};
use crate::source::simulation::virtual_time::{ms, ms_range, truncate_to_second};
use crate::source::simulation::world::World;

impl World {
    /// Does one step of the kubelet's work on a Pod.
    pub(crate) fn run_kubelet_step(&mut self, pod: PodKey, step: KubeletStep) {
        if let KubeletStep::Admit = step {
            return self.admit_pod(pod);
        }
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.is_stopping()
            && matches!(
                step,
                KubeletStep::SandboxReady
                    | KubeletStep::SendStatus
                    | KubeletStep::Wake(_)
                    | KubeletStep::Finish
            )
        {
            return;
        }
        match step {
            KubeletStep::Admit => {}
            KubeletStep::SandboxReady => {
                runtime.sandbox = SandboxState::Ready;
                self.send_status(pod, 8, 20);
                self.begin_pass(pod);
            }
            KubeletStep::Pulled(slot, requested, began) => self.on_pulled(pod, slot, requested, began),
            KubeletStep::PullFailed(slot) => self.on_pull_failed(pod, slot),
            KubeletStep::Create(slot) => self.create_container(pod, slot),
            KubeletStep::Start(slot) => self.start_container(pod, slot),
            KubeletStep::SendStatus => self.send_status(pod, 2, 6),
            KubeletStep::Exit(slot, run, code) => self.end_process(pod, slot, run, code),
            KubeletStep::CheckContainers => self.check_containers(pod),
            KubeletStep::Wake(number) => {
                if number == runtime.latest_wake && !runtime.pass.busy && runtime.stage == PodStage::Working {
                    self.on_wake(pod);
                }
            }
            KubeletStep::Stop => self.stop_pod(pod),
            KubeletStep::StopSidecar => self.stop_sidecar(pod),
            KubeletStep::Finish => self.declare_ended(pod),
            KubeletStep::ConfirmDeletion => self.confirm_deletion(pod),
            KubeletStep::Remove => self.remove_pod(pod),
        }
    }

    /// Queues a step that runs after `delay`.
    pub(crate) fn schedule_step(&mut self, pod: PodKey, delay: SignedDuration, step: KubeletStep) {
        self.schedule_after(delay, SimulationTask::Kubelet(pod, step));
    }

    /// The index of the node of a scheduled Pod.
    pub(crate) fn node_index(&self, pod: PodKey) -> usize {
        self.pods[pod].node.unwrap_or(0)
    }

    /// The time until the kubelet next checks its containers, at least 40 ms.
    pub(crate) fn delay_until_check(&mut self, pod: PodKey) -> SignedDuration {
        let check = self.nodes[self.node_index(pod)].next_check(saturating_add(self.now, ms(40)));
        check.duration_since(self.now).saturating_add(self.random_latency(0, 55))
    }

    /// Starts the work on a Pod that the kubelet sees for the first time.
    pub(crate) fn admit_pod(&mut self, pod: PodKey) {
        if !self.pods[pod].exists {
            return;
        }
        let state = &self.pods[pod];
        let manifest = self.jobs[state.job].manifest.clone();
        let spec = &manifest.pod_spec;
        let init_count = spec.init_containers.len();
        let waiting_reason = if init_count == 0 { "ContainerCreating" } else { "PodInitializing" };
        let init_containers = spec.init_containers.iter().zip(&manifest.init_commands);
        let containers = init_containers
            .chain(spec.containers.iter().zip(&manifest.commands))
            .enumerate()
            .map(|(slot, (container, command))| ContainerRuntime {
                name: container.name.clone(),
                image: container.image.clone(),
                purpose: match (slot < init_count, container.restart_policy.as_str()) {
                    (true, "Always") => ContainerPurpose::Sidecar,
                    (true, _) => ContainerPurpose::Init,
                    (false, _) => ContainerPurpose::Main,
                },
                program: program::read_program(&command.command, &command.args, state.index),
                state: ProcessState::Waiting(Waiting {
                    reason: waiting_reason.to_owned(),
                    message: String::new(),
                }),
                unnoticed_exit: None,
                previous_exit: None,
                id: String::new(),
                run: 0,
                restarts: 0,
                latest_pass: 0,
                crash_back_off_until: None,
                image_back_off: None,
            })
            .collect();
        let is_deleting = state.is_deleting();
        let mut random = Random::new(self.seed, RandomPurpose::Sandbox, &[state.job as u64, state.ordinal]);
        let sandbox_time = manifest.annotations.sandbox.unwrap_or_else(|| random.skewed(&ms_range(200, 600)));
        self.pods[pod].runtime = Some(Box::new(PodRuntime {
            containers,
            init_count,
            sandbox: SandboxState::Creating,
            first_seen: self.now,
            pass: KubeletPass::default(),
            latest_wake: 0,
            stage: PodStage::Working,
        }));
        self.send_status(pod, 3, 12);
        self.schedule_step(pod, sandbox_time, KubeletStep::SandboxReady);
        if is_deleting {
            self.stop_pod(pod);
        }
    }

    /// Ends a run of a container. `signal_code` is the exit code if a signal ends the process, and `None` if the
    /// process exits by itself.
    pub(crate) fn end_process(
        &mut self,
        pod: PodKey,
        slot: ContainerSlot,
        run: u32,
        signal_code: Option<i32>,
    ) {
        let planned = self.planned_exit(pod, slot);
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let is_stopped_by_kubelet = runtime.stage != PodStage::Working;
        let container = &mut runtime.containers[slot];
        let ProcessState::Running(started) = container.state else { return };
        if container.run != run || container.unnoticed_exit.is_some() {
            return;
        }
        let (exit_code, reason) = match (signal_code, planned) {
            (Some(code), _) => (code, None),
            (None, (code, reason)) => (code, reason),
        };
        let reason = reason.unwrap_or(if exit_code == 0 { "Completed" } else { "Error" });
        container.unnoticed_exit = Some(Terminated {
            exit_code,
            reason: reason.to_owned(),
            started_at: Some(truncate_to_second(started)),
            finished_at: Some(truncate_to_second(now)),
            container_id: container.id.clone(),
            ..Terminated::default()
        });
        self.note_progress();
        // The kubelet waits for the end of a container that it stops. It notices any other end at its next check.
        let delay =
            if is_stopped_by_kubelet { self.random_latency(4, 12) } else { self.delay_until_check(pod) };
        self.schedule_step(pod, delay, KubeletStep::CheckContainers);
    }

    /// The kubelet checks the containers of a Pod and handles the ended containers.
    pub(crate) fn check_containers(&mut self, pod: PodKey) {
        let restart_on_failure = self.jobs[self.pods[pod].job].manifest.restarts_containers();
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.pass.busy && !runtime.is_stopping() {
            runtime.pass.saw_exit = true;
            return;
        }
        let ended = runtime.notice_exits();
        if ended.is_empty() {
            return;
        }
        if runtime.is_stopping() {
            return self.note_stopped(pod);
        }
        if runtime.stage == PodStage::WorkDone {
            return self.schedule_step(pod, ms(0), KubeletStep::StopSidecar);
        }
        self.start_back_off(pod, &ended, restart_on_failure);
        self.send_status(pod, 3, 12);
        self.end_or_begin_pass(pod, restart_on_failure);
    }

    /// Plans the end of the Pod if the work of the Pod is done; otherwise begins a pass.
    pub(crate) fn end_or_begin_pass(&mut self, pod: PodKey, restart_on_failure: bool) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if !runtime.is_work_done(restart_on_failure) {
            return self.begin_pass(pod);
        }
        runtime.stage = PodStage::WorkDone;
        if runtime.containers.iter().any(ContainerRuntime::is_running) {
            self.schedule_step(pod, ms(2), KubeletStep::StopSidecar);
        } else {
            let delay = self.delay_until_check(pod);
            self.schedule_step(pod, delay, KubeletStep::Finish);
        }
    }

    /// Declares a Pod ended, and sends a status with the final phase.
    pub(crate) fn declare_ended(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.has_ended() {
            return;
        }
        runtime.sandbox = SandboxState::Gone;
        runtime.stage = PodStage::Ended;
        self.send_status(pod, 2, 8);
        self.note_progress();
    }

    /// Sends the current status of a Pod. The status reaches the API server after `min` to `max` milliseconds. If an
    /// earlier status has not arrived yet, the new status replaces the earlier status and arrives at the time planned
    /// for that status.
    pub(crate) fn send_status(&mut self, pod: PodKey, min: i64, max: i64) {
        let Some(status) = status::generate_status(&self.pods[pod], self.now) else { return };
        if self.pods[pod].sent_status.replace(status).is_none() {
            let delay = self.random_latency(min, max);
            self.schedule_after(delay, SimulationTask::WriteStatus(pod));
        }
    }

    /// The API server receives and stores the status of a Pod.
    pub(crate) fn write_status(&mut self, pod: PodKey) {
        let now = truncate_to_second(self.now);
        let state = &mut self.pods[pod];
        let Some(mut status) = state.sent_status.take() else { return };
        if !state.exists {
            return;
        }
        // The time of a condition is the time of its latest change.
        for condition in &mut status.conditions {
            let before = state.object.status.condition(&condition.r#type);
            if let Some(before) = before.filter(|before| before.status == condition.status) {
                condition.last_transition_time = before.last_transition_time;
            }
        }
        if status == state.object.status {
            return;
        }
        let had_ended = state.has_ended();
        state.object.status = status;
        state.object.metadata.managed_fields = vec![ManagedFieldsEntry {
            manager: "kubelet".to_owned(),
            time: Some(now),
            subresource: "status".to_owned(),
        }];
        self.emit_pod(pod, Seen::Changed);
        if !had_ended && self.pods[pod].has_ended() {
            self.free_node_resources(pod);
        }
    }

    /// Frees the resources of an ended Pod on its node, and forgets its events.
    pub(crate) fn free_node_resources(&mut self, pod: PodKey) {
        let (node, cpu) = (self.node_index(pod), self.jobs[self.pods[pod].job].manifest.cpu);
        self.nodes[node].release(cpu);
        let delay = self.random_latency(2, 8);
        self.schedule_after(delay, SimulationTask::RetryParkedPods);
        let state = &mut self.pods[pod];
        if !state.is_deleting() {
            state.runtime = None;
        }
        let uid = state.object.metadata.uid.clone();
        self.forget_events(&uid);
    }

    /// Records an event of the kubelet about a container.
    pub(crate) fn record_container_event(
        &mut self,
        pod: PodKey,
        slot: ContainerSlot,
        warning: bool,
        reason: &str,
        message: String,
    ) {
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let kind = if slot < runtime.init_count { "initContainers" } else { "containers" };
        let field_path = format!("spec.{kind}{{{}}}", runtime.containers[slot].name);
        let about = ObjectReference { field_path, ..self.pod_reference(pod) };
        self.record_event(&EventRecord {
            reporter: EventReporter::Kubelet(self.node_index(pod)),
            about,
            warning,
            reason,
            message,
        });
    }

    /// The reference to a Pod in an event.
    pub(crate) fn pod_reference(&self, pod: PodKey) -> ObjectReference {
        let metadata = &self.pods[pod].object.metadata;
        ObjectReference {
            kind: "Pod".to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            field_path: String::new(),
        }
    }

    /// Removes a Pod from the API server, and emits an observation of its last state.
    pub(crate) fn emit_pod_removal(&mut self, pod: PodKey) {
        self.pods[pod].exists = false;
        self.pods[pod].runtime = None;
        self.emit_pod(pod, Seen::Deleted);
        let uid = self.pods[pod].object.metadata.uid.clone();
        self.forget_events(&uid);
    }
}
