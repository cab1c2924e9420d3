//! When the kubelet starts a container again.

use std::sync::Arc;

use super::packed::{Pack, Packer, Unpacker, packed_struct};
use crate::observation::{Container, RestartExitCodes, RestartRule};

/// What follows the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restarts {
    on_success: bool,
    on_failure: bool,
    /// Exceptions by exit code; the first that matches decides.
    rules: Option<Arc<[RestartRule]>>,
}

impl Restarts {
    /// Of a debug container.
    pub(crate) const NEVER: Self = Self { on_success: false, on_failure: false, rules: None };

    /// Of a main container: its own policy, else the Pod's.
    pub(crate) fn of_main(container: &Container, of_pod: &str) -> Self {
        let own = container.restart_policy.as_str();
        let policy = if own.is_empty() { of_pod } else { own };
        // The API server's default.
        let always = matches!(policy, "Always" | "");
        let rules = &container.restart_policy_rules;
        Self {
            on_success: always,
            on_failure: always || policy == "OnFailure",
            rules: (!rules.is_empty()).then(|| rules.as_slice().into()),
        }
    }

    /// Of an init container: it never runs again once it has ended well.
    pub(crate) fn of_init(container: &Container, of_pod: &str) -> Self {
        Self { on_success: false, ..Self::of_main(container, of_pod) }
    }

    /// Whether another run follows one that ended with this exit code.
    pub(crate) fn after(&self, exit_code: Option<i32>) -> bool {
        let by_rule = exit_code.is_some_and(|code| {
            self.rules.iter().flat_map(|rules| rules.iter()).any(|rule| matches(rule, code))
        });
        by_rule || if exit_code == Some(0) { self.on_success } else { self.on_failure }
    }
}

fn matches(rule: &RestartRule, code: i32) -> bool {
    rule.exit_codes.as_ref().is_some_and(|codes| match codes.operator.as_str() {
        "In" => codes.values.contains(&code),
        "NotIn" => !codes.values.contains(&code),
        _ => false,
    })
}

packed_struct!(Restarts { on_success, on_failure, rules });
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
