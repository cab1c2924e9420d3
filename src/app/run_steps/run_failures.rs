//! The part of a run that reacts to fatal causes: it ends the run at the first cause, or warns of each cause once.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::exit::RunError;
use crate::app::reporter::texts::fatal_text::describe_fatal_cause;
use crate::app::run::Run;
use crate::app::run_state::RunSnapshot;
use crate::timeline::{FatalCause, Workload};

/// The time between two searches for fatal causes.
const SEARCH_INTERVAL: Duration = Duration::from_millis(100);

/// The time between two searches if there are more Pods than [`MANY_PODS`], because a search reads all Pods of a Job.
const SLOW_SEARCH_INTERVAL: Duration = Duration::from_millis(500);

/// With more Pods, the searches are rarer.
const MANY_PODS: usize = 2000;

impl Run<'_> {
    /// Searches for new fatal causes. Ends the run at the first cause if the user wants that, and otherwise warns of
    /// all of them.
    pub(crate) fn check_failures(&mut self) -> Result<(), RunError> {
        let (Some(rules), Some(watch)) = (&self.options.failure_rules, &mut self.fatal_watch) else {
            return Ok(());
        };
        let now = self.state.now();
        let is_waiting = self.next_failure_check.is_some_and(|next| Instant::now() < next);
        if !self.state.is_synced || self.state.has_ended || is_waiting || !watch.is_due(now) {
            return Ok(());
        }
        let fails_fast = rules.fails_fast;
        let timeline = &self.state.timeline;
        let interval = if timeline.pod_count() > MANY_PODS { SLOW_SEARCH_INTERVAL } else { SEARCH_INTERVAL };
        self.next_failure_check = Some(Instant::now() + interval);
        let causes = watch.find_new(timeline, now);
        if fails_fast {
            return match causes.into_iter().next() {
                Some(cause) => {
                    self.state.fatal_cause = Some(cause);
                    self.end_run()
                }
                None => Ok(()),
            };
        }
        // The closing report follows at once.
        if timeline.roots().all(Workload::has_ended) {
            return Ok(());
        }
        causes.iter().try_for_each(|cause| self.warn_of(cause))
    }

    /// Shows a fatal cause as a warning.
    fn warn_of(&mut self, cause: &FatalCause) -> Result<(), RunError> {
        let snapshot =
            RunSnapshot { state: &self.state, page_details: self.details.details(), now: self.state.now() };
        let mut is_shown = false;
        for reporter in self.reporters.iter_mut() {
            is_shown |= reporter.show_fatal_cause(&snapshot, cause)?;
        }
        if is_shown {
            return Ok(());
        }
        let sentence = describe_fatal_cause(&self.state.timeline, cause, self.state.now());
        self.warn(&sentence)
    }

    /// Returns the lines that say why the run has ended before its workloads, with the command to type next. Empty if
    /// no fatal cause has ended the run.
    pub(crate) fn describe_fatal_end(&self) -> Vec<String> {
        let Some(cause) = &self.state.fatal_cause else { return Vec::new() };
        let sentence = describe_fatal_cause(&self.state.timeline, cause, self.state.now());
        let current_namespace = self.options.current_namespace.as_deref();
        let pod_command = cause
            .pod
            .zip(self.options.failure_rules.as_ref())
            .and_then(|(pod, rules)| rules.pod_command(self.state.timeline.identity(pod), current_namespace));
        let command = pod_command
            .or_else(|| self.options.resume_command.as_ref().map(|command| command.to_show().to_owned()));
        let command = command.map(|command| format!("to see why: {command}"));
        [format!("stopped following: {sentence}")].into_iter().chain(command).collect()
    }
}
