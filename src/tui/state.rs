//! What is looked at, and what a key or a click makes of it. Pure: knows neither a terminal nor a cluster.

use crate::timeline::{PodKey, Timeline};
use crate::tui::action::{Action, Effect};
use crate::tui::input::{Code, Input, Key};
use crate::tui::keys;
use crate::tui::mouse as pointer;
use crate::view::{Align, GroupBy, Picture, Sort, ViewState, Window, Zoom};

/// Which page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The picture of all Pods.
    Pods,
    /// One Pod.
    Pod(PodKey, Tab),
    /// The keys.
    Help,
}

/// What is shown of one Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Phases, containers, conditions, events.
    Overview,
    /// Its events.
    Events,
    /// The log of one container.
    Log,
    /// The object.
    Yaml,
}

/// What a step is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// What is known.
    pub timeline: &'a Timeline,
    /// The picture as it was drawn last.
    pub picture: &'a Picture,
    /// The screen's row of the first line that was drawn; `None` if nobody knows.
    pub top: Option<usize>,
    /// The first line of the picture, counted from the first line that was drawn.
    pub above: usize,
    /// Lines of text, or rows of Pods, to a screen.
    pub page: usize,
    /// Lines of text on a page in all.
    pub lines: usize,
    /// The path's parts at the top of a page: end column of each.
    pub path: &'a [usize],
    /// The command that shows a Pod, without its name and namespace: `kubectl get pod`.
    pub command: &'a str,
}

/// What is looked at.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices of the user")]
pub(crate) struct TuiState {
    /// The picture that was chosen.
    pub view: ViewState,
    /// The part of it that is shown.
    pub window: Window,
    /// The page.
    pub page: Page,
    /// The phase of the selected Pod that is told about.
    pub phase: Option<usize>,
    /// The Pod and phase under the mouse.
    pub hover: Option<(PodKey, Option<usize>)>,
    /// Whether the picture is held.
    pub paused: bool,
    /// Whether a filter is being typed.
    pub typing: bool,
    /// Whether long lines of a text are wrapped.
    pub wrap: bool,
    /// Whether the mouse is taken from the terminal.
    pub mouse: bool,
    /// The first line of a page of text; of a log that is followed the last is shown.
    pub scroll: usize,
    /// Whether a log's end is followed.
    pub tail: bool,
    /// Columns that a text is shifted to the left.
    pub shift: usize,
    /// The place of the container whose log is shown.
    pub container: usize,
    /// What the last step has to say, until the next one.
    pub said: Option<String>,
    pub(crate) pressed: Option<(usize, usize)>,
    before_help: Option<Page>,
    kept_filter: String,
}

/// The least stretch of time on an axis, in milliseconds.
const LEAST_SPAN: i64 = 100;

impl TuiState {
    /// The picture that was asked for, nothing selected.
    pub(crate) fn new(view: ViewState) -> Self {
        Self {
            view,
            window: Window::default(),
            page: Page::Pods,
            phase: None,
            hover: None,
            paused: false,
            typing: false,
            wrap: false,
            mouse: true,
            scroll: 0,
            tail: true,
            shift: 0,
            container: 0,
            said: None,
            pressed: None,
            before_help: None,
            kept_filter: String::new(),
        }
    }

    /// Whether somebody reads a page of which the end of a run must not rob them.
    pub(crate) fn is_reading(&self) -> bool {
        self.page != Page::Pods || self.paused || self.typing
    }

    /// Takes in a key or a click.
    pub(crate) fn input(&mut self, input: Input, context: &Context<'_>) -> Effect {
        match input {
            Input::Resized => Effect::Draw,
            Input::Mouse(mouse) => pointer::point(self, mouse, context),
            Input::Key(key) => {
                self.said = None;
                self.hover = None;
                if self.typing
                    && let Some(effect) = self.typed(key)
                {
                    return effect;
                }
                match keys::action(key, self.page) {
                    Some(action) => self.update(action, context),
                    None => Effect::Nothing,
                }
            }
        }
    }

    /// A key of the filter's line; `None` if it means what it always means.
    fn typed(&mut self, key: Key) -> Option<Effect> {
        match key.code {
            Code::Char('u') if key.ctrl => self.window.filter.clear(),
            Code::Char(_) if key.ctrl => return None,
            Code::Char(char) => self.window.filter.push(char),
            Code::Backspace => {
                if self.window.filter.pop().is_none() {
                    self.typing = false;
                }
            }
            Code::Enter => self.typing = false,
            Code::Esc => {
                self.typing = false;
                self.window.filter = std::mem::take(&mut self.kept_filter);
            }
            _ => return None,
        }
        self.window.first = 0;
        Some(Effect::Draw)
    }

    /// Does what a key asks for.
    pub(crate) fn update(&mut self, action: Action, context: &Context<'_>) -> Effect {
        match action {
            Action::Show(view) => self.view.view = view,
            Action::Up => self.step(-1, context),
            Action::Down => self.step(1, context),
            Action::Left => self.sideways(false, context),
            Action::Right => self.sideways(true, context),
            Action::PageUp => self.steps(false, context),
            Action::PageDown => self.steps(true, context),
            Action::Home => self.go_to_end(false, context),
            Action::End => self.go_to_end(true, context),
            Action::Open => self.show(Tab::Overview),
            Action::Events => self.show(Tab::Events),
            Action::Log => self.show(Tab::Log),
            Action::Yaml => self.show(Tab::Yaml),
            Action::Back => self.back(),
            Action::Filter => {
                self.kept_filter = std::mem::take(&mut self.window.filter);
                self.typing = true;
            }
            Action::Order => self.view.sort = next_order(self.view.sort),
            Action::GroupByNode => {
                let by_node = self.view.group_by == GroupBy::Node;
                self.view.group_by = if by_node { GroupBy::Workload } else { GroupBy::Node };
            }
            Action::Align => {
                self.view.align = match self.view.align {
                    Align::Wall => Align::Created,
                    Align::Created => Align::Started,
                    Align::Started => Align::Wall,
                };
                self.window.zoom = None;
            }
            Action::ZoomIn => self.zoom(true, context),
            Action::ZoomOut => self.zoom(false, context),
            Action::ZoomReset => self.window.zoom = None,
            Action::Follow => self.follow(),
            Action::Pause => self.paused = !self.paused,
            Action::Unfold => self.window.unfolded = !self.window.unfolded,
            Action::NextContainer => {
                self.container += 1;
                self.turn(true);
            }
            Action::Wrap => self.wrap = !self.wrap,
            Action::CopyName => return self.copy(context, false),
            Action::CopyCommand => return self.copy(context, true),
            Action::Mouse => {
                self.mouse = !self.mouse;
                let whose = if self.mouse { "here" } else { "the terminal's" };
                self.said = Some(format!("the mouse is {whose}"));
            }
            Action::Help => match self.page {
                Page::Help => self.back(),
                page => {
                    self.before_help = Some(page);
                    self.page = Page::Help;
                    self.turn(false);
                }
            },
            Action::Suspend => return Effect::Suspend,
            Action::Detach => return Effect::Detach,
        }
        Effect::Draw
    }

    fn turn(&mut self, tail: bool) {
        (self.scroll, self.shift, self.tail) = (0, 0, tail);
    }

    fn show(&mut self, tab: Tab) {
        let pod = match self.page {
            Page::Pod(pod, _) => Some(pod),
            _ => self.window.selected,
        };
        match pod {
            Some(pod) if self.page == Page::Pod(pod, tab) => {}
            Some(pod) => {
                self.page = Page::Pod(pod, tab);
                self.turn(true);
            }
            None => self.said = Some("select a Pod first: the arrow keys or a click".into()),
        }
    }

    pub(crate) fn open(&mut self, pod: PodKey) {
        self.window.selected = Some(pod);
        self.container = 0;
        self.show(Tab::Overview);
    }

    /// One step back: from the pages, then from what was chosen last.
    pub(crate) fn back(&mut self) {
        match self.page {
            Page::Help => self.page = self.before_help.take().unwrap_or(Page::Pods),
            Page::Pod(_, Tab::Overview) => self.page = Page::Pods,
            Page::Pod(pod, _) => self.page = Page::Pod(pod, Tab::Overview),
            Page::Pods if !self.window.filter.is_empty() => self.window.filter.clear(),
            Page::Pods if self.window.zoom.is_some() => self.window.zoom = None,
            Page::Pods if self.window.unfolded => self.window.unfolded = false,
            Page::Pods => self.deselect(),
        }
        self.turn(true);
    }

    fn deselect(&mut self) {
        (self.window.selected, self.phase) = (None, None);
    }

    pub(crate) fn select(&mut self, pod: PodKey) {
        if self.window.selected != Some(pod) {
            self.phase = None;
            self.container = 0;
        }
        self.window.selected = Some(pod);
    }

    fn follow(&mut self) {
        self.tail = true;
        self.paused = false;
        if self.page == Page::Pods {
            self.deselect();
            self.window.unfolded = false;
            self.window.first = 0;
            if let Some(zoom) = &mut self.window.zoom {
                zoom.end = None;
            }
        }
    }

    /// Moves by rows, or by lines of a text.
    pub(crate) fn step(&mut self, by: isize, context: &Context<'_>) {
        if self.page != Page::Pods {
            return self.scroll_by(by, context);
        }
        let picture = context.picture;
        if !picture.cells.is_empty() {
            return self.step_cells(by, context);
        }
        let here = picture.pods.iter().position(|&pod| Some(pod) == self.window.selected);
        let last = picture.pods.len().saturating_sub(1);
        let next = match here {
            None if by > 0 => 0,
            None => last,
            // Where the rows end, those that are folded begin.
            Some(here) if by > 0 && here == last && picture.folded > 0 => {
                self.window.unfolded = true;
                here
            }
            Some(here) => here.saturating_add_signed(by).min(last),
        };
        if let Some(&pod) = picture.pods.get(next) {
            self.select(pod);
        }
    }

    /// Up and down in the grid: the nearest cell of the line above or below.
    fn step_cells(&mut self, by: isize, context: &Context<'_>) {
        let cells = &context.picture.cells;
        let here = cells.iter().find(|cell| Some(cell.pod) == self.window.selected);
        let next = match here {
            None => if by > 0 { cells.first() } else { cells.last() }.copied(),
            Some(here) => {
                let away = |line: usize| {
                    if by > 0 { line.checked_sub(here.line) } else { here.line.checked_sub(line) }
                        .filter(|&away| away > 0)
                };
                let lines = cells.iter().filter_map(|cell| Some((away(cell.line)?, cell)));
                let wanted =
                    lines.clone().map(|(away, _)| away).filter(|&away| away <= by.unsigned_abs()).max();
                let wanted = wanted.or_else(|| lines.clone().map(|(away, _)| away).min());
                lines
                    .filter(|(away, _)| Some(*away) == wanted)
                    .min_by_key(|(_, cell)| cell.column.abs_diff(here.column))
                    .map(|(_, cell)| *cell)
            }
        };
        if let Some(cell) = next {
            self.select(cell.pod);
        }
    }

    fn steps(&mut self, down: bool, context: &Context<'_>) {
        let rows = isize::try_from(context.page.saturating_sub(1).max(1)).unwrap_or(1);
        let by = if down { rows } else { -rows };
        if self.page == Page::Pods && context.picture.folded > 0 && context.picture.cells.is_empty() {
            self.window.unfolded = true;
        }
        self.step(by, context);
    }

    fn go_to_end(&mut self, last: bool, context: &Context<'_>) {
        if self.page != Page::Pods {
            self.tail = last;
            self.scroll = if last { context.lines.saturating_sub(context.page) } else { 0 };
            return;
        }
        let pods = &context.picture.pods;
        if let Some(&pod) = if last { pods.last() } else { pods.first() } {
            self.select(pod);
        }
    }

    fn scroll_by(&mut self, by: isize, context: &Context<'_>) {
        let most = context.lines.saturating_sub(context.page);
        let from = if self.tail && matches!(self.page, Page::Pod(_, Tab::Log)) { most } else { self.scroll };
        self.scroll = from.min(most).saturating_add_signed(by).min(most);
        self.tail = self.scroll == most && matches!(self.page, Page::Pod(_, Tab::Log));
    }

    fn sideways(&mut self, right: bool, context: &Context<'_>) {
        let by = if right { 1 } else { -1 };
        if self.page != Page::Pods {
            self.shift = if right { self.shift + 8 } else { self.shift.saturating_sub(8) };
            return;
        }
        if !context.picture.cells.is_empty() {
            let pods = &context.picture.pods;
            let here = pods.iter().position(|&pod| Some(pod) == self.window.selected);
            let next = here.map_or(0, |here| here.saturating_add_signed(by));
            if let Some(&pod) = pods.get(next) {
                self.select(pod);
            }
            return;
        }
        let Some(pod) = self.window.selected else { return self.step(1, context) };
        let last = context.timeline.pod(pod).life.phases.len().saturating_sub(1);
        self.phase = Some(self.phase.unwrap_or(last).saturating_add_signed(by).min(last));
    }

    /// Half or twice the stretch of time, around the selected phase, else around now.
    fn zoom(&mut self, closer: bool, context: &Context<'_>) {
        let Some(bars) = &context.picture.bars else { return };
        let (start, end) = bars.stretch();
        let span = end.saturating_sub(start);
        let wanted = if closer { (span / 2).max(LEAST_SPAN) } else { span.saturating_mul(2) };
        let center = self.window.selected.and_then(|pod| {
            let pod = context.timeline.pod(pod);
            let phase = self.phase.unwrap_or(pod.life.phases.len().saturating_sub(1));
            bars.middle_of(&pod, phase)
        });
        if self.window.zoom.is_none() && !closer {
            return;
        }
        let follows = match self.window.zoom {
            Some(zoom) => zoom.end.is_none(),
            None => bars.now() >= start && bars.now() <= end,
        };
        self.window.zoom = Some(Zoom {
            span: wanted,
            end: center
                .or((!follows).then(|| start.saturating_add(span / 2)))
                .map(|center| center.saturating_add(wanted / 2)),
        });
        if !closer && wanted >= bars.whole() {
            self.window.zoom = None;
        }
    }

    fn copy(&mut self, context: &Context<'_>, command: bool) -> Effect {
        let pod = match self.page {
            Page::Pod(pod, _) => Some(pod),
            _ => self.window.selected,
        };
        let Some(pod) = pod else {
            self.said = Some("select a Pod first: the arrow keys or a click".into());
            return Effect::Draw;
        };
        let pod = context.timeline.pod(pod);
        let text = if command {
            format!("{} {} -n {}", context.command, pod.name, pod.namespace)
        } else {
            pod.name.to_string()
        };
        self.said = Some(format!("copied: {text}"));
        Effect::Copy(text)
    }
}

fn next_order(order: Sort) -> Sort {
    match order {
        Sort::Start => Sort::End,
        Sort::End => Sort::Work,
        Sort::Work => Sort::Cold,
        Sort::Cold => Sort::Index,
        Sort::Index | Sort::Name => Sort::Start,
    }
}
