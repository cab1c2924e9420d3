//! The changes of a run that the what-if can predict.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A combination of changes. A field that is not set is as it was in the run.
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
    /// Whether no Pod takes more than twice the median of the work.
    pub no_stragglers: bool,
}

/// The keys of a change with a number, and without one.
const KEYS: &str = "merge=N, parallelism=N, nodes=N, prepulled, noFailures, noStragglers";

impl RunChange {
    /// Whether a word is meant as a change, so that it is the value of `--what-if` and not the next argument.
    pub(crate) fn is_like(word: &str) -> bool {
        let is_key = |part: &str| {
            ["merge", "parallelism", "nodes", "prepulled", "noFailures", "noStragglers"].contains(&part)
        };
        word.contains('=') || word.split(',').any(is_key)
    }

    /// Both changes together. A number of `other` replaces the same number of `self`.
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
            match key.trim() {
                "merge" => change.merge = number()?,
                "parallelism" => change.parallelism = number()?,
                "nodes" => change.nodes = number()?,
                "prepulled" => change.prepulled = switch()?,
                "noFailures" => change.no_failures = switch()?,
                "noStragglers" => change.no_stragglers = switch()?,
                _ => return Err(format!("unknown change `{key}`; use {KEYS}, separated by commas")),
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
