//! Gives each Pod its cell. The Pods of one completion share a cell, which shows the latest of them.

use std::collections::{HashMap, VecDeque};

use crate::timeline::{OpenRetry, PodKey, Timeline, Workload};
use crate::view::frame_cache::results::{CellState, GridCells, PodPace};
use crate::view::rows::groups::Group;
use crate::view::state::Sort;
use crate::view::view_context::ViewContext;

/// A grid shows at most this many cells of completions without a Pod, because `completions` may be any number.
const MAX_CELLS_TO_COME: usize = 100_000;

impl GridCells {
    /// The cells of a group. `open_retries` holds the failed Pods that will be replaced.
    pub(crate) fn from_group(
        context: &ViewContext<'_>,
        group: &Group<'_>,
        pace: &PodPace,
        open_retries: &HashMap<PodKey, OpenRetry>,
    ) -> Self {
        let mut cells = Self::position_pods(context, group);
        let state = |&pod: &Option<PodKey>| {
            pod.map_or(CellState::ToCome, |key| {
                let overview = context.timeline.overview(key);
                CellState::from_overview(context, pace, overview, open_retries.contains_key(&key))
            })
        };
        cells.states = cells.pods.iter().map(state).collect();
        // Neighbours often have the same state, so the cells are counted run by run.
        for run in cells.states.chunk_by(|a, b| a == b) {
            *cells.counts.entry(run[0]).or_default() += run.len();
        }
        cells
    }

    /// Gives each Pod its position. The Pods of a Job in their usual order have fixed positions. In any other order, or
    /// while a filter hides Pods, the Pods follow each other.
    fn position_pods(context: &ViewContext<'_>, group: &Group<'_>) -> Self {
        let is_indexed =
            group.pods.first().is_some_and(|&key| context.timeline.identity(key).index.is_some());
        let usual_sort = if is_indexed { Sort::Index } else { Sort::Start };
        let has_positions =
            group.sort == usual_sort && context.window.filter.is_empty() && group.workload().is_some();
        let job = group.workload().filter(|workload| workload.completions.is_some());
        let pods = match job.filter(|_| has_positions) {
            Some(job) => pods_by_completion(context.timeline, job),
            None => group.pods.iter().copied().map(Some).collect(),
        };
        Self { pods, has_positions, ..Self::default() }
    }
}

/// One cell for each completion of a Job.
fn pods_by_completion(timeline: &Timeline, workload: &Workload) -> Vec<Option<PodKey>> {
    let mut pods: Vec<Option<PodKey>> = Vec::with_capacity(workload.pods.len());
    // The cells of Pods that ended without success, by the end of these Pods.
    let mut free: VecDeque<(i64, usize)> = VecDeque::new();
    for &key in &workload.pods {
        let index = timeline.identity(key).index;
        let cell = if let Some(index) = index {
            // The list of Pods is in the order of creation, so the latest attempt replaces the earlier ones.
            usize::try_from(index).unwrap_or(usize::MAX)
        } else {
            let created = timeline.overview(key).sort_millis();
            let is_replaced = |&&(end, _): &&(i64, usize)| created.is_some_and(|created| end <= created);
            let replaced = free.front().filter(is_replaced).map(|&(_, cell)| cell);
            free.drain(..usize::from(replaced.is_some()));
            replaced.unwrap_or(pods.len())
        };
        if cell >= pods.len() {
            if cell - pods.len() > MAX_CELLS_TO_COME {
                continue;
            }
            pods.resize(cell + 1, None);
        }
        pods[cell] = Some(key);
        let overview = timeline.overview(key);
        if index.is_none()
            && (overview.has_failed() || overview.was_stopped())
            && let Some(end) = overview.end()
        {
            let end = end.as_millisecond();
            let at = free.partition_point(|&(other, _)| other <= end);
            free.insert(at, (end, cell));
        }
    }
    let completions = usize::try_from(workload.completions.unwrap_or(0)).unwrap_or(usize::MAX);
    let wanted = completions.min(pods.len().saturating_add(MAX_CELLS_TO_COME));
    pods.resize(pods.len().max(wanted), None);
    pods
}
