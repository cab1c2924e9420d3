//! The state of the interactive screen and the actions that change it.

use crate::timeline::PodKey;
use crate::tui::action::{Action, Effect};
use crate::tui::input::Key;
use crate::tui::input_context::InputContext;
use crate::tui::page::{OpenedFrom, Page, Tab};
use crate::tui::search::{Search, SearchDirection};
use crate::tui::text_input::{TextEdit, edit_text};
use crate::view::{Align, GroupBy, Sort, ViewState, Window, Zoom, is_valid_name};

/// The state of the interactive screen: the choices of the user.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices of the user")]
pub(crate) struct TuiState {
    /// The view, its order, groups and alignment.
    pub view: ViewState,
    /// The part of the picture that is shown.
    pub window: Window,
    /// The page that is shown.
    pub page: Page,
    /// The index of the selected phase of the selected Pod.
    pub selected_phase: Option<usize>,
    /// The Pod under the mouse, and the index of the phase under the mouse.
    pub hovered: Option<(PodKey, Option<usize>)>,
    /// Whether the picture is frozen. The run continues.
    pub paused: bool,
    /// Whether the user is typing a filter.
    pub editing_filter: bool,
    /// The time of a replay that the user is typing. `None` if the user types no time.
    pub seek_text: Option<String>,
    /// Whether long lines of a text are wrapped.
    pub wrap: bool,
    /// Whether the program uses the mouse. Otherwise the terminal uses it, for example to select text.
    pub mouse: bool,
    /// The index of the first line of text that is shown. A log that follows its end ignores this index.
    pub scroll: usize,
    /// Whether a log follows its end.
    pub follows_end: bool,
    /// The number of columns of text that are hidden on the left.
    pub shift: usize,
    /// The index of the container whose log is shown, counted from the first main container.
    pub container: usize,
    /// The message about the last action. The next key removes it, and so does the caller after some seconds.
    pub message: Option<String>,
    /// The search on the page.
    pub search: Search,
    /// Keys without an action that were reported to the user. Each key is reported once.
    pub(crate) reported_keys: Vec<Key>,
    /// The column and row at which the mouse button went down.
    pub(crate) pressed_at: Option<(usize, usize)>,
    /// Whether the picture was opened from the table of `history`, so that `q` and Esc lead back to the table.
    pub is_nested: bool,
    /// Whether the user has pressed a key or a mouse button. The end of the run must not interrupt such a user.
    pub has_interacted: bool,
    /// The picture in which the user opened a workload. `None` if no workload is open.
    pub(crate) opened_from: Option<OpenedFrom>,
    pub(crate) page_before_help: Option<Page>,
    /// The filter before the user began to type. Esc restores this filter.
    previous_filter: String,
}

/// The shortest time that a zoomed axis covers, in milliseconds.
pub(crate) const MIN_ZOOM_MILLIS: i64 = 100;

impl TuiState {
    /// Returns the state of a new screen, without a selection.
    pub(crate) fn new(view: ViewState) -> Self {
        Self {
            view,
            window: Window::default(),
            page: Page::Pods,
            selected_phase: None,
            hovered: None,
            paused: false,
            editing_filter: false,
            seek_text: None,
            wrap: false,
            mouse: true,
            scroll: 0,
            follows_end: true,
            shift: 0,
            container: 0,
            message: None,
            search: Search::default(),
            reported_keys: Vec::new(),
            pressed_at: None,
            is_nested: false,
            has_interacted: false,
            opened_from: None,
            page_before_help: None,
            previous_filter: String::new(),
        }
    }

    /// Applies a key to the filter. Returns `None` if the key has its usual meaning.
    pub(crate) fn edit_filter(&mut self, key: Key) -> Option<Effect> {
        match edit_text(&mut self.window.filter, key)? {
            TextEdit::Changed => {}
            TextEdit::Accepted | TextEdit::Dropped => self.editing_filter = false,
            TextEdit::Cancelled => {
                self.editing_filter = false;
                self.window.filter = std::mem::take(&mut self.previous_filter);
            }
        }
        self.window.first = 0;
        Some(Effect::Draw)
    }

    /// Applies the action of a key.
    pub(crate) fn apply_action(&mut self, action: Action, context: &InputContext<'_>) -> Effect {
        if let Some(key) = self.playback_key(action, context) {
            return Effect::Playback(key);
        }
        match action {
            Action::Slower | Action::Faster => {}
            Action::Show(view) => self.show_view(view),
            Action::Up => self.move_by(-1, context),
            Action::Down => self.move_by(1, context),
            Action::Left => self.move_sideways(false, context),
            Action::Right => self.move_sideways(true, context),
            Action::NextLink => self.select_next_link(context),
            Action::PageUp => self.move_by_screen(false, context),
            Action::PageDown => self.move_by_screen(true, context),
            Action::Home => self.move_to_end(false, context),
            Action::End => self.move_to_end(true, context),
            Action::Open if self.shows_overview() => self.open_selected_workload(),
            Action::Open => self.open(context),
            Action::Events => self.show_tab(Tab::Events),
            Action::Log => self.show_tab(Tab::Log),
            Action::Yaml => self.show_tab(Tab::Yaml),
            Action::Back if self.is_nested && !self.can_go_back() => return Effect::Quit,
            Action::Back => self.go_back(),
            Action::Filter => {
                self.previous_filter = std::mem::take(&mut self.window.filter);
                self.editing_filter = true;
            }
            Action::Search => self.start_search(),
            Action::SeekTo => self.seek_text = Some(String::new()),
            Action::NextMatch => self.jump(SearchDirection::Next, context),
            Action::PreviousMatch => self.jump(SearchDirection::Previous, context),
            Action::HalfPageUp => self.scroll_by_half_page(false, context),
            Action::HalfPageDown => self.scroll_by_half_page(true, context),
            Action::NextOrder => self.view.sort = next_order(self.view.sort),
            Action::GroupByNode => {
                let by_node = self.view.group_by == GroupBy::Node;
                self.view.group_by = if by_node { GroupBy::Workload } else { GroupBy::Node };
            }
            Action::NextAlignment => {
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
            Action::Follow => self.follow_now(),
            Action::Pause => self.paused = !self.paused,
            Action::Unfold => self.window.unfolded = !self.window.unfolded,
            Action::NextContainer => {
                self.container += 1;
                self.reset_scroll(true);
            }
            Action::Wrap => self.wrap = !self.wrap,
            Action::CopyName => return self.copy_to_clipboard(context, false),
            Action::CopyCommand => return self.copy_to_clipboard(context, true),
            Action::Mouse => {
                self.mouse = !self.mouse;
                let user = if self.mouse { "this program" } else { "the terminal" };
                self.message = Some(format!("{user} uses the mouse"));
            }
            Action::Help => match self.page {
                Page::Help => self.go_back(),
                page @ (Page::Pods | Page::Pod(..)) => {
                    self.page_before_help = Some(page);
                    self.page = Page::Help;
                    self.reset_scroll(false);
                }
            },
            Action::Suspend => return Effect::Suspend,
            Action::Quit => return Effect::Quit,
            Action::Interrupt => return Effect::Interrupt,
        }
        Effect::Draw
    }

    pub(crate) fn reset_scroll(&mut self, follows_end: bool) {
        (self.scroll, self.shift, self.follows_end) = (0, 0, follows_end);
        self.search = Search::default();
    }

    pub(crate) fn show_tab(&mut self, tab: Tab) {
        let pod = match self.page {
            Page::Pod(pod, _) => Some(pod),
            Page::Pods | Page::Help => self.selected_pod(),
        };
        match pod {
            Some(pod) if self.page == Page::Pod(pod, tab) => {}
            Some(pod) => {
                self.page = Page::Pod(pod, tab);
                self.reset_scroll(true);
            }
            None => self.message = Some("select a Pod first, with the arrow keys or a click".into()),
        }
    }

    /// Selects a Pod and opens its page.
    pub(crate) fn open_pod(&mut self, pod: PodKey) {
        self.select(pod);
        self.open_pod_page(pod);
    }

    /// Opens the page of a Pod. The selection stays.
    pub(crate) fn open_pod_page(&mut self, pod: PodKey) {
        self.container = 0;
        self.page = Page::Pod(pod, Tab::Overview);
        self.reset_scroll(true);
    }

    /// Goes back one step. Leaves the page, or on the picture resets one choice: the filter, else the zoom, else the
    /// unfolded rows, else the selection. An open workload without such a choice is closed.
    pub(crate) fn go_back(&mut self) {
        match self.page {
            Page::Help => self.page = self.page_before_help.take().unwrap_or(Page::Pods),
            Page::Pod(_, Tab::Overview) => self.page = Page::Pods,
            Page::Pod(pod, _) => self.page = Page::Pod(pod, Tab::Overview),
            Page::Pods if !self.window.filter.is_empty() => self.window.filter.clear(),
            Page::Pods if self.window.zoom.is_some() => self.window.zoom = None,
            Page::Pods if self.window.unfolded => self.window.unfolded = false,
            Page::Pods if self.has_selection() => self.deselect(),
            Page::Pods if self.view.workload.is_some() => self.close_workload(),
            Page::Pods => self.window.selected_workload = None,
        }
        self.reset_scroll(true);
    }

    /// Whether [`TuiState::go_back`] changes something.
    fn can_go_back(&self) -> bool {
        let window = &self.window;
        self.page != Page::Pods
            || !window.filter.is_empty()
            || window.zoom.is_some()
            || window.unfolded
            || self.has_selection()
            || self.view.workload.is_some()
            || window.selected_workload.is_some()
    }

    /// Whether a Pod or a line with a link is selected.
    pub(crate) fn has_selection(&self) -> bool {
        self.window.selected.is_some() || self.window.selected_link.is_some()
    }

    pub(crate) fn deselect(&mut self) {
        (self.window.selected, self.window.selected_link, self.selected_phase) = (None, None, None);
    }

    pub(crate) fn select(&mut self, pod: PodKey) {
        if self.window.selected != Some(pod) {
            self.selected_phase = None;
            self.container = 0;
        }
        (self.window.selected, self.window.selected_link) = (Some(pod), None);
    }

    fn follow_now(&mut self) {
        self.follows_end = true;
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

    /// Moves the selection by rows, or a text by lines.
    pub(crate) fn move_by(&mut self, by: isize, context: &InputContext<'_>) {
        if self.page != Page::Pods {
            return self.scroll_by(by, context);
        }
        if self.shows_overview() {
            return self.move_by_workloads(by, context);
        }
        let picture = context.picture;
        if by.abs() == 1 && self.move_to_link(by > 0, context) {
            return;
        }
        if !picture.cells.is_empty() {
            return self.move_by_cells(by, context);
        }
        let current = picture.pods.iter().position(|&pod| Some(pod) == self.window.selected);
        let last = picture.pods.len().saturating_sub(1);
        let next = match current {
            None if by > 0 => 0,
            None => last,
            // The hidden Pods come after the last row, so a move down shows their rows.
            Some(current) if by > 0 && current == last && picture.folded > 0 => {
                self.window.unfolded = true;
                current
            }
            Some(current) => current.saturating_add_signed(by).min(last),
        };
        if let Some(&pod) = picture.pods.get(next) {
            self.select(pod);
        }
    }

    /// In the grid, selects the nearest cell in a line above or below.
    fn move_by_cells(&mut self, by: isize, context: &InputContext<'_>) {
        let cells = &context.picture.cells;
        let current = cells.iter().find(|cell| Some(cell.pod) == self.window.selected);
        let next = match current {
            None => if by > 0 { cells.first() } else { cells.last() }.copied(),
            Some(current) => {
                let distance = |line: usize| {
                    if by > 0 { line.checked_sub(current.line) } else { current.line.checked_sub(line) }
                        .filter(|&distance| distance > 0)
                };
                let lines = cells.iter().filter_map(|cell| Some((distance(cell.line)?, cell)));
                let target = lines
                    .clone()
                    .map(|(distance, _)| distance)
                    .filter(|&distance| distance <= by.unsigned_abs())
                    .max();
                let target = target.or_else(|| lines.clone().map(|(distance, _)| distance).min());
                lines
                    .filter(|(distance, _)| Some(*distance) == target)
                    .min_by_key(|(_, cell)| cell.column.abs_diff(current.column))
                    .map(|(_, cell)| *cell)
            }
        };
        if let Some(cell) = next {
            self.select(cell.pod);
        }
    }

    fn move_by_screen(&mut self, down: bool, context: &InputContext<'_>) {
        // A row of the previous screen stays visible, except in the help, which consists of whole screens.
        let overlap = usize::from(self.page != Page::Help);
        let rows = isize::try_from(context.page_rows.saturating_sub(overlap).max(1)).unwrap_or(1);
        let by = if down { rows } else { rows.saturating_neg() };
        if self.page == Page::Pods && context.picture.folded > 0 && context.picture.cells.is_empty() {
            self.window.unfolded = true;
        }
        self.move_by(by, context);
    }

    fn scroll_by_half_page(&mut self, down: bool, context: &InputContext<'_>) {
        let rows = isize::try_from((context.page_rows / 2).max(1)).unwrap_or(1);
        self.scroll_by(if down { rows } else { rows.saturating_neg() }, context);
    }

    fn move_to_end(&mut self, last: bool, context: &InputContext<'_>) {
        if self.page != Page::Pods {
            self.follows_end = last;
            self.scroll = if last { context.lines.saturating_sub(context.page_rows) } else { 0 };
            return;
        }
        if self.shows_overview() {
            return self.select_end_workload(last, context);
        }
        let pods = &context.picture.pods;
        if let Some(&pod) = if last { pods.last() } else { pods.first() } {
            self.select(pod);
        }
    }

    fn scroll_by(&mut self, by: isize, context: &InputContext<'_>) {
        let max = context.lines.saturating_sub(context.page_rows);
        let from = if self.follows_end && self.page.is_followed() { max } else { self.scroll };
        self.scroll = from.min(max).saturating_add_signed(by).min(max);
        self.follows_end = self.scroll == max && self.page.is_followed();
    }

    fn move_sideways(&mut self, right: bool, context: &InputContext<'_>) {
        let by = if right { 1 } else { -1 };
        if self.page != Page::Pods {
            let shift = self.shift.min(context.max_shift);
            self.shift = if right { (shift + 8).min(context.max_shift) } else { shift.saturating_sub(8) };
            return;
        }
        if !context.picture.cells.is_empty() {
            let pods = &context.picture.pods;
            let current = pods.iter().position(|&pod| Some(pod) == self.window.selected);
            let next = current.map_or(0, |current| current.saturating_add_signed(by));
            if let Some(&pod) = pods.get(next) {
                self.select(pod);
            }
            return;
        }
        let Some(pod) = self.window.selected else { return self.move_by(1, context) };
        let last = context.timeline.pod(pod).life.phases.len().saturating_sub(1);
        self.selected_phase = Some(self.selected_phase.unwrap_or(last).saturating_add_signed(by).min(last));
    }

    /// Halves or doubles the time that the axis covers, with the selected phase in the middle. Without a selection, an
    /// axis that follows the current time goes on to do so, and any other axis keeps its middle.
    fn zoom(&mut self, zoom_in: bool, context: &InputContext<'_>) {
        let Some(bars) = &context.picture.bars else { return };
        let (start, end) = bars.shown_time();
        let span = end.saturating_sub(start);
        let new_span = if zoom_in { (span / 2).max(MIN_ZOOM_MILLIS) } else { span.saturating_mul(2) };
        let center = self.window.selected.and_then(|pod| {
            let pod = context.timeline.pod(pod);
            let phase = self.selected_phase.unwrap_or(pod.life.phases.len().saturating_sub(1));
            bars.middle_of_phase(&pod, phase)
        });
        if self.window.zoom.is_none() && !zoom_in {
            return;
        }
        let follows = match self.window.zoom {
            Some(zoom) => zoom.end.is_none(),
            None => bars.now() >= start && bars.now() <= end,
        };
        self.window.zoom = Some(Zoom {
            span: new_span,
            end: center
                .or((!follows).then(|| start.saturating_add(span / 2)))
                .map(|center| center.saturating_add(new_span / 2)),
        });
        if !zoom_in && new_span >= bars.unzoomed_length() {
            self.window.zoom = None;
        }
    }

    fn copy_to_clipboard(&mut self, context: &InputContext<'_>, command: bool) -> Effect {
        let pod = match self.page {
            Page::Pod(pod, _) => Some(pod),
            Page::Pods | Page::Help => self.selected_pod(),
        };
        let Some(pod) = pod else {
            self.message = Some("select a Pod first, with the arrow keys or a click".into());
            return Effect::Draw;
        };
        let pod = context.timeline.pod(pod);
        if !is_valid_name(&pod.name) || !is_valid_name(&pod.namespace) {
            // A shell could obey the text that the user pastes.
            self.message = Some("not copied, because Kubernetes allows no such name".into());
            return Effect::Draw;
        }
        let text = if command {
            format!("{} {} -n {}", context.show_pod_command, pod.name, pod.namespace)
        } else {
            pod.name.to_string()
        };
        self.message = Some(format!("copied: {text}"));
        Effect::Copy(text)
    }
}

/// Returns the order that [`Action::NextOrder`] chooses after `order`.
fn next_order(order: Sort) -> Sort {
    match order {
        Sort::Usual => Sort::End,
        Sort::End => Sort::Work,
        Sort::Work => Sort::Cold,
        Sort::Cold => Sort::Trouble,
        // The usual order is already the order by index or by start.
        Sort::Trouble | Sort::Wasted | Sort::Index | Sort::Start | Sort::Name => Sort::Usual,
    }
}
