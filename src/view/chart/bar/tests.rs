//! Tests of the labels of a bar.

use super::*;

#[test]
fn labels_never_cover_a_bar_or_each_other() {
    let work = CellMark::Phase(PhaseKind::Running);
    let mut cells = vec![CellMark::Empty; 20];
    cells[8..12].fill(work);
    let mut bar = Bar { cells, labels: Vec::new() };
    assert!(bar.add_label("behind", Style::Text));
    assert!(bar.add_label("before", Style::Text), "there is no room behind the bar any more");
    assert!(!bar.add_label("again", Style::Text));
    let mut line = Line::default();
    bar.push_to(&mut line, &Glyphs::ASCII, &mut LegendEntries::default());
    assert_eq!(line.plain(), " before #### behind ");
}
