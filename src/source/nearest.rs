//! Finds the name that a user may have meant by a mistyped name.

/// Minimum number of bytes that a user must type so that the beginning of a name stands for the whole name.
const MIN_START: usize = 3;

/// Returns the candidate with the fewest typing errors in `typed`: inserted, deleted, replaced or swapped letters.
/// Ignores a candidate with more errors than a third of the letters of `typed`, unless the candidate has only one error
/// or begins with `typed` and `typed` has at least `MIN_START` bytes. Upper and lower case count as equal.
pub(crate) fn find_nearest<S: AsRef<str>>(typed: &str, candidates: impl IntoIterator<Item = S>) -> Option<S> {
    let typed = typed.to_lowercase();
    let max_errors = (typed.chars().count() / 3).max(1);
    let distances = candidates.into_iter().map(|candidate| {
        let name = candidate.as_ref().to_lowercase();
        let is_start = typed.len() >= MIN_START && name.starts_with(&typed);
        let distance = strsim::osa_distance(&typed, &name);
        (if is_start { distance.min(max_errors) } else { distance }, candidate)
    });
    let near = distances.filter(|(distance, _)| *distance <= max_errors);
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_candidate_is_found_if_it_is_similar() {
        let names = ["job", "jobs", "pods", "deployments", "cronjobs"];
        for (typed, nearest) in [
            ("jb", Some("job")),
            ("Jbos", Some("jobs")),
            ("jobss", Some("jobs")),
            ("depolyment", Some("deployments")),
            ("cronjobz", Some("cronjobs")),
            ("depl", Some("deployments")),
            ("nodes", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(find_nearest(typed, names), nearest, "{typed}");
        }
    }
}
