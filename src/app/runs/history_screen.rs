//! The table of `history --interactive` on its terminal.

use tokio::time::sleep;

use crate::app::appearance::Appearance;
use crate::app::console::Console;
use crate::app::exit::{Exit, RunError};
use crate::app::reporter::live::TICK;
use crate::app::signals::Signals;
use crate::platform::signal_kinds::TerminalSignal;
use crate::platform::signals::TerminalSignals;
use crate::source::{ErrorKind, SourceError};
use crate::terminal::full_screen::FullScreen;
use crate::timeline::comparison::WorkHistory;
use crate::tui::history_table::{HistoryEffect, HistoryTableState};
use crate::view::{HistoryPicture, draw_history_picture};

/// An action of the user in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistoryChoice {
    /// Opens the selected run.
    Open,
    /// Quits.
    Quit,
    /// Ends the program, for example with Ctrl-C.
    Exit(Exit),
}

/// The table. Its state survives while a run is open.
#[derive(Debug)]
pub(crate) struct HistoryScreen<'a> {
    works: &'a [WorkHistory],
    appearance: &'a Appearance,
    pub(crate) state: HistoryTableState,
    /// The drawn table and its number of columns.
    drawn: (usize, HistoryPicture),
}

impl<'a> HistoryScreen<'a> {
    pub(crate) fn new(works: &'a [WorkHistory], appearance: &'a Appearance) -> Self {
        let runs = works.iter().map(|work| work.runs.len()).sum();
        let state = HistoryTableState::new(runs);
        Self { works, appearance, state, drawn: (0, HistoryPicture::default()) }
    }

    /// Shows the table until the user opens a run or quits. Then removes the table and gives the terminal back.
    ///
    /// # Errors
    /// Usage: the terminal cannot be read. Output: the terminal is gone.
    pub(crate) async fn choose(&mut self, console: Console) -> Result<HistoryChoice, RunError> {
        let mut screen = FullScreen::new(console.out, self.appearance.stylesheet(), console.terminal);
        screen.own_cursor()?;
        if !screen.enter()? {
            let summary = "--interactive needs a terminal that can be read";
            return Err(SourceError::new(ErrorKind::Usage, summary).into());
        }
        let mut signals = Signals::new(true)?;
        let mut terminal_signals = TerminalSignals::new(true)?;
        let choice = loop {
            self.draw(&mut screen)?;
            let effect = tokio::select! {
                biased;
                exit = signals.next_exit() => break HistoryChoice::Exit(exit),
                input = screen.keys().next() => {
                    let rows = table_rows(&screen);
                    self.state.handle_input(input, &self.drawn.1, rows)
                }
                () = sleep(TICK), if screen.is_resizing() => HistoryEffect::Draw,
                signal = terminal_signals.next() => match signal {
                    TerminalSignal::Resized => HistoryEffect::Draw,
                    TerminalSignal::Stopped => HistoryEffect::Suspend,
                    TerminalSignal::Continued => {
                        screen.resume()?;
                        HistoryEffect::Draw
                    }
                },
            };
            match effect {
                HistoryEffect::Draw => {}
                HistoryEffect::Suspend => screen.suspend()?,
                HistoryEffect::Open => break HistoryChoice::Open,
                HistoryEffect::Quit => break HistoryChoice::Quit,
                HistoryEffect::Interrupt => break HistoryChoice::Exit(Exit::Interrupted),
            }
        };
        screen.clear()?;
        screen.leave()?;
        Ok(choice)
    }

    fn draw(&mut self, screen: &mut FullScreen) -> Result<(), RunError> {
        let (columns, _) = screen.size();
        let columns = self.appearance.columns.map_or(columns, |wanted| wanted.min(columns)).max(1);
        let glyphs = &self.appearance.glyphs;
        if self.drawn.0 != columns {
            // The first column marks the selection.
            let picture = draw_history_picture(self.works, glyphs, columns.saturating_sub(1).max(1));
            self.drawn = (columns, picture);
        }
        // One line is left for the status line.
        let frame = self.state.compose(&self.drawn.1, columns, table_rows(screen) + 1, glyphs);
        Ok(screen.show_frame(&frame, false, false)?)
    }
}

/// The number of lines of the table. One line is left for the status line, and one for the cursor.
fn table_rows(screen: &FullScreen) -> usize {
    screen.size().1.saturating_sub(2).max(1)
}
