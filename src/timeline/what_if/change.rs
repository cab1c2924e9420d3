//! The changes of a run that the what-if can predict.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A combination of changes. A field that is not set changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RunChange {
    /// The number of pieces of work that one Pod does.
    pub merge: Option<u32>,
    /// The number of Pods that may run at the same time.
    pub parallelism: Option<u32>,
    /// The number of nodes.
    pub nodes: Option<u32>,
    /// Whether the images are already on the nodes.
    pub prepulled: bool,
    /// Whether no Pod fails.
    pub no_failures: bool,
    /// Whether no Pod works for more than twice the median of the work.
    pub no_stragglers: bool,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunChangeKind {
    Merge,
    Parallelism,
    Nodes,
    Prepulled,
    NoFailures,
    NoStragglers,
}

impl RunChangeKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Merge, Self::Parallelism, Self::Nodes, Self::Prepulled, Self::NoFailures, Self::NoStragglers];

    /// The name of the change on the command line and in the document.
    fn key(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Parallelism => "parallelism",
            Self::Nodes => "nodes",
            Self::Prepulled => "prepulled",
            Self::NoFailures => "noFailures",
            Self::NoStragglers => "noStragglers",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// All keys, as error messages list them.
const KEYS: &str = "merge=N, parallelism=N, nodes=N, prepulled, noFailures, noStragglers";

impl RunChange {
    /// Whether `word` looks like a change. Such a word is the value of `--what-if`; any other word is the next
    /// argument.
    pub(crate) fn is_like(word: &str) -> bool {
        word.contains('=') || word.split(',').any(|part| RunChangeKind::from_key(part).is_some())
    }

    /// The kinds of the changes in this combination.
    pub(crate) fn kinds(&self) -> Vec<RunChangeKind> {
        let has = |kind: &RunChangeKind| match kind {
            RunChangeKind::Merge => self.merge.is_some(),
            RunChangeKind::Parallelism => self.parallelism.is_some(),
            RunChangeKind::Nodes => self.nodes.is_some(),
            RunChangeKind::Prepulled => self.prepulled,
            RunChangeKind::NoFailures => self.no_failures,
            RunChangeKind::NoStragglers => self.no_stragglers,
        };
        RunChangeKind::ALL.into_iter().filter(has).collect()
    }

    /// Combines both changes. If both set the same number, the number of `other` is used.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            merge: other.merge.or(self.merge),
            parallelism: other.parallelism.or(self.parallelism),
            nodes: other.nodes.or(self.nodes),
            prepulled: self.prepulled || other.prepulled,
            no_failures: self.no_failures || other.no_failures,
            no_stragglers: self.no_stragglers || other.no_stragglers,
        }
    }
}

impl FromStr for RunChange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut change = Self::default();
        for part in text.split(',').map(str::trim) {
            let (key, value) = part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value)));
            let number = || match value.map(str::parse::<u32>) {
                Some(Ok(number)) if number > 0 => Ok(Some(number)),
                Some(_) | None => Err(format!("`{key}` needs a number above 0, for example `{key}=4`")),
            };
            let switch = || match value {
                None => Ok(true),
                Some(_) => Err(format!("`{key}` takes no value")),
            };
            match RunChangeKind::from_key(key.trim()) {
                Some(RunChangeKind::Merge) => change.merge = number()?,
                Some(RunChangeKind::Parallelism) => change.parallelism = number()?,
                Some(RunChangeKind::Nodes) => change.nodes = number()?,
                Some(RunChangeKind::Prepulled) => change.prepulled = switch()?,
                Some(RunChangeKind::NoFailures) => change.no_failures = switch()?,
                Some(RunChangeKind::NoStragglers) => change.no_stragglers = switch()?,
                None => return Err(format!("unknown change `{key}`; use {KEYS}, separated by commas")),
            }
        }
        Ok(change)
    }
}

impl Display for RunChange {
    /// Writes the change for people: `5 pieces per Pod, 8 Pods at once`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let plural = |count: u32| if count == 1 { "" } else { "s" };
        let parts = [
            self.merge.map(|count| format!("{count} piece{} per Pod", plural(count))),
            self.parallelism.map(|count| format!("{count} Pod{} at once", plural(count))),
            self.nodes.map(|count| format!("{count} node{}", plural(count))),
            self.prepulled.then(|| "images on the nodes".to_owned()),
            self.no_failures.then(|| "no failures".to_owned()),
            self.no_stragglers.then(|| "no stragglers".to_owned()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        formatter.write_str(if parts.is_empty() { "as it was" } else { "" })?;
        formatter.write_str(&parts.join(", "))
    }
}
