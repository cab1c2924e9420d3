//! The line that says how many Pods of a workload failed and why.

use std::cmp::Reverse;

use crate::observation::is_valid_name;
use crate::timeline::{PodKey, WorkloadState};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::{Counts, FailureCause, FailureCauses};
use crate::view::primitives::frame::{Line, Link, Style};
use crate::view::rows::groups::Group;
use crate::view::rows::phase_text::describe_failure_cause;
use crate::view::view_context::ViewContext;

/// The number of failed Pods whose causes are read, because reading the whole life of a Pod takes time.
const MAX_EXAMINED_PODS: usize = 30;

/// The maximum number of causes in the line.
const MAX_CAUSES: usize = 3;

/// The maximum number of completion indexes behind a cause.
const MAX_INDEXES: usize = 3;

/// The line about the failed Pods of a workload that has not succeeded, with the command that shows one of them:
/// `✗ 3 of 20 Pods failed: exit code 3 (index 7, 11, 13) · kubectl seq pod pi-7-abcde`. If the line is too long, the
/// indexes are left out, then the command. If it is still too long, or if there are many causes, it lists the causes:
/// `✗ 5 of 8 Pods failed: exit codes 3, 4, 5, OOMKilled`. The command is also left out if the source is not a cluster.
/// The line opens the Pod that the command shows.
pub(crate) fn failure_line(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    counts: &Counts,
    columns: usize,
) -> Option<Line> {
    let workload = group.workload().filter(|workload| workload.state != WorkloadState::Succeeded)?;
    let failed = counts.get(DisplayState::Failed);
    if failed == 0 {
        return None;
    }
    let compute = || find_causes(context, &group.pods);
    let causes = context.cache.failure_causes.get_or_compute(context.version(), group.heading.id(), compute);
    let pods = workload.pods.len();
    let noun = if pods == 1 { "Pod" } else { "Pods" };
    let sampled = if causes.is_complete { "" } else { " first" };
    let mark = context.glyphs.failed;
    let start = format!("{mark} {failed} of {pods} {noun} failed:{sampled} ");
    let short_start = format!("{mark} {failed}/{pods} failed:{sampled} ");
    let command = pod_command(context, &causes);
    let compose = |start: &str, causes: &str, with_command: bool| {
        let mut line = Line::new(format!("{start}{causes}"), Style::Failure);
        if let Some(command) = command.as_deref().filter(|_| with_command) {
            line.push(context.glyphs.separator, Style::Dim);
            line.push(command, Style::Text);
        }
        line
    };
    let [with_indexes, with_counts] =
        [Extent::Indexes, Extent::Pods].map(|extent| describe_causes(&causes, extent));
    let list = list_causes(&causes);
    // The list names more causes than the sentences do.
    let has_sentences = causes.causes.len() <= MAX_CAUSES;
    let sentences = [
        (&start, &with_indexes, true),
        (&start, &with_counts, true),
        (&start, &with_indexes, false),
        (&start, &with_counts, false),
    ];
    let lists = [(&start, &list, true), (&start, &list, false), (&short_start, &list, false)];
    let forms = sentences.iter().filter(|_| has_sentences).chain(&lists);
    let mut lines = forms.map(|(start, causes, with_command)| compose(start, causes, *with_command));
    let fitting = lines.find(|line| line.width() <= columns);
    let mut line = fitting.unwrap_or_else(|| compose(&short_start, &list, false));
    line.link = causes.causes.first().map(|cause| Link::Failure(cause.first));
    Some(line.shorten_end(columns, context.glyphs.ellipsis))
}

/// Finds the causes of the first failed Pods, in the order of the Pods.
fn find_causes(context: &ViewContext<'_>, pods: &[PodKey]) -> FailureCauses {
    let mut found = FailureCauses { causes: Vec::new(), is_complete: true };
    let has_failed =
        |key: &&PodKey| DisplayState::from_overview(context.timeline.overview(**key)) == DisplayState::Failed;
    for (position, &key) in pods.iter().filter(has_failed).enumerate() {
        if position == MAX_EXAMINED_PODS {
            found.is_complete = false;
            break;
        }
        let pod = context.timeline.pod(key);
        found.add(describe_failure_cause(&pod.life), key, pod.index);
    }
    found.causes.sort_by_key(|cause| Reverse(cause.pods));
    found
}

impl FailureCauses {
    /// Adds a Pod that failed for this cause. `index` is its completion index.
    fn add(&mut self, text: String, pod: PodKey, index: Option<u32>) {
        let known = self.causes.iter().position(|cause| cause.text == text).unwrap_or_else(|| {
            self.causes.push(FailureCause { text, first: pod, pods: 0, indexes: Vec::new() });
            self.causes.len() - 1
        });
        let cause = &mut self.causes[known];
        cause.pods += 1;
        if let Some(index) = index.filter(|index| !cause.indexes.contains(index)) {
            cause.indexes.push(index);
        }
    }
}

/// The words behind a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// The completion indexes of the Pods, or their number.
    Indexes,
    /// The number of Pods.
    Pods,
}

/// `exit code 3 (index 7, 11, 13)`, or `exit code 3 (2 Pods); OOMKilled (1 Pod)` for several causes.
fn describe_causes(causes: &FailureCauses, extent: Extent) -> String {
    let several = causes.causes.len() > 1;
    let shown = causes.causes.iter().take(MAX_CAUSES);
    let mut parts: Vec<String> =
        shown.map(|cause| format!("{}{}", cause.text, describe_extent(cause, extent, several))).collect();
    match causes.causes.len().saturating_sub(MAX_CAUSES) {
        0 => {}
        1 => parts.push("1 more cause".to_owned()),
        hidden => parts.push(format!("{hidden} more causes")),
    }
    parts.join("; ")
}

/// The causes without the numbers of Pods: `exit codes 3, 4, 5, OOMKilled`.
fn list_causes(causes: &FailureCauses) -> String {
    let exit_code = |cause: &FailureCause| {
        let code = cause.text.strip_prefix("exit code ")?;
        code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.to_owned())
    };
    let mut codes: Vec<String> = causes.causes.iter().filter_map(exit_code).collect();
    codes.sort_by_key(|code| (code.len(), code.clone()));
    let noun = if codes.len() == 1 { "exit code" } else { "exit codes" };
    let codes = Some(format!("{noun} {}", codes.join(", "))).filter(|_| !codes.is_empty());
    let others = causes.causes.iter().filter(|cause| exit_code(cause).is_none());
    codes.into_iter().chain(others.map(|cause| cause.text.clone())).collect::<Vec<_>>().join(", ")
}

/// Which Pods failed for a cause: ` (index 7, 11, 13)`, or ` (2 Pods)` if there are `several` causes.
fn describe_extent(cause: &FailureCause, extent: Extent, several: bool) -> String {
    let indexes: Vec<String> = cause.indexes.iter().take(MAX_INDEXES).map(u32::to_string).collect();
    if extent == Extent::Indexes && !indexes.is_empty() {
        let more = match cause.indexes.len().saturating_sub(MAX_INDEXES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return format!(" (index {}{more})", indexes.join(", "));
    }
    match cause.pods {
        _ if !several => String::new(),
        1 => " (1 Pod)".to_owned(),
        pods => format!(" ({pods} Pods)"),
    }
}

/// The command that shows the first Pod with the most frequent cause. `None` if the source is not a cluster, or if Kubernetes
/// allows no such name.
fn pod_command(context: &ViewContext<'_>, causes: &FailureCauses) -> Option<String> {
    let current = context.state.current_namespace.as_deref()?;
    let pod = context.timeline.identity(causes.causes.first()?.first);
    if !is_valid_name(&pod.name) || !is_valid_name(&pod.namespace) {
        return None;
    }
    let flag = if *current == *pod.namespace { String::new() } else { format!(" -n {}", pod.namespace) };
    Some(format!("kubectl seq pod {}{flag}", pod.name))
}
