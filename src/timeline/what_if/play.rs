//! Simulates a run of a Job, called a play: the controller creates Pods in free slots, nodes pull images, Pods work,
//! and failed Pods are retried.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::timeline::reports::back_offs::back_off;
use crate::timeline::what_if::pod_times::PodParts;

/// In a play, the same piece of work fails at most this many times in a row, so that every play ends.
const MAX_RETRIES: u32 = 6;

/// The conditions of a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlayPlan {
    /// The number of pieces of work.
    pub(crate) pieces: usize,
    /// The number of pieces that one Pod does; at least 1.
    pub(crate) merge: usize,
    /// The number of Pods that may run at the same time; at least 1.
    pub(crate) parallelism: usize,
    /// The number of Pods that the nodes have room for.
    pub(crate) room: Option<usize>,
    /// At least 1.
    pub(crate) nodes: usize,
    /// Whether a failure delays only the Pods of its index, and not all Pods.
    pub(crate) is_retry_per_index: bool,
    /// Whether the kubelets pull images one after another.
    pub(crate) has_pull_queue: bool,
}

impl PlayPlan {
    /// The number of Pods that must succeed.
    pub(crate) fn pods(&self) -> usize {
        self.pieces.div_ceil(self.merge.max(1))
    }

    /// The number of Pods that can run at the same time.
    fn slots(&self) -> usize {
        self.room.map_or(self.parallelism, |room| room.min(self.parallelism)).max(1)
    }
}

/// The times and the result of one Pod in a play.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrawnPod {
    pub(crate) parts: PodParts,
    pub(crate) fails: bool,
}

/// The source of the times in a play. All times are in milliseconds.
pub(crate) trait Draws {
    /// Draws the next Pod, which does this number of pieces. `is_cold` is set if its images are not yet on its node.
    /// The Pod fails only if `may_fail` is set.
    fn pod(&mut self, pieces: usize, is_cold: bool, may_fail: bool) -> DrawnPod;
    /// Chooses the node of the next Pod. `None` stands for the node with the fewest Pods.
    fn choose_node(&mut self, nodes: usize) -> Option<usize>;
    /// The duration of the first pull of the images on a node; 0 if they are already there.
    fn first_pull(&mut self) -> i64;
    /// The duration of a pull that begins while the node pulls the same images for an earlier Pod.
    fn later_pull(&mut self) -> i64;
    /// From the end of a Pod to the creation of the next one.
    fn gap(&mut self) -> i64;
    /// From the creation of the Job to the creation of the first Pod.
    fn start_delay(&mut self) -> i64;
    /// Between the creations of two Pods that are created together.
    fn creation_interval(&self) -> i64;
    /// From the end of the last Pod to the end of the Job.
    fn end_delay(&mut self) -> i64;
}

/// The result of a play, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Played {
    /// From the creation to the end of the Job.
    pub(crate) wall: i64,
    /// The sum of the times from the binding to the end over all Pods.
    pub(crate) pod_time: i64,
    /// The sum of the work that counted.
    pub(crate) work: i64,
    /// The integral over time of min(parallelism, Pods that must still succeed).
    pub(crate) slot_time: i64,
}

/// A Pod that runs. `end` is the first field, because Pods are handled in the order of their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RunningPod {
    end: i64,
    node: usize,
    fails: bool,
    /// The number of failures of the same work before this Pod.
    retries: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    running: usize,
    /// When the images are on the node. `None` until a Pod needs them.
    ready: Option<i64>,
    /// When the last pull ends.
    pulls_until: i64,
}

struct State<'a, D> {
    plan: &'a PlayPlan,
    draws: &'a mut D,
    nodes: Vec<Node>,
    running: BinaryHeap<Reverse<RunningPod>>,
    /// The number of Pods that wait only for a slot.
    waiting: usize,
    /// The number of pieces that no Pod has been given yet.
    pieces_left: usize,
    /// The work that failed: when its next try may begin, and how often it has failed.
    retries: BinaryHeap<Reverse<(i64, u32)>>,
    /// The time before which the controller creates no Pod.
    hold_until: i64,
    failures_in_a_row: u32,
    /// When the controller decided to create the last Pod.
    last_turn: Option<i64>,
    played: Played,
}

/// Plays the Job once.
pub(crate) fn play(plan: &PlayPlan, draws: &mut impl Draws) -> Played {
    let start = draws.start_delay();
    let pods = plan.pods();
    let mut state = State {
        plan,
        nodes: vec![Node::default(); plan.nodes.max(1)],
        running: BinaryHeap::with_capacity(plan.slots().min(pods) + 1),
        waiting: pods,
        pieces_left: plan.pieces,
        retries: BinaryHeap::new(),
        hold_until: 0,
        failures_in_a_row: 0,
        last_turn: None,
        played: Played::default(),
        draws,
    };
    let mut free = plan.slots();
    let (mut now, mut left, mut counted_until) = (start, pods, 0);
    let mut is_first_wave = true;
    loop {
        while free > 0
            && let Some((at, retries)) = state.next_creation(now)
            && state.running.peek().is_none_or(|first| at <= first.0.end)
        {
            // At the end of a back-off, the controller acts at once, because it has set a timer. Otherwise it first
            // waits a moment to collect changes.
            let has_gap = !is_first_wave && at <= now;
            state.create(at, retries, has_gap);
            free -= 1;
        }
        is_first_wave = false;
        let Some(Reverse(pod)) = state.running.pop() else { break };
        now = pod.end;
        free += 1;
        let slots = i64::try_from(plan.parallelism.min(left)).unwrap_or(i64::MAX);
        state.played.slot_time += (now - counted_until).max(0).saturating_mul(slots);
        counted_until = counted_until.max(now);
        left -= usize::from(!pod.fails);
        state.count_result(pod);
    }
    state.played.wall = now + state.draws.end_delay();
    state.played
}

impl<D: Draws> State<'_, D> {
    /// When the controller creates the next Pod if a slot is free, and how often its work has failed. `None` if no work
    /// waits.
    fn next_creation(&self, now: i64) -> Option<(i64, u32)> {
        let retry = self.retries.peek().map(|&Reverse((at, retries))| (at.max(now), retries));
        if self.waiting > 0 && retry.is_none_or(|(at, _)| at > now) {
            return Some((self.hold_until.max(now), 0));
        }
        retry.map(|(at, retries)| (self.hold_until.max(at), retries))
    }

    fn create(&mut self, at: i64, retries: u32, has_gap: bool) {
        let mut pieces = self.plan.merge.max(1);
        if retries == 0 {
            self.waiting -= 1;
            pieces = pieces.min(self.pieces_left).max(1);
            self.pieces_left = self.pieces_left.saturating_sub(pieces);
        } else {
            self.retries.pop();
        }
        let gap = if has_gap { self.draws.gap() } else { 0 };
        // The interval limits how fast the controller creates Pods. A long gap of one Pod does not delay the next one.
        let interval = self.draws.creation_interval();
        let turn = self.last_turn.map_or(at, |last| at.max(last.saturating_add(interval)));
        self.last_turn = Some(turn);
        let created = turn.saturating_add(gap);
        let node = self.draws.choose_node(self.nodes.len()).unwrap_or_else(|| self.emptiest_node());
        let is_cold = self.nodes[node].ready.is_none_or(|ready| ready > created);
        let DrawnPod { parts, fails, .. } = self.draws.pod(pieces, is_cold, retries < MAX_RETRIES);
        let scheduled = created.saturating_add(parts.queued);
        let before_pull = scheduled.saturating_add(parts.setup);
        let pulled = self.pull(node, before_pull, parts.check);
        let rest = parts.init + parts.starting + parts.lost + parts.work;
        let end = pulled.saturating_add(rest);
        self.nodes[node].running += 1;
        self.played.pod_time += end - scheduled;
        self.played.work += if fails { 0 } else { parts.work };
        self.running.push(Reverse(RunningPod { end, node, fails, retries }));
    }

    /// Pulls the images for a Pod that needs them at `from`. Returns when the Pod has them. `check` is the time that
    /// the kubelet needs to find out that the image is already on the node.
    fn pull(&mut self, node: usize, from: i64, check: i64) -> i64 {
        let Node { ready, pulls_until, .. } = self.nodes[node];
        let pulled = match ready {
            Some(ready) if from >= ready => return from.saturating_add(check),
            // A Pod that needs the images before they are on the node asks for a pull of its own.
            Some(_) => {
                let start = if self.plan.has_pull_queue { from.max(pulls_until) } else { from };
                start.saturating_add(self.draws.later_pull())
            }
            None => {
                let pull = self.draws.first_pull();
                let pulled = from.saturating_add(pull);
                self.nodes[node].ready = Some(if pull == 0 { i64::MIN } else { pulled });
                pulled
            }
        };
        self.nodes[node].pulls_until = pulled.max(pulls_until);
        pulled
    }

    /// The first of the nodes with the fewest Pods, which the scheduler prefers.
    fn emptiest_node(&self) -> usize {
        let nodes = self.nodes.iter().enumerate();
        nodes.min_by_key(|(_, node)| node.running).map_or(0, |(index, _)| index)
    }

    /// Counts the result of a Pod by the rules of the Job controller.
    fn count_result(&mut self, pod: RunningPod) {
        self.nodes[pod.node].running -= 1;
        if !pod.fails {
            self.failures_in_a_row = 0;
            self.hold_until = 0;
            return;
        }
        let failures = pod.retries + 1;
        // The controller counts from the time in the status of the Pod, which is truncated to the second.
        let counted_from = pod.end.div_euclid(1_000).saturating_mul(1_000);
        if self.plan.is_retry_per_index {
            self.retries.push(Reverse((counted_from.saturating_add(back_off_millis(failures)), failures)));
        } else {
            self.failures_in_a_row += 1;
            self.hold_until = counted_from.saturating_add(back_off_millis(self.failures_in_a_row));
            self.retries.push(Reverse((pod.end, failures)));
        }
    }
}

/// How long the controller waits after this number of consecutive failures, in milliseconds.
fn back_off_millis(failures: u32) -> i64 {
    back_off(failures as usize).as_millis().try_into().unwrap_or(i64::MAX)
}
