//! The completion indexes of an Indexed Job.

use jiff::Timestamp;

use crate::observation::saturating_add;
use crate::source::simulation::controller::retry::retry_delay;

/// Whether an index still needs Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IndexStatus {
    /// The index needs another Pod.
    Open,
    Completed,
    Failed,
}

#[derive(Clone, Copy, Debug)]
struct CompletionIndex {
    status: IndexStatus,
    failures: u32,
    last_failure: Option<Timestamp>,
}

/// All completion indexes of a Job.
#[derive(Debug)]
pub(crate) struct CompletionIndexes {
    all: Vec<CompletionIndex>,
    /// The first index that is open. All indexes below it have completed or failed.
    first_open: usize,
    completed: usize,
    failed: usize,
}

impl CompletionIndexes {
    pub(crate) fn new(count: u32) -> Self {
        let open = CompletionIndex { status: IndexStatus::Open, failures: 0, last_failure: None };
        Self { all: vec![open; count as usize], first_open: 0, completed: 0, failed: 0 }
    }

    fn get(&mut self, index: Option<u32>) -> Option<&mut CompletionIndex> {
        self.all.get_mut(index? as usize)
    }

    fn advance_first_open(&mut self) {
        while self.all.get(self.first_open).is_some_and(|index| index.status != IndexStatus::Open) {
            self.first_open += 1;
        }
    }

    /// Notes that a Pod of the index succeeded.
    pub(crate) fn note_success(&mut self, index: Option<u32>) {
        if let Some(index) = self.get(index).filter(|index| index.status == IndexStatus::Open) {
            index.status = IndexStatus::Completed;
            self.completed += 1;
            self.advance_first_open();
        }
    }

    /// Notes that a Pod of the index failed at `at`. The index fails if it has more failures than `limit`.
    pub(crate) fn note_failure(&mut self, index: Option<u32>, at: Option<Timestamp>, limit: Option<u32>) {
        let Some(index) = self.get(index).filter(|index| index.status == IndexStatus::Open) else { return };
        index.failures += 1;
        index.last_failure = at.or(index.last_failure);
        if limit.is_some_and(|limit| index.failures > limit) {
            index.status = IndexStatus::Failed;
            self.failed += 1;
            self.advance_first_open();
        }
    }

    /// Whether the index still needs Pods.
    pub(crate) fn is_open(&self, index: Option<u32>) -> bool {
        index
            .and_then(|index| self.all.get(index as usize))
            .is_some_and(|index| index.status == IndexStatus::Open)
    }

    pub(crate) fn completed_count(&self) -> usize {
        self.completed
    }

    pub(crate) fn failed_count(&self) -> usize {
        self.failed
    }

    /// Number of indexes that are neither completed nor failed.
    pub(crate) fn open_count(&self) -> usize {
        self.all.len() - self.completed - self.failed
    }

    /// The first `count` open indexes that are not in `taken`, which is sorted. If `waits_after_failure` is true, an
    /// index is skipped until its retry delay has passed. The result then contains the earliest time at which a skipped
    /// index can be tried again.
    pub(crate) fn pending(
        &self,
        count: usize,
        taken: &[u32],
        waits_after_failure: bool,
        now: Timestamp,
    ) -> (Vec<u32>, Option<Timestamp>) {
        let (mut pending, mut wake) = (Vec::new(), None::<Timestamp>);
        for (position, index) in self.all.iter().enumerate().skip(self.first_open) {
            if pending.len() == count {
                break;
            }
            let number = u32::try_from(position).unwrap_or(u32::MAX);
            if index.status != IndexStatus::Open || taken.binary_search(&number).is_ok() {
                continue;
            }
            let until = index
                .last_failure
                .filter(|_| waits_after_failure)
                .map(|at| saturating_add(at, retry_delay(index.failures)));
            match until.filter(|&until| until > now) {
                Some(until) => wake = Some(wake.map_or(until, |wake| wake.min(until))),
                None => pending.push(number),
            }
        }
        (pending, wake)
    }

    /// The completed indexes, in the form of `status.completedIndexes`.
    pub(crate) fn completed_text(&self) -> String {
        self.format_indexes(IndexStatus::Completed)
    }

    /// The failed indexes, in the form of `status.failedIndexes`.
    pub(crate) fn failed_text(&self) -> String {
        self.format_indexes(IndexStatus::Failed)
    }

    /// The indexes with this status, in the form `0,2-4,6,7`.
    fn format_indexes(&self, status: IndexStatus) -> String {
        let mut parts = Vec::new();
        let mut next = 0;
        while next < self.all.len() {
            let first = next;
            while self.all.get(next).is_some_and(|index| index.status == status) {
                next += 1;
            }
            match next - first {
                0 => next += 1,
                1 => parts.push(first.to_string()),
                2 => parts.push(format!("{first},{}", first + 1)),
                _ => parts.push(format!("{first}-{}", next - 1)),
            }
        }
        parts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::source::simulation::virtual_time::START;

    #[test]
    fn consecutive_indexes_are_written_as_a_range() {
        let mut indexes = CompletionIndexes::new(10);
        for index in [0, 2, 3, 4, 6, 7, 9] {
            indexes.note_success(Some(index));
        }
        assert_eq!(indexes.completed_text(), "0,2-4,6,7,9");
        assert_eq!(indexes.failed_text(), "");
        assert_eq!((indexes.completed_count(), indexes.failed_count(), indexes.open_count()), (7, 0, 3));
        assert_eq!(indexes.pending(5, &[5], false, START).0, [1, 8]);
    }

    #[test]
    fn each_index_waits_and_fails_independently() {
        let mut indexes = CompletionIndexes::new(3);
        indexes.note_failure(Some(1), Some(START), Some(1));
        let (pending, wake) = indexes.pending(3, &[], true, START);
        assert_eq!((pending, wake), (vec![0, 2], Some(START + SignedDuration::from_secs(10))));
        indexes.note_failure(Some(1), Some(START), Some(1));
        assert_eq!((indexes.failed_text(), indexes.is_open(Some(1))), ("1".to_owned(), false));
    }
}
