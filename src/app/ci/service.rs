//! The CI services whose logs have groups and annotations.

/// A CI service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CiService {
    /// GitHub Actions, and services that obey its workflow commands.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// Buildkite.
    Buildkite,
}

/// The services that a run writes for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CiOutput {
    /// The service whose groups and annotations are written. `None` writes neither.
    pub(crate) markup: Option<CiService>,
    /// The service that reads the output. It must not obey text from the cluster.
    pub(crate) reader: Option<CiService>,
}

impl CiOutput {
    /// Combines the service that the environment names and the service whose markup the user wants.
    ///
    /// The service in the environment reads the output even if the user wants no markup or the markup of another
    /// service.
    pub(crate) fn new(detected: Option<CiService>, markup: Option<CiService>) -> Self {
        Self { markup, reader: detected.or(markup) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_of_the_environment_reads_the_output_whatever_the_user_chooses() {
        let (github, gitlab) = (Some(CiService::GitHub), Some(CiService::GitLab));
        for (detected, markup, reader) in [
            (None, None, None),
            (github, github, github),
            (github, None, github),
            (github, gitlab, github),
            (None, gitlab, gitlab),
        ] {
            assert_eq!(CiOutput::new(detected, markup), CiOutput { markup, reader });
        }
    }
}
