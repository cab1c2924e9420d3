//! The few event messages that carry facts of their own. Wordings of Kubernetes 1.29 to 1.37.

use jiff::SignedDuration;

use super::packed::{Pack, Packer, Unpacker};

/// What a `Pulled` event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// The image was there.
    Cached,
    /// The image was pulled.
    Pulled {
        /// The pull alone.
        pull: Option<SignedDuration>,
        /// Since `Pulling`, the node's queue included.
        since_asked: Option<SignedDuration>,
        /// Size of the image.
        bytes: Option<u64>,
    },
}

impl Pack for Pulled {
    fn pack(&self, to: &mut Packer<'_>) {
        let times = match self {
            Self::Cached => None,
            Self::Pulled { pull, since_asked, bytes } => Some(((*pull, *since_asked), *bytes)),
        };
        times.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match Option::unpack(from) {
            None => Self::Cached,
            Some(((pull, since_asked), bytes)) => Self::Pulled { pull, since_asked, bytes },
        }
    }
}

/// Reads the message of a `Pulled` event (`pkg/kubelet/images/image_manager.go`); `None` if the wording is unknown.
pub(crate) fn pulled(message: &str) -> Option<Pulled> {
    if message.contains(" already present on machine") {
        return Some(Pulled::Cached);
    }
    // The image is quoted by Go's %q and may hold anything but a bare quote.
    let rest = message.strip_prefix("Successfully pulled image \"")?;
    let rest = rest.rsplit_once('"')?.1;
    let (times, size) = match rest.split_once(". Image size: ") {
        Some((times, size)) => (times, size.strip_suffix(" bytes.").and_then(|size| size.parse().ok())),
        None => (rest.trim_end_matches('.'), None),
    };
    let Some(times) = times.strip_prefix(" in ") else {
        return Some(Pulled::Pulled { pull: None, since_asked: None, bytes: size });
    };
    let (pull, since_asked) = match times.split_once(" (") {
        Some((pull, wait)) => (pull, wait.strip_suffix(" including waiting)").and_then(whole_millis)),
        None => (times, None),
    };
    Some(Pulled::Pulled { pull: whole_millis(pull), since_asked, bytes: size })
}

/// Reads a duration as Go prints it, without parts of a millisecond: all times are cut that way.
fn whole_millis(text: &str) -> Option<SignedDuration> {
    let millis = i64::try_from(go_duration(text)?.as_millis()).ok()?;
    Some(SignedDuration::from_millis(millis))
}

/// Reads a duration as Go prints it: `1h2m3.5s`, `345ms`, `0s`.
pub(crate) fn go_duration(text: &str) -> Option<SignedDuration> {
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

/// Why the scheduler finds no node, without the numbers that keep changing:
/// `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {a: b}. preemption: …` becomes
/// `Insufficient cpu, node(s) had untolerated taint {a: b}`.
pub(crate) fn unschedulable(message: &str) -> String {
    let reasons = match message.split_once(" nodes are available: ") {
        Some((_, reasons)) => reasons,
        None => message,
    };
    let reasons = reasons.split(" preemption: ").next().unwrap_or(reasons);
    // What the scheduler tried with devices, before it tried preemption.
    let reasons = reasons.split(" no new claims to deallocate").next().unwrap_or(reasons);
    without_numbers(reasons)
}

/// Why the cluster autoscaler adds no node: `pod didn't trigger scale-up: 1 max node group size reached` becomes
/// `max node group size reached`.
pub(crate) fn no_scale_up(message: &str) -> String {
    message.split_once(": ").map(|(_, reasons)| without_numbers(reasons)).unwrap_or_default()
}

/// A list of reasons, each without the number of nodes that it holds for, sorted.
fn without_numbers(reasons: &str) -> String {
    let reasons = reasons.trim().trim_end_matches('.');
    let mut kinds: Vec<&str> = reasons
        .split(", ")
        .map(|reason| {
            let reason = reason.trim();
            match reason.split_once(' ') {
                Some((count, rest)) if count.bytes().all(|byte| byte.is_ascii_digit()) => rest,
                _ => reason,
            }
        })
        .filter(|reason| !reason.is_empty())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(", ")
}

/// What a `Failed` event says: the container's `waiting.reason` that goes with `Error: …`; `None` for a pull that failed,
/// which has events of its own.
pub(crate) fn start_failure(message: &str) -> Option<&str> {
    /// What making a container's configuration says (`pkg/kubelet/kuberuntime`, `pkg/kubelet/kubelet_pods.go`).
    const CONFIG: [&str; 6] = [
        " not found",
        "couldn't find key ",
        "runAsNonRoot",
        "failed to sync ",
        "subPath",
        "cannot find volume ",
    ];
    let error = message.strip_prefix("Error: ")?;
    match error {
        "ErrImagePull" | "ImagePullBackOff" => None,
        "InvalidImageName" | "ErrImageNeverPull" | "CreateContainerConfigError" | "CreateContainerError" => {
            Some(error)
        }
        _ if (error.starts_with("configmap ") || error.starts_with("secret "))
            && error.contains(CONFIG[0]) =>
        {
            Some("CreateContainerConfigError")
        }
        _ if CONFIG.iter().skip(1).any(|part| error.contains(part)) => Some("CreateContainerConfigError"),
        _ => Some("RunContainerError"),
    }
}

/// Whether a `Killing` event tells that the Pod is to stop, not that a probe or a restart rule ended one container.
pub(crate) fn stops_for_the_pod(message: &str) -> bool {
    message != "killing" && !message.contains("will be restarted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: i64) -> SignedDuration {
        SignedDuration::from_millis(millis)
    }

    #[test]
    fn every_wording_of_pulled_is_read() {
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
        for (message, pull, since_asked, bytes) in cases {
            assert_eq!(pulled(message), Some(Pulled::Pulled { pull, since_asked, bytes }), "{message}");
        }
        for message in [
            r#"Container image "perl:5.34.0" already present on machine"#,
            r#"Container image "perl:5.34.0" already present on machine and can be accessed by the pod"#,
        ] {
            assert_eq!(pulled(message), Some(Pulled::Cached), "{message}");
        }
        assert_eq!(pulled("Pulled"), None);
    }

    #[test]
    fn durations_are_read_as_go_prints_them() {
        assert_eq!(go_duration("1h2m3.5s"), Some(millis(3_723_500)));
        assert_eq!(go_duration("4.194127303s"), Some(SignedDuration::from_nanos(4_194_127_303)));
        assert_eq!(go_duration("12µs"), Some(SignedDuration::from_micros(12)));
        for wrong in ["", "5", "s", "1.2.3s", "5 s", "1e400h"] {
            assert_eq!(go_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_container_that_is_restarted_does_not_tell_of_a_deletion() {
        assert!(stops_for_the_pod("Stopping container main"));
        assert!(stops_for_the_pod("Killing container with id docker://main:Need to kill Pod"));
        assert!(!stops_for_the_pod("Container main failed liveness probe, will be restarted"));
        assert!(!stops_for_the_pod("killing"));
    }

    #[test]
    fn numbers_that_keep_changing_make_no_new_reasons() {
        let first = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.";
        let later = "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.";
        assert_eq!(unschedulable(first), "Insufficient cpu");
        assert_eq!(unschedulable(later), "Insufficient cpu, node(s) were unschedulable");
        assert_eq!(
            unschedulable("no nodes available to schedule pods"),
            "no nodes available to schedule pods"
        );
    }
}
