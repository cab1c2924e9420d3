//! Named objects that do not exist: a run first shows the other objects and then reports the missing objects.

use crate::app::exit::{Exit, RunError};
use crate::app::run::Run;
use crate::source::cluster::{explain_missing, require_namespace};
use crate::source::{SourceError, Update};

impl Run<'_> {
    /// Applies an update. If the update says that the source is now synced, first checks that something was found.
    ///
    /// # Errors
    ///
    /// Fails if [`Run::require_objects`] or [`Run::on_update`] fails.
    pub(crate) async fn accept_update(&mut self, update: Update) -> Result<(), RunError> {
        if matches!(update, Update::Synced) && !self.state.is_synced {
            self.require_objects().await?;
        }
        self.on_update(update)
    }

    /// Checks that something was found. Forgets the missing names that the run does not report.
    ///
    /// # Errors
    ///
    /// Fails if nothing was found because the namespace or all named objects do not exist.
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

    /// Forgets missing names if one object per name suffices and another selected type has objects with these names.
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

    /// Prints the errors about named objects that do not exist. The hints of an error say what the user may have meant.
    /// Returns how the program exits: `exit`, changed if objects are missing.
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
