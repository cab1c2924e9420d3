//! Parses the few event messages that contain facts, in the wordings of Kubernetes 1.29 to 1.37.

use std::borrow::Cow;

use jiff::SignedDuration;

use crate::lifecycle::packed::{Pack, Packer, Unpacker};
use crate::observation::trim_scheduling_reasons;

/// The content of a `Pulled` event's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PulledMessage {
    /// The image was already on the node.
    Cached,
    /// The image was pulled.
    Pulled {
        /// Duration of the pull alone.
        pull: Option<SignedDuration>,
        /// Time since the pull was requested. Includes the time in the node's queue.
        since_request: Option<SignedDuration>,
        /// Size of the image in bytes.
        bytes: Option<u64>,
    },
}

impl Pack for PulledMessage {
    fn pack(&self, to: &mut Packer<'_>) {
        let fields = match self {
            Self::Cached => None,
            Self::Pulled { pull, since_request, bytes } => Some(((*pull, *since_request), *bytes)),
        };
        fields.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match Option::unpack(from) {
            None => Self::Cached,
            Some(((pull, since_request), bytes)) => Self::Pulled { pull, since_request, bytes },
        }
    }
}

/// Parses the message of a `Pulled` event (`pkg/kubelet/images/image_manager.go`). Returns `None` if the wording is
/// unknown.
pub(crate) fn parse_pulled(message: &str) -> Option<PulledMessage> {
    if message.contains(" already present on machine") {
        return Some(PulledMessage::Cached);
    }
    // Go quotes the image with %q, so the quoted image can contain any character. The last quote of the message ends
    // the image.
    let rest = message.strip_prefix("Successfully pulled image \"")?;
    let rest = rest.rsplit_once('"')?.1;
    let (times, size) = match rest.split_once(". Image size: ") {
        Some((times, size)) => (times, size.strip_suffix(" bytes.").and_then(|size| size.parse().ok())),
        None => (rest.trim_end_matches('.'), None),
    };
    let Some(times) = times.strip_prefix(" in ") else {
        return Some(PulledMessage::Pulled { pull: None, since_request: None, bytes: size });
    };
    let (pull, since_request) = match times.split_once(" (") {
        Some((pull, since_request)) => {
            (pull, since_request.strip_suffix(" including waiting)").and_then(parse_go_millis))
        }
        None => (times, None),
    };
    Some(PulledMessage::Pulled { pull: parse_go_millis(pull), since_request, bytes: size })
}

/// Returns the image that the message of an Event names. The image is the first quoted text.
pub(crate) fn parse_image(message: &str) -> Option<&str> {
    let rest = message.split_once('"')?.1;
    rest.split_once('"').map(|(image, _)| image).filter(|image| !image.is_empty())
}

/// Returns the node that the message of a `Scheduled` event names: `Successfully assigned NAMESPACE/POD to NODE`.
pub(crate) fn parse_assigned_node(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("Successfully assigned ")?;
    rest.rsplit_once(" to ").map(|(_, node)| node).filter(|node| !node.is_empty())
}

/// Parses a duration in Go's format and truncates it to milliseconds, like all times of the model.
fn parse_go_millis(text: &str) -> Option<SignedDuration> {
    let millis = i64::try_from(parse_go_duration(text)?.as_millis()).ok()?;
    Some(SignedDuration::from_millis(millis))
}

/// Parses a duration in Go's format, for example `1h2m3.5s`, `345ms` or `0s`.
fn parse_go_duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut nanos = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        nanos += number
            * match &rest[..unit] {
                "h" => 3_600e9,
                "m" => 60e9,
                "s" => 1e9,
                "ms" => 1e6,
                "us" | "µs" | "μs" => 1e3,
                "ns" => 1.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    if text.is_empty() || nanos > 9e18 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    Some(SignedDuration::from_nanos(nanos as i64))
}

/// Returns the reasons why the scheduler found no node. The numbers of nodes are removed, because they change often.
///
/// `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {a: b}. preemption: …` becomes
/// `Insufficient cpu, node(s) had untolerated taint a=b`.
pub(crate) fn parse_unschedulable_reasons(message: &str) -> String {
    let reasons = match message.split_once(" nodes are available: ") {
        Some((_, reasons)) => reasons,
        None => message,
    };
    let reasons = reasons.split(" preemption: ").next().unwrap_or(reasons);
    // A sentence about devices (dynamic resource allocation) can come before the sentence about preemption.
    let reasons = reasons.split(" no new claims to deallocate").next().unwrap_or(reasons);
    remove_node_counts(reasons)
}

/// Returns the reasons why the cluster autoscaler adds no node.
///
/// `pod didn't trigger scale-up: 1 max node group size reached` becomes `max node group size reached`.
pub(crate) fn parse_no_scale_up_reasons(message: &str) -> String {
    message.split_once(": ").map(|(_, reasons)| remove_node_counts(reasons)).unwrap_or_default()
}

/// Removes the number of nodes before each reason of a comma-separated list. Returns the reasons sorted and without
/// duplicates.
fn remove_node_counts(reasons: &str) -> String {
    let mut distinct: Vec<Cow<'_, str>> = trim_scheduling_reasons(reasons)
        .split(", ")
        .map(|reason| {
            let reason = reason.trim();
            match reason.split_once(' ') {
                Some((count, rest)) if count.bytes().all(|byte| byte.is_ascii_digit()) => rest,
                _ => reason,
            }
        })
        .filter(|reason| !reason.is_empty())
        .map(name_taint)
        .collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.join(", ")
}

/// Names the taint in a reason as people do. Kubernetes up to 1.33 writes `node(s) had untolerated taint
/// {node.kubernetes.io/unreachable: }`, which becomes `node(s) had untolerated taint unreachable`.
fn name_taint(reason: &str) -> Cow<'_, str> {
    const BEGINNING: &str = "node(s) had untolerated taint ";
    let Some(taint) =
        reason.strip_prefix(BEGINNING).and_then(|rest| rest.strip_prefix('{')?.strip_suffix('}'))
    else {
        return reason.into();
    };
    let (key, value) = taint.split_once(": ").unwrap_or((taint, ""));
    let key = key.strip_prefix("node.kubernetes.io/").unwrap_or(key);
    let separator = if value.is_empty() { "" } else { "=" };
    format!("{BEGINNING}{key}{separator}{value}").into()
}

/// The values of `waiting.reason` that report a failure to create or start a container.
pub(crate) const START_FAILURE_REASONS: &[&str] = &[
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// Parts of messages that report an error in a container's configuration (`pkg/kubelet/kuberuntime`,
/// `pkg/kubelet/kubelet_pods.go`).
const CONFIGURATION_ERRORS: &[&str] =
    &["couldn't find key ", "runAsNonRoot", "failed to sync ", "subPath", "cannot find volume "];

/// Returns the `waiting.reason` that the container's status shows together with a `Failed` event whose message is
/// `Error: …`. Returns `None` for every other message, and for a failed pull, because other events report failed pulls.
pub(crate) fn parse_start_failure_reason(message: &str) -> Option<&str> {
    let error = message.strip_prefix("Error: ")?;
    let is_missing_object =
        (error.starts_with("configmap ") || error.starts_with("secret ")) && error.contains(" not found");
    match error {
        "ErrImagePull" | "ImagePullBackOff" => None,
        _ if START_FAILURE_REASONS.contains(&error) => Some(error),
        _ if is_missing_object || CONFIGURATION_ERRORS.iter().any(|part| error.contains(part)) => {
            Some("CreateContainerConfigError")
        }
        _ => Some("RunContainerError"),
    }
}

/// Whether a `Killing` event reports that the whole Pod stops. The other `Killing` events report that one container
/// stops because of a failed probe or a restart rule.
pub(crate) fn is_stop_of_pod(message: &str) -> bool {
    message != "killing" && !message.contains("will be restarted")
}

/// Whether a `Killing` event reports that one container stops because of a failed probe.
pub(crate) fn is_stop_by_probe(message: &str) -> bool {
    message.contains(" probe") && message.contains("will be restarted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: i64) -> SignedDuration {
        SignedDuration::from_millis(millis)
    }

    #[test]
    fn every_wording_of_a_pulled_event_is_parsed() {
        let cases = [
            (r#"Successfully pulled image "perl:5.34.0""#, None, None, None),
            (r#"Successfully pulled image "perl" in 4.194s"#, Some(millis(4194)), None, None),
            (
                r#"Successfully pulled image "perl" in 4.194s (5.2s including waiting)"#,
                Some(millis(4194)),
                Some(millis(5200)),
                None,
            ),
            (
                r#"Successfully pulled image "perl" in 434ms (1m5.178s including waiting). Image size: 335395316 bytes."#,
                Some(millis(434)),
                Some(millis(65178)),
                Some(335_395_316),
            ),
            (
                r#"Successfully pulled image "a\"b in 3s" in 0s (0s including waiting)"#,
                Some(millis(0)),
                Some(millis(0)),
                None,
            ),
        ];
        for (message, pull, since_request, bytes) in cases {
            assert_eq!(
                parse_pulled(message),
                Some(PulledMessage::Pulled { pull, since_request, bytes }),
                "{message}"
            );
        }
        for message in [
            r#"Container image "perl:5.34.0" already present on machine"#,
            r#"Container image "perl:5.34.0" already present on machine and can be accessed by the pod"#,
        ] {
            assert_eq!(parse_pulled(message), Some(PulledMessage::Cached), "{message}");
        }
        assert_eq!(parse_pulled("Pulled"), None);
    }

    #[test]
    fn durations_in_go_format_are_parsed() {
        assert_eq!(parse_go_duration("1h2m3.5s"), Some(millis(3_723_500)));
        assert_eq!(parse_go_duration("4.194127303s"), Some(SignedDuration::from_nanos(4_194_127_303)));
        assert_eq!(parse_go_duration("12µs"), Some(SignedDuration::from_micros(12)));
        for wrong in ["", "5", "s", "1.2.3s", "5 s", "1e400h"] {
            assert_eq!(parse_go_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_killing_event_that_restarts_one_container_is_not_a_stop_of_the_pod() {
        assert!(is_stop_of_pod("Stopping container main"));
        assert!(is_stop_of_pod("Killing container with id docker://main:Need to kill Pod"));
        assert!(!is_stop_of_pod("Container main failed liveness probe, will be restarted"));
        assert!(!is_stop_of_pod("killing"));
    }

    #[test]
    fn the_reasons_contain_no_numbers_of_nodes() {
        let first = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.";
        let later = "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.";
        assert_eq!(parse_unschedulable_reasons(first), "Insufficient cpu");
        assert_eq!(parse_unschedulable_reasons(later), "Insufficient cpu, node(s) were unschedulable");
        assert_eq!(
            parse_unschedulable_reasons("no nodes available to schedule pods"),
            "no nodes available to schedule pods"
        );
    }
}
