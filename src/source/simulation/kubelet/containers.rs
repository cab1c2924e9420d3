//! Pulls images, and creates, starts and restarts containers.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Terminated, Time, Waiting, saturating_add};
use crate::source::simulation::kubelet_step::{ContainerSlot, KubeletStep};
use crate::source::simulation::node::image_size_and_pull_time;
use crate::source::simulation::pod_runtime::{
    ContainerPurpose, ContainerRuntime, KubeletPass, PodRuntime, ProcessState,
};
use crate::source::simulation::program::ContainerProgram;
use crate::source::simulation::random::{Random, RandomPurpose};
use crate::source::simulation::task::PodKey;
use crate::source::simulation::virtual_time::{ms, truncate_to_second};
use crate::source::simulation::world::World;

/// The first back-off of a failing container, and of an image that cannot be pulled.
const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
/// The longest back-off, before random time is added.
const MAX_BACK_OFF: SignedDuration = SignedDuration::from_secs(300);
/// The longest time until a kubelet again handles a Pod with a container in a crash back-off.
const RESYNC_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// The next action of a pass.
enum NextAction {
    Start(ContainerSlot),
    /// The image of the container must not be pulled yet.
    ImageBackOff(ContainerSlot),
    Nothing,
}

impl PodRuntime {
    /// Notices the containers that have ended, and returns their slots.
    pub(crate) fn notice_exits(&mut self) -> Vec<ContainerSlot> {
        let mut ended = Vec::new();
        for (slot, container) in self.containers.iter_mut().enumerate() {
            if let Some(exit) = container.unnoticed_exit.take() {
                container.state = ProcessState::Exited(exit);
                ended.push(slot);
            }
        }
        ended
    }

    /// The next action of the pass. A pass handles each container once.
    fn next_action(&self, restart_on_failure: bool, now: Timestamp) -> NextAction {
        for (slot, container) in self.containers.iter().enumerate() {
            if slot == self.init_count && !self.is_initialized() {
                return NextAction::Nothing;
            }
            let must_start = match (&container.state, container.exit_success()) {
                (ProcessState::Waiting(_), _) => true,
                (ProcessState::Running(_), _) => false,
                (ProcessState::Exited(_), success) => {
                    container.is_restarted_after(success == Some(true), restart_on_failure)
                }
            };
            let is_due = container.crash_back_off_until.is_none_or(|until| until <= now);
            if must_start && is_due && container.latest_pass != self.pass.number {
                let is_image_due = container.image_back_off.is_none_or(|(until, _)| until <= now);
                return if is_image_due { NextAction::Start(slot) } else { NextAction::ImageBackOff(slot) };
            }
            // An init container starts only after the init containers before it have succeeded and the sidecars before
            // it have started.
            let blocks_next = match container.purpose {
                ContainerPurpose::Init => container.exit_success() != Some(true),
                ContainerPurpose::Sidecar => container.run == 0,
                ContainerPurpose::Main => false,
            };
            if blocks_next {
                return NextAction::Nothing;
            }
        }
        NextAction::Nothing
    }
}

impl World {
    /// Begins a pass over the Pod.
    pub(crate) fn begin_pass(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.pass = KubeletPass { number: runtime.pass.number + 1, busy: true, ..KubeletPass::default() };
        self.continue_pass(pod);
    }

    /// Continues the pass with the next container. If there is no such container, ends the pass.
    fn continue_pass(&mut self, pod: PodKey) {
        let restart_on_failure = self.jobs[self.pods[pod].job].manifest.restarts_containers();
        let now = self.now;
        loop {
            let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
            if runtime.is_stopping() {
                runtime.pass.busy = false;
                return;
            }
            match runtime.next_action(restart_on_failure, now) {
                NextAction::Start(slot) => {
                    runtime.containers[slot].latest_pass = runtime.pass.number;
                    return self.ensure_image(pod, slot);
                }
                NextAction::ImageBackOff(slot) => {
                    runtime.containers[slot].latest_pass = runtime.pass.number;
                    self.report_image_back_off(pod, slot);
                }
                NextAction::Nothing => break,
            }
        }
        self.end_pass(pod);
    }

    fn end_pass(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.pass.busy = false;
        let started_container = runtime.pass.started_container;
        let saw_exit = std::mem::take(&mut runtime.pass.saw_exit);
        if saw_exit {
            // The status of a container that ended during the pass changes directly from waiting to terminated.
            self.schedule_step(pod, ms(1), KubeletStep::CheckContainers);
        } else if started_container {
            let delay = self.random_latency(10, 22);
            self.schedule_step(pod, delay, KubeletStep::SendStatus);
        }
        self.plan_wake(pod);
    }

    /// Plans the next wake, if a container has a back-off.
    fn plan_wake(&mut self, pod: PodKey) {
        let now = self.now;
        let node = self.node_index(pod);
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.latest_wake += 1;
        let number = runtime.latest_wake;
        let crash_back_off_until =
            runtime.containers.iter().filter_map(|container| container.crash_back_off_until).min();
        let has_image_back_off =
            runtime.containers.iter().any(|container| container.image_back_off.is_some());
        let is_first_pull_failure = has_image_back_off
            && runtime.containers.iter().any(|container| {
                is_waiting(container, "ErrImagePull")
                    && container.image_back_off.is_some_and(|(_, back_off)| back_off == FIRST_BACK_OFF)
                    && container.latest_pass == runtime.pass.number
            });
        if let Some(until) = crash_back_off_until {
            let (earliest, latest) = (saturating_add(now, ms(1)), saturating_add(now, RESYNC_INTERVAL));
            let wake = self.nodes[node].next_wake(until.min(latest).max(earliest));
            self.schedule_step(pod, wake.duration_since(now), KubeletStep::Wake(number));
        } else if is_first_pull_failure {
            // After the first failed pull, the kubelet handles the Pod again at its next check.
            let delay = self.delay_until_check(pod);
            self.schedule_step(pod, delay, KubeletStep::Wake(number));
        } else if has_image_back_off {
            let delay = self.random_latency(10_000, 15_000);
            self.schedule_step(pod, delay, KubeletStep::Wake(number));
        }
    }

    /// Handles a back-off that may have ended. Reports the containers that wait for a restart, then begins a pass.
    pub(crate) fn on_wake(&mut self, pod: PodKey) {
        let (name, uid) = (self.full_name(pod), self.pods[pod].object.metadata.uid.clone());
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let mut still_waiting = None;
        for (slot, container) in runtime.containers.iter_mut().enumerate() {
            let Some(until) = container.crash_back_off_until else { continue };
            if let ProcessState::Exited(terminated) = &container.state {
                container.previous_exit = Some(terminated.clone());
                let back_off = crash_back_off(container.restarts);
                let message = format!(
                    "back-off {} restarting failed container={} pod={name}({uid})",
                    format_go_duration(back_off),
                    container.name
                );
                container.state =
                    ProcessState::Waiting(Waiting { reason: "CrashLoopBackOff".to_owned(), message });
            }
            if until <= now {
                container.crash_back_off_until = None;
            } else {
                still_waiting = Some(slot);
            }
        }
        if let Some(slot) = still_waiting {
            self.record_back_off(pod, slot);
        }
        self.send_status(pod, 2, 6);
        self.begin_pass(pod);
    }

    /// Starts the back-off of containers that have ended and will be restarted. The first restart has no back-off.
    pub(crate) fn start_back_off(&mut self, pod: PodKey, ended: &[ContainerSlot], restart_on_failure: bool) {
        for &slot in ended {
            let (now, jitter) = (self.now, self.random_latency(1000, 1500).as_millis());
            let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
            let container = &mut runtime.containers[slot];
            let is_restarted = container
                .exit_success()
                .is_some_and(|success| container.is_restarted_after(success, restart_on_failure));
            if is_restarted && container.run > 1 {
                let millis = crash_back_off(container.restarts).as_millis() * jitter / 1000;
                let back_off = ms(i64::try_from(millis).unwrap_or(i64::MAX));
                container.crash_back_off_until = Some(saturating_add(now, back_off));
                self.record_back_off(pod, slot);
            }
        }
    }

    fn record_back_off(&mut self, pod: PodKey, slot: ContainerSlot) {
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let (name, uid) = (self.full_name(pod), &self.pods[pod].object.metadata.uid);
        let message = format!(
            "Back-off restarting failed container {} in pod {name}({uid})",
            runtime.containers[slot].name
        );
        self.record_container_event(pod, slot, true, "BackOff", message);
    }

    /// `NAME_NAMESPACE`, the form in which the kubelet names a Pod in messages.
    fn full_name(&self, pod: PodKey) -> String {
        let metadata = &self.pods[pod].object.metadata;
        format!("{}_{}", metadata.name, metadata.namespace)
    }

    /// Plans the creation of the container if the node has the image; otherwise queues a pull of the image.
    fn ensure_image(&mut self, pod: PodKey, slot: ContainerSlot) {
        let (now, node) = (self.now, self.node_index(pod));
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let image = runtime.containers[slot].image.clone();
        if self.nodes[node].has_image(&image, now) {
            let message = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            self.record_container_event(pod, slot, false, "Pulled", message);
            let delay = self.random_latency(0, 1);
            return self.schedule_step(pod, delay.saturating_add(ms(1)), KubeletStep::Create(slot));
        }
        self.record_container_event(pod, slot, false, "Pulling", format!("Pulling image \"{image}\""));
        if is_missing_image(&image) {
            let failure_time = self.random_latency(150, 350);
            let failed = self.nodes[node].queue_failing_pull(failure_time, now);
            return self.schedule_step(pod, failed.duration_since(now), KubeletStep::PullFailed(slot));
        }
        let (_, pull_time) = image_size_and_pull_time(self.seed, &image);
        let pull_time = self.jobs[self.pods[pod].job].manifest.annotations.pull.unwrap_or(pull_time);
        let repeated_time = self.random_latency(150, 450);
        let (began, done) = self.nodes[node].queue_pull(&image, pull_time, repeated_time, now);
        self.schedule_step(pod, done.duration_since(now), KubeletStep::Pulled(slot, now, began));
    }

    /// Handles the end of a successful pull.
    pub(crate) fn on_pulled(
        &mut self,
        pod: PodKey,
        slot: ContainerSlot,
        requested: Timestamp,
        began: Timestamp,
    ) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.containers[slot].image_back_off = None;
        let image = runtime.containers[slot].image.clone();
        let (bytes, _) = image_size_and_pull_time(self.seed, &image);
        let (pull_time, waiting_time) = (
            format_go_duration(self.now.duration_since(began)),
            format_go_duration(self.now.duration_since(requested)),
        );
        let message = format!(
            "Successfully pulled image \"{image}\" in {pull_time} ({waiting_time} including waiting). Image size: {bytes} bytes."
        );
        self.record_container_event(pod, slot, false, "Pulled", message);
        let delay = self.random_latency(0, 2);
        self.schedule_step(pod, delay.saturating_add(ms(1)), KubeletStep::Create(slot));
    }

    /// Handles a failed pull.
    pub(crate) fn on_pull_failed(&mut self, pod: PodKey, slot: ContainerSlot) {
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.is_stopping() {
            return;
        }
        let container = &mut runtime.containers[slot];
        let image = container.image.clone();
        let back_off = container
            .image_back_off
            .map_or(FIRST_BACK_OFF, |(_, back_off)| back_off.saturating_mul(2).min(MAX_BACK_OFF));
        container.image_back_off = Some((saturating_add(now, back_off), back_off));
        let cause = image_not_found_message(&image);
        container.state =
            ProcessState::Waiting(Waiting { reason: "ErrImagePull".to_owned(), message: cause.clone() });
        self.record_container_event(
            pod,
            slot,
            true,
            "Failed",
            format!("Failed to pull image \"{image}\": {cause}"),
        );
        self.record_container_event(pod, slot, true, "Failed", "Error: ErrImagePull".to_owned());
        self.continue_pass(pod);
    }

    /// Reports that the image of a container must not be pulled yet.
    fn report_image_back_off(&mut self, pod: PodKey, slot: ContainerSlot) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let container = &mut runtime.containers[slot];
        let back_off = format!("Back-off pulling image \"{}\"", container.image);
        let message = format!("{back_off}: ErrImagePull: {}", image_not_found_message(&container.image));
        container.state = ProcessState::Waiting(Waiting { reason: "ImagePullBackOff".to_owned(), message });
        self.record_container_event(pod, slot, false, "BackOff", back_off);
        self.record_container_event(pod, slot, true, "Failed", "Error: ImagePullBackOff".to_owned());
    }

    /// Creates a container. If the program does not exist, the container ends immediately.
    pub(crate) fn create_container(&mut self, pod: PodKey, slot: ContainerSlot) {
        let now = self.now;
        let mut random = Random::new(self.seed, RandomPurpose::Uid, &[pod as u64 + 1, slot as u64]);
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.is_stopping() {
            return;
        }
        let container = &mut runtime.containers[slot];
        let missing = match &container.program {
            ContainerProgram::Missing(program) => Some(program.clone()),
            ContainerProgram::Known { .. } | ContainerProgram::Works => None,
        };
        "containerd://".clone_into(&mut container.id);
        for part in 0..4 {
            let bits = random.next().wrapping_add(u64::from(container.run) << part);
            // Writing to a string cannot fail.
            let _ = write!(container.id, "{bits:016x}");
        }
        self.record_container_event(pod, slot, false, "Created", "Container created".to_owned());
        let Some(program) = missing else {
            let delay = self.random_latency(2, 8);
            return self.schedule_step(pod, delay, KubeletStep::Start(slot));
        };
        let message = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
             failed: unable to start container process: error during container init: exec: \"{program}\": executable \
             file not found in $PATH"
        );
        self.record_container_event(pod, slot, true, "Failed", format!("Error: {message}"));
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let container = &mut runtime.containers[slot];
        container.run += 1;
        container.restarts += i32::from(container.run > 1);
        container.state = ProcessState::Running(now);
        container.unnoticed_exit = Some(Terminated {
            exit_code: 128,
            reason: "StartError".to_owned(),
            message,
            // For a process that never started, the runtime reports 1970.
            started_at: Some(Time::default()),
            finished_at: Some(truncate_to_second(now)),
            container_id: container.id.clone(),
            ..Terminated::default()
        });
        self.note_progress();
        let delay = self.delay_until_check(pod);
        self.schedule_step(pod, delay, KubeletStep::CheckContainers);
        self.continue_pass(pod);
    }

    /// Starts the process of a container, and plans its exit.
    pub(crate) fn start_container(&mut self, pod: PodKey, slot: ContainerSlot) {
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.is_stopping() {
            return;
        }
        runtime.pass.started_container = true;
        let container = &mut runtime.containers[slot];
        if let ProcessState::Exited(terminated) = &container.state {
            container.previous_exit = Some(terminated.clone());
        }
        container.restarts += i32::from(container.run > 0);
        container.run += 1;
        container.crash_back_off_until = None;
        container.state = ProcessState::Running(now);
        let run = container.run;
        self.record_container_event(pod, slot, false, "Started", "Container started".to_owned());
        if let Some(after) = self.plan_run(pod, slot, run).0 {
            self.schedule_step(pod, after, KubeletStep::Exit(slot, run, None));
        }
        self.note_progress();
        self.continue_pass(pod);
    }

    /// The exit code of the current run, and the reason, unless the reason is `Completed` or `Error`.
    pub(crate) fn planned_exit(&self, pod: PodKey, slot: ContainerSlot) -> (i32, Option<&'static str>) {
        let run = self.pods[pod].runtime.as_deref().map_or(0, |runtime| runtime.containers[slot].run);
        let (_, code, reason) = self.plan_run(pod, slot, run);
        (code, reason)
    }
}

/// Whether the container waits for this reason.
fn is_waiting(container: &ContainerRuntime, reason: &str) -> bool {
    matches!(&container.state, ProcessState::Waiting(waiting) if waiting.reason == reason)
}

/// Whether an image does not exist in its registry. In the simulation, images with the tag `missing` or
/// `does-not-exist` do not exist.
fn is_missing_image(image: &str) -> bool {
    image.rsplit_once(':').is_some_and(|(_, tag)| matches!(tag, "missing" | "does-not-exist"))
}

/// The message of containerd about an image that does not exist.
fn image_not_found_message(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \
         \"{image}\": {image}: not found"
    )
}

/// The back-off of a failing container that was restarted `restarts` times.
fn crash_back_off(restarts: i32) -> SignedDuration {
    let doubled = 1 << (restarts - 1).clamp(0, 5);
    FIRST_BACK_OFF.saturating_mul(doubled).min(MAX_BACK_OFF)
}

/// Formats a duration in whole milliseconds, in the form of Go: `345ms`, `5.902s`, `1m2.345s`.
pub(crate) fn format_go_duration(time: SignedDuration) -> String {
    let millis = time.as_millis();
    if millis < 1000 {
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let mut seconds = format!("{}.{:03}", millis / 1000, millis % 1000);
    seconds.truncate(seconds.trim_end_matches('0').trim_end_matches('.').len());
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_form_of_go() {
        for (millis, text) in [
            (0, "0s"),
            (345, "345ms"),
            (1000, "1s"),
            (5902, "5.902s"),
            (2200, "2.2s"),
            (62_345, "1m2.345s"),
            (60_000, "1m0s"),
            (3_723_004, "1h2m3.004s"),
        ] {
            assert_eq!(format_go_duration(ms(millis)), text);
        }
    }

    #[test]
    fn the_back_off_doubles_up_to_five_minutes() {
        let seconds: Vec<i64> = (0..8).map(|restarts| crash_back_off(restarts).as_secs()).collect();
        assert_eq!(seconds, [10, 10, 20, 40, 80, 160, 300, 300]);
    }
}
