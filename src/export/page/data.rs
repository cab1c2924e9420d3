//! The data of the page, in a compact form: a Pod is an array, and a repeated text is its position in a list.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer as SerdeSerializer};
use serde_json::ser::{Formatter, Serializer};

use crate::export::escapes::write_escaped;
use crate::lifecycle::{
    ContainerLife, ContainerRole, Phase, PhaseKind, PodOutcome, RangedDuration, SetupPart,
    format_elapsed_millis,
};
use crate::timeline::{Timeline, TimelinePod, Workload, to_percent};

/// The position of a text in the list of texts; -1 for no text.
type TextPosition = i64;

/// The texts that occur more than once.
#[derive(Default)]
struct TextList {
    positions: HashMap<String, TextPosition>,
    texts: Vec<String>,
}

impl TextList {
    fn position_of(&mut self, text: Option<&str>) -> TextPosition {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return -1 };
        if let Some(position) = self.positions.get(text) {
            return *position;
        }
        let position = i64::try_from(self.texts.len()).unwrap_or(-1);
        self.positions.insert(text.to_owned(), position);
        self.texts.push(text.to_owned());
        position
    }
}

/// A workload of the heading.
#[derive(Serialize)]
struct WorkloadHeading {
    name: String,
    outcome: &'static str,
    reason: Option<String>,
    /// Time from the creation to the end in milliseconds.
    wall: Option<i64>,
    /// Where its slot time went.
    text: String,
    findings: Vec<String>,
}

/// The values of a Pod. The script names their positions.
type PodValues<'a> = (
    usize,
    &'a str,
    TextPosition,
    usize,
    Option<u32>,
    u32,
    Option<i32>,
    TextPosition,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    u8,
    Vec<PhaseValues>,
    Vec<ContainerValues>,
);

/// Kind, start, duration (-1 if it is unknown), reason, container, and whether the work failed. Last values that say
/// nothing are left out.
struct PhaseValues([i64; 6]);

impl Serialize for PhaseValues {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [.., reason, container, failed] = self.0;
        let count = match (reason, container, failed) {
            (-1, -1, 0) => 3,
            (_, -1, 0) => 4,
            (_, _, 0) => 5,
            (_, _, _) => 6,
        };
        let mut values = serializer.serialize_seq(Some(count))?;
        self.0.iter().take(count).try_for_each(|value| values.serialize_element(value))?;
        values.end()
    }
}

/// Name, image, restarts, exit code, time of the pull, bytes of the pull, and whether the image was on the node.
type ContainerValues = (TextPosition, TextPosition, u32, Option<i32>, Option<i64>, Option<u64>, u8);

/// The outcomes, in the order of their numbers.
const OUTCOMES: [PodOutcome; 8] = [
    PodOutcome::Pending,
    PodOutcome::Starting,
    PodOutcome::Running,
    PodOutcome::Succeeded,
    PodOutcome::Failed,
    PodOutcome::NeverStarted,
    PodOutcome::Deleted,
    PodOutcome::Unknown,
];

/// Writes the data as JSON that contains no `<`, `>` or `&`. The Pods are written one by one.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_page_data(timeline: &Timeline, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let now_millis = now.as_millisecond();
    let overviews = || timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload));
    let start = overviews().filter_map(|(_, pod)| pod.start_millis()).min().unwrap_or(now_millis);
    let end = overviews().filter_map(|(_, pod)| pod.last_known_millis(now_millis)).max().unwrap_or(start);
    write!(out, "{{\"start\":{start},\"end\":{},\"kinds\":", end.saturating_sub(start).max(0))?;
    write_value(&PhaseKind::ALL.map(PhaseKind::name), out)?;
    out.write_all(b",\"outcomes\":")?;
    write_value(&OUTCOMES.map(PodOutcome::name), out)?;
    out.write_all(b",\"workloads\":[")?;
    for (index, workload) in timeline.workloads().iter().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        write_value(&describe_workload(timeline, workload, now), out)?;
    }
    out.write_all(b"],\"pods\":[")?;
    let (mut texts, mut is_first) = (TextList::default(), true);
    for (index, workload) in timeline.workloads().iter().enumerate() {
        for (_, pod) in timeline.pods(workload) {
            let Some(values) = values_of(index, &pod, start, now, &mut texts) else { continue };
            out.write_all(if is_first { b"\n" } else { b",\n" })?;
            is_first = false;
            write_value(&values, out)?;
        }
    }
    out.write_all(b"],\"strings\":")?;
    write_value(&texts.texts, out)?;
    out.write_all(b"}")
}

fn describe_workload(timeline: &Timeline, workload: &Workload, now: Timestamp) -> WorkloadHeading {
    let account = timeline.account(workload, now);
    let slots = &account.summary.slots;
    let parts = slots.phases.iter().map(|(kind, millis)| (name_of(kind), *millis));
    let shares = parts.chain([("idle", slots.idle)]).filter_map(|(name, millis)| {
        let percent = to_percent(millis, slots.total);
        (percent > 0).then(|| format!("{name} {percent} %"))
    });
    let shares: Vec<String> = shares.collect();
    let text = if shares.is_empty() {
        String::new()
    } else {
        format!("slot time {}: {}", format_elapsed_millis(slots.total), shares.join(", "))
    };
    let wall = workload.created.zip(workload.finished);
    WorkloadHeading {
        name: format!("{}/{} in {}", workload.kind.to_lowercase(), workload.name, workload.namespace),
        outcome: workload.state.name(),
        reason: workload.reason.as_deref().map(str::to_owned),
        wall: wall.map(|(start, end)| end.as_millisecond().saturating_sub(start.as_millisecond()).max(0)),
        text,
        findings: timeline.findings(workload, &account).into_iter().map(|finding| finding.text).collect(),
    }
}

fn name_of(kind: PhaseKind) -> &'static str {
    match kind {
        PhaseKind::Queued => "queued",
        PhaseKind::Setup => "setup",
        PhaseKind::Pulling => "pull",
        PhaseKind::PullFailing => "failing pull",
        PhaseKind::Initializing => "init containers",
        PhaseKind::Starting => "start",
        PhaseKind::Startup => "setup and start",
        PhaseKind::Unready => "not ready",
        PhaseKind::Running => "work",
        PhaseKind::BackOff => "back-off",
        PhaseKind::Terminating => "terminating",
        PhaseKind::Unknown => "unknown",
    }
}

/// Returns the values of a Pod; `None` if no time of the Pod is known. `start` is the start of the page's axis, in
/// milliseconds since 1970.
fn values_of<'a>(
    workload: usize,
    pod: &'a TimelinePod<'_>,
    start: i64,
    now: Timestamp,
    texts: &mut TextList,
) -> Option<PodValues<'a>> {
    let life = &pod.life;
    let first = life.phases.first()?.start.as_millisecond();
    let open_until = (!life.outcome.has_ended()).then_some(now);
    let outcome = OUTCOMES.iter().position(|outcome| outcome.name() == life.outcome.name());
    let estimate = |duration: Option<RangedDuration>| duration.map(|duration| duration.estimate_millis);
    let phase = |index: usize, phase: &Phase, texts: &mut TextList| {
        let at = phase.start.as_millisecond();
        let end = phase.end.or(open_until).map(Timestamp::as_millisecond);
        let reason = phase.setup_part().map(SetupPart::name).or(phase.reason.as_deref());
        PhaseValues([
            i64::try_from(PhaseKind::ALL.iter().position(|kind| *kind == phase.kind).unwrap_or(0))
                .unwrap_or(0),
            at.saturating_sub(start),
            end.map_or(-1, |end| end.saturating_sub(at).max(0)),
            texts.position_of(reason),
            texts.position_of(phase.container.as_deref()),
            i64::from(life.is_failed_work(index)),
        ])
    };
    Some((
        workload,
        &pod.name,
        texts.position_of(pod.node.as_deref()),
        outcome.unwrap_or(OUTCOMES.len() - 1),
        pod.index,
        pod.attempt,
        life.exit_code,
        texts.position_of(life.reason.as_deref()),
        first.saturating_sub(start),
        estimate(life.queued),
        estimate(life.cold_start),
        estimate(life.run),
        u8::from(pod.overview().has_failed()),
        life.phases.iter().enumerate().map(|(index, one)| phase(index, one, texts)).collect(),
        life.containers.iter().map(|container| container_values(container, texts)).collect(),
    ))
}

fn container_values(container: &ContainerLife, texts: &mut TextList) -> ContainerValues {
    let pull = container.pull.filter(|_| container.role != ContainerRole::Ephemeral);
    let times = pull.and_then(|pull| pull.start.zip(pull.end));
    let millis = times.map(|(start, end)| end.as_millisecond().saturating_sub(start.as_millisecond()).max(0));
    (
        texts.position_of(Some(&container.name)),
        texts.position_of(Some(&container.image)),
        container.restarts,
        container.runs.last().and_then(|run| run.exit_code),
        millis.or(pull.filter(|pull| pull.cached).map(|_| 0)),
        pull.and_then(|pull| pull.bytes),
        u8::from(pull.is_some_and(|pull| pull.cached)),
    )
}

fn write_value(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, MarkupFreeFormatter))?;
    Ok(())
}

/// Writes JSON without line breaks and without characters that begin or end markup. A parser reads the same text.
struct MarkupFreeFormatter;

impl Formatter for MarkupFreeFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&']) {
            let (before, markup) = rest.split_at(at);
            write_escaped(writer, before)?;
            let char = markup.chars().next().map_or(0, u32::from);
            write!(writer, "\\u{char:04x}")?;
            rest = markup.get(1..).unwrap_or_default();
        }
        write_escaped(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::export::fixture::{at, ended_pod, waiting_pod, workload};
    use crate::timeline::PodKey;

    fn data_of(pods: Vec<TimelinePod<'static>>) -> (String, Value) {
        let keys = (0..pods.len()).map(PodKey::from_index).collect();
        let timeline = Timeline::from_parts(pods, vec![Workload { pods: keys, ..workload() }]);
        let mut out = Vec::new();
        write_page_data(&timeline, at(10_000), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    #[test]
    fn a_pod_is_an_array_with_positions_of_texts() {
        let (_, data) = data_of(vec![ended_pod(), waiting_pod()]);
        assert_eq!((&data["start"], &data["end"]), (&at(0).as_millisecond().into(), &10_000.into()));
        let pod = &data["pods"][0];
        let text =
            |position: &Value| data["strings"][usize::try_from(position.as_u64().unwrap()).unwrap()].clone();
        assert_eq!(
            (&pod[1], text(&pod[2]), text(&pod[7])),
            (&"pi-0-j272m".into(), "node-1".into(), "OOMKilled".into())
        );
        assert_eq!(data["outcomes"][usize::try_from(pod[3].as_u64().unwrap()).unwrap()], "Failed");
        assert_eq!(
            (&pod[9], &pod[10], &pod[11], &pod[12]),
            (&12.into(), &6_088.into(), &2_900.into(), &1.into())
        );
        assert_eq!(pod[13][0], serde_json::json!([0, 0, 12]));
        assert_eq!(text(&pod[13][2][4]), "init");
        assert_eq!(pod[13][3], serde_json::json!([8, 6_100, 2_900, -1, -1, 1]));
        assert_eq!((&data["pods"][1][11], &data["pods"][1][13][0][2]), (&Value::Null, &10_000.into()));
        assert_eq!(data["workloads"][0]["name"], "job/pi in default");
    }

    #[test]
    fn hostile_text_has_no_markup_and_stays_the_same_text() {
        let mut pod = ended_pod();
        let name = "</script><!--<img src=x onerror=alert(1)>&amp;\u{1b}\u{202e}\u{2028}\"\\";
        pod.identity.to_mut().name = name.into();
        let (text, data) = data_of(vec![pod]);
        assert!(!text.contains(['<', '>', '&', '\u{1b}', '\u{202e}', '\u{2028}']), "{text}");
        assert_eq!(data["pods"][0][1], name);
    }
}
