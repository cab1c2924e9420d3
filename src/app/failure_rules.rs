//! The user's choices about failures: whether the first one ends the run, and which exit code follows from it.

use jiff::SignedDuration;

use crate::observation::is_valid_name;
use crate::timeline::PodIdentity;

/// How long a Pod may wait for a node, or for its node to take it up, if the user does not choose another time.
pub(crate) const DEFAULT_PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// The effects of a failure on a run that follows its workloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailureRules {
    /// Whether the first fatal cause ends the run.
    pub(crate) fails_fast: bool,
    /// How long a Pod may wait for a node, or for its node to take it up.
    pub(crate) patience: SignedDuration,
    /// Whether the exit code of the run is that of the container that failed.
    pub(crate) uses_pod_exit_code: bool,
    /// The connection flags for a command about one Pod, without the namespace.
    pub(crate) connection_flags: Vec<String>,
}

impl FailureRules {
    /// Returns the command that shows a Pod. `current_namespace` is the namespace of a command without `-n`. Returns `None`
    /// if Kubernetes allows no such name.
    pub(crate) fn pod_command(&self, pod: &PodIdentity, current_namespace: Option<&str>) -> Option<String> {
        if !is_valid_name(&pod.name) || !is_valid_name(&pod.namespace) {
            return None;
        }
        let mut words = vec!["kubectl seq pod".to_owned(), pod.name.to_string()];
        if current_namespace != Some(&*pod.namespace) {
            words.push(format!("-n {}", pod.namespace));
        }
        words.extend(self.connection_flags.iter().cloned());
        Some(words.join(" "))
    }
}
