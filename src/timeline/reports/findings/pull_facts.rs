//! The facts behind image pulls: the image, the nodes that pulled it, how fast, and how long Pods waited.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::lifecycle::{PULL_QUEUE, Pull, format_exact};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::findings::facts::FactFinder;
use crate::timeline::reports::findings::finding::{Finding, FindingKind};
use crate::timeline::reports::findings::loss_groups::format_each;
use crate::timeline::reports::findings::number_text::{format_bytes, format_count, format_short, to_percent};

/// Some pulls stand for all pulls if the rest took at most the whole time divided by this number.
const WHOLE_PARTS: i64 = 20;

/// The number of characters of a digest that a sentence shows.
const DIGEST_CHARS: usize = 12;

impl FactFinder<'_> {
    /// Writes `image pulls took 22 % of slot time: 18 % on node-3, which pulled train:v3 (4.1 GB) at 26 MB/s while 5
    /// Pods waited about 12s each`.
    pub(crate) fn describe_pulls(&self, share: &str, finding: &mut Finding) {
        finding.text = format!("image pulls took {share} of slot time");
        finding.reasons.push(PULL_QUEUE.into());
        let losses = self.losses(FindingKind::Pulls);
        let pulls = self.pulls_on_nodes(&losses);
        let largest = pulls.iter().max_by_key(|(_, pulls)| pulls.millis);
        let Some(((image, node), on_node)) = largest else {
            if let Some(text) = self.describe_losses(&losses, finding) {
                let _ = write!(finding.text, ": {text}");
            }
            return;
        };
        let all: Vec<&PullsOnNode> =
            pulls.iter().filter(|((other, _), _)| other == image).map(|(_, pulls)| pulls).collect();
        let bytes = all.iter().filter_map(|pulls| pulls.bytes).max();
        let size = bytes.map(|bytes| format!(" ({})", format_bytes(bytes))).unwrap_or_default();
        let total: i64 = losses.iter().map(|(millis, _)| *millis).sum();
        // The share of slot time that these pulls took. `None` if it is about the same as the share in the finding.
        let part = |millis: i64| {
            let is_whole = total.saturating_sub(millis).saturating_mul(WHOLE_PARTS) <= total;
            (!is_whole).then(|| format!("{} %", to_percent(millis, self.account.summary.slots.total)))
        };
        finding.image = Some(Arc::clone(image));
        let image = shorten_image(image);
        let is_most = on_node.millis.saturating_mul(3) >= total.saturating_mul(2);
        if is_most || all.len() == 1 {
            let place =
                part(on_node.millis).map_or(node.to_string(), |part| format!("{part} on {node}, which"));
            let speed = on_node.format_speeds(&[]);
            let waited = format_waiting(&[on_node]);
            let _ = write!(finding.text, ": {place} pulled {image}{size}{speed}{waited}");
            finding.node = Some(Arc::clone(node));
            self.add_pods(on_node.pods.iter().copied(), finding);
        } else {
            let others: Vec<&PullsOnNode> =
                all.iter().copied().filter(|pulls| !std::ptr::eq(*pulls, on_node)).collect();
            let place = match part(all.iter().map(|pulls| pulls.millis).sum()) {
                Some(part) => format!("{part} on {} nodes, which", all.len()),
                None => format!("{} nodes", all.len()),
            };
            let speed = on_node.format_speeds(&others);
            let waited = format_waiting(&all);
            let _ = write!(finding.text, ": {place} pulled {image}{size}{speed}{waited}");
            self.add_pods(all.iter().flat_map(|pulls| pulls.pods.iter().copied()), finding);
        }
    }

    /// The pulls by image and node. Only the longest pull of each Pod counts. Pods without a pull are left out.
    fn pulls_on_nodes(&self, losses: &[(i64, PodKey)]) -> BTreeMap<(Arc<str>, Arc<str>), PullsOnNode> {
        let mut pulls: BTreeMap<(Arc<str>, Arc<str>), PullsOnNode> = BTreeMap::new();
        for &(millis, key) in losses {
            let pod = self.timeline.pod(key);
            let containers = pod.life.containers.iter();
            let with_pull = containers.filter_map(|container| Some((container, container.pull?)));
            let longest = with_pull.filter(|(_, pull)| !pull.cached).max_by_key(|(_, pull)| duration(pull));
            let (Some((container, pull)), Some(node)) = (longest, &pod.node) else { continue };
            let entry = pulls.entry((Arc::clone(&container.image), Arc::clone(node))).or_default();
            entry.add(millis, key, &pull);
        }
        pulls
    }
}

/// The name of an image without its registry and its folders, and with at most the start of a digest: `train:v3`. The
/// tables per image have the whole name.
fn shorten_image(image: &str) -> &str {
    let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
    let digest = name.find("@sha256:").map(|start| start + "@sha256:".len() + DIGEST_CHARS);
    digest.and_then(|end| name.get(..end)).unwrap_or(name)
}

/// The pulls of one image on one node.
#[derive(Debug, Default)]
struct PullsOnNode {
    /// The slot time of the Pods that needed the image.
    millis: i64,
    /// The Pods that needed the image.
    pods: Vec<PodKey>,
    /// The size of the image.
    bytes: Option<u64>,
    /// The duration of the longest transfer, in milliseconds.
    longest: i64,
    /// The longest wait for other pulls on the node.
    longest_wait: Option<SignedDuration>,
}

impl PullsOnNode {
    fn add(&mut self, millis: i64, pod: PodKey, pull: &Pull) {
        self.millis += millis;
        self.pods.push(pod);
        self.bytes = self.bytes.max(pull.bytes);
        self.longest = self.longest.max(duration(pull));
        self.longest_wait = self.longest_wait.max(pull.wait);
    }

    /// How fast the image was pulled on this node and on the others: ` at 26 MB/s`, ` in 6.0s`. Empty if no pull has
    /// ended.
    fn format_speeds(&self, others: &[&Self]) -> String {
        let all = || std::iter::once(self).chain(others.iter().copied()).filter(|pulls| pulls.longest > 0);
        let rates: Option<Vec<u64>> = all()
            .map(|pulls| Some(pulls.bytes?.saturating_mul(1_000) / u64::try_from(pulls.longest).ok()?))
            .collect();
        let texts: Vec<String> = if let Some(mut rates) = rates {
            rates.sort_unstable();
            rates.iter().map(|rate| format!("{}/s", format_bytes(*rate))).collect()
        } else {
            let mut times: Vec<i64> = all().map(|pulls| pulls.longest).collect();
            times.sort_unstable();
            times.into_iter().map(|millis| format_exact(SignedDuration::from_millis(millis))).collect()
        };
        let word = if all().all(|pulls| pulls.bytes.is_some()) { "at" } else { "in" };
        match (texts.first(), texts.last()) {
            (Some(first), Some(last)) if first != last => format!(" {word} {first} to {last}"),
            (Some(only), _) => format!(" {word} {only}"),
            (None, _) => String::new(),
        }
    }
}

/// The duration of the transfer in milliseconds; 0 if the pull has not ended.
fn duration(pull: &Pull) -> i64 {
    let both = pull.start.zip(pull.end);
    both.map_or(0, |(start, end)| (end.as_millisecond() - start.as_millisecond()).max(0))
}

/// Writes ` while 5 Pods waited about 12s each`. If the wait for other pulls was more than twice as long as the
/// transfer, also writes `, up to 9.9s of it for other pulls`.
fn format_waiting(all: &[&PullsOnNode]) -> String {
    let pods = all.iter().map(|pulls| pulls.pods.len()).sum();
    let millis = all.iter().map(|pulls| pulls.millis).sum();
    let text = match pods {
        1 => format!(" while 1 Pod waited {}", format_short(millis)),
        _ => format!(" while {} waited {}", format_count(pods, "Pod"), format_each(millis, pods)),
    };
    let longest = all.iter().map(|pulls| pulls.longest).max().unwrap_or(0);
    match all.iter().filter_map(|pulls| pulls.longest_wait).max() {
        Some(wait) if wait.as_millis() > i128::from(longest) * 2 => {
            format!("{text}, up to {} of it for other pulls", format_exact(wait))
        }
        Some(_) | None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_an_image_without_its_registry_and_the_rest_of_its_digest() {
        let digest = format!("registry.example.com:5000/team/app@sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(
            ["perl:5.34.0", "registry.example.com/team/train:v3", &digest, "app@sha256:0"].map(shorten_image),
            ["perl:5.34.0", "train:v3", "app@sha256:0123456789ab", "app@sha256:0"]
        );
    }
}
