//! Texts for people, of which a recording keeps only what is known to say nothing else: Kubernetes' own wordings.
//!
//! A wording is its literal text with holes. What stands in a hole must be of the hole's kind, or the whole text is left
//! out; what stands in `<…>` is always left out. Wordings of Kubernetes 1.29 to 1.37.

/// What stands for what is left out.
pub(crate) const LEFT_OUT: &str = "(not recorded)";

/// Conditions of Jobs and Deployments, and why they make no Pods.
pub(crate) const CONDITIONS: &[&str] = &[
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
    // Pods that are refused.
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

/// Events of which the text is read.
pub(crate) const EVENTS: &[&str] = &[
    // Image pulls.
    "Pulling image \"<image>\"",
    "Successfully pulled image \"<image>\" in <duration> (<duration> including waiting). Image size: <number> bytes.",
    "Successfully pulled image \"<image>\" in <duration> (<duration> including waiting)",
    "Successfully pulled image \"<image>\" in <duration>",
    "Successfully pulled image \"<image>\"",
    "Container image \"<image>\" already present on machine and can be accessed by the pod",
    "Container image \"<image>\" already present on machine",
    "Failed to pull image \"<image>\": <…>",
    "Failed to pull image <…>",
    "Back-off pulling image \"<image>\"",
    // Containers that cannot be made: what is missing decides what they wait for.
    "Error: ErrImagePull",
    "Error: ImagePullBackOff",
    "Error: InvalidImageName",
    "Error: ErrImageNeverPull",
    "Error: CreateContainerConfigError",
    "Error: CreateContainerError",
    "Error: configmap \"<name>\" not found",
    "Error: secret \"<name>\" not found",
    "Error: couldn't find key <…>",
    "Error: <…>runAsNonRoot<…>",
    "Error: <…>failed to sync <…>",
    "Error: <…>subPath<…>",
    "Error: <…>cannot find volume <…>",
    "Error: <…>",
    // Their lives.
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
    "Pod sandbox changed, it will be killed and re-created.",
    // Their owners.
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

/// Why a node, or another one, will not do.
const SCHEDULING: &[&str] = &[
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

/// The text as far as one of the wordings says it; empty if none does.
pub(crate) fn kept(text: &str, wordings: &[&str]) -> String {
    if text.is_empty() {
        return String::new();
    }
    wordings.iter().find_map(|wording| filled(text, wording)).unwrap_or_default()
}

/// The text, if it is that wording.
fn filled(text: &str, wording: &str) -> Option<String> {
    let mut kept = String::new();
    let (mut text, mut wording) = (text, wording);
    loop {
        let (literal, rest) = wording.split_once('<').unwrap_or((wording, ""));
        text = text.strip_prefix(literal)?;
        kept.push_str(literal);
        let Some((hole, rest)) = rest.split_once('>') else { return text.is_empty().then_some(kept) };
        let next = rest.split('<').next().unwrap_or_default();
        let end = if next.is_empty() { text.len() } else { text.find(next)? };
        let (part, after) = text.split_at(end);
        match hole {
            "…" if part.is_empty() => {}
            "…" => kept.push_str(LEFT_OUT),
            _ if fits(hole, part) => kept.push_str(part),
            _ => return None,
        }
        (text, wording) = (after, rest);
    }
}

/// Whether a part is what the hole is for.
fn fits(hole: &str, part: &str) -> bool {
    let of = |others: &str| part.chars().all(|char| char.is_ascii_alphanumeric() || others.contains(char));
    match hole {
        "image" => image(part),
        "number" => part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit()),
        "duration" => part.len() <= 32 && part.chars().all(|char| "0123456789.hmsnuµμ".contains(char)),
        // `default/pi-x8k2p`, `pi_default(uid)`, `restricted:latest`.
        "name" => {
            part.len() <= 400 && of("-._/()")
                || part.strip_suffix(":latest").is_some_and(|part| fits(hole, part))
        }
        // `requests.cpu=2,limits.memory=1Gi`: resources, of which only the amounts vary.
        "counts" => part.len() <= 400 && part.split(',').all(amount),
        _ => false,
    }
}

/// `pods=2`, `requests.cpu=500m`, or only the name of a resource.
fn amount(part: &str) -> bool {
    let (name, amount) = part.split_once('=').unwrap_or((part, "0"));
    let is_name = |char: char| char.is_ascii_alphanumeric() || "-._/".contains(char);
    let number = amount.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    name.chars().all(is_name)
        && amount.len() - number.len() <= 2
        && number.len() <= 20
        && number.chars().all(|char| char.is_ascii_digit() || char == '.')
}

/// Whether it is the name of an image, and not an address with a password in it.
pub(crate) fn image(name: &str) -> bool {
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

/// Leaves out what should be one word and is not.
pub(crate) fn word(reason: &mut String) {
    let fits = |char: char| char.is_ascii_alphanumeric() || "-._/:".contains(char);
    if reason.len() > 128 || !reason.chars().all(fits) || reason.contains("://") {
        LEFT_OUT.clone_into(reason);
    }
}

/// Why no node will do, as the scheduler and the autoscalers list it: each reason in their own words, or left out.
pub(crate) fn scheduling(text: &str) -> String {
    /// Where the list begins.
    const BEGINS: [&str; 2] = [" nodes are available: ", "pod didn't trigger scale-up"];
    let text = text.split(" preemption: ").next().unwrap_or_default();
    let text = text.split(" no new claims to deallocate").next().unwrap_or_default();
    let (head, reasons) = if let Some((nodes, reasons)) = text.split_once(BEGINS[0]) {
        // `0/5`, of which only the form is known.
        let nodes = if nodes.chars().all(|char| char.is_ascii_digit() || char == '/') { nodes } else { "" };
        (format!("{nodes}{}", BEGINS[0]), reasons)
    } else if let Some((_, reasons)) = text.split_once(": ").filter(|_| text.starts_with(BEGINS[1])) {
        (format!("{}: ", BEGINS[1]), reasons)
    } else {
        (String::new(), text)
    };
    let reasons = reasons.trim().trim_end_matches('.');
    let reasons: Vec<String> = reasons.split(", ").map(reason).collect();
    format!("{head}{}", reasons.join(", "))
}

/// One of them, with the number of nodes that it holds for.
fn reason(reason: &str) -> String {
    let (count, said) = match reason.split_once(' ') {
        Some((count, said)) if !count.is_empty() && fits("number", count) => (count, said),
        _ => ("", reason),
    };
    let blank = if count.is_empty() { "" } else { " " };
    let known = SCHEDULING.iter().find_map(|wording| filled(said, wording));
    match known {
        Some(said) => format!("{count}{blank}{said}"),
        None if reason.is_empty() => String::new(),
        None => format!("{count}{blank}{LEFT_OUT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_wordings_stay_as_they_are() {
        for text in [
            "Successfully pulled image \"registry.example/app:1@sha256:0aF\" in 4.194s (5.2s including waiting). Image size: 335395316 bytes.",
            "Successfully pulled image \"app:1\" in 304.127303ms",
            "Container image \"app:1\" already present on machine and can be accessed by the pod",
            "Error: couldn't find key ",
            "Container main failed liveness probe, will be restarted",
            "Created pod: pi-x8k2p",
            "Error creating: pods \"pi-x8k2p\" is forbidden: exceeded quota: few, requested: pods=1,requests.cpu=500m, used: pods=2, limited: pods=2",
        ] {
            assert_eq!(kept(text, EVENTS), text);
        }
        for text in [
            "Job has reached the specified backoff limit",
            "Container main for pod default/p failed with exit code 3 matching FailJob rule at index 0",
            "ReplicaSet \"web-5d\" has timed out progressing.",
        ] {
            assert_eq!(kept(text, CONDITIONS), text);
        }
    }

    #[test]
    fn what_anybody_may_have_written_is_left_out() {
        for (text, said) in [
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
            ("Liveness probe failed: pw", ""),
            ("Created container https://pw", ""),
        ] {
            assert_eq!(kept(text, EVENTS), said, "{text}");
        }
        assert_eq!(kept("see https://user:pw@host", CONDITIONS), LEFT_OUT);
        assert_eq!(kept("", CONDITIONS), "");
    }

    #[test]
    fn reasons_of_the_scheduler_are_its_own() {
        for (text, said) in [
            (
                "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint {a/b: c}. preemption: x",
                "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint {a/b: c}",
            ),
            (
                "0/2 nodes are available: 2 see pw, 1 Too many pods.",
                "0/2 nodes are available: 2 (not recorded), 1 Too many pods",
            ),
            ("no nodes available to schedule pods", "no nodes available to schedule pods"),
            ("key=pw", LEFT_OUT),
            (
                "pod didn't trigger scale-up (it wouldn't fit): 1 max node group size reached",
                "pod didn't trigger scale-up: 1 max node group size reached",
            ),
            ("", ""),
        ] {
            assert_eq!(scheduling(text), said);
        }
    }

    #[test]
    fn a_reason_is_one_word() {
        for (reason, said) in [
            ("BackoffLimitExceeded", "BackoffLimitExceeded"),
            ("a b", LEFT_OUT),
            ("http://x", LEFT_OUT),
            ("", ""),
        ] {
            let mut word_of = reason.to_owned();
            word(&mut word_of);
            assert_eq!(word_of, said);
        }
    }

    #[test]
    fn an_image_has_no_password() {
        for name in ["perl:5.34.0", "registry.example:5000/team/app@sha256:00ff", "busybox"] {
            assert!(image(name), "{name}");
        }
        for name in ["https://registry/app", "user:pw@registry/app", "user@registry:5000/app", "a b", "a?b=c"]
        {
            assert!(!image(name), "{name}");
        }
    }
}
