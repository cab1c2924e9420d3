//! The facts behind idle slots: when they had no Pod, and for how long.

use crate::timeline::reports::findings::facts::FactFinder;
use crate::timeline::reports::findings::finding::Cost;
use crate::timeline::reports::findings::number_text::{format_short, mean, to_percent};
use crate::timeline::reports::slots::idle::{IdleStage, IdleStages, IdleTime};

/// The sentence names the largest parts of the idle time until the rest is at most the whole divided by this number.
const MAX_LEFT_PARTS: i64 = 5;

/// One part stands for the whole idle time if the rest is at most the whole divided by this number.
const WHOLE_PARTS: i64 = 20;

/// The maximum number of parts that the sentence names.
const MAX_PARTS: usize = 2;

impl FactFinder<'_> {
    /// Explains why slots had no Pod: `on average 2.3s pass between the end of a Pod and the start of the next, 16
    /// times`, or `12 % because the first Pod was created 3.1s after the workload; 6 % because …`. `None` if no stage
    /// is known.
    pub(crate) fn explain_idle(&self, cost: Cost) -> Option<String> {
        let idle = &self.account.idle;
        let mut stages: Vec<(IdleStage, IdleTime)> =
            idle.stages.iter().map(|(stage, time)| (stage, *time)).collect();
        stages.retain(|(_, time)| time.slot_millis > 0);
        stages.sort_by_key(|(_, time)| std::cmp::Reverse(time.slot_millis));
        let mut left = cost.millis;
        let mut parts: Vec<(i64, String)> = Vec::new();
        for (stage, time) in stages.into_iter().take(MAX_PARTS) {
            if left.saturating_mul(MAX_LEFT_PARTS) <= cost.millis {
                break;
            }
            left -= time.slot_millis;
            parts.push((time.slot_millis, describe_stage(stage, time, idle)));
        }
        let is_whole = parts.len() == 1 && left.saturating_mul(WHOLE_PARTS) <= cost.millis;
        let total = self.account.summary.slots.total;
        let texts = parts.into_iter().map(|(millis, text)| {
            if is_whole { text } else { format!("{} % because {text}", to_percent(millis, total)) }
        });
        let text = texts.collect::<Vec<_>>().join("; ");
        (!text.is_empty()).then_some(text)
    }
}

/// Describes the idle slots in one stage.
fn describe_stage(stage: IdleStage, time: IdleTime, idle: &IdleStages) -> String {
    let each = format_short(mean(time.millis, time.runs));
    let is_single = time.runs == 1;
    match stage {
        IdleStage::AfterLastCreation | IdleStage::AfterLastEnd if idle.open > 0 => describe_gaps(time, idle),
        IdleStage::BetweenPods => describe_gaps(time, idle),
        IdleStage::BeforeFirstPod if is_single => {
            format!("the first Pod was created {each} after the workload")
        }
        IdleStage::BeforeFirstPod => format!("a first Pod was created about {each} after its workload"),
        IdleStage::BeforeFirstEnd => {
            format!("{each} passed with fewer Pods than slots before the first Pod ended")
        }
        IdleStage::AfterLastCreation => {
            format!("{each} passed with fewer Pods than slots after the last Pod was created")
        }
        IdleStage::AfterLastEnd if is_single => format!("the workload ended {each} after its last Pod"),
        IdleStage::AfterLastEnd => format!("a workload ended about {each} after its last Pod"),
    }
}

/// Describes the time from the end of a Pod to the creation of the next one.
fn describe_gaps(time: IdleTime, idle: &IdleStages) -> String {
    let gaps = idle.replacements + idle.open;
    let gap = format_short(mean(time.slot_millis, gaps.max(1)));
    match gaps {
        0 | 1 => format!("{gap} pass between the end of a Pod and the start of the next"),
        _ => {
            format!("on average {gap} pass between the end of a Pod and the start of the next, {gaps} times")
        }
    }
}
