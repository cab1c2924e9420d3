//! The members of a gang: the Pods that the spec of a workload asks for.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::observation::{Custom, Object, ReplicatedJob, WorkerGroup};
use crate::timeline::workloads::workload::Capacity;

/// The members that a workload asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GangDemand {
    /// The members by role. Empty if the spec does not contain their number.
    pub(crate) roles: Vec<RoleDemand>,
    /// Whether all members have a role, so that a Pod without a role is no member: the submitter of a RayJob.
    pub(crate) all_have_roles: bool,
}

/// The members with one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleDemand {
    /// The role; `None` if the members have no roles.
    pub(crate) role: Option<String>,
    pub(crate) members: u32,
    /// The rule by which these members start later than others: `dependsOn driver (Ready)`.
    pub(crate) order: Option<String>,
}

impl RoleDemand {
    fn new(role: &str, members: u32) -> Self {
        Self { role: Some(role.to_owned()), members, order: None }
    }
}

impl GangDemand {
    /// The number of members.
    pub(crate) fn members(&self) -> u32 {
        self.roles.iter().map(|role| role.members).fold(0, u32::saturating_add)
    }

    /// The members with a role.
    pub(crate) fn of_role(&self, name: Option<&str>) -> Option<&RoleDemand> {
        self.roles.iter().find(|role| role.role.as_deref() == name)
    }

    /// Whether a Pod with this role is a member. A Pod whose labels name no role may have any role.
    pub(crate) fn includes(&self, role: Option<&str>) -> bool {
        let is_unknown = role.is_none() && !self.all_have_roles;
        is_unknown || self.roles.is_empty() || self.of_role(role).is_some() || self.of_role(None).is_some()
    }

    /// The members of an Indexed Job with these desired numbers of Pods over time, at `at`. `None` if the Pods of the
    /// Job also work alone: at first and at that time, `parallelism` and `completions` differ.
    pub(crate) fn of_indexed_job(desired: &[Capacity], at: Option<Timestamp>) -> Option<Self> {
        let is_gang = |capacity: &Capacity| capacity.completions == Some(capacity.parallelism);
        let now = desired.iter().rfind(|capacity| at.is_some_and(|at| capacity.since <= at));
        let first = desired.first()?;
        let now = now.unwrap_or(first);
        // A partial admission lowers `parallelism` before the attempt begins.
        (is_gang(first) || is_gang(now)).then(|| {
            let members = now.completions.map_or(now.parallelism, |all| all.min(now.parallelism));
            Self { roles: vec![RoleDemand { role: None, members, order: None }], all_have_roles: false }
        })
    }

    /// The members of a custom resource. `None` if its kind runs no gangs.
    pub(crate) fn of_object(object: &Object) -> Option<Self> {
        match object {
            Object::Custom(custom) => Self::of_custom(custom),
            Object::Job(_)
            | Object::CronJob(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Owner(_)
            | Object::QueuedWorkload(_)
            | Object::Pod(_)
            | Object::Event(_) => None,
        }
    }

    fn of_custom(custom: &Custom) -> Option<Self> {
        let group = custom.api_version.split_once('/').map_or("", |(group, _)| group);
        let spec = &custom.spec;
        let roles = match (group, custom.kind.as_str()) {
            ("jobset.x-k8s.io", "JobSet") => job_set_roles(custom),
            ("leaderworkerset.x-k8s.io", "LeaderWorkerSet") => {
                let size = to_count(spec.leader_worker_template.size);
                let order = Some("startupPolicy LeaderReady".to_owned())
                    .filter(|_| spec.startup_policy.0 == "LeaderReady");
                let workers = RoleDemand { order, ..RoleDemand::new("worker", size.saturating_sub(1)) };
                return Some(Self {
                    roles: vec![RoleDemand::new("leader", 1), workers],
                    all_have_roles: false,
                });
            }
            ("ray.io", "RayCluster") => ray_roles(&spec.worker_group_specs),
            ("ray.io", "RayJob") => ray_roles(&spec.ray_cluster_spec.worker_group_specs),
            ("batch.volcano.sh", "Job") => {
                spec.tasks.iter().map(|task| RoleDemand::new(&task.name, to_count(task.replicas))).collect()
            }
            ("kubeflow.org", kind) if kind.ends_with("Job") => spec
                .kubeflow_roles()
                .iter()
                .map(|(name, role)| RoleDemand::new(&name.to_lowercase(), to_count(role.replicas)))
                .collect(),
            // The runtime of a TrainJob decides how many Pods its JobSet has.
            ("trainer.kubeflow.org", "TrainJob") => Vec::new(),
            _ => return None,
        };
        Some(Self { roles, all_have_roles: group == "ray.io" })
    }
}

/// A number of Pods or replicas; 1 if absent.
fn to_count(number: Option<i32>) -> u32 {
    number.map_or(1, |number| u32::try_from(number).unwrap_or(0))
}

fn job_set_roles(custom: &Custom) -> Vec<RoleDemand> {
    let is_in_order = custom.spec.startup_policy.0 == "InOrder";
    let to_role = |(index, job): (usize, &ReplicatedJob)| {
        let pods = to_count(job.template.spec.parallelism);
        let completions = job.template.spec.completions.map(|completions| to_count(Some(completions)));
        let pods = completions.map_or(pods, |completions| pods.min(completions));
        let dependencies: Vec<String> =
            job.depends_on.iter().map(|other| format!("{} ({})", other.name, other.status)).collect();
        let order = if !dependencies.is_empty() {
            Some(format!("dependsOn {}", dependencies.join(", ")))
        } else if is_in_order && index > 0 {
            Some("startupPolicy InOrder".to_owned())
        } else {
            None
        };
        RoleDemand { order, ..RoleDemand::new(&job.name, to_count(job.replicas).saturating_mul(pods)) }
    };
    custom.spec.replicated_jobs.iter().enumerate().map(to_role).collect()
}

fn ray_roles(groups: &[WorkerGroup]) -> Vec<RoleDemand> {
    let active = groups.iter().filter(|group| group.suspend != Some(true));
    let workers = active.map(|group| {
        let replicas = group.replicas.or(group.min_replicas).unwrap_or(0);
        to_count(Some(replicas)).saturating_mul(to_count(group.num_of_hosts))
    });
    let workers = workers.fold(0, u32::saturating_add);
    vec![RoleDemand::new("head", 1), RoleDemand::new("worker", workers)]
}

/// The members that a custom resource asks for, since each time at which they changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct DemandHistory(Vec<(Timestamp, GangDemand)>);

impl DemandHistory {
    /// Adds the demand of a state that was observed. `since` is when it began.
    pub(crate) fn observe(&mut self, demand: Option<GangDemand>, since: Timestamp) {
        let Some(demand) = demand else { return };
        if self.0.last().is_none_or(|(_, last)| *last != demand) {
            self.0.push((since, demand));
        }
    }

    /// Whether no state asked for members of a gang.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The demand at `at`, or the first one if `at` is earlier or unknown.
    pub(crate) fn at(&self, at: Option<Timestamp>) -> Option<&GangDemand> {
        let known = self.0.iter().rfind(|(since, _)| at.is_some_and(|at| *since <= at));
        known.or(self.0.first()).map(|(_, demand)| demand)
    }
}

/// The number of places by role that a number of Pods leaves open.
pub(crate) fn missing_role<'a>(
    demand: &'a GangDemand,
    existing: &BTreeMap<Option<&str>, u32>,
) -> Option<&'a RoleDemand> {
    let is_missing =
        |role: &&RoleDemand| existing.get(&role.role.as_deref()).copied().unwrap_or(0) < role.members;
    demand.roles.iter().find(is_missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(text: &str) -> Option<GangDemand> {
        GangDemand::of_custom(&serde_json::from_str(text).unwrap())
    }

    /// Each role with its members and its order.
    fn roles(text: &str) -> Vec<String> {
        let describe = |role: RoleDemand| {
            let order = role.order.map(|order| format!(" {order}")).unwrap_or_default();
            format!("{} {}{order}", role.role.unwrap_or_default(), role.members)
        };
        demand(text).unwrap().roles.into_iter().map(describe).collect()
    }

    #[test]
    fn a_job_set_asks_for_the_pods_of_all_its_jobs() {
        let text = r#"{"apiVersion":"jobset.x-k8s.io/v1alpha2","kind":"JobSet","spec":{"replicatedJobs":[
            {"name":"driver","template":{"spec":{}}},
            {"name":"workers","replicas":3,"template":{"spec":{"parallelism":4,"completions":2}},
             "dependsOn":[{"name":"driver","status":"Ready"}]}]}}"#;
        assert_eq!(roles(text), ["driver 1", "workers 6 dependsOn driver (Ready)"]);
        let text = r#"{"apiVersion":"jobset.x-k8s.io/v1alpha2","kind":"JobSet","spec":{
            "startupPolicy":{"startupPolicyOrder":"InOrder"},"replicatedJobs":[{"name":"a"},{"name":"b"}]}}"#;
        assert_eq!(roles(text), ["a 1", "b 1 startupPolicy InOrder"]);
    }

    #[test]
    fn the_other_kinds_of_gangs_ask_for_the_pods_of_all_their_roles() {
        let text = r#"{"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSet","spec":{"replicas":2,
            "startupPolicy":"LeaderReady","leaderWorkerTemplate":{"size":4}}}"#;
        assert_eq!(roles(text), ["leader 1", "worker 3 startupPolicy LeaderReady"]);
        let text = r#"{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{"headGroupSpec":{},"workerGroupSpecs":[
            {"groupName":"gpu","replicas":2,"numOfHosts":4},{"groupName":"cpu","minReplicas":1},
            {"groupName":"off","replicas":9,"suspend":true}]}}"#;
        assert_eq!(roles(text), ["head 1", "worker 9"]);
        let text = r#"{"apiVersion":"ray.io/v1","kind":"RayJob","spec":{"rayClusterSpec":{"workerGroupSpecs":[
            {"groupName":"gpu","replicas":2}]}}}"#;
        assert_eq!(roles(text), ["head 1", "worker 2"]);
        let text = r#"{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","spec":{"mpiReplicaSpecs":{
            "Launcher":{"replicas":1},"Worker":{"replicas":7}}}}"#;
        assert_eq!(roles(text), ["launcher 1", "worker 7"]);
        let text = r#"{"apiVersion":"batch.volcano.sh/v1alpha1","kind":"Job","spec":{"tasks":[
            {"name":"ps","replicas":2},{"name":"trainer"}]}}"#;
        assert_eq!(roles(text), ["ps 2", "trainer 1"]);
        assert_eq!(
            demand(r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"tasks":[]}}"#),
            None
        );
    }

    #[test]
    fn an_indexed_job_is_a_gang_if_all_its_pods_run_at_once() {
        let capacity = |second: i64, parallelism, completions| Capacity {
            since: Timestamp::from_second(second).unwrap(),
            parallelism,
            completions: Some(completions),
        };
        let members = |desired: &[Capacity], second: i64| {
            let at = Timestamp::from_second(second).unwrap();
            GangDemand::of_indexed_job(desired, Some(at)).map(|demand| demand.members())
        };
        assert_eq!(members(&[capacity(0, 4, 4)], 1), Some(4));
        assert_eq!(members(&[capacity(0, 2, 4)], 1), None);
        // A partial admission, and an elastic Job that grows before and after the attempt begins.
        assert_eq!(members(&[capacity(0, 4, 4), capacity(5, 3, 4)], 6), Some(3));
        assert_eq!(members(&[capacity(0, 2, 2), capacity(5, 8, 8)], 1), Some(2));
        assert_eq!(members(&[capacity(0, 2, 2), capacity(5, 8, 8)], 6), Some(8));
    }
}
