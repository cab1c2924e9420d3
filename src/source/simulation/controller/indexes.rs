//! The completion indexes of an Indexed Job.

use jiff::{SignedDuration, Timestamp};

use super::sync::retry_delay;

/// How an index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Open,
    Completed,
    Failed,
}

#[derive(Clone, Copy, Debug)]
struct Index {
    standing: Standing,
    failures: u32,
    last_failure: Option<Timestamp>,
}

/// All indexes.
#[derive(Debug)]
pub(crate) struct Indexes {
    all: Vec<Index>,
    /// Below it, none is open.
    first_open: usize,
    completed: usize,
    failed: usize,
}

impl Indexes {
    pub(crate) fn new(count: u32) -> Self {
        let open = Index { standing: Standing::Open, failures: 0, last_failure: None };
        Self { all: vec![open; count as usize], first_open: 0, completed: 0, failed: 0 }
    }

    fn get(&mut self, index: Option<u32>) -> Option<&mut Index> {
        self.all.get_mut(index? as usize)
    }

    fn close(&mut self) {
        while self.all.get(self.first_open).is_some_and(|index| index.standing != Standing::Open) {
            self.first_open += 1;
        }
    }

    /// A Pod of the index succeeded.
    pub(crate) fn succeeded(&mut self, index: Option<u32>) {
        if let Some(index) = self.get(index).filter(|index| index.standing == Standing::Open) {
            index.standing = Standing::Completed;
            self.completed += 1;
            self.close();
        }
    }

    /// A Pod of the index failed; with a limit for each index the index may fail with it.
    pub(crate) fn one_failed(&mut self, index: Option<u32>, at: Option<Timestamp>, limit: Option<u32>) {
        let Some(index) = self.get(index).filter(|index| index.standing == Standing::Open) else { return };
        index.failures += 1;
        index.last_failure = at.or(index.last_failure);
        if limit.is_some_and(|limit| index.failures > limit) {
            index.standing = Standing::Failed;
            self.failed += 1;
            self.close();
        }
    }

    /// Whether the index will have no more Pods.
    pub(crate) fn is_open(&self, index: Option<u32>) -> bool {
        index
            .and_then(|index| self.all.get(index as usize))
            .is_some_and(|index| index.standing == Standing::Open)
    }

    pub(crate) fn completed(&self) -> usize {
        self.completed
    }

    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// Indexes that are neither completed nor failed.
    pub(crate) fn open(&self) -> usize {
        self.all.len() - self.completed - self.failed
    }

    /// The first open indexes that are not `taken`, at most `count`. With a limit for each index, an index that failed
    /// waits; then also when the first of them may be tried again.
    pub(crate) fn pending(
        &self,
        count: usize,
        taken: &[u32],
        each: bool,
        now: Timestamp,
    ) -> (Vec<u32>, Option<Timestamp>) {
        let (mut pending, mut wake) = (Vec::new(), None::<Timestamp>);
        for (at, index) in self.all.iter().enumerate().skip(self.first_open) {
            if pending.len() == count {
                break;
            }
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            if index.standing != Standing::Open || taken.binary_search(&number).is_ok() {
                continue;
            }
            let until = index.last_failure.filter(|_| each).map(|at| at + retry_delay(index.failures));
            match until.filter(|&until| until > now) {
                Some(until) => wake = Some(wake.map_or(until, |wake| wake.min(until))),
                None => pending.push(number),
            }
        }
        (pending, wake)
    }

    /// Completed indexes as `status.completedIndexes` has them.
    pub(crate) fn completed_text(&self) -> String {
        self.text(Standing::Completed)
    }

    /// Failed indexes as `status.failedIndexes` has them.
    pub(crate) fn failed_text(&self) -> String {
        self.text(Standing::Failed)
    }

    /// Indexes in short: `0,2-4,6,7`.
    fn text(&self, standing: Standing) -> String {
        let mut parts = Vec::new();
        let mut at = 0;
        while at < self.all.len() {
            let first = at;
            while self.all.get(at).is_some_and(|index| index.standing == standing) {
                at += 1;
            }
            match at - first {
                0 => at += 1,
                1 => parts.push(first.to_string()),
                2 => parts.push(format!("{first},{}", first + 1)),
                _ => parts.push(format!("{first}-{}", at - 1)),
            }
        }
        parts.join(",")
    }
}

/// Kept beside the indexes: no index waits longer.
pub(crate) const RETRY_MOST: SignedDuration = SignedDuration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::simulation::world::START;

    #[test]
    fn indexes_are_written_in_short() {
        let mut indexes = Indexes::new(10);
        for index in [0, 2, 3, 4, 6, 7, 9] {
            indexes.succeeded(Some(index));
        }
        assert_eq!(indexes.completed_text(), "0,2-4,6,7,9");
        assert_eq!(indexes.failed_text(), "");
        assert_eq!((indexes.completed(), indexes.failed(), indexes.open()), (7, 0, 3));
        assert_eq!(indexes.pending(5, &[5], false, START).0, [1, 8]);
    }

    #[test]
    fn an_index_waits_and_fails_by_itself() {
        let mut indexes = Indexes::new(3);
        indexes.one_failed(Some(1), Some(START), Some(1));
        let (pending, wake) = indexes.pending(3, &[], true, START);
        assert_eq!((pending, wake), (vec![0, 2], Some(START + SignedDuration::from_secs(10))));
        indexes.one_failed(Some(1), Some(START), Some(1));
        assert_eq!((indexes.failed_text(), indexes.is_open(Some(1))), ("1".to_owned(), false));
    }
}
