//! The cells of the grid: their positions, labels, shades and selection.

use super::*;

/// An Indexed Job whose Pods take between 4 and 6 seconds, except that index 3 takes 1 second, index 5 takes 20
/// seconds, and the first Pod of index 2 fails.
fn indexed_job(now: i64, completions: u32) -> Timeline {
    let mut pods = Vec::new();
    let mut created = 0;
    for index in 0..40_u32.min(completions) {
        let work = match index {
            3 => 1_000,
            5 => 20_000,
            index => 4_000 + i64::from(index * 700 % 2_000),
        };
        let fixture =
            |attempt| pod(&format!("pi-{index}-{attempt}"), created).on("node-1").index(index, attempt);
        if index == 2 {
            pods.push(fixture(1).cold(100, 100, 0, 100, 2_000).failed(Some(3), None));
            created += 12_000;
            let again = pod("pi-2-2", created).on("node-1").index(2, 2);
            pods.push(again.cold(100, 100, 0, 100, 4_500).succeeded());
            created -= 12_000;
        } else {
            pods.push(fixture(1).cold(100, 100, 0, 100, work).succeeded());
        }
        created += 1_500;
    }
    pods.sort_by_key(PodFixture::created_millis);
    timeline(now, vec![(sized(job("pi", WorkloadState::Running), completions, 10), pods)])
}

fn picture_of(
    timeline: &Timeline,
    size: Size,
    glyphs: &Glyphs,
    now: i64,
    selected: Option<PodKey>,
) -> Picture {
    let window = Window { selected, ..Window::default() };
    render_picture(timeline, &GRID, &window, size, glyphs, at(now), &FrameCache::default())
}

/// The screen without the label and the gaps of the cells.
fn cells_of(picture: &Picture) -> String {
    let lines = picture.frame.lines.iter().take_while(|line| !line.plain().starts_with("slot time"));
    let has_label = |line: &&Line| line.plain().trim_start().starts_with(|char: char| char.is_ascii_digit());
    let cells =
        lines.filter(has_label).map(|line| line.plain().trim_start().split_once(' ').unwrap().1.to_owned());
    cells.collect::<String>().replace(' ', "")
}

#[test]
fn a_grid_at_common_sizes() {
    let sizes = [(40, Some(10)), (80, Some(24)), (120, Some(40)), (200, Some(50))];
    for (name, completions, now) in [("grid_small", 20, 40_000), ("grid_indexed", 240, 45_000)] {
        let job = indexed_job(now, completions);
        insta::assert_snapshot!(name, screens(&job, &GRID, &Glyphs::UNICODE, now, &sizes));
        insta::assert_snapshot!(format!("{name}_ascii"), screens(&job, &GRID, &Glyphs::ASCII, now, &sizes));
    }
}

#[test]
fn a_retry_does_not_shift_other_cells() {
    let size = Size { columns: 120, rows: Some(20) };
    let mut positions: Vec<(PodKey, usize)> = Vec::new();
    for now in (0..70_000).step_by(500) {
        let job = indexed_job(now, 40);
        let picture = picture_of(&job, size, &Glyphs::UNICODE, now, None);
        assert_eq!(cells_of(&picture).chars().count(), 80, "at {now}");
        for cell in &picture.cells {
            let index = job.identity(cell.pod).index.unwrap();
            let expected = positions.iter().find(|(pod, _)| *pod == cell.pod);
            assert_eq!(cell.columns, 2);
            let position = cell.line * 1_000 + cell.column;
            assert!(expected.is_none_or(|&(_, before)| before == position), "index {index} moved at {now}");
        }
        positions = picture.cells.iter().map(|cell| (cell.pod, cell.line * 1_000 + cell.column)).collect();
    }
}

#[test]
fn a_pod_that_replaces_a_failed_pod_of_a_job_without_indexes_takes_its_cell() {
    let size = Size { columns: 80, rows: Some(24) };
    let job = pi(60_000);
    let picture = picture_of(&job, size, &Glyphs::UNICODE, 60_000, None);
    assert_eq!(picture.cells.len(), 20, "{}", picture.frame.plain());
    assert!(!cells_of(&picture).contains('✗'));
}

#[test]
fn a_cell_shows_how_long_its_pod_took_compared_with_the_median() {
    let job = indexed_job(90_000, 40);
    let picture = picture_of(&job, Size { columns: 80, rows: Some(24) }, &Glyphs::UNICODE, 90_000, None);
    let cells: Vec<char> = cells_of(&picture).chars().step_by(2).collect();
    assert_eq!((cells[3], cells[5]), ('▂', '█'));
    assert!(cells.contains(&'▄') && cells.contains(&'▆'));
    let spans = picture.frame.lines.iter().flat_map(|line| &line.spans);
    assert!(spans.clone().any(|span| span.text == "██" && span.style == Style::Warning));
    assert!(spans.clone().any(|span| span.text == "▂▂" && span.style == Style::Work));
}

#[test]
fn the_selected_cell_is_in_reverse_video_and_has_a_marker_and_a_reason() {
    let mut pods: Vec<_> = (0..12)
        .map(|index| pod(&format!("pi-{index}"), 0).on("node-1").index(index, 1).cold(1, 1, 0, 1, 5_000))
        .collect();
    pods[7] = pods[7].clone().failed(Some(42), None);
    let job = timeline(60_000, vec![(sized(job("pi", WorkloadState::Running), 12, 12), pods)]);
    for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
        for (columns, rows) in [(40, 10), (80, 24), (200, 50)] {
            let size = Size { columns, rows: Some(rows) };
            let picture = picture_of(&job, size, &glyphs, 60_000, Some(PodKey(7)));
            let cell = picture.cells.iter().find(|cell| cell.pod == PodKey(7)).unwrap();
            let line = &picture.frame.lines[cell.line];
            let shown: String = line.plain().chars().skip(cell.column).take(cell.columns).collect();
            assert!(shown.starts_with(glyphs.selected_cell), "{shown}");
            assert!(line.spans.iter().any(|span| span.style == Style::Selected && span.text == shown));
            assert!(picture.frame.plain().contains("index 7"), "{}", picture.frame.plain());
        }
        let wide = picture_of(&job, Size { columns: 80, rows: Some(24) }, &glyphs, 60_000, Some(PodKey(7)));
        assert!(wide.frame.plain().contains("failed: exit code 42"), "{}", wide.frame.plain());
    }
}

#[test]
fn ten_thousand_completions_fit_on_a_large_screen() {
    let pods = (0..9_000)
        .map(|index| {
            let fixture = pod(&format!("p-{index}"), i64::from(index)).index(index, 1).on("node-1");
            fixture.cold(1, 1, 0, 1, 3_000).succeeded()
        })
        .collect();
    let job = timeline(90_000, vec![(sized(job("p", WorkloadState::Running), 10_000, 100), pods)]);
    for (columns, rows) in [(200, 50), (120, 40), (80, 24), (40, 10)] {
        let picture = picture_of(&job, Size { columns, rows: Some(rows) }, &Glyphs::UNICODE, 90_000, None);
        let text = picture.frame.plain();
        assert!(picture.frame.lines.len() <= rows);
        assert!(text.contains("each cell stands for"), "{text}");
        assert!(text.contains("9000 done") && text.contains("1000 to come"), "{text}");
    }
}

#[test]
fn groups_without_room_are_counted() {
    let jobs = (0..30).map(|number| {
        let name = format!("job-{number}");
        (sized(job(&name, WorkloadState::Running), 50, 10), pi_pods(&name, 50))
    });
    let all = timeline(60_000, jobs.collect());
    let picture = picture_of(&all, Size { columns: 120, rows: Some(40) }, &Glyphs::UNICODE, 60_000, None);
    let text = picture.frame.plain();
    assert!(text.contains("more groups with"), "{text}");
    assert!(picture.cells.iter().all(|cell| cell.line < 40));
}

#[test]
fn any_number_of_completions_can_be_drawn() {
    let huge =
        timeline(9_000, vec![(sized(job("p", WorkloadState::Running), u32::MAX, 10), pi_pods("p", 5))]);
    let picture = picture_of(&huge, Size { columns: 80, rows: Some(24) }, &Glyphs::UNICODE, 9_000, None);
    assert!(picture.frame.lines.len() <= 24);
}
