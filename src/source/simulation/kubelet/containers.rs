//! Images and containers: pull, create, start, and start again.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::node::image_size;
use super::{ContainerRuntime, Pass, Role, Runtime, Slot, State, Step};
use crate::observation::{Seen, Terminated, Time, Waiting};
use crate::source::simulation::program::Program;
use crate::source::simulation::random::{Random, Subject};
use crate::source::simulation::world::{PodKey, World, between, ms, second};

/// The first back-off of a crashing container and of an image that cannot be pulled.
const BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
/// The longest one.
const BACK_OFF_MOST: SignedDuration = SignedDuration::from_secs(300);
/// How long a kubelet lets a waiting Pod be at most.
const RESYNC: SignedDuration = SignedDuration::from_secs(60);

/// What a pass does next.
enum Next {
    Start(Slot),
    /// Its image may not be asked for yet.
    ImageBackOff(Slot),
    Nothing,
}

impl Runtime {
    /// Moves the ends that are there into the states; which ones.
    pub(crate) fn take_exits(&mut self) -> Vec<Slot> {
        let mut ended = Vec::new();
        for (slot, container) in self.containers.iter_mut().enumerate() {
            if let Some(exit) = container.exit.take() {
                container.state = State::Exited(exit);
                ended.push(slot);
            }
        }
        ended
    }

    /// What the pass does next: each container is dealt with once.
    fn next(&self, on_failure: bool, now: Timestamp) -> Next {
        for (slot, container) in self.containers.iter().enumerate() {
            if slot == self.inits && !self.initialized() {
                return Next::Nothing;
            }
            let wanted = match (&container.state, container.ended()) {
                (State::Waiting(_), _) => true,
                (State::Running(_), _) => false,
                (State::Exited(_), well) => container.restarts_after(well == Some(true), on_failure),
            };
            let due = container.crash_until.is_none_or(|until| until <= now);
            if wanted && due && container.pass != self.pass.number {
                let image_due = container.image_until.is_none_or(|(until, _)| until <= now);
                return if image_due { Next::Start(slot) } else { Next::ImageBackOff(slot) };
            }
            // The next init container waits for this one.
            let holds = match container.role {
                Role::Init => container.ended() != Some(true),
                Role::Sidecar => container.run == 0,
                Role::Main => false,
            };
            if holds {
                return Next::Nothing;
            }
        }
        Next::Nothing
    }
}

impl World {
    /// Begins a pass over the Pod.
    pub(crate) fn begin_pass(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.pass = Pass { number: runtime.pass.number + 1, busy: true, ..Pass::default() };
        self.proceed(pod);
    }

    /// Goes on with the pass: the next container, or the end of the pass.
    fn proceed(&mut self, pod: PodKey) {
        let on_failure = self.jobs[self.pods[pod].job].manifest.restarts();
        let now = self.now;
        loop {
            let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
            if runtime.stopping() {
                runtime.pass.busy = false;
                return;
            }
            match runtime.next(on_failure, now) {
                Next::Start(slot) => {
                    runtime.containers[slot].pass = runtime.pass.number;
                    return self.ensure_image(pod, slot);
                }
                Next::ImageBackOff(slot) => {
                    runtime.containers[slot].pass = runtime.pass.number;
                    self.hold_image(pod, slot);
                }
                Next::Nothing => break,
            }
        }
        self.end_pass(pod);
    }

    fn end_pass(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.pass.busy = false;
        let (started, noticed) = (runtime.pass.started, std::mem::take(&mut runtime.pass.noticed));
        if noticed {
            // What ended meanwhile goes from waiting straight to terminated.
            self.step(pod, ms(1), Step::Notice);
        } else if started {
            let delay = self.latency(10, 22);
            self.step(pod, delay, Step::Show);
        }
        self.sleep(pod);
    }

    /// Plans the next look at what backs off.
    fn sleep(&mut self, pod: PodKey) {
        let now = self.now;
        let node = self.node_of(pod);
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.wake += 1;
        let number = runtime.wake;
        let crash = runtime.containers.iter().filter_map(|container| container.crash_until).min();
        let images = runtime.containers.iter().any(|container| container.image_until.is_some());
        let first = images
            && runtime.containers.iter().any(|c| {
                is_waiting(c, "ErrImagePull")
                    && c.image_until.is_some_and(|(_, took)| took == BACK_OFF)
                    && c.pass == runtime.pass.number
            });
        if let Some(until) = crash {
            let wake = self.nodes[node].next_wake(until.min(now + RESYNC).max(now + ms(1)));
            self.step(pod, wake.duration_since(now), Step::Wake(number));
        } else if first {
            // The failure itself makes the kubelet look once more.
            let look = self.until_look(pod);
            self.step(pod, look, Step::Wake(number));
        } else if images {
            let wait = self.latency(10_000, 15_000);
            self.step(pod, wait, Step::Wake(number));
        }
    }

    /// A back-off may be over: shows what was tried last, then tries again.
    pub(crate) fn wake(&mut self, pod: PodKey) {
        let (name, uid) = (self.full_name(pod), self.pods[pod].object.metadata.uid.clone());
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let mut still = None;
        for (slot, container) in runtime.containers.iter_mut().enumerate() {
            let Some(until) = container.crash_until else { continue };
            if let State::Exited(terminated) = &container.state {
                container.last = Some(terminated.clone());
                let took = crash_back_off(container.restarts);
                let message = format!(
                    "back-off {} restarting failed container={} pod={name}({uid})",
                    go(took),
                    container.name
                );
                container.state = State::Waiting(Waiting { reason: "CrashLoopBackOff".to_owned(), message });
            }
            if until <= now {
                container.crash_until = None;
            } else {
                still = Some(slot);
            }
        }
        if let Some(slot) = still {
            self.record_back_off(pod, slot);
        }
        self.show(pod, 2, 6);
        self.begin_pass(pod);
    }

    /// Containers have ended: those that are to be started again wait, but not the first time.
    pub(crate) fn back_off(&mut self, pod: PodKey, ended: &[Slot], on_failure: bool) {
        for &slot in ended {
            let jitter = self.latency(1000, 1500).as_millis();
            let now = self.now;
            let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
            let container = &mut runtime.containers[slot];
            let again = container.ended().is_some_and(|well| container.restarts_after(well, on_failure));
            if again && container.run > 1 {
                let took = crash_back_off(container.restarts).as_millis() * jitter / 1000;
                container.crash_until = Some(now + ms(i64::try_from(took).unwrap_or(i64::MAX)));
                self.record_back_off(pod, slot);
            }
        }
    }

    fn record_back_off(&mut self, pod: PodKey, slot: Slot) {
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let (name, uid) = (self.full_name(pod), &self.pods[pod].object.metadata.uid);
        let message = format!(
            "Back-off restarting failed container {} in pod {name}({uid})",
            runtime.containers[slot].name
        );
        self.record_container(pod, slot, true, "BackOff", message);
    }

    /// `NAME_NAMESPACE`, as the kubelet writes it.
    fn full_name(&self, pod: PodKey) -> String {
        let metadata = &self.pods[pod].object.metadata;
        format!("{}_{}", metadata.name, metadata.namespace)
    }

    /// The image is there, or is asked for.
    fn ensure_image(&mut self, pod: PodKey, slot: Slot) {
        let (now, node) = (self.now, self.node_of(pod));
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let image = runtime.containers[slot].image.clone();
        if self.nodes[node].has(&image, now) {
            let message = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            self.record_container(pod, slot, false, "Pulled", message);
            let delay = self.latency(0, 1);
            return self.step(pod, delay + ms(1), Step::Create(slot));
        }
        self.record_container(pod, slot, false, "Pulling", format!("Pulling image \"{image}\""));
        if is_missing(&image) {
            let takes = self.latency(150, 350);
            let known = self.nodes[node].pull_in_vain(takes, now);
            return self.step(pod, known.duration_since(now), Step::PullFailed(slot));
        }
        let (_, takes) = image_size(self.seed, &image);
        let takes = self.jobs[self.pods[pod].job].manifest.shape.pull.unwrap_or(takes);
        let again = self.latency(150, 450);
        let (began, done) = self.nodes[node].pull(&image, takes, again, now);
        self.step(pod, done.duration_since(now), Step::Pulled(slot, now, began));
    }

    pub(crate) fn pulled(&mut self, pod: PodKey, slot: Slot, asked: Timestamp, began: Timestamp) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        runtime.containers[slot].image_until = None;
        let image = runtime.containers[slot].image.clone();
        let (bytes, _) = image_size(self.seed, &image);
        let (pull, wait) = (go(self.now.duration_since(began)), go(self.now.duration_since(asked)));
        let message = format!(
            "Successfully pulled image \"{image}\" in {pull} ({wait} including waiting). Image size: {bytes} bytes."
        );
        self.record_container(pod, slot, false, "Pulled", message);
        let delay = self.latency(0, 2);
        self.step(pod, delay + ms(1), Step::Create(slot));
    }

    pub(crate) fn pull_failed(&mut self, pod: PodKey, slot: Slot) {
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.stopping() {
            return;
        }
        let container = &mut runtime.containers[slot];
        let image = container.image.clone();
        let took = container.image_until.map_or(BACK_OFF, |(_, took)| (took + took).min(BACK_OFF_MOST));
        container.image_until = Some((now + took, took));
        let cause = not_found(&image);
        container.state =
            State::Waiting(Waiting { reason: "ErrImagePull".to_owned(), message: cause.clone() });
        self.record_container(
            pod,
            slot,
            true,
            "Failed",
            format!("Failed to pull image \"{image}\": {cause}"),
        );
        self.record_container(pod, slot, true, "Failed", "Error: ErrImagePull".to_owned());
        self.proceed(pod);
    }

    /// The image may not be asked for yet.
    fn hold_image(&mut self, pod: PodKey, slot: Slot) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let container = &mut runtime.containers[slot];
        let back_off = format!("Back-off pulling image \"{}\"", container.image);
        let message = format!("{back_off}: ErrImagePull: {}", not_found(&container.image));
        container.state = State::Waiting(Waiting { reason: "ImagePullBackOff".to_owned(), message });
        self.record_container(pod, slot, false, "BackOff", back_off);
        self.record_container(pod, slot, true, "Failed", "Error: ImagePullBackOff".to_owned());
    }

    pub(crate) fn create_container(&mut self, pod: PodKey, slot: Slot) {
        let now = self.now;
        let mut random = Random::of(self.seed, Subject::Uid, &[pod as u64 + 1, slot as u64]);
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.stopping() {
            return;
        }
        let container = &mut runtime.containers[slot];
        let absent = match &container.program {
            Program::Absent(program) => Some(program.clone()),
            _ => None,
        };
        "containerd://".clone_into(&mut container.id);
        for part in 0..4 {
            let bits = random.next().wrapping_add(u64::from(container.run) << part);
            // Writing to a string cannot fail.
            let _ = write!(container.id, "{bits:016x}");
        }
        self.record_container(pod, slot, false, "Created", "Container created".to_owned());
        let Some(program) = absent else {
            let delay = self.latency(2, 8);
            return self.step(pod, delay, Step::Start(slot));
        };
        let message = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
             failed: unable to start container process: error during container init: exec: \"{program}\": executable \
             file not found in $PATH"
        );
        self.record_container(pod, slot, true, "Failed", format!("Error: {message}"));
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let container = &mut runtime.containers[slot];
        container.run += 1;
        container.restarts += i32::from(container.run > 1);
        container.state = State::Running(now);
        container.exit = Some(Terminated {
            exit_code: 128,
            reason: "StartError".to_owned(),
            message,
            // What the runtime says of a process that never was: 1970.
            started_at: Some(Time::default()),
            finished_at: Some(second(now)),
            container_id: container.id.clone(),
            ..Terminated::default()
        });
        self.advance();
        let look = self.until_look(pod);
        self.step(pod, look, Step::Notice);
        self.proceed(pod);
    }

    pub(crate) fn start_container(&mut self, pod: PodKey, slot: Slot) {
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.stopping() {
            return;
        }
        runtime.pass.started = true;
        let container = &mut runtime.containers[slot];
        if let State::Exited(terminated) = &container.state {
            container.last = Some(terminated.clone());
        }
        container.restarts += i32::from(container.run > 0);
        container.run += 1;
        container.crash_until = None;
        container.state = State::Running(now);
        let run = container.run;
        self.record_container(pod, slot, false, "Started", "Container started".to_owned());
        if let Some(after) = self.plan(pod, slot, run).0 {
            self.step(pod, after, Step::Exit(slot, run, None));
        }
        self.advance();
        self.proceed(pod);
    }

    /// The exit code and, if it is no ordinary one, the reason of the present run.
    pub(crate) fn planned_exit(&self, pod: PodKey, slot: Slot) -> (i32, Option<&'static str>) {
        let run = self.pods[pod].runtime.as_deref().map_or(0, |runtime| runtime.containers[slot].run);
        let (_, code, reason) = self.plan(pod, slot, run);
        (code, reason)
    }

    /// What a run does: after which time it ends (never: until it is stopped), with which exit code, and why.
    fn plan(&self, pod: PodKey, slot: Slot, run: u32) -> (Option<SignedDuration>, i32, Option<&'static str>) {
        let state = &self.pods[pod];
        let Some(runtime) = state.runtime.as_deref() else { return (None, 0, None) };
        let (container, shape) = (&runtime.containers[slot], &self.jobs[state.job].manifest.shape);
        let which = [state.job as u64, state.ordinal, slot as u64, u64::from(run)];
        let mut random = Random::of(self.seed, Subject::Work, &which);
        let main = container.role == Role::Main;
        let work = shape.work.as_ref().filter(|_| main);
        let (mut after, mut code) = match (&container.program, work) {
            (Program::Told { exit_code, .. }, Some(range)) => (random.skewed(range), *exit_code),
            (_, Some(range)) => (random.skewed(range), 0),
            (Program::Told { after, exit_code, .. }, None) => (*after, *exit_code),
            (_, None) if container.role == Role::Sidecar => return (None, 0, None),
            (_, None) if main => (random.skewed(&between(4000, 9000)), 0),
            (_, None) => (random.skewed(&between(800, 3000)), 0),
        };
        let mut failure = Random::of(self.seed, Subject::Failure, &which);
        if main && slot == runtime.inits && failure.below(100_000) < shape.fail {
            let percent = 20 + i32::try_from(failure.below(70)).unwrap_or(0);
            after = after.saturating_mul(percent) / 100;
            code = shape.exit_code.unwrap_or(1);
        }
        match shape.oom.filter(|&oom| main && oom < after) {
            Some(oom) => (Some(oom), 137, Some("OOMKilled")),
            // Even `true` takes a moment.
            None => (Some(after + random.even(&between(2, 9))), code, None),
        }
    }

    /// The object of a deleted Pod is let go.
    pub(crate) fn remove(&mut self, pod: PodKey) {
        let now = second(self.now);
        let metadata = &mut self.pods[pod].object.metadata;
        metadata.deletion_timestamp = Some(now);
        metadata.deletion_grace_period_seconds = Some(0);
        self.tell_pod(pod, Seen::Changed);
        self.step(pod, ms(4), Step::Gone);
    }
}

/// Whether it waits for that reason.
fn is_waiting(container: &ContainerRuntime, reason: &str) -> bool {
    matches!(&container.state, State::Waiting(waiting) if waiting.reason == reason)
}

/// Whether an image does not exist: its tag says so.
fn is_missing(image: &str) -> bool {
    image.rsplit_once(':').is_some_and(|(_, tag)| matches!(tag, "missing" | "does-not-exist"))
}

/// What containerd says of an image that does not exist.
fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \
         \"{image}\": {image}: not found"
    )
}

/// The back-off after so many restarts.
fn crash_back_off(restarts: i32) -> SignedDuration {
    let doubled = 1 << (restarts - 1).clamp(0, 5);
    BACK_OFF.saturating_mul(doubled).min(BACK_OFF_MOST)
}

/// A duration as Go writes it, in whole milliseconds: `345ms`, `5.902s`, `1m2.345s`.
pub(crate) fn go(time: SignedDuration) -> String {
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
    fn durations_are_written_as_go_writes_them() {
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
            assert_eq!(go(ms(millis)), text);
        }
    }

    #[test]
    fn back_offs_double_up_to_five_minutes() {
        let seconds: Vec<i64> = (0..8).map(|restarts| crash_back_off(restarts).as_secs()).collect();
        assert_eq!(seconds, [10, 10, 20, 40, 80, 160, 300, 300]);
    }
}
