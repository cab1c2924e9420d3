//! The wordings of Kubernetes' own messages. A recording keeps a message only if it has one of these wordings, because
//! any other message may contain a secret.
//!
//! A wording is literal text with placeholders. A message has a wording only if the text at each placeholder has the
//! form that the placeholder requires. The text at the placeholder `<…>` is always left out. The wordings come from
//! Kubernetes 1.29 to 1.37.

use crate::observation::trim_scheduling_reasons;

/// Replaces text that a recording leaves out.
pub(crate) const LEFT_OUT: &str = "(not recorded)";

/// Messages in the conditions of workloads, including the reasons why Pods cannot be created.
pub(crate) const CONDITION_WORDINGS: &[&str] = &[
    // Jobs.
    "Job has reached the specified backoff limit",
    "Job was active longer than specified deadline",
    "Job suspended",
    "Job resumed",
    "Job has failed indexes",
    "Job has exceeded the specified maximal number of failed indexes",
    "Reached expected number of succeeded pods",
    "Matched rules at index <number>",
    "Container <name> for pod <name> failed with exit code <number> matching <name> rule at index <number>",
    "Pod <name> has condition <name> matching <name> rule at index <number>",
    // Rollouts.
    "Deployment has minimum availability.",
    "Deployment does not have minimum availability.",
    "Deployment is paused",
    "Deployment is resumed",
    "ReplicaSet \"<name>\" has timed out progressing.",
    "ReplicaSet \"<name>\" has successfully progressed.",
    "ReplicaSet \"<name>\" is progressing.",
    "Created new replica set \"<name>\"",
    "Found new replica set \"<name>\"",
    // JobSets.
    "jobset completed successfully",
    "jobset failed due to one or more job failures",
    "jobset is suspended",
    "jobset is resumed",
    // Pods that the API server refuses.
    "pods \"<name>\" is forbidden: exceeded quota: <name>, requested: <counts>, used: <counts>, limited: <counts>",
    "pods \"<name>\" is forbidden: failed quota: <name>: must specify <counts>",
    "pods \"<name>\" is forbidden: error looking up service account <name>: serviceaccount \"<name>\" not found",
    "pods \"<name>\" is forbidden: violates PodSecurity \"<name>\": <…>",
    "pods \"<name>\" is forbidden: no PriorityClass with name <name> was found",
    "pods \"<name>\" is forbidden: <…>",
    "pods \"<name>\" already exists",
    "admission webhook \"<name>\" denied the request: <…>",
    "admission webhook \"<name>\" denied the request without explanation",
    "Internal error occurred: failed calling webhook \"<name>\": <…>",
    "<…>",
];

/// Messages of the Events that the program reads.
pub(crate) const EVENT_WORDINGS: &[&str] = &[
    // Image pulls.
    "Pulling image \"<image>\"",
    "Successfully pulled image \"<image>\" in <duration> (<duration> including waiting). Image size: <number> bytes.",
    "Successfully pulled image \"<image>\" in <duration> (<duration> including waiting)",
    "Successfully pulled image \"<image>\" in <duration>",
    "Successfully pulled image \"<image>\"",
    "Container image \"<image>\" already present on machine and can be accessed by the pod",
    "Container image \"<image>\" already present on machine",
    "Failed to pull image \"<image>\": <…>: not found",
    "Failed to pull image \"<image>\": <…>manifest unknown<…>",
    "Failed to pull image \"<image>\": <…>",
    "Failed to pull image <…>",
    "Back-off pulling image \"<image>\"",
    "Container image \"<image>\" is not present with pull policy of Never",
    "Failed to apply default image tag <…>invalid reference format<…>",
    // Containers that cannot be created. The program derives the reason that it shows from the missing object.
    "Error: ErrImagePull",
    "Error: ImagePullBackOff",
    "Error: InvalidImageName",
    "Error: ErrImageNeverPull",
    "Error: CreateContainerConfigError",
    "Error: CreateContainerError",
    "Error: configmap \"<name>\" not found",
    "Error: secret \"<name>\" not found",
    "Error: context deadline exceeded",
    "Error: couldn't find key <…>",
    "Error: <…>runAsNonRoot<…>",
    "Error: <…>failed to sync <…>",
    "Error: <…>subPath<…>",
    "Error: <…>cannot find volume <…>",
    "Error: <…>",
    // Volumes.
    "MountVolume.SetUp failed for volume \"<name>\" : configmap \"<name>\" not found",
    "MountVolume.SetUp failed for volume \"<name>\" : secret \"<name>\" not found",
    "MountVolume.SetUp failed for volume \"<name>\" : <…>",
    "MountVolume.MountDevice failed for volume \"<name>\" : <…>",
    "AttachVolume.Attach failed for volume \"<name>\" : <…>",
    // Probes that end a container.
    "Liveness probe failed: HTTP probe failed with statuscode: <number>",
    "Startup probe failed: HTTP probe failed with statuscode: <number>",
    "Liveness probe failed: <…>",
    "Startup probe failed: <…>",
    // The life cycle of Pods and containers.
    "Successfully assigned <name> to <name>",
    "Container created",
    "Container started",
    "Created container: <name>",
    "Created container <name>",
    "Started container <name>",
    "Stopping container <name>",
    "Container <name> failed liveness probe, will be restarted",
    "Container <name> failed startup probe, will be restarted",
    "<…>will be restarted<…>",
    "killing",
    "Back-off restarting failed container <name> in pod <name>",
    "Back-off restarting failed container",
    "Preempted by a pod on node <name>",
    "Preempted by pod <name> on node <name>",
    "Preempted by <name> on node <name>",
    "Marking for deletion Pod <name>",
    "Pod sandbox changed, it will be killed and re-created.",
    // The nodes of the Pods.
    "Starting kubelet.",
    "Node <name> has been rebooted, boot id: <…>",
    // The workloads of the Pods.
    "Created pod: <name>",
    "Deleted pod: <name>",
    "Error creating: pods \"<name>\" is forbidden: exceeded quota: <name>, requested: <counts>, used: <counts>, limited: <counts>",
    "Error creating: pods \"<name>\" is forbidden: failed quota: <name>: must specify <counts>",
    "Error creating: pods \"<name>\" is forbidden: error looking up service account <name>: serviceaccount \"<name>\" not found",
    "Error creating: pods \"<name>\" is forbidden: violates PodSecurity \"<name>\": <…>",
    "Error creating: pods \"<name>\" is forbidden: no PriorityClass with name <name> was found",
    "Error creating: pods \"<name>\" is forbidden: <…>",
    "Error creating: pods \"<name>\" already exists",
    "Error creating: admission webhook \"<name>\" denied the request: <…>",
    "Error creating: admission webhook \"<name>\" denied the request without explanation",
    "Error creating: Internal error occurred: failed calling webhook \"<name>\": <…>",
    "Error creating: <…>",
    "Job suspended",
    "Job resumed",
    "Job completed",
    "Job has reached the specified backoff limit",
    "Job was active longer than specified deadline",
];

/// Messages of waiting containers in the status of a Pod.
pub(crate) const WAITING_WORDINGS: &[&str] = &[
    "configmap \"<name>\" not found",
    "secret \"<name>\" not found",
    "context deadline exceeded",
    "rpc error: code = <name> desc = failed to pull and unpack image \"<image>\": <…>: not found",
    "rpc error: code = <name> desc = failed to pull and unpack image \"<image>\": <…>",
    "Back-off pulling image \"<image>\": ErrImagePull: <…>: not found",
    "Back-off pulling image \"<image>\": ErrImagePull: <…>manifest unknown<…>",
    "Back-off pulling image \"<image>\": <…>",
    "Back-off pulling image \"<image>\"",
    "Container image \"<image>\" is not present with pull policy of Never",
    "Failed to apply default image tag <…>invalid reference format<…>",
];

/// Reasons why a node cannot run a Pod, and why an autoscaler adds no node.
const SCHEDULING_REASONS: &[&str] = &[
    "Insufficient <name>",
    "Too many pods",
    "no nodes available to schedule pods",
    "node(s) were unschedulable",
    "node(s) had untolerated taint {<name>: <name>}",
    "node(s) had untolerated taint(s)",
    "node(s) didn't match Pod's node affinity/selector",
    "node(s) didn't match the requested node name",
    "node(s) didn't match pod affinity rules",
    "node(s) didn't match pod anti-affinity rules",
    "node(s) didn't satisfy existing pods anti-affinity rules",
    "node(s) didn't match pod topology spread constraints",
    "node(s) didn't match pod topology spread constraints (missing required label)",
    "node(s) didn't have free ports for the requested pod ports",
    "node is filtered out by the prefilter result",
    // Volumes.
    "node(s) exceed max volume count",
    "node(s) had volume node affinity conflict",
    "node(s) didn't match PersistentVolume's node affinity",
    "node(s) didn't find available persistent volumes to bind",
    "node(s) did not have enough free storage",
    "node(s) had no available volume zone",
    "node(s) had no available disk",
    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
    "pod has unbound immediate PersistentVolumeClaims",
    "persistentvolumeclaim \"<name>\" not found",
    "persistentvolumeclaim \"<name>\" is being deleted",
    "persistentvolumeclaim \"<name>\" bound to non-existent persistentvolume \"<name>\"",
    "waiting for ephemeral volume controller to create the persistentvolumeclaim \"<name>\"",
    // Devices.
    "cannot allocate all claims",
    "resourceclaim not available on the node",
    "resourceclaim \"<name>\" not found",
    // Autoscalers.
    "max node group size reached",
    "max total nodes in cluster reached",
    "max cluster <name> limit reached",
    "in backoff after failed scale-up",
];

/// Returns the message with [`LEFT_OUT`] instead of the text at placeholders `<…>`. Returns an empty string if the
/// message has none of the wordings.
pub(crate) fn keep_known_wording(text: &str, wordings: &[&str]) -> String {
    if text.is_empty() {
        return String::new();
    }
    wordings.iter().find_map(|wording| match_wording(text, wording)).unwrap_or_default()
}

/// Returns the message with [`LEFT_OUT`] instead of the text at placeholders `<…>`, or `None` if the message does not
/// have this wording.
fn match_wording(text: &str, wording: &str) -> Option<String> {
    let mut kept = String::new();
    let (mut text, mut wording) = (text, wording);
    loop {
        let (literal, rest) = wording.split_once('<').unwrap_or((wording, ""));
        text = text.strip_prefix(literal)?;
        kept.push_str(literal);
        let Some((placeholder, rest)) = rest.split_once('>') else { return text.is_empty().then_some(kept) };
        let next = rest.split('<').next().unwrap_or_default();
        let end = if next.is_empty() { text.len() } else { text.find(next)? };
        let (part, after) = text.split_at(end);
        match placeholder {
            "…" if part.is_empty() => {}
            "…" => kept.push_str(LEFT_OUT),
            _ if fits_placeholder(placeholder, part) => kept.push_str(part),
            _ => return None,
        }
        (text, wording) = (after, rest);
    }
}

/// Whether a part of a message has the form that a placeholder requires.
fn fits_placeholder(placeholder: &str, part: &str) -> bool {
    let is_alphanumeric_or =
        |others: &str| part.chars().all(|char| char.is_ascii_alphanumeric() || others.contains(char));
    match placeholder {
        "image" => is_image_name(part),
        "number" => part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit()),
        "duration" => part.len() <= 32 && part.chars().all(|char| "0123456789.hmsnuµμ".contains(char)),
        // `default/pi-x8k2p`, `pi_default(uid)`, `restricted:latest`.
        "name" => {
            part.len() <= 400 && is_alphanumeric_or("-._/()")
                || part.strip_suffix(":latest").is_some_and(|part| fits_placeholder(placeholder, part))
        }
        // `requests.cpu=2,limits.memory=1Gi`: resources and their amounts.
        "counts" => part.len() <= 400 && part.split(',').all(is_amount),
        _ => false,
    }
}

/// Whether `part` is an amount, for example `pods=2` or `requests.cpu=500m`, or only the name of a resource.
fn is_amount(part: &str) -> bool {
    let (name, amount) = part.split_once('=').unwrap_or((part, "0"));
    let is_name = |char: char| char.is_ascii_alphanumeric() || "-._/".contains(char);
    let number = amount.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    name.chars().all(is_name)
        && amount.len() - number.len() <= 2
        && number.len() <= 20
        && number.chars().all(|char| char.is_ascii_digit() || char == '.')
}

/// Whether `name` is the name of an image. The address of a server is not such a name, because the address may contain
/// a password.
pub(crate) fn is_image_name(name: &str) -> bool {
    let (name, digest) = name.split_once('@').unwrap_or((name, "sha256:"));
    let fits = |char: char| char.is_ascii_alphanumeric() || "-._/:".contains(char);
    let digest = digest.split_once(':');
    name.len() <= 512
        && name.chars().all(fits)
        && !name.contains("://")
        && digest.is_some_and(|(algorithm, digits)| {
            algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// Replaces `reason` with [`LEFT_OUT`] unless it is a single word.
pub(crate) fn keep_single_word(reason: &mut String) {
    let fits = |char: char| char.is_ascii_alphanumeric() || "-._/:".contains(char);
    if reason.len() > 128 || !reason.chars().all(fits) || reason.contains("://") {
        LEFT_OUT.clone_into(reason);
    }
}

/// Redacts a message in which the scheduler or an autoscaler lists why no node can run a Pod. Each reason with an
/// unknown wording is left out.
pub(crate) fn keep_scheduling_reasons(text: &str) -> String {
    /// The text before the list of reasons in a message of the scheduler.
    const SCHEDULER_LIST: &str = " nodes are available: ";
    /// The beginning of a message of an autoscaler.
    const AUTOSCALER_BEGINNING: &str = "pod didn't trigger scale-up";
    let text = text.split(" preemption: ").next().unwrap_or_default();
    let text = text.split(" no new claims to deallocate").next().unwrap_or_default();
    let (head, reasons) = if let Some((nodes, reasons)) = text.split_once(SCHEDULER_LIST) {
        // `nodes` is, for example, `0/5`.
        let nodes = if nodes.chars().all(|char| char.is_ascii_digit() || char == '/') { nodes } else { "" };
        (format!("{nodes}{SCHEDULER_LIST}"), reasons)
    } else if let Some((_, reasons)) =
        text.split_once(": ").filter(|_| text.starts_with(AUTOSCALER_BEGINNING))
    {
        (format!("{AUTOSCALER_BEGINNING}: "), reasons)
    } else {
        (String::new(), text)
    };
    let reasons = trim_scheduling_reasons(reasons);
    let reasons: Vec<String> = reasons.split(", ").map(keep_scheduling_reason).collect();
    format!("{head}{}", reasons.join(", "))
}

/// Keeps or leaves out one reason of the list. The number of nodes to which the reason applies is always kept.
fn keep_scheduling_reason(reason: &str) -> String {
    let (count, text) = match reason.split_once(' ') {
        Some((count, text)) if !count.is_empty() && fits_placeholder("number", count) => (count, text),
        _ => ("", reason),
    };
    let separator = if count.is_empty() { "" } else { " " };
    let known = SCHEDULING_REASONS.iter().find_map(|wording| match_wording(text, wording));
    match known {
        Some(text) => format!("{count}{separator}{text}"),
        None if reason.is_empty() => String::new(),
        None => format!("{count}{separator}{LEFT_OUT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_with_known_wordings_are_kept() {
        for text in [
            "Successfully pulled image \"registry.example/app:1@sha256:0aF\" in 4.194s (5.2s including waiting). Image size: 335395316 bytes.",
            "Successfully pulled image \"app:1\" in 304.127303ms",
            "Container image \"app:1\" already present on machine and can be accessed by the pod",
            "Error: couldn't find key ",
            "Container main failed liveness probe, will be restarted",
            "Created pod: pi-x8k2p",
            "Error creating: pods \"pi-x8k2p\" is forbidden: exceeded quota: few, requested: pods=1,requests.cpu=500m, used: pods=2, limited: pods=2",
        ] {
            assert_eq!(keep_known_wording(text, EVENT_WORDINGS), text);
        }
        for text in [
            "Job has reached the specified backoff limit",
            "Container main for pod default/p failed with exit code 3 matching FailJob rule at index 0",
            "ReplicaSet \"web-5d\" has timed out progressing.",
        ] {
            assert_eq!(keep_known_wording(text, CONDITION_WORDINGS), text);
        }
    }

    #[test]
    fn text_that_may_contain_a_secret_is_left_out() {
        for (text, kept) in [
            (
                "Failed to pull image \"app:1\": GET https://user:pw@registry: denied",
                "Failed to pull image \"app:1\": (not recorded)",
            ),
            (
                "Failed to pull image \"https://user:pw@registry/app\": x",
                "Failed to pull image (not recorded)",
            ),
            ("Error: failed to start \"sh -c PASSWORD=pw\"", "Error: (not recorded)"),
            (
                "Error: container has runAsNonRoot and PASSWORD=pw",
                "Error: (not recorded)runAsNonRoot(not recorded)",
            ),
            (
                "Error creating: admission webhook \"check.example\" denied the request: token pw",
                "Error creating: admission webhook \"check.example\" denied the request: (not recorded)",
            ),
            ("Error creating: https://user:pw@host", "Error creating: (not recorded)"),
            ("Created pod: user:pw@host", ""),
            ("Liveness probe failed: pw", "Liveness probe failed: (not recorded)"),
            ("Readiness probe failed: pw", ""),
            (
                "MountVolume.SetUp failed for volume \"v\" : https://user:pw@host",
                "MountVolume.SetUp failed for volume \"v\" : (not recorded)",
            ),
            ("Created container https://pw", ""),
        ] {
            assert_eq!(keep_known_wording(text, EVENT_WORDINGS), kept, "{text}");
        }
        assert_eq!(keep_known_wording("see https://user:pw@host", CONDITION_WORDINGS), LEFT_OUT);
        assert_eq!(keep_known_wording("", CONDITION_WORDINGS), "");
    }

    #[test]
    fn only_known_scheduling_reasons_are_kept() {
        for (text, kept) in [
            (
                "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint {a/b: c}. preemption: x",
                "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint {a/b: c}",
            ),
            (
                "0/2 nodes are available: 2 see pw, 1 Too many pods.",
                "0/2 nodes are available: 2 (not recorded), 1 Too many pods",
            ),
            (
                "0/2 nodes are available: persistentvolumeclaim \"data\" not found. not found",
                "0/2 nodes are available: persistentvolumeclaim \"data\" not found",
            ),
            ("no nodes available to schedule pods", "no nodes available to schedule pods"),
            ("key=pw", LEFT_OUT),
            (
                "pod didn't trigger scale-up (it wouldn't fit): 1 max node group size reached",
                "pod didn't trigger scale-up: 1 max node group size reached",
            ),
            ("", ""),
        ] {
            assert_eq!(keep_scheduling_reasons(text), kept);
        }
    }

    #[test]
    fn a_reason_that_is_not_one_word_is_left_out() {
        for (reason, kept) in [
            ("BackoffLimitExceeded", "BackoffLimitExceeded"),
            ("a b", LEFT_OUT),
            ("http://x", LEFT_OUT),
            ("", ""),
        ] {
            let mut word = reason.to_owned();
            keep_single_word(&mut word);
            assert_eq!(word, kept);
        }
    }

    #[test]
    fn an_address_with_a_password_is_not_an_image_name() {
        for name in ["perl:5.34.0", "registry.example:5000/team/app@sha256:00ff", "busybox"] {
            assert!(is_image_name(name), "{name}");
        }
        for name in ["https://registry/app", "user:pw@registry/app", "user@registry:5000/app", "a b", "a?b=c"]
        {
            assert!(!is_image_name(name), "{name}");
        }
    }
}
