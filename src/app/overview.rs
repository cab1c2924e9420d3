//! Decides whether a run shows the overview of its workloads or the bars of their Pods.

use std::sync::Arc;

use jiff::Timestamp;

use crate::timeline::{Timeline, Workload};
use crate::view::{View, ViewState, is_recent};

/// When a run shows the overview instead of the view that the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OverviewRule {
    /// Never, because the user chose a view or named the workloads.
    #[default]
    Never,
    /// If the run has several workloads. Pods without an owner count as one workload.
    IfSeveral,
    /// If the run has several workloads that run or have ended a short time ago. The overview shows only these
    /// workloads. A single one is shown with the bars of its Pods.
    IfSeveralRecent,
    /// Always.
    Always,
}

impl OverviewRule {
    /// Returns the view of the run: the view that the user chose, or the overview if the rule says so.
    pub(crate) fn choose_view(self, timeline: &Timeline, chosen: &ViewState, now: Timestamp) -> ViewState {
        let overview = ViewState { view: View::Runs, ..chosen.clone() };
        match self {
            Self::Never => chosen.clone(),
            Self::Always => overview,
            Self::IfSeveral => {
                let (pods, others): (Vec<&Workload>, Vec<&Workload>) =
                    timeline.roots().partition(|root| root.is_bare_pod());
                if others.len() + usize::from(!pods.is_empty()) > 1 { overview } else { chosen.clone() }
            }
            Self::IfSeveralRecent => {
                let mut recent = recent_roots(timeline, now);
                match (recent.next(), recent.next()) {
                    (Some(only), None) => {
                        let is_alone = timeline.roots().count() == 1;
                        let workload = (!is_alone).then(|| Arc::clone(&only.uid));
                        ViewState { workload, ..chosen.clone() }
                    }
                    (Some(_), Some(_)) | (None, _) => ViewState { recent_only: true, ..overview },
                }
            }
        }
    }

    /// Whether the run has nothing to show: no workload, or no recent one if it shows only recent ones.
    pub(crate) fn has_nothing_to_show(self, timeline: &Timeline, now: Timestamp) -> bool {
        match self {
            Self::Never | Self::IfSeveral | Self::Always => timeline.is_empty(),
            Self::IfSeveralRecent => recent_roots(timeline, now).next().is_none(),
        }
    }
}

/// The roots that run or have ended a short time ago.
fn recent_roots(timeline: &Timeline, now: Timestamp) -> impl Iterator<Item = &Workload> {
    timeline.roots().filter(move |root| is_recent(timeline, root, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::WorkloadState;
    use crate::view::fixture::{at, job, pi_pods, pod, timeline};

    /// Returns the view, the only workload and whether older workloads are left out.
    fn choose(rule: OverviewRule, workloads: Vec<Workload>) -> (View, Option<String>, bool) {
        let now = 7_200_000;
        let timeline = timeline(now, workloads.into_iter().map(|workload| (workload, Vec::new())).collect());
        let view = rule.choose_view(&timeline, &ViewState::default(), at(now));
        (view.view, view.workload.map(|uid| uid.to_string()), view.recent_only)
    }

    fn ended(name: &str, millis: i64) -> Workload {
        Workload { finished: Some(at(millis)), ..job(name, WorkloadState::Succeeded) }
    }

    fn bare(name: &str) -> Workload {
        Workload { kind: "Pod".into(), ..job(name, WorkloadState::Running) }
    }

    #[test]
    fn several_workloads_are_shown_as_the_overview_unless_the_user_named_them_or_chose_a_view() {
        let jobs = || vec![job("a", WorkloadState::Running), job("b", WorkloadState::Running)];
        for (rule, workloads, view) in [
            (OverviewRule::Never, jobs(), View::Sequence),
            (OverviewRule::IfSeveral, jobs(), View::Runs),
            (OverviewRule::IfSeveral, jobs().split_off(1), View::Sequence),
            (OverviewRule::IfSeveral, vec![bare("a"), bare("b")], View::Sequence),
            (OverviewRule::IfSeveral, vec![bare("a"), job("b", WorkloadState::Running)], View::Runs),
            (OverviewRule::Always, jobs().split_off(1), View::Runs),
        ] {
            assert_eq!(choose(rule, workloads.clone()), (view, None, false), "{rule:?} {workloads:?}");
        }
    }

    #[test]
    fn a_single_recent_workload_is_shown_without_the_older_ones() {
        let rule = OverviewRule::IfSeveralRecent;
        let (old, recent) = (ended("old", 1_000), ended("recent", 7_000_000));
        let only = Some("uid-of-recent".to_owned());
        assert_eq!(choose(rule, vec![old.clone(), recent.clone()]), (View::Sequence, only, false));
        assert_eq!(choose(rule, vec![recent.clone()]), (View::Sequence, None, false));
        let several = vec![old, recent, job("works", WorkloadState::Running)];
        assert_eq!(choose(rule, several), (View::Runs, None, true));
    }

    #[test]
    fn a_run_without_recent_workloads_has_nothing_to_show() {
        let now = at(7_200_000);
        let pods = vec![pod("old-a", 0).cold(1, 1, 0, 1, 1).succeeded()];
        let old = timeline(7_200_000, vec![(ended("old", 1_000), pods)]);
        assert!(OverviewRule::IfSeveralRecent.has_nothing_to_show(&old, now));
        assert!(!OverviewRule::IfSeveral.has_nothing_to_show(&old, now));
        let runs = timeline(7_200_000, vec![(job("pi", WorkloadState::Running), pi_pods("pi", 1))]);
        assert!(!OverviewRule::IfSeveralRecent.has_nothing_to_show(&runs, now));
    }
}
