//! Keys, clicks and resizes of the interactive screen.

use std::sync::OnceLock;

use crate::fuzz_tests::choices::Choices;
use crate::fuzz_tests::pictures::{check_lines, choose_time};
use crate::source::recording::{RecordingEntry, RecordingLines};
use crate::timeline::Timeline;
use crate::tui::action::Effect;
use crate::tui::details::Details;
use crate::tui::handlers::handle_input::handle_input;
use crate::tui::input::{Code, Input, Key, Mouse, MouseKind};
use crate::tui::layout::compose_screen;
use crate::tui::layout_input::LayoutInput;
use crate::tui::state::TuiState;
use crate::view::{FrameCache, Glyphs, ViewState};

/// Maximum number of inputs in a row.
const MAX_INPUTS: usize = 24;

const CODES: [Code; 12] = [
    Code::Enter,
    Code::Esc,
    Code::Backspace,
    Code::Tab,
    Code::Up,
    Code::Down,
    Code::Left,
    Code::Right,
    Code::PageUp,
    Code::PageDown,
    Code::Home,
    Code::End,
];

const MOUSE_KINDS: [MouseKind; 6] = [
    MouseKind::Press,
    MouseKind::Drag,
    MouseKind::Release,
    MouseKind::Move,
    MouseKind::WheelUp,
    MouseKind::WheelDown,
];

/// A run with failed and repeated Pods.
fn timeline() -> &'static Timeline {
    static TIMELINE: OnceLock<Timeline> = OnceLock::new();
    TIMELINE.get_or_init(|| {
        let header = "{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}\n";
        let recording = format!("{header}{}", include_str!("../../tests/scenarios/crash.jsonl"));
        let mut timeline = Timeline::default();
        for entry in RecordingLines::new(recording.as_bytes()).expect("a recording").flatten() {
            if let RecordingEntry::Observation(observation) = entry {
                timeline.apply(&observation);
            }
        }
        timeline.recompute();
        assert!(timeline.pod_count() > 0);
        timeline
    })
}

/// A column or a row. A terminal may report any position.
fn choose_position(choices: &mut Choices<'_>) -> usize {
    match choices.next_byte() {
        u8::MAX => usize::from(u16::MAX),
        position => usize::from(position),
    }
}

/// The columns and rows of a terminal. It has at least two columns, because in one column only the margin is visible.
fn choose_size(choices: &mut Choices<'_>) -> (usize, usize) {
    let (columns, rows) = (usize::from(choices.next_byte()), usize::from(choices.next_byte()));
    (columns.max(2), rows.max(1))
}

/// A printable byte stands for its own key. Any other byte begins another key, a click or a resize.
fn next_input(choices: &mut Choices<'_>) -> Input {
    match choices.next_byte() {
        char @ b' '..=b'~' => Input::Key(Key::char(char.into())),
        ctrl @ 1..=26 => Input::Key(Key::ctrl((b'a' + ctrl - 1).into())),
        0x80..=0x9f => Input::Mouse(Mouse {
            kind: choices.pick(&MOUSE_KINDS),
            column: choose_position(choices),
            row: choose_position(choices),
        }),
        0xa0..=0xaf => {
            let char = u32::try_from(choices.next_i64() & 0x1f_ffff).ok().and_then(char::from_u32);
            Input::Key(Key::char(char.unwrap_or('\u{fffd}')))
        }
        0xb0..=0xbf => Input::Resized,
        _ => Input::Key(Key::plain(choices.pick(&CODES))),
    }
}

#[test]
fn any_keys_and_clicks_leave_a_screen_that_fits() {
    let timeline = timeline();
    fuzz!("keys_and_clicks", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let now = choose_time(&mut choices, timeline);
        let (mut columns, mut rows) = choose_size(&mut choices);
        let is_playback = choices.next_bool();
        let details = Details::default();
        let frame_cache = FrameCache::default();
        let mut state = TuiState::new(ViewState::default());
        for _ in 0..MAX_INPUTS {
            let screen = compose_screen(
                &state,
                &LayoutInput {
                    timeline,
                    details: &details,
                    glyphs: &Glyphs::UNICODE,
                    frame_cache: &frame_cache,
                    now,
                    columns,
                    rows,
                    notices: &[],
                    only_pod: None,
                    interactive: true,
                    has_margin: true,
                    playback: None,
                    leaves_work: true,
                    failures: &[],
                    outcome: None,
                },
            );
            assert!(screen.frame.lines.len() <= rows, "{} lines", screen.frame.lines.len());
            check_lines(&screen.frame.lines, columns);
            if choices.are_used_up() {
                break;
            }
            let input = next_input(&mut choices);
            if input == Input::Resized {
                (columns, rows) = choose_size(&mut choices);
            }
            let top = choices.next_bool().then(|| usize::from(choices.next_byte()));
            let context = screen.input_context(timeline, top, "kubectl get pod -o yaml", is_playback);
            if let Effect::Copy(text) = handle_input(&mut state, input, &context) {
                assert!(!text.chars().any(char::is_control), "{text:?}");
            }
        }
    });
}
