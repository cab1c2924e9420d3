//! The kubelets: what a node does with a Pod, from its first look to the end of the last container.
//!
//! A kubelet looks at its containers once a second, so it learns of an end up to a second late, and again a second
//! later it declares the Pod ended. It works on a Pod in passes; a pass starts containers one after another.

pub(crate) mod containers;
pub(crate) mod node;
pub(crate) mod status;
pub(crate) mod stop;

use jiff::{SignedDuration, Timestamp};

use super::events::{Record, Reporter};
use super::program::{self, Program};
use super::random::{Random, Subject};
use super::world::{PodKey, Task, World, between, ms, second};
use crate::observation::{ManagedFieldsEntry, ObjectReference, Seen, Terminated, Waiting};

/// A container's place: the init containers, then the main ones, in spec order.
pub(crate) type Slot = usize;

/// How the kubelet goes on with a Pod.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// It sees the Pod for the first time.
    Admit,
    /// Sandbox and network are there.
    SandboxReady,
    /// An image was pulled: asked for and begun at these times.
    Pulled(Slot, Timestamp, Timestamp),
    /// An image cannot be pulled.
    PullFailed(Slot),
    /// A container is created.
    Create(Slot),
    /// A container's process starts.
    Start(Slot),
    /// What was started in a pass is shown.
    Show,
    /// A run ends by itself or is killed: exit code, if not its own.
    Exit(Slot, u32, Option<i32>),
    /// The kubelet looks at its containers.
    Notice,
    /// A back-off may be over.
    Wake(u32),
    /// The Pod's deletion was asked for.
    Stop,
    /// The next sidecar is stopped.
    StopSidecar,
    /// The Pod is declared ended.
    Finish,
    /// A deleted Pod is let go.
    Remove,
    /// Nothing holds the deleted Pod any more.
    Gone,
}

/// What the kubelet knows of a Pod.
#[derive(Debug)]
pub(crate) struct Runtime {
    containers: Vec<ContainerRuntime>,
    /// How many of them are init containers.
    inits: usize,
    sandbox: Sandbox,
    started: Timestamp,
    pass: Pass,
    /// Number of the wake that counts.
    wake: u32,
    stage: Stage,
}

/// The pass that goes on, or the last one.
#[derive(Debug, Default)]
struct Pass {
    number: u32,
    busy: bool,
    /// An end was noticed during the pass.
    noticed: bool,
    /// Something was started in the pass.
    started: bool,
}

/// How far the kubelet is with a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Containers are started, or run.
    Working,
    /// All work is done; what is left is to stop sidecars and to declare it.
    Over,
    /// It was deleted and is being stopped.
    Stopping,
    /// Declared ended.
    Ended,
    /// Declared ended, after its deletion.
    Stopped,
}

/// The Pod's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sandbox {
    None,
    Ready,
    Gone,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Init,
    Sidecar,
    Main,
}

#[derive(Debug)]
struct ContainerRuntime {
    name: String,
    image: String,
    role: Role,
    program: Program,
    state: State,
    /// An end that was not noticed yet.
    exit: Option<Terminated>,
    last: Option<Terminated>,
    id: String,
    /// Number of its run, from 1.
    run: u32,
    restarts: i32,
    /// The pass that last did something for it.
    pass: u32,
    /// When it may be started again after a failure.
    crash_until: Option<Timestamp>,
    /// When its image may be asked for again, and how long that back-off was.
    image_until: Option<(Timestamp, SignedDuration)>,
}

#[derive(Debug)]
enum State {
    Waiting(Waiting),
    Running(Timestamp),
    Exited(Terminated),
}

impl ContainerRuntime {
    fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Whether it has ended and that was noticed, and whether well.
    fn ended(&self) -> Option<bool> {
        match &self.state {
            State::Exited(terminated) => Some(terminated.exit_code == 0),
            _ => None,
        }
    }

    /// Whether it is to be started again after such an end.
    fn restarts_after(&self, well: bool, on_failure: bool) -> bool {
        self.role == Role::Sidecar || (!well && on_failure)
    }
}

impl Runtime {
    /// Whether it is stopped, or being stopped, because it was deleted.
    fn stopping(&self) -> bool {
        matches!(self.stage, Stage::Stopping | Stage::Stopped)
    }

    /// Whether it is declared ended.
    fn ended(&self) -> bool {
        matches!(self.stage, Stage::Ended | Stage::Stopped)
    }

    fn init_containers(&self) -> &[ContainerRuntime] {
        &self.containers[..self.inits]
    }

    fn main_containers(&self) -> &[ContainerRuntime] {
        &self.containers[self.inits..]
    }

    /// Whether every init container has done its part.
    fn initialized(&self) -> bool {
        self.init_containers().iter().all(|container| match container.role {
            Role::Sidecar => container.run > 0,
            _ => container.ended() == Some(true),
        })
    }

    /// Whether nothing of the work will run any more.
    fn is_over(&self, on_failure: bool) -> bool {
        let init_failed = |container: &ContainerRuntime| {
            container.role == Role::Init && container.ended() == Some(false) && !on_failure
        };
        let done = |container: &ContainerRuntime| {
            container.ended().is_some_and(|well| !container.restarts_after(well, on_failure))
        };
        self.init_containers().iter().any(init_failed)
            || (self.initialized() && self.main_containers().iter().all(done))
    }
}

impl World {
    /// One step with a Pod.
    pub(crate) fn kubelet(&mut self, pod: PodKey, step: Step) {
        if let Step::Admit = step {
            return self.admit(pod);
        }
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.stopping()
            && matches!(step, Step::SandboxReady | Step::Show | Step::Wake(_) | Step::Finish)
        {
            return;
        }
        match step {
            Step::Admit => {}
            Step::SandboxReady => {
                runtime.sandbox = Sandbox::Ready;
                self.show(pod, 8, 20);
                self.begin_pass(pod);
            }
            Step::Pulled(slot, asked, began) => self.pulled(pod, slot, asked, began),
            Step::PullFailed(slot) => self.pull_failed(pod, slot),
            Step::Create(slot) => self.create_container(pod, slot),
            Step::Start(slot) => self.start_container(pod, slot),
            Step::Show => self.show(pod, 2, 6),
            Step::Exit(slot, run, code) => self.exit(pod, slot, run, code),
            Step::Notice => self.notice(pod),
            Step::Wake(number) => {
                if number == runtime.wake && !runtime.pass.busy && runtime.stage == Stage::Working {
                    self.wake(pod);
                }
            }
            Step::Stop => self.stop(pod),
            Step::StopSidecar => self.stop_sidecar(pod),
            Step::Finish => self.finish(pod),
            Step::Remove => self.remove(pod),
            Step::Gone => self.gone(pod),
        }
    }

    /// Goes on with a Pod after some time.
    fn step(&mut self, pod: PodKey, after: SignedDuration, step: Step) {
        self.after(after, Task::Kubelet(pod, step));
    }

    /// The node of a Pod that a kubelet deals with.
    fn node_of(&self, pod: PodKey) -> usize {
        self.pods[pod].node.unwrap_or(0)
    }

    /// Until the kubelet next looks at its containers, at least 40 ms from now.
    fn until_look(&mut self, pod: PodKey) -> SignedDuration {
        let look = self.nodes[self.node_of(pod)].next_look(self.now + ms(40));
        look.duration_since(self.now) + self.latency(0, 55)
    }

    fn admit(&mut self, pod: PodKey) {
        if !self.pods[pod].exists {
            return;
        }
        let state = &self.pods[pod];
        let manifest = self.jobs[state.job].manifest.clone();
        let spec = &manifest.pod_spec;
        let inits = spec.init_containers.len();
        let waiting = if inits == 0 { "ContainerCreating" } else { "PodInitializing" };
        let all = spec.init_containers.iter().zip(&manifest.init_commands);
        let containers = all
            .chain(spec.containers.iter().zip(&manifest.commands))
            .enumerate()
            .map(|(slot, (container, command))| ContainerRuntime {
                name: container.name.clone(),
                image: container.image.clone(),
                role: match (slot < inits, container.restart_policy.as_str()) {
                    (true, "Always") => Role::Sidecar,
                    (true, _) => Role::Init,
                    (false, _) => Role::Main,
                },
                program: program::read(&command.command, &command.args, state.index),
                state: State::Waiting(Waiting { reason: waiting.to_owned(), message: String::new() }),
                exit: None,
                last: None,
                id: String::new(),
                run: 0,
                restarts: 0,
                pass: 0,
                crash_until: None,
                image_until: None,
            })
            .collect();
        let stopping = state.deleting();
        let mut random = Random::of(self.seed, Subject::Sandbox, &[state.job as u64, state.ordinal]);
        let sandbox = manifest.shape.sandbox.unwrap_or_else(|| random.skewed(&between(200, 600)));
        self.pods[pod].runtime = Some(Box::new(Runtime {
            containers,
            inits,
            sandbox: Sandbox::None,
            started: self.now,
            pass: Pass::default(),
            wake: 0,
            stage: Stage::Working,
        }));
        self.show(pod, 3, 12);
        self.step(pod, sandbox, Step::SandboxReady);
        if stopping {
            self.stop(pod);
        }
    }

    /// A container's process ends: by itself, or with the exit code that a signal gives.
    fn exit(&mut self, pod: PodKey, slot: Slot, run: u32, code: Option<i32>) {
        let own = self.planned_exit(pod, slot);
        let now = self.now;
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        let waited_for = runtime.stage != Stage::Working;
        let container = &mut runtime.containers[slot];
        let State::Running(started) = container.state else { return };
        if container.run != run || container.exit.is_some() {
            return;
        }
        let (exit_code, reason) = match (code, own) {
            (Some(code), _) => (code, None),
            (None, (code, reason)) => (code, reason),
        };
        let reason = reason.unwrap_or(if exit_code == 0 { "Completed" } else { "Error" });
        container.exit = Some(Terminated {
            exit_code,
            reason: reason.to_owned(),
            started_at: Some(second(started)),
            finished_at: Some(second(now)),
            container_id: container.id.clone(),
            ..Terminated::default()
        });
        self.advance();
        // Who stops a container waits for its end.
        let look = if waited_for { self.latency(4, 12) } else { self.until_look(pod) };
        self.step(pod, look, Step::Notice);
    }

    /// The kubelet looks at its containers.
    fn notice(&mut self, pod: PodKey) {
        let on_failure = self.jobs[self.pods[pod].job].manifest.restarts();
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.pass.busy && !runtime.stopping() {
            runtime.pass.noticed = true;
            return;
        }
        let ended = runtime.take_exits();
        if ended.is_empty() {
            return;
        }
        if runtime.stopping() {
            return self.stopped(pod);
        }
        if runtime.stage == Stage::Over {
            return self.step(pod, ms(0), Step::StopSidecar);
        }
        self.back_off(pod, &ended, on_failure);
        self.show(pod, 3, 12);
        self.go_on(pod, on_failure);
    }

    /// Ends the Pod if its work is over, else begins a pass.
    fn go_on(&mut self, pod: PodKey, on_failure: bool) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if !runtime.is_over(on_failure) {
            return self.begin_pass(pod);
        }
        runtime.stage = Stage::Over;
        if runtime.containers.iter().any(ContainerRuntime::is_running) {
            self.step(pod, ms(2), Step::StopSidecar);
        } else {
            let look = self.until_look(pod);
            self.step(pod, look, Step::Finish);
        }
    }

    /// Declares the Pod ended.
    fn finish(&mut self, pod: PodKey) {
        let Some(runtime) = self.pods[pod].runtime.as_deref_mut() else { return };
        if runtime.ended() {
            return;
        }
        runtime.sandbox = Sandbox::Gone;
        runtime.stage = Stage::Ended;
        self.show(pod, 2, 8);
        self.advance();
    }

    /// Makes a status of what is known and sends it; one that is still on its way is replaced.
    fn show(&mut self, pod: PodKey, least: i64, most: i64) {
        let Some(status) = status::generate(&self.pods[pod], self.now) else { return };
        if self.pods[pod].status.replace(status).is_none() {
            let delay = self.latency(least, most);
            self.after(delay, Task::WriteStatus(pod));
        }
    }

    /// The status reaches the API server.
    pub(crate) fn write_status(&mut self, pod: PodKey) {
        let now = second(self.now);
        let state = &mut self.pods[pod];
        let Some(mut status) = state.status.take() else { return };
        if !state.exists {
            return;
        }
        // A condition's time is that of its last change.
        for condition in &mut status.conditions {
            let before = state.object.status.condition(&condition.r#type);
            if let Some(before) = before.filter(|before| before.status == condition.status) {
                condition.last_transition_time = before.last_transition_time;
            }
        }
        if status == state.object.status {
            return;
        }
        let had_ended = state.ended();
        state.object.status = status;
        state.object.metadata.managed_fields = vec![ManagedFieldsEntry {
            manager: "kubelet".to_owned(),
            time: Some(now),
            subresource: "status".to_owned(),
        }];
        self.tell_pod(pod, Seen::Changed);
        if !had_ended && self.pods[pod].ended() {
            self.release(pod);
        }
    }

    /// The Pod has ended: its place on the node is free, and all that was remembered of it can go.
    fn release(&mut self, pod: PodKey) {
        let (node, cpu) = (self.node_of(pod), self.jobs[self.pods[pod].job].manifest.cpu);
        self.nodes[node].free(cpu);
        let delay = self.latency(2, 8);
        self.after(delay, Task::RetrySchedule);
        let state = &mut self.pods[pod];
        if !state.deleting() {
            state.runtime = None;
        }
        let uid = state.object.metadata.uid.clone();
        self.forget_events(&uid);
    }

    /// Records an event about a Pod's container.
    fn record_container(&mut self, pod: PodKey, slot: Slot, warning: bool, reason: &str, message: String) {
        let Some(runtime) = self.pods[pod].runtime.as_deref() else { return };
        let kind = if slot < runtime.inits { "initContainers" } else { "containers" };
        let field_path = format!("spec.{kind}{{{}}}", runtime.containers[slot].name);
        let about = ObjectReference { field_path, ..self.pod_reference(pod) };
        self.record(&Record {
            reporter: Reporter::Kubelet(self.node_of(pod)),
            about,
            warning,
            reason,
            message,
        });
    }

    /// What an event says it is about.
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

    /// The last state of a deleted object.
    pub(crate) fn tell_deleted_pod(&mut self, pod: PodKey) {
        self.pods[pod].exists = false;
        self.pods[pod].runtime = None;
        self.tell_pod(pod, Seen::Deleted);
        let uid = self.pods[pod].object.metadata.uid.clone();
        self.forget_events(&uid);
    }
}
