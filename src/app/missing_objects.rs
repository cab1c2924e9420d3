//! Named objects that do not exist: a run shows the others, then reports these.

use crate::app::exit::{Exit, RunError};
use crate::app::run::Run;
use crate::source::cluster::{explain_missing, require_namespace};
use crate::source::{SourceError, Update};

impl Run<'_> {
    /// Applies an update. Before the source is synced, checks that something was found.
    ///
    /// # Errors
    ///
    /// The errors of [`Run::on_update`]. Also fails if nothing was found because the namespace or all named objects do
    /// not exist.
    pub(crate) async fn accept_update(&mut self, update: Update) -> Result<(), RunError> {
        if matches!(update, Update::Synced) && !self.state.is_synced {
            self.require_objects().await?;
        }
        self.on_update(update)
    }

    /// Checks that something was found.
    ///
    /// # Errors
    ///
    /// Nothing was found, because the namespace or all named objects do not exist.
    pub(crate) async fn require_objects(&mut self) -> Result<(), RunError> {
        self.recompute();
        if self.options.ignores_missing_names {
            self.options.missing.retain(|error| error.missing.is_none());
        }
        self.forget_names_found_elsewhere();
        if !self.state.timeline.is_empty() {
            return Ok(());
        }
        if !self.options.missing.is_empty() {
            let others = self.options.missing.split_off(1);
            let mut first = self.options.missing.remove(0);
            for other in others {
                first.summary = format!("{}, {}", first.summary, other.summary);
            }
            return Err(first.into());
        }
        if let (Some(cluster), Some(namespace)) = (&self.options.cluster, &self.options.namespace_to_check) {
            require_namespace(cluster, namespace).await?;
        }
        Ok(())
    }

    /// If an object of any of the selected types suffices, forgets the missing names that another type has.
    fn forget_names_found_elsewhere(&mut self) {
        if !self.options.any_type_suffices {
            return;
        }
        let timeline = &self.state.timeline;
        let is_found = |name: &String| {
            let mut workloads = timeline.workloads().iter();
            workloads.any(|workload| {
                *workload.name == **name
                    || timeline.pods(workload).any(|(_, pod)| *pod.identity.name == **name)
            })
        };
        self.options.missing.retain(|error| match &error.missing {
            Some(missing) => !missing.names.iter().all(is_found),
            None => true,
        });
    }

    /// Prints the errors about named objects that do not exist, each with what the user may have meant. Returns the exit
    /// of the program.
    pub(crate) async fn report_missing_objects(&mut self, exit: Exit) -> Exit {
        let missing = std::mem::take(&mut self.options.missing);
        if missing.is_empty() {
            return exit;
        }
        for error in missing {
            let SourceError { summary, hints, .. } = match &self.options.cluster {
                Some(cluster) => explain_missing(cluster, error).await,
                None => error,
            };
            self.options.streams.error(&summary, &hints);
        }
        exit.with_missing_objects()
    }
}
