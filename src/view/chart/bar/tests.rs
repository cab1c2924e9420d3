//! Tests of the labels of a bar.

use super::*;

fn bar_with_work(work: std::ops::Range<usize>) -> Bar {
    let mut cells = vec![CellMark::Empty; 20];
    cells[work].fill(CellMark::Phase(PhaseKind::Running));
    Bar { cells, labels: Vec::new() }
}

fn plain(bar: &Bar) -> String {
    let mut line = Line::default();
    bar.push_to(&mut line, &Glyphs::ASCII, &mut LegendEntries::default());
    line.plain()
}

#[test]
fn words_stand_to_the_right_of_the_bar_and_never_cover_each_other() {
    let mut bar = bar_with_work(8..12);
    assert!(bar.add_label("behind", Style::Text));
    assert!(!bar.add_label("before", Style::Text), "there is no room behind the bar any more");
    assert_eq!(plain(&bar), "        #### behind ");
}

#[test]
fn words_are_shortened_if_there_is_room_for_a_part_of_them() {
    let texts = ["CreateContainerConfigError: not found".to_owned(), "not found".to_owned()];
    let mut bar = bar_with_work(0..8);
    bar.add_label_or_shorten(&texts, Style::Text, "..");
    assert_eq!(plain(&bar), "######## not found  ", "a shorter text is better than a part of the longer one");
    let mut bar = bar_with_work(0..11);
    bar.add_label_or_shorten(&texts, Style::Text, "..");
    assert_eq!(plain(&bar), "########### not fo..");
    let mut bar = bar_with_work(0..18);
    bar.add_label_or_shorten(&texts, Style::Text, "..");
    assert_eq!(plain(&bar), format!("{}  ", "#".repeat(18)), "a few letters say nothing");
    bar.add_columns_for_words(12);
    bar.add_label_or_shorten(&texts, Style::Text, "..");
    assert_eq!(plain(&bar), format!("{} not found    ", "#".repeat(18)));
}
