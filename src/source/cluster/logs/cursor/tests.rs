//! Tests of the position in the log of a container.

use jiff::Timestamp;

use crate::source::cluster::logs::cursor::{
    LAST_LINES, LineStatus, LogCursor, LogRange, MAX_FINGERPRINT_BYTES, RequestMode,
};

/// The lines of a log file, each with its time.
type Lines<'a> = Vec<(Timestamp, &'a str)>;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
}

/// Requests the log and returns the new lines. A gap is shown as `…`.
fn request(cursor: &mut LogCursor, file: &Lines<'_>, count: usize) -> Vec<String> {
    request_with(cursor, RequestMode::ContinueAfterFileDeletion, file, count)
}

fn request_with(cursor: &mut LogCursor, mode: RequestMode, file: &Lines<'_>, count: usize) -> Vec<String> {
    let LogRange { since, tail_lines } = cursor.begin_request(mode);
    let start = tail_lines.map_or(0, |lines| file.len().saturating_sub(lines.try_into().unwrap()));
    let visible = file[start..].iter().filter(|(at, _)| since.is_none_or(|since| *at >= since)).take(count);
    let mut new = Vec::new();
    for (at, text) in visible {
        match cursor.accept(*at, text.as_bytes()) {
            LineStatus::New => new.push((*text).to_owned()),
            LineStatus::Known | LineStatus::Fragment => {}
            LineStatus::Unexpected | LineStatus::EarlierRun => return vec!["another run".to_owned()],
            LineStatus::NewAfterGap { .. } => new.extend(["…".to_owned(), (*text).to_owned()]),
        }
    }
    new
}

#[test]
fn every_line_is_accepted_once_wherever_the_request_is_cut() {
    // Equal lines, equal times, and times that are not in order.
    let file: Lines<'_> = [
        (0, "a"),
        (0, "a"),
        (0, "b"),
        (900, "a"),
        (1100, "c"),
        (950, "d"),
        (1100, "c"),
        (1100, "c"),
        (3000, "e"),
        (2999, "f"),
        (3001, "e"),
        (9000, "g"),
    ]
    .map(|(millis, text)| (at(millis), text))
    .to_vec();
    let all: Vec<&str> = file.iter().map(|(_, text)| *text).collect();
    for first_cut in 0..=file.len() {
        for second_cut in 0..=file.len() {
            let mut cursor = LogCursor::default();
            let mut read = request(&mut cursor, &file[..first_cut].to_vec(), usize::MAX);
            // The second request is cut early, maybe before it reaches a new line.
            read.extend(request(&mut cursor, &file, second_cut));
            read.extend(request(&mut cursor, &file, usize::MAX));
            assert_eq!(read, all, "cut after {first_cut}, then after {second_cut}");
            assert!(request(&mut cursor, &file, usize::MAX).is_empty());
        }
    }
}

#[test]
fn lines_that_the_runtime_has_deleted_leave_a_gap() {
    let file: Lines<'_> = vec![(at(0), "a"), (at(10), "b"), (at(4000), "c")];
    let mut cursor = LogCursor::default();
    assert_eq!(request(&mut cursor, &file, 2), ["a", "b"]);
    // The file with a and b was deleted. The cursor cannot know whether another deleted line came before c.
    let rotated: Lines<'_> = vec![(at(4000), "c"), (at(4001), "d")];
    let LogRange { since, .. } = cursor.begin_request(RequestMode::ContinueAfterFileDeletion);
    assert!(since.is_some_and(|since| since <= at(0)));
    assert_eq!(cursor.accept(at(4000), b"c"), LineStatus::NewAfterGap { since: at(10) });
    assert_eq!(cursor.accept(at(4001), b"d"), LineStatus::New);
    assert!(request(&mut cursor, &rotated, 9).is_empty());
}

#[test]
fn a_new_run_begins_with_its_first_line() {
    let first: Lines<'_> = vec![(at(0), "a"), (at(1), "b")];
    let second: Lines<'_> = vec![(at(700), "a"), (at(800), "c")];
    let mut cursor = LogCursor::default();
    assert_eq!(request(&mut cursor, &first, 9), ["a", "b"]);
    cursor.begin_run(1);
    // The kubelet may still return the first run.
    assert!(request(&mut cursor, &first, 9).is_empty());
    assert!(!cursor.has_lines());
    assert_eq!(request(&mut cursor, &second, 9), ["a", "c"]);
    assert_eq!(cursor.run(), 1);
}
#[test]
fn the_log_of_another_run_is_recognized() {
    let first: Lines<'_> = vec![(at(0), "a"), (at(1), "b")];
    let second: Lines<'_> = vec![(at(700), "c"), (at(800), "d")];
    let mut cursor = LogCursor::default();
    assert_eq!(request(&mut cursor, &first, 9), ["a", "b"]);
    assert_eq!(request_with(&mut cursor, RequestMode::Continue, &second, 9), ["another run"]);
    assert!(request_with(&mut cursor, RequestMode::Continue, &first, 9).is_empty());
    // The lines of the second run arrive first.
    let mut cursor = LogCursor::default();
    assert_eq!(request(&mut cursor, &second, 1), ["c"]);
    assert_eq!(request_with(&mut cursor, RequestMode::FromStart, &first, 9), ["another run"]);
    assert_eq!(request_with(&mut cursor, RequestMode::FromStart, &second, 9), ["d"]);
}

#[test]
fn the_last_lines_show_whether_lines_follow() {
    let file: Lines<'_> = (0..20).map(|index| (at(index), "x")).collect();
    for count in 1..file.len() {
        let mut cursor = LogCursor::default();
        assert_eq!(request(&mut cursor, &file, count).len(), count);
        let known: Lines<'_> = file[..count].to_vec();
        assert!(request_with(&mut cursor, RequestMode::LastLines, &known, 99).is_empty());
        assert!(cursor.reaches_last_line());
        // The answer ends before the last accepted line.
        let cut = count.min(LAST_LINES) - 1;
        assert!(request_with(&mut cursor, RequestMode::LastLines, &known, cut).is_empty());
        assert!(!cursor.reaches_last_line());
        // More lines follow. If all of the last lines are new, lines between may be missing.
        let added = file.len() - count;
        let read = request_with(&mut cursor, RequestMode::LastLines, &file, 99);
        if added < LAST_LINES {
            assert_eq!(read.len(), added);
        } else {
            assert_eq!(read, ["another run"]);
        }
    }
}

#[test]
fn equal_last_lines_are_not_counted_by_guess() {
    let file: Lines<'_> = vec![(at(0), "x"); 3];
    let mut cursor = LogCursor::default();
    assert_eq!(request(&mut cursor, &file, 2).len(), 2);
    assert_eq!(request_with(&mut cursor, RequestMode::LastLines, &file, 99), ["another run"]);
    assert_eq!(request_with(&mut cursor, RequestMode::Continue, &file, 99), ["x"]);
}

#[test]
fn the_rest_of_a_line_that_began_before_the_requested_time_is_no_gap() {
    let (early, late) = (at(900), at(2100));
    let mut cursor = LogCursor::default();
    cursor.begin_request(RequestMode::Continue);
    // The runtime stored the line at 900 in parts. Its last part has the time 1100.
    let long = "x".repeat(20_000);
    for (at, text) in [(early, long.as_str()), (at(1150), "b"), (late, "c")] {
        assert_eq!(cursor.accept(at, text.as_bytes()), LineStatus::New);
    }
    assert_eq!(cursor.begin_request(RequestMode::Continue).since, Some(at(1000)));
    assert_eq!(cursor.accept(at(1100), b"xxx"), LineStatus::Fragment);
    assert_eq!(cursor.accept(at(1150), b"b"), LineStatus::Known);
    assert_eq!(cursor.accept(late, b"c"), LineStatus::Known);
    assert_eq!(cursor.accept(at(2200), b"d"), LineStatus::New);
    // The line after the fragment is not the expected line.
    cursor.begin_request(RequestMode::Continue);
    assert_eq!(cursor.accept(at(1100), b"xxx"), LineStatus::Fragment);
    assert_eq!(cursor.accept(at(1160), b"b"), LineStatus::Unexpected);
}

#[test]
fn a_line_whose_end_is_missing_is_recognized() {
    let line = vec![b'x'; 2 * MAX_FINGERPRINT_BYTES];
    for (first, second) in [(line.len(), MAX_FINGERPRINT_BYTES), (MAX_FINGERPRINT_BYTES, line.len())] {
        let mut cursor = LogCursor::default();
        cursor.begin_request(RequestMode::Continue);
        assert_eq!(cursor.accept(at(0), &line[..first]), LineStatus::New);
        cursor.begin_request(RequestMode::Continue);
        assert_eq!(cursor.accept(at(0), &line[..second]), LineStatus::Known);
        cursor.begin_request(RequestMode::Continue);
        assert_eq!(cursor.accept(at(0), &line[..MAX_FINGERPRINT_BYTES - 1]), LineStatus::Unexpected);
    }
}
