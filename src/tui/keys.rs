//! The key table. It is the only source for the actions of keys, the help and `docs/keys.md`.

use crate::tui::action::Action;
use crate::tui::input::{Code, Key};
use crate::tui::page::{Page, Tab};
use crate::view::View;

/// The pages on which a binding works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All pages.
    Everywhere,
    /// The picture of all Pods.
    Pods,
    /// The picture of all Pods and the pages of one Pod.
    Selected,
    /// The pages of one Pod and the help.
    Text,
    /// The page of a log.
    Log,
    /// All pages, in the replay of a recording.
    Replay,
    /// All pages, and the table of `history --interactive`.
    Anywhere,
    /// The table of `history --interactive`.
    History,
}

impl Scope {
    fn contains(self, page: Page, is_playback: bool) -> bool {
        match self {
            Self::Everywhere | Self::Anywhere => true,
            Self::History => false,
            Self::Pods => page == Page::Pods,
            Self::Selected => page != Page::Help,
            Self::Text => page != Page::Pods,
            Self::Log => matches!(page, Page::Pod(_, Tab::Log)),
            Self::Replay => is_playback,
        }
    }
}

/// The part of the help that lists a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyGroup {
    /// The kind, the order and the filter of the picture.
    Views,
    /// The selection and the scroll position.
    Move,
    /// The pages of one Pod.
    Pod,
    /// The part of the time axis, and the current time.
    Time,
    /// Text pages: log, YAML, Events and help.
    Pages,
    /// The program itself.
    Program,
    /// The table of `history --interactive`.
    History,
}

impl KeyGroup {
    /// The groups of the help, in its order.
    pub(crate) const IN_HELP: [Self; 6] =
        [Self::Views, Self::Move, Self::Pod, Self::Time, Self::Pages, Self::Program];

    /// All groups, in the order of the documentation.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] =
        [Self::Views, Self::Move, Self::Pod, Self::Time, Self::Pages, Self::Program, Self::History];

    /// Returns the title of the group.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Views => "The picture",
            Self::Move => "Move and select",
            Self::Pod => "One Pod",
            Self::Time => "Time",
            Self::Pages => "Pages of text",
            Self::Program => "The program",
            Self::History => "The table of `history -i`",
        }
    }

    /// Returns the bindings of the group.
    pub(crate) fn bindings(self) -> impl Iterator<Item = &'static Binding> {
        BINDINGS.iter().filter(move |binding| binding.group == self)
    }
}

/// Keys with the same action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    /// The keys.
    pub keys: &'static [Key],
    /// The names of the keys in the help, separated by blanks. The help omits some keys, for example `=` beside `+`.
    pub label: &'static str,
    /// The action of the keys.
    pub action: Action,
    /// The pages on which the keys work.
    pub scope: Scope,
    /// The part of the help that lists the keys.
    pub group: KeyGroup,
    /// A description of the action.
    pub help: &'static str,
    /// The word for the action in the status line. Empty if the status line does not show the key.
    pub hint: &'static str,
}

/// Creates a binding that the status line does not show.
const fn bind(
    keys: &'static [Key],
    label: &'static str,
    action: Action,
    scope: Scope,
    group: KeyGroup,
    help: &'static str,
) -> Binding {
    Binding { keys, label, action, scope, group, help, hint: "" }
}

/// Adds a word for the status line.
const fn with_hint(binding: Binding, hint: &'static str) -> Binding {
    Binding { hint, ..binding }
}

use Code::{Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab as TabKey, Up};
use KeyGroup::{Move, Pages, Pod, Program, Time, Views};
use Scope::{Anywhere, Everywhere, Log, Pods, Replay, Selected, Text};

/// All bindings.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(&[Key::char('s')], "s", Action::Show(View::Sequence), Pods, Views, "show a bar per Pod (sequence)"),
    bind(&[Key::char('t')], "t", Action::Show(View::Table), Pods, Views, "show a line per Pod (table)"),
    bind(&[Key::char('g')], "g", Action::Show(View::Grid), Pods, Views, "show a cell per Pod (grid)"),
    bind(&[Key::char('r')], "r", Action::Show(View::Runs), Pods, Views, "show a row per workload (overview)"),
    bind(
        &[Key::char('o')],
        "o",
        Action::NextOrder,
        Pods,
        Views,
        "change the order: usual, end, work, cold start, trouble",
    ),
    bind(&[Key::char('n')], "n", Action::GroupByNode, Pods, Views, "group by node, or by workload again"),
    bind(
        &[Key::char('a')],
        "a",
        Action::NextAlignment,
        Pods,
        Views,
        "align the bars: by time, by creation, by start of work",
    ),
    bind(&[Key::char('u')], "u", Action::Unfold, Pods, Views, "show a row for every Pod, or hide rows again"),
    with_hint(
        bind(
            &[Key::plain(Up), Key::char('k')],
            "↑ k",
            Action::Up,
            Anywhere,
            Move,
            "move up (also the mouse wheel)",
        ),
        "select",
    ),
    bind(
        &[Key::plain(Down), Key::char('j')],
        "↓ j",
        Action::Down,
        Anywhere,
        Move,
        "move down (also the mouse wheel)",
    ),
    bind(
        &[Key::plain(Left)],
        "←",
        Action::Left,
        Everywhere,
        Move,
        "the previous phase or cell; scroll left; in a replay, go back",
    ),
    bind(
        &[Key::plain(Right)],
        "→",
        Action::Right,
        Everywhere,
        Move,
        "the next phase or cell; scroll right; seek in a replay",
    ),
    bind(
        &[Key::plain(PageUp), Key::ctrl('b')],
        "PageUp Ctrl-B",
        Action::PageUp,
        Anywhere,
        Move,
        "move up by one screen",
    ),
    bind(
        &[Key::plain(PageDown), Key::ctrl('f')],
        "PageDown Ctrl-F",
        Action::PageDown,
        Anywhere,
        Move,
        "move down by one screen",
    ),
    bind(&[Key::plain(Home)], "Home", Action::Home, Anywhere, Move, "move to the first row or line"),
    bind(
        &[Key::plain(End), Key::char('G')],
        "End G",
        Action::End,
        Anywhere,
        Move,
        "move to the last row or line",
    ),
    with_hint(
        bind(
            &[Key::plain(Enter)],
            "Enter",
            Action::Open,
            Selected,
            Pod,
            "open the selection, or the first failed Pod; from a Pod, its node",
        ),
        "open",
    ),
    with_hint(
        bind(
            &[Key::char('/')],
            "/",
            Action::Filter,
            Pods,
            Views,
            "filter by name, node, status or reason (Esc cancels)",
        ),
        "filter",
    ),
    bind(
        &[Key::plain(TabKey)],
        "Tab",
        Action::NextLink,
        Pods,
        Pod,
        "select the next failure, or the next heading of a node or workload",
    ),
    bind(&[Key::char('e')], "e", Action::Events, Selected, Pod, "show the Pod's events"),
    bind(&[Key::char('l')], "l", Action::Log, Selected, Pod, "follow the Pod's log"),
    bind(&[Key::char('y')], "y", Action::Yaml, Selected, Pod, "show the Pod's YAML"),
    bind(&[Key::char('c')], "c", Action::CopyName, Selected, Pod, "copy the Pod's name (OSC 52)"),
    bind(
        &[Key::char('C')],
        "C",
        Action::CopyCommand,
        Selected,
        Pod,
        "copy the kubectl command that shows the Pod",
    ),
    bind(&[Key::plain(TabKey)], "Tab", Action::NextContainer, Log, Pod, "show the log of the next container"),
    bind(
        &[Key::char('+'), Key::char('=')],
        "+",
        Action::ZoomIn,
        Pods,
        Time,
        "zoom in on the time axis (also a drag over the bars)",
    ),
    bind(&[Key::char('-')], "-", Action::ZoomOut, Pods, Time, "zoom out"),
    bind(&[Key::char('0')], "0", Action::ZoomReset, Pods, Time, "show the whole time"),
    bind(
        &[Key::char('f')],
        "f",
        Action::Follow,
        Everywhere,
        Time,
        "follow the current time; on a page, follow its end",
    ),
    bind(
        &[Key::char(' ')],
        "Space",
        Action::Pause,
        Everywhere,
        Time,
        "freeze the picture; in a replay, pause time",
    ),
    bind(
        &[Key::char(':')],
        ":",
        Action::SeekTo,
        Replay,
        Time,
        "go to a time of the replay: 90, 1m30s, 1:30 or 50% (Esc cancels)",
    ),
    bind(&[Key::char('<')], "<", Action::Slower, Replay, Time, "replay at half the speed"),
    bind(&[Key::char('>')], ">", Action::Faster, Replay, Time, "replay at twice the speed"),
    bind(
        &[Key::char('/')],
        "/",
        Action::Search,
        Text,
        Pages,
        "search for a text (Enter finds it, Esc cancels)",
    ),
    bind(
        &[Key::char('n')],
        "n",
        Action::NextMatch,
        Text,
        Pages,
        "go to the next line that contains the text",
    ),
    bind(&[Key::char('N')], "N", Action::PreviousMatch, Text, Pages, "go to the previous one"),
    bind(&[Key::char('d')], "d", Action::HalfPageDown, Text, Pages, "move down by half a screen"),
    bind(&[Key::char('u')], "u", Action::HalfPageUp, Text, Pages, "move up by half a screen"),
    bind(&[Key::char('g')], "g", Action::Home, Text, Pages, "move to the first line"),
    bind(&[Key::char('w')], "w", Action::Wrap, Text, Pages, "wrap long lines, or cut them"),
    bind(
        &[Key::char('q'), Key::plain(Esc), Key::plain(Code::Backspace)],
        "q Esc",
        Action::Back,
        Text,
        Pages,
        "close the page (also a click on the path)",
    ),
    bind(
        &[Key::plain(Esc), Key::plain(Code::Backspace)],
        "Esc",
        Action::Back,
        Pods,
        Program,
        "undo one choice: filter, zoom, unfolded rows, selection, open workload",
    ),
    bind(
        &[Key::char('m')],
        "m",
        Action::Mouse,
        Everywhere,
        Program,
        "leave the mouse to the terminal, or take it",
    ),
    with_hint(
        bind(
            &[Key::char('?')],
            "?",
            Action::Help,
            Everywhere,
            Program,
            "show the keys and the meaning of the marks",
        ),
        "help",
    ),
    bind(
        &[Key::ctrl('z')],
        "Ctrl-Z",
        Action::Suspend,
        Anywhere,
        Program,
        "return to the shell (fg continues)",
    ),
    with_hint(
        bind(
            &[Key::char('q')],
            "q",
            Action::Quit,
            Pods,
            Program,
            "quit; before the end the work goes on (exit code 130)",
        ),
        "quit",
    ),
    bind(
        &[Key::ctrl('c')],
        "Ctrl-C",
        Action::Interrupt,
        Anywhere,
        Program,
        "quit anywhere, with exit code 130; the work goes on",
    ),
    with_hint(
        bind(
            &[Key::plain(Enter)],
            "Enter",
            Action::Open,
            Scope::History,
            KeyGroup::History,
            "open the run; `q` or Esc comes back to the table",
        ),
        "open",
    ),
    with_hint(
        bind(
            &[Key::char('q'), Key::plain(Esc)],
            "q Esc",
            Action::Quit,
            Scope::History,
            KeyGroup::History,
            "quit; the table stays on the screen",
        ),
        "quit",
    ),
];

/// Returns the action of a key on a page.
pub(crate) fn find_action(key: Key, page: Page, is_playback: bool) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| binding.keys.contains(&key) && binding.scope.contains(page, is_playback))
        .map(|binding| binding.action)
}

/// Returns the action of a key in the table of `history --interactive`.
pub(crate) fn find_history_action(key: Key) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| {
            binding.keys.contains(&key) && matches!(binding.scope, Scope::Anywhere | Scope::History)
        })
        .map(|binding| binding.action)
}

/// Returns the name of a key, as the help writes it.
pub(crate) fn key_name(key: Key) -> String {
    let name = match key.code {
        Code::Char(' ') => "Space".to_owned(),
        Code::Char(char) if key.ctrl => char.to_uppercase().to_string(),
        Code::Char(char) => char.to_string(),
        Enter => "Enter".to_owned(),
        Esc => "Esc".to_owned(),
        Code::Backspace => "Backspace".to_owned(),
        TabKey => "Tab".to_owned(),
        Up => "↑".to_owned(),
        Down => "↓".to_owned(),
        Left => "←".to_owned(),
        Right => "→".to_owned(),
        PageUp => "PageUp".to_owned(),
        PageDown => "PageDown".to_owned(),
        Home => "Home".to_owned(),
        End => "End".to_owned(),
    };
    if key.ctrl { format!("Ctrl-{name}") } else { name }
}

/// Returns the keys that the status line shows, each with the word for its action.
pub(crate) fn status_line_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    hints(|scope| scope != Scope::History)
}

/// Returns the keys of the table of `history --interactive` for its status line.
pub(crate) fn history_line_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    hints(|scope| matches!(scope, Scope::Anywhere | Scope::History))
}

fn hints(is_shown: impl Fn(Scope) -> bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let first_key = |label: &'static str| label.split(' ').next().unwrap_or(label);
    let shown = move |binding: &&Binding| !binding.hint.is_empty() && is_shown(binding.scope);
    BINDINGS.iter().filter(shown).map(move |binding| {
        (if binding.hint == "select" { "↑↓" } else { first_key(binding.label) }, binding.hint)
    })
}

/// Returns the tables of keys in `docs/keys.md`, one for each group.
#[cfg(test)]
pub(crate) fn documentation_tables() -> String {
    let table = |group: KeyGroup| {
        let rows = group.bindings().map(|binding| {
            let keys: Vec<String> = binding.label.split(' ').map(|key| format!("`{key}`")).collect();
            format!("| {} | {} |\n", keys.join(" "), binding.help)
        });
        format!("## {}\n\n| key | action |\n|---|---|\n{}", group.title(), rows.collect::<String>())
    };
    KeyGroup::ALL.map(table).join("\n")
}

#[cfg(test)]
mod tests;
