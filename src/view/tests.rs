//! Every view, as a person sees it.

use super::fixture::{at, pi};
use super::*;

#[test]
fn pictures() {
    let out = std::path::Path::new("/tmp/frames");
    std::fs::create_dir_all(out).unwrap();
    let mut state = ViewState::default();
    for (view, word) in [(View::Sequence, "seq"), (View::Table, "table"), (View::Wide, "wide"), (View::Grid, "grid")] {
    state.view = view;
    for (columns, rows) in [(80, 24), (120, 40), (40, 10), (200, 30)] {
        for now in [0, 3000, 14_000, 31_000, 60_000] {
            let frame = draw(&pi(now), &state, Size { columns, rows: Some(rows) }, &Glyphs::UNICODE, at(now));
            for (name, sheet) in [("plain", Stylesheet::PLAIN), ("colour", Stylesheet::COLOURED)] {
                let text = crate::surface::ansi::render(&frame, &sheet);
                std::fs::write(out.join(format!("{word}-{columns}-{now}-{name}.txt")), text).unwrap();
            }
        }
    }
}
}
