//! A captured screen of the virtual terminal: its text, and the colour of each cell.

use std::fmt::Write as _;

use crate::cli::interactive_tests::virtual_terminal::VirtualTerminal;

/// The text of a screen and the colours of its cells.
pub(crate) struct Screen {
    /// The lines, without blanks at their ends.
    pub(crate) lines: Vec<String>,
    /// One letter for each cell of each line, without dots at the end. A dot stands for plain text.
    colours: Vec<String>,
}

impl Screen {
    /// Captures the screen that the terminal shows.
    pub(crate) fn capture(terminal: &VirtualTerminal) -> Self {
        let parser = terminal.parser.borrow();
        let screen = parser.screen();
        let (rows, columns) = screen.size();
        let mut lines: Vec<String> = screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
        let colours = (0..rows).map(|row| {
            let cells = (0..columns).filter_map(|column| screen.cell(row, column));
            let letters: String = cells.map(colour_letter).collect();
            letters.trim_end_matches('.').to_owned()
        });
        let mut colours: Vec<String> = colours.collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        colours.truncate(lines.len());
        Self { lines, colours }
    }

    /// The text of the screen.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// The colours of each coloured line, after the number of the line.
    pub(crate) fn colour_map(&self) -> String {
        let coloured = self.colours.iter().enumerate().filter(|(_, letters)| !letters.is_empty());
        let mut map = String::new();
        for (number, letters) in coloured {
            let _ = writeln!(map, "{number:2} {letters}");
        }
        map
    }

    /// Whether a cell has a colour or is bold. Reverse video does not count.
    pub(crate) fn has_colours(&self) -> bool {
        self.colours.iter().any(|letters| letters.contains(|letter| !matches!(letter, '.' | '#')))
    }

    /// The lines that differ from those of `other`, after their numbers.
    pub(crate) fn differences(&self, other: &Self) -> String {
        let mut text = String::new();
        for (number, line) in self.lines.iter().enumerate() {
            if other.lines.get(number) != Some(line) {
                let _ = writeln!(text, "{number:2} {line}");
            }
        }
        text
    }
}

/// The letter of a cell's look: `d`im, `b`lue, `m`agenta, `p`urple, `g`reen, `r`ed, `a`mber, `s`trong (bold without a
/// colour), a capital letter for a bold colour, `#` for reverse video, and a dot for plain text.
fn colour_letter(cell: &vt100::Cell) -> char {
    let letter = match cell.fgcolor() {
        vt100::Color::Default => '.',
        vt100::Color::Idx(243) => 'd',
        vt100::Color::Idx(29) => 'g',
        vt100::Color::Idx(63) => 'b',
        vt100::Color::Idx(98) => 'p',
        vt100::Color::Idx(163) => 'm',
        vt100::Color::Rgb(236, 0, 0) => 'r',
        vt100::Color::Rgb(165, 104, 0) => 'a',
        other @ (vt100::Color::Idx(_) | vt100::Color::Rgb(..)) => {
            panic!("{other:?} is no colour of the program")
        }
    };
    match (cell.inverse(), cell.bold()) {
        (true, _) => '#',
        (false, true) if letter == '.' => 's',
        (false, true) => letter.to_ascii_uppercase(),
        (false, false) => letter,
    }
}
