//! The live picture: when it is drawn, and what a key makes of it.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::appearance::Appearance;
use crate::app::exit::RunError;
use crate::app::pod_details_loader::PodDetailsLoader;
use crate::terminal::full_screen::FullScreen;
use crate::terminal::tty::Terminal;

use crate::timeline::{PodKey, Timeline};
use crate::tui::action::Effect;
use crate::tui::handle_input::handle_input;
use crate::tui::input::Input;
use crate::tui::layout::{ScreenLayout, compose_screen};
use crate::tui::layout_input::LayoutInput;
use crate::tui::page::Page;
use crate::tui::state::TuiState;
use crate::view::{Frame, FrameCache, Glyphs, Line, Style};

/// Ten pictures a second at most.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// Where a picture comes again only because time goes on, it may cost so many bytes a second.
const BYTES_A_SECOND: u64 = 3500;
/// Nothing that can be seen had changed: the next look is after so long.
const STILL: Duration = Duration::from_millis(250);
/// A key's picture comes at once, unless there was one just now.
const AT_ONCE: Duration = Duration::from_millis(30);

/// What is known, as far as a picture shows it.
pub(crate) struct RunSnapshot<'a> {
    pub(crate) timeline: &'a Timeline,
    pub(crate) now: Timestamp,
    /// What is waited for, what is lost.
    pub(crate) notices: Vec<Line>,
    /// The one Pod that was asked for.
    pub(crate) only: Option<PodKey>,
    /// How everything ended, if it has.
    pub(crate) ended: Option<String>,
}

/// The live picture on its terminal.
#[derive(Debug)]
pub(crate) struct LiveReporter {
    stage: FullScreen,
    state: TuiState,
    screen: ScreenLayout,
    memo: FrameCache,
    glyphs: Glyphs,
    columns: Option<usize>,
    /// Keys may be taken.
    interactive: bool,
    /// What was known when the picture was held.
    held: Option<Box<(Timeline, Timestamp)>>,
    /// The command that shows a Pod.
    command: String,
    /// Lines that will be said below the last picture.
    below: usize,
    /// Something beside the time has changed.
    dirty: bool,
    drawn: Instant,
    /// When a picture is due that only time has changed.
    due: Instant,
}

impl LiveReporter {
    pub(crate) fn new(
        out: Box<dyn io::Write>,
        terminal: Box<dyn Terminal>,
        drawing: &Appearance,
        interactive: bool,
        command: String,
    ) -> Self {
        Self {
            stage: FullScreen::new(out, drawing.stylesheet(), terminal),
            state: TuiState::new(drawing.state.clone()),
            screen: ScreenLayout::default(),
            memo: FrameCache::default(),
            glyphs: drawing.glyphs,
            columns: drawing.wanted_columns(),
            interactive,
            held: None,
            command,
            below: 0,
            dirty: true,
            drawn: Instant::now(),
            due: Instant::now(),
        }
    }

    /// Takes the keys, now that nobody else may ask for them: a credential plugin has asked before the first answer.
    pub(crate) fn enter(&mut self) -> Result<(), RunError> {
        if self.interactive && !self.stage.is_entered() {
            self.stage.enter()?;
        }
        Ok(())
    }

    /// The next key or click.
    pub(crate) async fn input(&mut self) -> Input {
        self.stage.keys().next().await
    }

    /// Another one that has come already.
    pub(crate) fn waiting(&mut self) -> Option<Input> {
        self.stage.keys().try_next()
    }

    /// Does what a key or a click asks for; what is left to do is told.
    pub(crate) fn act(&mut self, input: Input, timeline: &Timeline) -> Result<Effect, RunError> {
        let timeline = self.held.as_ref().map_or(timeline, |held| &held.0);
        let context = self.screen.input_context(timeline, self.stage.top(), &self.command);
        let effect = handle_input(&mut self.state, input, &context);
        match &effect {
            Effect::Nothing => return Ok(effect),
            Effect::Copy(text) => self.stage.copy(text)?,
            Effect::Suspend => {
                self.stage.suspend()?;
                self.screen = ScreenLayout::default();
            }
            Effect::Draw | Effect::Detach => {}
        }
        self.dirty = true;
        Ok(effect)
    }

    /// The program was continued.
    pub(crate) fn resume(&mut self) -> Result<(), RunError> {
        if self.interactive {
            self.stage.resume()?;
        }
        self.dirty = true;
        Ok(())
    }

    /// What is looked at.
    pub(crate) fn state(&self) -> &TuiState {
        &self.state
    }

    /// Whether somebody reads a page that the end must not take away.
    pub(crate) fn is_reading(&self) -> bool {
        self.stage.is_entered() && self.state.is_reading()
    }

    /// Something beside the time has changed.
    pub(crate) fn touch(&mut self) {
        self.dirty = true;
    }

    /// Whether a picture is to be drawn now: at a tick, or after a key.
    pub(crate) fn wants(&self, after_key: bool) -> bool {
        if after_key {
            return self.dirty && self.drawn.elapsed() >= AT_ONCE;
        }
        self.dirty || Instant::now() >= self.due
    }

    /// Draws what is known.
    pub(crate) fn draw(
        &mut self,
        known: &RunSnapshot<'_>,
        backstage: &PodDetailsLoader,
    ) -> Result<(), RunError> {
        if self.state.paused && self.held.is_none() {
            self.held = Some(Box::new((known.timeline.clone(), known.now)));
        } else if !self.state.paused {
            self.held = None;
        }
        let only_time = !std::mem::take(&mut self.dirty);
        let (timeline, now) =
            self.held.as_ref().map_or((known.timeline, known.now), |held| (&held.0, held.1));
        let (columns, rows) = self.stage.size();
        let layout_input = LayoutInput {
            timeline,
            details: backstage.details(),
            glyphs: &self.glyphs,
            frame_cache: &self.memo,
            now,
            columns: self.columns.map_or(columns, |wanted| wanted.min(columns)),
            // A line for the cursor; and the head of the last picture is still to be seen above what is said then.
            rows: rows.max(2) - 1 - self.below.min(rows / 2),
            notices: &known.notices,
            only_pod: known.only,
            interactive: self.stage.is_entered(),
            outcome: known.ended.as_deref(),
        };
        if let Some(only) = known.only {
            self.state.window.selected.get_or_insert(only);
        }
        self.screen = compose_screen(&self.state, &layout_input);
        self.state.window.first = self.screen.picture.first;
        if self.screen.frame.lines.is_empty() {
            self.screen.frame.lines.push(Line::new("waiting for something to follow", Style::Dim));
        }
        let before = self.stage.bytes_written();
        // A mouse is of use where there is something to point at.
        let mouse = self.state.mouse && (self.screen.full || !self.screen.picture.pods.is_empty());
        self.stage.show_frame(&self.screen.frame, self.screen.full, mouse)?;
        self.drawn = Instant::now();
        let bytes = self.stage.bytes_written() - before;
        let pause = Duration::from_millis(bytes * 1000 / BYTES_A_SECOND);
        // A little less than the tick, so that the tick itself is not missed.
        let least = if bytes == 0 { STILL } else { TICK } / 2;
        self.due = self.drawn + if only_time { pause.max(least) } else { least };
        Ok(())
    }

    /// Leaves the picture without anything that is only for keys, and gives the terminal back.
    pub(crate) fn leave(
        &mut self,
        mut known: RunSnapshot<'_>,
        backstage: &PodDetailsLoader,
        below: usize,
    ) -> Result<(), RunError> {
        self.below = below;
        self.stage.leave()?;
        self.state.page = Page::Pods;
        self.state.paused = false;
        self.state.editing_filter = false;
        self.state.message = None;
        self.state.window = crate::view::Window::default();
        self.memo = FrameCache::default();
        known.ended = None;
        self.dirty = true;
        self.draw(&known, backstage)
    }

    /// Only one line: what is waited for.
    pub(crate) fn show_line(&mut self, line: Line) -> Result<(), RunError> {
        Ok(self.stage.show_frame(&Frame { lines: vec![line] }, false, false)?)
    }

    /// Removes the picture.
    pub(crate) fn clear(&mut self) -> Result<(), RunError> {
        self.dirty = true;
        Ok(self.stage.clear()?)
    }

    /// Says something that stays above the picture; `false` if the caller may write to the terminal itself.
    pub(crate) fn say_above(&mut self, line: Line) -> Result<bool, RunError> {
        if !self.stage.is_entered() {
            return Ok(false);
        }
        self.dirty = true;
        self.stage.print_above(&[line])?;
        Ok(true)
    }

    /// Says something below the picture that was left; `false` if there is no terminal to say it on.
    pub(crate) fn say_below(&mut self, lines: &[Line]) -> Result<bool, RunError> {
        if self.interactive && !lines.is_empty() {
            self.stage.print_below(lines)?;
        }
        Ok(self.interactive)
    }
}
