//! Extracts the cause from the messages of the kubelet about failed pulls, starts and volumes.
//!
//! The kubelet wraps the cause in several sentences that repeat the image, the volume or the error code. The cause
//! alone is short enough for a row.

use std::borrow::Cow;

/// Longer causes are cut, because the program keeps them for every Pod.
const MAX_CAUSE_CHARS: usize = 240;

/// Beginnings that say nothing about the cause.
const EMPTY_BEGINNINGS: [&str; 7] = [
    "Error:",
    "ErrImagePull:",
    "ImagePullBackOff:",
    "Error response from daemon:",
    "Failed to create pod sandbox:",
    "Failed create pod sandbox:",
    "rpc error:",
];

/// Beginnings that a quoted image follows.
const BEGINNINGS_BEFORE_IMAGE: [&str; 7] = [
    "Back-off pulling image ",
    "Failed to pull image ",
    "Failed to apply default image tag ",
    "couldn't parse image name ",
    "failed to pull and unpack image ",
    "failed to pull image ",
    "failed to resolve reference ",
];

/// Beginnings that a quoted volume follows.
const BEGINNINGS_BEFORE_VOLUME: [&str; 4] = [
    "MountVolume.SetUp failed for volume ",
    "MountVolume.MountDevice failed for volume ",
    "MapVolume.SetUpDevice failed for volume ",
    "AttachVolume.Attach failed for volume ",
];

/// Part of each message about a name that is not the name of an image.
const INVALID_NAME: &str = "invalid reference format";

/// Messages that only repeat the reason.
const REASONS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
];

/// Returns the cause of a failure from the message of an Event or of a waiting container:
/// `Back-off pulling image "trainer:1": ErrImagePull: trainer:1: not found` becomes `not found`. Returns `None` if the
/// message contains no cause.
pub(crate) fn parse_failure_cause(message: &str) -> Option<Cow<'_, str>> {
    let mut rest = message.trim();
    let mut image = None;
    loop {
        let before = rest;
        for beginning in EMPTY_BEGINNINGS {
            rest = rest.strip_prefix(beginning).unwrap_or(rest).trim_start();
        }
        // The code of an error, as in `code = NotFound desc = …`.
        if let Some((_, description)) =
            rest.strip_prefix("code = ").and_then(|code| code.split_once("desc = "))
        {
            rest = description;
        }
        for beginning in BEGINNINGS_BEFORE_IMAGE {
            if let Some((quoted, after)) = rest.strip_prefix(beginning).and_then(split_quoted) {
                image = image.or(Some(quoted));
                rest = after;
            }
        }
        if let Some(after) = image.and_then(|image| rest.strip_prefix(image)?.strip_prefix(": ")) {
            rest = after;
        }
        if rest == before {
            break;
        }
    }
    let is_missing = image.is_some() && (rest.ends_with("not found") || rest.contains("manifest unknown"));
    if is_missing {
        return Some("not found".into());
    }
    // The rest of this message only repeats the name of the image.
    if rest.contains(INVALID_NAME) {
        return Some(INVALID_NAME.into());
    }
    if let Some(volume) = BEGINNINGS_BEFORE_VOLUME.iter().find_map(|start| rest.strip_prefix(start)) {
        let (quoted, after) = split_quoted(volume)?;
        let after = parse_failure_cause(after)?;
        return Some(cut(format!("volume \"{quoted}\": {after}").into()));
    }
    let is_policy = rest.ends_with(" is not present with pull policy of Never");
    if let Some(start) = rest.find("not present").filter(|_| is_policy) {
        return Some(rest[start..].into());
    }
    let is_empty = rest.is_empty() || REASONS.contains(&rest);
    (!is_empty).then(|| cut(rest.into()))
}

/// Returns the cause of a failed probe from the message of an `Unhealthy` event:
/// `liveness probe failed: connection refused`. Returns `None` for a readiness probe, because its failure does not end
/// the container.
pub(crate) fn parse_failed_probe(message: &str) -> Option<String> {
    let (probe, output) = message.split_once(" probe ")?;
    let probe = match probe {
        "Liveness" => "liveness",
        "Startup" => "startup",
        _ => return None,
    };
    Some(cut(format!("{probe} probe {}", output.trim().trim_end_matches(':')).into()).into_owned())
}

/// Splits a text that begins with a quoted part into the quoted part and the text after the colon that follows.
fn split_quoted(text: &str) -> Option<(&str, &str)> {
    let (quoted, after) = text.strip_prefix('"')?.split_once('"')?;
    let after = after.trim_start();
    Some((quoted, after.strip_prefix(':').unwrap_or(after).trim_start()))
}

/// Cuts a text after [`MAX_CAUSE_CHARS`].
fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_CAUSE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_extracted_without_the_sentences_around_it() {
        for (message, cause) in [
            (
                r#"rpc error: code = NotFound desc = failed to pull and unpack image "trainer:missing": failed to resolve reference "trainer:missing": trainer:missing: not found"#,
                "not found",
            ),
            (
                r#"Failed to pull image "web:1": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/web:1": failed to resolve reference "docker.io/library/web:1": docker.io/library/web:1: not found"#,
                "not found",
            ),
            (r#"Back-off pulling image "web:1": ErrImagePull: (not recorded): not found"#, "not found"),
            (
                r#"Failed to pull image "a/web:1": Error response from daemon: manifest for a/web:1 not found: manifest unknown"#,
                "not found",
            ),
            (
                r#"Failed to pull image "r.example/web:1": rpc error: code = Unknown desc = failed to pull and unpack image "r.example/web:1": failed to resolve reference "r.example/web:1": failed to authorize: 401 Unauthorized"#,
                "failed to authorize: 401 Unauthorized",
            ),
            (
                r#"Failed to apply default image tag "Foo:Bar:Baz": couldn't parse image name "Foo:Bar:Baz": invalid reference format"#,
                "invalid reference format",
            ),
            (
                r#"Container image "a:1" is not present with pull policy of Never"#,
                "not present with pull policy of Never",
            ),
            (r#"Error: configmap "nope" not found"#, r#"configmap "nope" not found"#),
            (
                r#"MountVolume.SetUp failed for volume "v" : secret "nosecret" not found"#,
                r#"volume "v": secret "nosecret" not found"#,
            ),
            (
                "Failed to create pod sandbox: rpc error: code = Unknown desc = no route to host",
                "no route to host",
            ),
        ] {
            assert_eq!(parse_failure_cause(message).as_deref(), Some(cause), "{message}");
        }
        for message in ["Error: ErrImagePull", r#"Back-off pulling image "web:1""#, "", "Error: "] {
            assert_eq!(parse_failure_cause(message), None, "{message}");
        }
    }

    #[test]
    fn a_long_cause_is_cut() {
        let cause = parse_failure_cause(&"ä".repeat(10_000)).unwrap().into_owned();
        assert_eq!(cause.chars().count(), MAX_CAUSE_CHARS + 1);
    }

    #[test]
    fn only_probes_that_end_a_container_are_causes() {
        assert_eq!(
            parse_failed_probe("Liveness probe failed: wedged\n\n").as_deref(),
            Some("liveness probe failed: wedged")
        );
        assert_eq!(parse_failed_probe("Startup probe failed: ").as_deref(), Some("startup probe failed"));
        assert_eq!(parse_failed_probe("Readiness probe failed: wedged"), None);
    }
}
