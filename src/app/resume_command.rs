//! The command with which the user can return to the workloads of a run.

/// A command with which the user can return to the workloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResumeCommand {
    /// Shows objects of a cluster.
    ShowObjects(String),
    /// Runs the same simulation again.
    RepeatSimulation(String),
}

impl ResumeCommand {
    /// Returns the command that follows the workloads again.
    pub(crate) fn to_follow(&self) -> String {
        match self {
            Self::ShowObjects(command) => format!("{command} --watch"),
            Self::RepeatSimulation(command) => command.clone(),
        }
    }

    /// Returns the command that shows the workloads after their end.
    pub(crate) fn to_show(&self) -> &str {
        match self {
            Self::ShowObjects(command) | Self::RepeatSimulation(command) => command,
        }
    }

    /// Whether the command works only while the objects exist.
    pub(crate) fn needs_objects(&self) -> bool {
        match self {
            Self::ShowObjects(_) => true,
            Self::RepeatSimulation(_) => false,
        }
    }
}
