//! The state of a run: its observations, its clock and the conditions for its end.

use jiff::Timestamp;

use crate::app::exit::Exit;
use crate::app::overview::OverviewRule;
use crate::app::pod_details::PodDetails;
use crate::source::Progress;
use crate::source::clock::Clock;
use crate::timeline::{
    BudgetCondition, FatalCause, PodKey, Timeline, WhatIfRequest, Workload, WorkloadState,
};
use crate::tui::details::Details;
use crate::view;

/// The observations of a run so far, and the conditions for its end.
#[derive(Debug)]
pub(crate) struct RunState {
    pub(crate) timeline: Timeline,
    /// Events, logs and conditions of the Pod, if the run shows one Pod.
    pub(crate) pod_details: Option<PodDetails>,
    /// The progress of the source. It is set until the source is synced, and while a whole recording is read.
    pub(crate) progress: Option<Progress>,
    /// Whether everything that existed at the start is in the timeline.
    pub(crate) is_synced: bool,
    /// When the run shows the overview.
    pub(crate) overview: OverviewRule,
    /// The message for a run without workloads, until it has been printed.
    pub(crate) nothing_found_message: Option<String>,
    /// The help that a run without workloads prints to standard output.
    pub(crate) nothing_found_help: Option<String>,
    /// Uids of workloads that must appear before the run can end.
    expected_uids: Vec<String>,
    clock: Clock,
    frozen_at: Option<Timestamp>,
    /// Whether the run has ended and the user still looks at the picture.
    pub(crate) has_ended: bool,
    /// The cause that has ended the run before its workloads have ended.
    pub(crate) fatal_cause: Option<FatalCause>,
    /// The budgets of the run.
    pub(crate) budget: Vec<BudgetCondition>,
    /// The what-if that the user asked for.
    pub(crate) what_if: Option<WhatIfRequest>,
    /// Whether the exit code of a failed run is that of the container that failed.
    pub(crate) uses_pod_exit_code: bool,
}

/// The state of a run at one moment, as reporters see it.
#[derive(Clone, Copy)]
pub(crate) struct RunSnapshot<'a> {
    pub(crate) state: &'a RunState,
    /// Details of the Pod whose page is open in the live picture.
    pub(crate) page_details: &'a Details,
    /// The moment, on the clock of the source.
    pub(crate) now: Timestamp,
}

impl RunState {
    /// Returns the state before the first update.
    pub(crate) fn new(
        clock: Clock,
        pod_details: Option<PodDetails>,
        expected_uids: Vec<String>,
        nothing_found_message: Option<String>,
    ) -> Self {
        Self {
            timeline: Timeline::default(),
            pod_details,
            progress: Some(Progress::Connecting),
            is_synced: false,
            overview: OverviewRule::default(),
            nothing_found_message,
            nothing_found_help: None,
            expected_uids,
            clock,
            frozen_at: None,
            has_ended: false,
            fatal_cause: None,
            budget: Vec::new(),
            what_if: None,
            uses_pod_exit_code: false,
        }
    }

    /// Returns the current time on the clock of the source. It is never earlier than the last observation.
    pub(crate) fn now(&self) -> Timestamp {
        if let Some(frozen_at) = self.frozen_at {
            return frozen_at;
        }
        let now = self.clock.now();
        self.timeline.last_received().map_or(now, |last_received| now.max(last_received))
    }

    /// Stops the clock of the run and returns the time at which it stands from now on.
    pub(crate) fn freeze_clock(&mut self) -> Timestamp {
        *self.frozen_at.insert(self.now())
    }

    /// Whether the run is synced, all expected workloads have appeared, and every root workload has ended.
    pub(crate) fn have_workloads_ended(&self) -> bool {
        let workloads = self.timeline.workloads();
        let has_appeared = |uid: &String| workloads.iter().any(|workload| *workload.uid == **uid);
        self.is_synced
            && !workloads.is_empty()
            && self.expected_uids.iter().all(has_appeared)
            && self.timeline.roots().all(Workload::has_ended)
    }

    /// Whether every Pod has ended, except for the Pods of rollouts, which run until they are deleted.
    pub(crate) fn have_pods_ended(&self) -> bool {
        let workloads = self.timeline.workloads().iter().filter(|workload| !workload.is_rollout);
        workloads
            .flat_map(|workload| self.timeline.overviews(workload))
            .all(|(_, pod)| pod.outcome.has_ended())
    }

    /// Whether the source cannot read something that the outcomes depend on.
    pub(crate) fn is_out_of_date(&self) -> bool {
        self.timeline.outages().iter().any(|outage| !outage.is_optional)
    }

    /// Returns the exit that follows from the cause that has ended the run, or from the states of the workloads. The
    /// outcome of a run is unknown while the source cannot read what the outcome depends on.
    pub(crate) fn exit(&self) -> Exit {
        let states = self.timeline.roots().map(|workload| workload.state);
        let exit = if self.fatal_cause.is_some() { Exit::Failed } else { Exit::from_states(states) };
        let exit = if exit == Exit::Success && self.is_out_of_date() { Exit::Unknown } else { exit };
        if exit != Exit::Failed || !self.uses_pod_exit_code {
            return exit;
        }
        let code = match &self.fatal_cause {
            Some(cause) if self.timeline.roots().count() == 1 => self.timeline.exit_code_of_cause(cause),
            Some(_) => None,
            None => self.timeline.exit_code_of_failure(self.now()),
        };
        let code = code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
        code.map_or(exit, Exit::FailedContainer)
    }

    /// Describes the end of the run: the outcome, the early end because of a failure, or the end of a recording in
    /// which the workloads had not ended. `None` while the run goes on.
    pub(crate) fn ending_text(&self) -> Option<String> {
        let is_stopped = self.fatal_cause.is_some();
        let early_end = if is_stopped { "stopped at the first failure" } else { "the recording ends here" };
        self.outcome_text().or_else(|| self.has_ended.then(|| early_end.to_owned()))
    }

    /// Once the root workloads have ended, returns their outcome and the time from the first creation to the last
    /// end: `failed after 54s`. Counts the failures if the outcomes differ. The workloads below the roots do not
    /// count, as in [`RunState::exit`].
    pub(crate) fn outcome_text(&self) -> Option<String> {
        if !self.have_workloads_ended() {
            return None;
        }
        let roots: Vec<&Workload> = self.timeline.roots().collect();
        let outcome = |workload: &Workload| match workload.state {
            WorkloadState::Succeeded if workload.is_rollout => "rolled out",
            WorkloadState::Succeeded => "succeeded",
            WorkloadState::Failed => "failed",
            WorkloadState::Pending
            | WorkloadState::Suspended
            | WorkloadState::Running
            | WorkloadState::Unknown => "outcome unknown",
        };
        let first = outcome(roots.first()?);
        let failed = roots.iter().filter(|workload| workload.state == WorkloadState::Failed).count();
        let text = if roots.iter().all(|workload| outcome(workload) == first) {
            first.to_owned()
        } else if failed > 0 {
            format!("{failed} of {} failed", roots.len())
        } else {
            "not all succeeded".to_owned()
        };
        let start = roots.iter().filter_map(|workload| workload.created.or(workload.started)).min();
        let end = roots.iter().filter_map(|workload| workload.finished).max();
        let wall = start.zip(end).map(|(start, end)| end.duration_since(start));
        let after = wall.map(|wall| format!(" after {}", view::format_elapsed(wall)));
        Some(text + &after.unwrap_or_default())
    }

    /// Returns the newest Pod of the timeline and its details, if the run shows one Pod. The timeline may also
    /// contain earlier Pods with the same name.
    pub(crate) fn shown_pod(&self) -> Option<(PodKey, &PodDetails)> {
        let details = self.pod_details.as_ref()?;
        let pod = self.timeline.workloads().iter().flat_map(|workload| &workload.pods).last()?;
        Some((*pod, details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observation::{ObjectKind, Observation, Outage, Seen};

    /// Returns the state of a run whose feed has delivered these objects, each with its recording tag.
    fn synced_state(objects: &[(&str, serde_json::Value)]) -> RunState {
        let mut state = RunState::new(Clock::latest(Timestamp::UNIX_EPOCH), None, Vec::new(), None);
        for (tag, object) in objects {
            let object = ObjectKind::from_recording_tag(tag).unwrap().deserialize(object.clone()).unwrap();
            let observation = Observation { received: Timestamp::UNIX_EPOCH, seen: Seen::Listed, object };
            state.timeline.apply(&observation);
        }
        state.timeline.recompute();
        state.is_synced = true;
        state
    }

    fn job_of_set(name: &str, condition: &str) -> (&'static str, serde_json::Value) {
        let owner = json!({"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "name": "set", "uid": "set", "controller": true});
        let job = json!({
            "metadata": {"name": name, "uid": name, "ownerReferences": [owner]},
            "status": {"conditions": [{"type": condition, "status": "True"}]},
        });
        ("Job", job)
    }

    #[test]
    fn a_success_is_unknown_and_a_failure_stays_while_something_required_cannot_be_read() {
        let outage = |resource: &str, is_optional| Outage {
            kind: String::new(),
            resource: resource.to_owned(),
            namespace: None,
            since: Timestamp::UNIX_EPOCH,
            reason: "forbidden (403)".to_owned(),
            is_optional,
        };
        let (pods, events) = (outage("pods", false), outage("events", true));
        for (condition, outages, exit) in [
            ("Complete", vec![], Exit::Success),
            ("Complete", vec![events.clone()], Exit::Success),
            ("Complete", vec![pods.clone()], Exit::Unknown),
            ("Complete", vec![events, pods.clone()], Exit::Unknown),
            ("Failed", vec![pods], Exit::Failed),
        ] {
            let mut state = synced_state(&[job_of_set("a", condition)]);
            state.timeline.set_outages(outages.clone());
            assert_eq!(state.exit(), exit, "{condition} {outages:?}");
        }
    }

    #[test]
    fn the_outcome_is_that_of_the_roots_and_agrees_with_the_exit() {
        let set = json!({
            "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": {"name": "set", "uid": "set"},
            "status": {"conditions": [{"type": "Completed", "status": "True"}]},
        });
        let restarted = [("Custom", set), job_of_set("set-a", "Failed"), job_of_set("set-b", "Complete")];
        let state = synced_state(&restarted);
        assert_eq!(state.timeline.workloads().len(), 3);
        assert_eq!((state.outcome_text().as_deref(), state.exit()), (Some("succeeded"), Exit::Success));
        // Without the JobSet, both Jobs are roots.
        let state = synced_state(&restarted[1..]);
        assert_eq!(state.outcome_text().as_deref(), Some("1 of 2 failed"));
        assert_eq!(state.exit(), Exit::Failed);
    }
}
