//! Tests of the inline renderer on a virtual terminal.

use super::*;
use crate::view::Style;

fn frame(lines: &[&str]) -> Frame {
    Frame { lines: lines.iter().map(|line| Line::new(*line, Style::Text)).collect() }
}

struct TestScreen {
    renderer: InlineRenderer<Vec<u8>>,
    terminal: vt100::Parser,
}

impl TestScreen {
    fn new(rows: u16, columns: u16) -> Self {
        let mut terminal = vt100::Parser::new(rows, columns, 100);
        terminal.process(b"$ kubectl seq get job pi -w\r\n");
        let mut renderer = InlineRenderer::new(Vec::new(), Stylesheet::COLOURED);
        renderer.own_cursor().unwrap();
        Self { renderer, terminal }
    }

    fn draw(&mut self, lines: &[&str]) -> (String, usize) {
        let columns = usize::from(self.terminal.screen().size().1);
        self.renderer.draw_frame(&frame(lines), columns).unwrap();
        let bytes = std::mem::take(&mut self.renderer.out);
        self.terminal.process(&bytes);
        (self.terminal.screen().contents(), bytes.len())
    }
}

#[test]
fn only_changed_cells_are_written() {
    let mut screen = TestScreen::new(10, 40);
    assert_eq!(screen.draw(&["one", "two", "three"]).0, "$ kubectl seq get job pi -w\none\ntwo\nthree");
    let (contents, bytes) = screen.draw(&["one", "twx", "three"]);
    assert_eq!(contents, "$ kubectl seq get job pi -w\none\ntwx\nthree");
    assert!(bytes < 40, "{bytes} bytes for one cell");
    assert_eq!(screen.draw(&["one", "twx", "three"]).1, 0);
}

#[test]
fn changed_cells_of_one_style_share_the_codes_of_the_style() {
    let bars = |cells: usize| {
        let mut line = Line::new("name ", Style::Strong);
        line.push("█".repeat(cells), Style::Work);
        line.push("▶", Style::Now);
        Frame { lines: vec![line; 20] }
    };
    let mut renderer = InlineRenderer::new(Vec::new(), Stylesheet::COLOURED);
    renderer.draw_frame(&bars(10), 40).unwrap();
    let before = renderer.bytes_written();
    renderer.draw_frame(&bars(11), 40).unwrap();
    let bytes = renderer.bytes_written() - before;
    assert!(bytes < 20 * 25, "{bytes} bytes for 20 longer bars");
    let mut terminal = vt100::Parser::new(30, 40, 0);
    terminal.process(&renderer.out);
    let expected = format!("name {}▶", "█".repeat(11));
    assert_eq!(terminal.screen().contents().lines().collect::<Vec<_>>(), vec![expected; 20]);
}

#[test]
fn frames_grow_and_shrink() {
    let mut screen = TestScreen::new(10, 40);
    screen.draw(&["one"]);
    assert_eq!(screen.draw(&["one", "two", "three"]).0, "$ kubectl seq get job pi -w\none\ntwo\nthree");
    assert_eq!(screen.draw(&["1", "two"]).0, "$ kubectl seq get job pi -w\n1\ntwo");
    assert_eq!(screen.draw(&["1", "two", "3", "4"]).0, "$ kubectl seq get job pi -w\n1\ntwo\n3\n4");
}

#[test]
fn the_hidden_cursor_rests_at_the_first_row_of_the_frame_and_is_left_below_the_frame() {
    let mut screen = TestScreen::new(10, 40);
    let height = |screen: &TestScreen| screen.renderer.rows_from_cursor();
    for frame in [&["one"] as &[_], &["one", "two", "three"], &["1"], &["1", "2 changed"]] {
        screen.draw(frame);
        assert_eq!(screen.terminal.screen().cursor_position(), (1, 0), "{frame:?}");
        assert!(screen.terminal.screen().hide_cursor(), "{frame:?}");
        assert_eq!(height(&screen), frame.len());
    }
    screen.renderer.leave_frame().unwrap();
    let bytes = std::mem::take(&mut screen.renderer.out);
    screen.terminal.process(&bytes);
    assert_eq!(screen.terminal.screen().cursor_position(), (3, 0));
    assert!(!screen.terminal.screen().hide_cursor());
    assert_eq!(height(&screen), 0);
    assert_eq!(screen.draw(&["next"]).0, "$ kubectl seq get job pi -w\n1\n2 changed\nnext");
}

#[test]
fn the_visible_cursor_rests_below_the_frame_until_the_program_owns_it() {
    let mut screen = TestScreen::new(10, 40);
    screen.renderer.owns_cursor = false;
    for frame in [&["one"] as &[_], &["one", "two", "three"], &["1"], &["1", "2 changed"]] {
        let row = u16::try_from(1 + frame.len()).unwrap();
        screen.draw(frame);
        assert_eq!(screen.terminal.screen().cursor_position(), (row, 0), "{frame:?}");
        assert!(!screen.terminal.screen().hide_cursor(), "{frame:?}");
    }
    screen.renderer.own_cursor().unwrap();
    assert_eq!(screen.draw(&["mine"]).0, "$ kubectl seq get job pi -w\nmine");
    assert_eq!(screen.terminal.screen().cursor_position(), (1, 0));
}

#[test]
fn lines_wrap_again_as_soon_as_no_frame_stands() {
    let wraps = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.rfind("\u{1b}[?7h") > text.rfind("\u{1b}[?7l")
    };
    let mut renderer = InlineRenderer::new(Vec::new(), Stylesheet::PLAIN);
    renderer.own_cursor().unwrap();
    let draw = |renderer: &mut InlineRenderer<Vec<u8>>| {
        renderer.draw_frame(&frame(&["one", "two"]), 20).unwrap();
        assert!(!wraps(&renderer.out), "{:?}", renderer.out);
    };
    draw(&mut renderer);
    renderer.print_above(&[Line::new("above", Style::Text)]).unwrap();
    assert!(wraps(&renderer.out));
    draw(&mut renderer);
    renderer.clear().unwrap();
    assert!(wraps(&renderer.out));
    draw(&mut renderer);
    renderer.push_canvas().unwrap();
    assert!(wraps(&renderer.out));
    draw(&mut renderer);
    renderer.begin_empty(20, 5).unwrap();
    assert!(wraps(&renderer.out));
    draw(&mut renderer);
    renderer.print_below(&[Line::new("below", Style::Text)]).unwrap();
    assert!(wraps(&renderer.out));
}

#[test]
fn a_frame_at_the_bottom_scrolls_and_keeps_its_position() {
    let mut screen = TestScreen::new(4, 20);
    screen.draw(&["a", "b"]);
    assert_eq!(screen.draw(&["a", "b", "c"]).0, "a\nb\nc");
    assert_eq!(screen.draw(&["a", "B", "c"]).0, "a\nB\nc");
}

#[test]
fn a_terminal_without_alternate_screen_shows_the_frame_again() {
    let mut screen = TestScreen::new(10, 40);
    screen.renderer.begin_at(1, 10);
    screen.draw(&["one", "two"]);
    screen.terminal.process(b"\x1b[2J\x1b[Ha page\r\nthat\r\nstayed");
    screen.renderer.redraw_in_place().unwrap();
    let bytes = std::mem::take(&mut screen.renderer.out);
    screen.terminal.process(&bytes);
    assert_eq!(screen.draw(&["one", "two"]).0, "a page\none\ntwo", "lines above the frame stay untouched");
}

#[test]
fn a_new_width_redraws_the_frame() {
    let mut screen = TestScreen::new(10, 40);
    screen.draw(&["one two three", "four"]);
    screen.terminal.screen_mut().set_size(10, 20);
    assert_eq!(screen.draw(&["one two", "five"]).0.lines().skip(1).collect::<Vec<_>>(), ["one two", "five"]);
}

#[test]
fn wide_and_combining_characters_keep_their_columns() {
    let mut screen = TestScreen::new(10, 40);
    screen.draw(&["日本 e\u{301}x|"]);
    assert!(screen.draw(&["日木 e\u{301}y|"]).0.ends_with("日木 e\u{301}y|"));
}
