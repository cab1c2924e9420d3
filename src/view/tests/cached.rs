//! Frames of many Pods: the cache does not change the frames, and rendering stops when the reader stops.

use crate::view::tests::*;

/// Forty Jobs with sixty Pods each. Each Job is small, but together they have enough Pods for the cache.
fn many(now: i64) -> Timeline {
    let job = |nth: i64| {
        let pods = (0..60).map(|pod_nth| {
            let begin = 100 * nth + 10 * pod_nth;
            let fixture =
                pod(&format!("job-{nth:02}-{pod_nth:02}"), begin).on(&format!("node-{}", pod_nth % 3));
            let fixture = fixture.cold(20 + pod_nth, 300, 0, 200, 2_000 + 70 * ((pod_nth * 7 + nth) % 60));
            if pod_nth % 9 == nth % 9 { fixture.failed(Some(1), Some("Error")) } else { fixture.succeeded() }
        });
        let name = format!("job-{nth:02}");
        (sized(super::job(&name, WorkloadState::Running), 60, 60), pods.collect())
    };
    timeline(now, (0..40).map(job).collect())
}

#[test]
fn a_cached_frame_equals_an_exact_one() {
    let timeline = many(9_000);
    let size = Size { columns: 120, rows: Some(40) };
    let (cache, exact) = (FrameCache::default(), FrameCache::disabled());
    let render = |state: &ViewState, window: &Window, cache: &FrameCache| {
        render_picture(&timeline, state, window, size, &Glyphs::UNICODE, at(9_000), cache).frame.plain()
    };
    let mut pictures = 0;
    for _ in 0..2 {
        for view in [View::Sequence, View::Table, View::Grid, View::Runs] {
            for group_by in [GroupBy::Workload, GroupBy::Node, GroupBy::Role, GroupBy::Outcome, GroupBy::None]
            {
                for sort in [Sort::Start, Sort::Work, Sort::Name] {
                    for filter in ["", "node-1", "error job-07"] {
                        let state = ViewState { view, sort, group_by, ..SEQUENCE };
                        let window = Window { filter: filter.into(), ..Window::default() };
                        let picture = render(&state, &window, &cache);
                        assert_eq!(picture, render(&state, &window, &exact), "{state:?} {filter}");
                        assert!(!picture.contains("of 0 done"), "{state:?} {filter}\n{picture}");
                        pictures += 1;
                    }
                }
            }
        }
    }
    assert_eq!(pictures, 360);
}

#[test]
fn rendering_stops_when_no_more_lines_are_wanted() {
    let timeline = many(9_000);
    let mut lines = 0;
    for_each_line(&timeline, &SEQUENCE, 120, &Glyphs::UNICODE, at(9_000), &mut |_| {
        lines += 1;
        if lines < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!(lines, 3);
}

#[test]
fn the_blocks_of_a_large_table_have_the_same_columns() {
    let timeline = many(9_000);
    let (mut told, mut widths) = (String::new(), Vec::new());
    let rows = 2401;
    for_each_line(&timeline, &WIDE, 300, &Glyphs::UNICODE, at(9_000), &mut |line| {
        widths.push(line.width());
        told.push_str(line.plain().trim_end());
        told.push('\n');
        ControlFlow::Continue(())
    });
    assert_eq!(widths[..rows], vec![widths[0]; rows]);
    assert_eq!(
        told,
        render_frame(&timeline, &WIDE, Size::unbounded(300), &Glyphs::UNICODE, at(9_000)).plain()
    );
}

#[test]
fn a_large_table_is_drawn_only_as_far_as_it_is_read() {
    let timeline = many(9_000);
    let mut lines = 0;
    for_each_line(&timeline, &TABLE, 120, &Glyphs::UNICODE, at(9_000), &mut |_| {
        lines += 1;
        if lines < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!(lines, 3);
}
