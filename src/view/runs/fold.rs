//! Folds the overview: workloads without a row of their own are summed up by state.

use crate::timeline::WorkloadState;
use crate::view::runs::rows::RunRow;

/// All states of workloads, in the order in which rows are kept: workloads in trouble keep their rows longest.
const BY_TROUBLE: &[WorkloadState] = &[
    WorkloadState::Failed,
    WorkloadState::Unknown,
    WorkloadState::Pending,
    WorkloadState::Suspended,
    WorkloadState::Running,
    WorkloadState::Succeeded,
];

/// The rows that are shown, and the others by state.
#[derive(Debug, Default)]
pub(crate) struct FoldedRows<'a> {
    pub(crate) shown: Vec<RunRow<'a>>,
    pub(crate) hidden: Vec<(WorkloadState, Vec<RunRow<'a>>)>,
}

/// Chooses the rows that fit into `room` lines, together with one line for each state of the other rows. Among
/// workloads of one state, the newest keep their rows. The row at the index `selected` is always kept.
pub(crate) fn fold_rows<'a>(rows: &[RunRow<'a>], room: usize, selected: Option<usize>) -> FoldedRows<'a> {
    if rows.len() <= room {
        return FoldedRows { shown: rows.to_vec(), hidden: Vec::new() };
    }
    let rank = |index: usize| BY_TROUBLE.iter().position(|state| *state == rows[index].workload.state);
    let mut by_trouble: Vec<usize> = (0..rows.len()).rev().collect();
    by_trouble.sort_by_key(|&index| (Some(index) != selected, rank(index)));
    let hidden_states = |kept: usize| {
        let hidden = &by_trouble[kept..];
        BY_TROUBLE
            .iter()
            .filter(|state| hidden.iter().any(|&index| rows[index].workload.state == **state))
            .count()
    };
    let kept = (0..=room).rev().find(|&kept| kept + hidden_states(kept) <= room);
    let kept = kept.unwrap_or(usize::from(selected.is_some()));
    let (shown, hidden) = by_trouble.split_at(kept);
    let mut shown = shown.to_vec();
    shown.sort_unstable();
    let of_state = |state: WorkloadState| -> Vec<RunRow<'a>> {
        hidden.iter().map(|&index| rows[index]).filter(|row| row.workload.state == state).collect()
    };
    FoldedRows {
        shown: shown.into_iter().map(|index| rows[index]).collect(),
        hidden: BY_TROUBLE
            .iter()
            .copied()
            .map(|state| (state, of_state(state)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Workload;
    use crate::view::fixture::job;

    fn fold(workloads: &[Workload], room: usize, selected: Option<usize>) -> (Vec<String>, Vec<usize>) {
        let rows: Vec<RunRow<'_>> = workloads.iter().map(|workload| RunRow { workload, depth: 0 }).collect();
        let folded = fold_rows(&rows, room, selected);
        assert!(folded.shown.len() + folded.hidden.len() <= room, "{room}");
        let shown = folded.shown.iter().map(|row| row.workload.name.to_string()).collect();
        (shown, folded.hidden.iter().map(|(_, rows)| rows.len()).collect())
    }

    #[test]
    fn workloads_in_trouble_keep_their_rows_and_the_others_are_summed_up_by_state() {
        let mut workloads: Vec<Workload> =
            (0..10).map(|index| job(&format!("done-{index}"), WorkloadState::Succeeded)).collect();
        workloads.insert(3, job("broken", WorkloadState::Failed));
        workloads.insert(5, job("works", WorkloadState::Running));
        assert_eq!(fold(&workloads, 12, None).1, [0_usize; 0]);
        let (shown, hidden) = fold(&workloads, 4, None);
        assert_eq!((shown, hidden), (vec!["broken".into(), "works".into(), "done-9".into()], vec![9]));
        let (shown, hidden) = fold(&workloads, 4, Some(0));
        assert_eq!((shown, hidden), (vec!["done-0".into(), "broken".into(), "works".into()], vec![9]));
        let (shown, hidden) = fold(&workloads, 3, None);
        assert_eq!((shown, hidden), (vec!["broken".into(), "works".into()], vec![10]));
    }
}
