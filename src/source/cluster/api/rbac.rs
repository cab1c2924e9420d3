//! The RBAC rules that a user lacks, in the form in which an administrator adds them.

use std::fmt;

/// A rule of a Role or a ClusterRole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RbacRule {
    group: String,
    resource: String,
    verbs: &'static str,
}

impl RbacRule {
    /// Returns the rule that a refused request needs. `resource` has its group: `jobs.batch`. A list also needs the
    /// right to watch, because the program also watches the listed objects.
    pub(crate) fn for_request(verb: &'static str, resource: &str) -> Self {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let verbs = match verb {
            "list" | "watch" => "list, watch",
            verb => verb,
        };
        Self { group: group.to_owned(), resource: resource.to_owned(), verbs }
    }

    /// Returns the rule for reading logs.
    pub(crate) fn for_logs() -> Self {
        Self { group: String::new(), resource: "pods/log".to_owned(), verbs: "get" }
    }

    /// Returns the advice to add the rule. `namespace` is `None` for all namespaces and for objects without one.
    pub(crate) fn advice(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) => format!("add this rule to a Role in namespace {namespace}: {self}"),
            None => format!("add this rule to a ClusterRole: {self}"),
        }
    }
}

impl fmt::Display for RbacRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, resource, verbs } = self;
        let group = if group.is_empty() { "\"\"" } else { group };
        write!(formatter, "{{apiGroups: [{group}], resources: [{resource}], verbs: [{verbs}]}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_line_of_a_role() {
        let rule = |verb, resource| RbacRule::for_request(verb, resource).to_string();
        assert_eq!(rule("list", "pods"), "{apiGroups: [\"\"], resources: [pods], verbs: [list, watch]}");
        assert_eq!(
            rule("watch", "jobsets.jobset.x-k8s.io"),
            "{apiGroups: [jobset.x-k8s.io], resources: [jobsets], verbs: [list, watch]}"
        );
        assert_eq!(rule("get", "nodes"), "{apiGroups: [\"\"], resources: [nodes], verbs: [get]}");
        let logs = RbacRule::for_logs().advice(Some("team"));
        assert_eq!(
            logs,
            "add this rule to a Role in namespace team: {apiGroups: [\"\"], resources: [pods/log], verbs: [get]}"
        );
    }
}
