//! The line below the grid that describes the selected cell.

use crate::timeline::{OpenRetry, PodKey};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::PodPace;
use crate::view::primitives::duration::{format_elapsed, format_ranged};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::container_text::{describe_open_wait, describe_reason};
use crate::view::rows::end_text::describe_special_end;
use crate::view::rows::pace::PaceMark;
use crate::view::rows::phase_text::{describe_failure, describe_next_try};
use crate::view::view_context::ViewContext;

/// Describes the Pod of the selected cell: its index, name and state, and the reason of the state.
pub(crate) fn describe_selected(
    context: &ViewContext<'_>,
    pace: &PodPace,
    key: PodKey,
    open_retry: Option<&OpenRetry>,
    columns: usize,
) -> Line {
    let glyphs = context.glyphs;
    let pod = context.timeline.pod(key);
    let life = &pod.life;
    let state = DisplayState::from_overview(pod.overview());
    let mut description = Line::new(format!("{} ", glyphs.selected_cell), Style::Strong);
    if let Some(index) = pod.index {
        description.push(format!("index {index}{}", glyphs.separator), Style::Strong);
    }
    description.push(text::clean(&pod.name), Style::Strong);
    if pod.attempt > 1 {
        description.push(format!("{}try {}", glyphs.separator, pod.attempt), Style::Text);
    }
    description.push(glyphs.separator, Style::Dim);
    description.push(state.name(), state.style());
    let reason = match state {
        DisplayState::Failed => Some(describe_failure(context.timeline, key)),
        DisplayState::Done
        | DisplayState::Running
        | DisplayState::Unready
        | DisplayState::Starting
        | DisplayState::Queued
        | DisplayState::PullFailing
        | DisplayState::BackOff
        | DisplayState::CrashLooping
        | DisplayState::Deleted
        | DisplayState::Unknown
        | DisplayState::Gone => describe_special_end(context.timeline, key, context.state.clock.as_ref())
            .or_else(|| describe_open_wait(life).or_else(|| describe_reason(life)))
            .filter(|reason| reason != "Completed"),
    };
    if let Some(reason) = reason {
        description.push(format!(": {reason}"), Style::Text);
    }
    if let Some(open) = open_retry {
        description
            .push(format!("{}{}", glyphs.separator, describe_next_try(open, context.now)), Style::BackOff);
    }
    match (life.run, life.open_phase()) {
        (Some(run), _) if state == DisplayState::Done => {
            description.push(format!("{}{}", glyphs.separator, format_ranged(run)), Style::Text);
        }
        (_, Some(open)) => {
            let so_far = format_elapsed(open.duration(context.now));
            description.push(format!("{}for {so_far}", glyphs.separator), Style::Text);
        }
        _ => {}
    }
    if let (Some(PaceMark::TimesMedian(times)), Some(median)) = (pace.mark(context, key), pace.median) {
        let median = format_elapsed(median);
        description
            .push(format!("{}{times}{} the median {median}", glyphs.separator, glyphs.times), Style::Warning);
    }
    description.shorten_end(columns, glyphs.ellipsis)
}
