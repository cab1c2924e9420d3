//! Draws pictures with random choices of the user, and checks the rules of all pictures.

use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::timeline::{BreakdownBy, PodKey, Timeline};
use kubectl_seq::testing::view::{
    Align, FrameCache, Glyphs, GroupBy, Line, Link, PodExtras, Size, Sort, View, ViewState, Window, Zoom,
    draw_pod, for_each_line, render_picture,
};

use crate::support::random::RandomNumbers;

/// The widths of pictures, in columns.
const WIDTHS: [usize; 14] = [0, 1, 2, 3, 5, 8, 13, 20, 40, 80, 120, 200, 500, 2_000];
/// The heights of pictures, in lines.
const HEIGHTS: [usize; 9] = [0, 1, 2, 3, 5, 10, 24, 60, 200];

/// Draws pictures with random choices.
pub(crate) struct RandomDrawing {
    pub(crate) random: RandomNumbers,
}

impl RandomDrawing {
    /// Returns a time that may be before the first or long after the last observation.
    pub(crate) fn other_time(&mut self, now: Timestamp) -> Timestamp {
        let hours = |hours| SignedDuration::from_hours(hours);
        match self.random.next_below(12) {
            0 => now.saturating_add(hours(24 * 365 * 7_000)).unwrap(),
            1 => now.saturating_sub(hours(24 * 365 * 11_000)).unwrap(),
            2 => now.saturating_sub(hours(24 * 365 * 60)).unwrap(),
            3 => now.saturating_sub(hours(1)).unwrap(),
            4 => now.saturating_sub(SignedDuration::from_secs(15)).unwrap(),
            5 => now.saturating_add(hours(24 * 30)).unwrap(),
            6 => Timestamp::MAX,
            7 => Timestamp::MIN,
            8 => Timestamp::UNIX_EPOCH,
            _ => now.saturating_add(SignedDuration::from_millis(730)).unwrap(),
        }
    }

    fn random_state(&mut self, timeline: &Timeline) -> ViewState {
        let random = &mut self.random;
        ViewState {
            view: random.pick(&[View::Sequence, View::Table, View::Wide, View::Grid, View::Runs]),
            sort: random.pick(&[
                Sort::Usual,
                Sort::Start,
                Sort::End,
                Sort::Work,
                Sort::Cold,
                Sort::Index,
                Sort::Name,
                Sort::Trouble,
            ]),
            group_by: random.pick(&[
                GroupBy::Workload,
                GroupBy::Node,
                GroupBy::Role,
                GroupBy::Outcome,
                GroupBy::None,
            ]),
            align: random.pick(&[Align::Wall, Align::Created, Align::Started]),
            clock: [None, Some(TimeZone::UTC), Some(TimeZone::fixed(offset(-11)))][random.next_below(3)]
                .clone(),
            explain: random.percent(30),
            containers: random.percent(30),
            breakdown: random.pick(&[None, Some(BreakdownBy::Node), Some(BreakdownBy::Image)]),
            workload: timeline
                .workloads()
                .get(random.next_below(8))
                .filter(|_| random.percent(30))
                .map(|workload| workload.uid.clone()),
            current_namespace: random.percent(50).then(|| "default".into()),
            recent_only: random.percent(20),
            omits_headings: random.percent(20),
        }
    }

    fn random_window(&mut self, timeline: &Timeline, pods: &[PodKey]) -> Window {
        let random = &mut self.random;
        let selected = pods.get(random.next_below(6)).copied();
        let workload = timeline.workloads().get(random.next_below(4)).map(|workload| workload.uid.clone());
        let link = match random.next_below(8) {
            0 => Some(Link::Node("node-1".into())),
            1 => workload.clone().map(Link::Workload),
            2 => selected.map(Link::Failure),
            _ => None,
        };
        Window {
            filter: random.pick(&["", "", "", "p", "node-1 failed", "\u{1f44d}\u{130}"]).to_owned(),
            selected: selected.filter(|_| link.is_none()),
            selected_link: link,
            selected_workload: workload,
            unfolded: random.percent(50),
            first: random.pick(&[0, 0, 1, 5, 1_000, usize::MAX]),
            zoom: random.percent(30).then(|| Zoom {
                span: random.pick(&[1, 10, 1_000, 60_000, 86_400_000, i64::MAX]),
                end: random.pick(&[
                    None,
                    Some(0),
                    Some(-5_000),
                    Some(30_000),
                    Some(i64::MAX),
                    Some(i64::MIN),
                ]),
            }),
        }
    }

    /// Draws a picture, and the page of a Pod. Returns the violations of the rules of pictures.
    pub(crate) fn check_picture(
        &mut self,
        timeline: &Timeline,
        now: Timestamp,
        cache: &FrameCache,
    ) -> Vec<String> {
        let pods: Vec<PodKey> =
            timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied()).collect();
        let state = self.random_state(timeline);
        let window = self.random_window(timeline, &pods);
        let columns = self.random.pick(&WIDTHS);
        let rows = self.random.percent(60).then(|| self.random.pick(&HEIGHTS));
        let size = Size { columns, rows };
        let glyphs = [Glyphs::ASCII, Glyphs::UNICODE][self.random.next_below(2)];
        let other = FrameCache::default();
        let cache = if self.random.percent(50) { cache } else { &other };
        let picture = render_picture(timeline, &state, &window, size, &glyphs, now, cache);
        let mut found = check_lines(&picture.frame.lines, columns);
        if rows.is_some_and(|rows| picture.frame.lines.len() > rows.max(1)) {
            let (shown, view) = (picture.frame.lines.len(), state.view);
            found.push(format!("a picture has too many lines: {shown} of {rows:?}, {view:?}"));
        }
        if let Some(bars) = &picture.bars {
            let column = self.random.pick(&[0, 1, bars.column, bars.column + 1, columns, usize::MAX]);
            bars.time_at(column);
            bars.now();
            bars.unzoomed_length();
            for &key in &pods {
                let pod = timeline.pod(key);
                let phase = bars.phase_at(&pod, column).unwrap_or(0);
                bars.middle_of_phase(&pod, phase);
                bars.columns_of_phase(&pod, phase);
            }
        }
        for cell in &picture.cells {
            let width = picture.frame.lines.get(cell.line).map_or(0, Line::width);
            if cell.column >= width && columns > 0 {
                found.push(format!("a cell lies outside its line: {cell:?} of {width}"));
            }
        }
        if let Some(&key) = pods.get(self.random.next_below(pods.len().max(1))) {
            let page = draw_pod(timeline, key, &PodExtras::default(), &state, size, &glyphs, now);
            found.extend(check_lines(&page.lines, columns.max(1)));
        }
        if self.random.percent(20) {
            for_each_line(timeline, &state, columns, &glyphs, now, &mut |line| {
                found.extend(check_lines(std::slice::from_ref(line), columns));
                std::ops::ControlFlow::Continue(())
            });
        }
        found
    }
}

fn check_lines(lines: &[Line], columns: usize) -> Vec<String> {
    let too_wide = lines.iter().filter(|line| line.width() > columns);
    let too_wide =
        too_wide.map(|line| format!("a line is wider than its columns: {columns}: {:?}", line.plain()));
    too_wide.chain(lines.iter().filter_map(describe_unsafe_line)).collect()
}

/// Describes a line that contains a character that a terminal would obey or hide.
pub(crate) fn describe_unsafe_line(line: &Line) -> Option<String> {
    let text = line.plain();
    let is_unsafe = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{ad}' | '\u{fe0e}' | '\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.contains(is_unsafe).then(|| format!("a line contains an unsafe character: {text:?}"))
}
