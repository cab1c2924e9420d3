//! The part of a list of rows that a screen shows while the list scrolls.

use std::ops::Range;

/// The rows to show of `count` rows, with room for `room` of them. The range starts at `first`, shifted just far
/// enough to include the selected row.
pub(crate) fn visible_rows(first: usize, selected: Option<usize>, count: usize, room: usize) -> Range<usize> {
    let room = room.max(1);
    let first = selected.map_or(first, |selected| first.clamp((selected + 1).saturating_sub(room), selected));
    let first = first.min(count.saturating_sub(room));
    first..(first + room).min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_shown() {
        assert_eq!(visible_rows(0, None, 100, 10), 0..10);
        assert_eq!(visible_rows(0, Some(30), 100, 10), 21..31);
        assert_eq!(visible_rows(50, Some(30), 100, 10), 30..40);
        assert_eq!(visible_rows(95, None, 100, 10), 90..100);
        assert_eq!(visible_rows(7, Some(2), 3, 10), 0..3);
        assert_eq!(visible_rows(7, None, 0, 10), 0..0);
    }
}
