//! Determines whether the kubelet restarts a container.

use std::sync::Arc;

use crate::lifecycle::packed::{Pack, Packer, Unpacker, packed_struct};
use crate::observation::{Container, RestartExitCodes, RestartRule};

/// The restart policy of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestartPolicy {
    on_success: bool,
    on_failure: bool,
    /// The container's `restartPolicyRules`. A rule that matches the exit code restarts the container even if the
    /// policy does not.
    rules: Option<Arc<[RestartRule]>>,
}

impl RestartPolicy {
    /// The policy of debug containers.
    pub(crate) const NEVER: Self = Self { on_success: false, on_failure: false, rules: None };

    /// The policy of a main container or a sidecar: its own `restartPolicy`, or the Pod's if the container has none.
    pub(crate) fn for_main_or_sidecar(container: &Container, pod_policy: &str) -> Self {
        let own = container.restart_policy.as_str();
        let policy = if own.is_empty() { pod_policy } else { own };
        // `Always` is the API server's default.
        let always = matches!(policy, "Always" | "");
        let rules = &container.restart_policy_rules;
        Self {
            on_success: always,
            on_failure: always || policy == "OnFailure",
            rules: (!rules.is_empty()).then(|| rules.as_slice().into()),
        }
    }

    /// The policy of an init container, which never restarts after a success.
    pub(crate) fn for_init(container: &Container, pod_policy: &str) -> Self {
        Self { on_success: false, ..Self::for_main_or_sidecar(container, pod_policy) }
    }

    /// Whether the kubelet restarts the container after a run with this exit code.
    pub(crate) fn restarts_after(&self, exit_code: Option<i32>) -> bool {
        let by_rule = exit_code.is_some_and(|code| {
            self.rules.iter().flat_map(|rules| rules.iter()).any(|rule| matches_exit_code(rule, code))
        });
        by_rule || if exit_code == Some(0) { self.on_success } else { self.on_failure }
    }
}

fn matches_exit_code(rule: &RestartRule, code: i32) -> bool {
    rule.exit_codes.as_ref().is_some_and(|codes| match codes.operator.as_str() {
        "In" => codes.values.contains(&code),
        "NotIn" => !codes.values.contains(&code),
        _ => false,
    })
}

packed_struct!(RestartPolicy { on_success, on_failure, rules });
packed_struct!(RestartRule { action, exit_codes });
packed_struct!(RestartExitCodes { operator, values });

impl Pack for Arc<[RestartRule]> {
    fn pack(&self, to: &mut Packer<'_>) {
        self.to_vec().pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        Vec::unpack(from).into()
    }
}
