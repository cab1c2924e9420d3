//! Draws one picture of a timeline with the choices that an input makes, and checks the rules of all pictures.

use jiff::{SignedDuration, Timestamp};

use crate::fuzz_tests::choices::Choices;
use crate::observation::is_unsafe;
use crate::timeline::{BreakdownBy, PodKey, Timeline};
use crate::view::{
    Align, FrameCache, Glyphs, GroupBy, Line, PodExtras, Size, Sort, View, ViewState, Window, Zoom, draw_pod,
    render_picture,
};

/// Number of bytes that choose a picture.
pub(crate) const CHOICES_OF_PICTURE: usize = 32;

const ORDERS: [Sort; 9] = [
    Sort::Usual,
    Sort::Start,
    Sort::End,
    Sort::Work,
    Sort::Cold,
    Sort::Index,
    Sort::Name,
    Sort::Trouble,
    Sort::Wasted,
];

fn choose_state(choices: &mut Choices<'_>) -> ViewState {
    ViewState {
        view: choices.pick(&[View::Sequence, View::Table, View::Wide, View::Grid, View::Runs]),
        sort: choices.pick(&ORDERS),
        group_by: choices.pick(&[
            GroupBy::Workload,
            GroupBy::Node,
            GroupBy::Role,
            GroupBy::Outcome,
            GroupBy::None,
        ]),
        align: choices.pick(&[Align::Wall, Align::Created, Align::Started]),
        clock: choices.next_bool().then_some(jiff::tz::TimeZone::UTC),
        explain: choices.next_bool(),
        containers: choices.next_bool(),
        breakdown: choices.pick(&[None, Some(BreakdownBy::Node), Some(BreakdownBy::Image)]),
        workload: None,
        current_namespace: choices.next_bool().then(|| "default".into()),
        recent_only: choices.next_bool(),
        omits_headings: choices.next_bool(),
    }
}

/// A time near the last observation, or any time.
pub(crate) fn choose_time(choices: &mut Choices<'_>, timeline: &Timeline) -> Timestamp {
    let (is_near, value) = (choices.next_bool(), choices.next_i64());
    let any =
        Timestamp::from_millisecond(value).unwrap_or(if value < 0 { Timestamp::MIN } else { Timestamp::MAX });
    match timeline.last_received() {
        Some(last) if is_near => {
            last.saturating_add(SignedDuration::from_millis(value % 100_000)).unwrap_or(last)
        }
        Some(_) | None => any,
    }
}

/// Draws a picture and the page of a Pod. `bytes` chooses the view, the size, the window and the time.
pub(crate) fn check_picture(timeline: &Timeline, bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let state = choose_state(&mut choices);
    let glyphs = choices.pick(&[Glyphs::UNICODE, Glyphs::ASCII]);
    let columns = usize::from(choices.next_byte());
    let rows = choices.next_bool().then(|| usize::from(choices.next_byte()));
    let size = Size { columns, rows };
    let now = choose_time(&mut choices, timeline);
    let pods: Vec<PodKey> =
        timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied()).collect();
    let selected = pods.get(usize::from(choices.next_byte())).copied();
    let zoom = choices.next_bool().then(|| Zoom {
        span: choices.next_i64().saturating_abs().max(1),
        end: choices.next_bool().then_some(i64::from(choices.next_byte()) * 1_000),
    });
    let window = Window { selected, zoom, unfolded: choices.next_bool(), ..Window::default() };
    let picture = render_picture(timeline, &state, &window, size, &glyphs, now, &FrameCache::default());
    check_lines(&picture.frame.lines, columns);
    if let Some(rows) = rows {
        assert!(picture.frame.lines.len() <= rows.max(1), "{} lines", picture.frame.lines.len());
    }
    if let Some(&key) = selected.as_ref().or(pods.first()) {
        let page = draw_pod(timeline, key, &PodExtras::default(), &state, size, &glyphs, now);
        check_lines(&page.lines, columns.max(1));
    }
}

/// Fails if a line is too wide, or contains a character that a terminal would obey or hide.
pub(crate) fn check_lines(lines: &[Line], columns: usize) {
    for line in lines {
        let text = line.plain();
        assert!(line.width() <= columns, "wider than {columns} columns: {text:?}");
        assert!(!text.contains(is_unsafe), "{text:?}");
    }
}
