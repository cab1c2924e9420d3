//! The key table. It is the only source for the actions of keys, the help and `docs/keys.md`.

use crate::tui::action::Action;
use crate::tui::input::{Code, Key};
use crate::tui::page::{Page, Tab};
use crate::view::{Line, Style, View};

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
}

impl Scope {
    fn contains(self, page: Page) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Pods => page == Page::Pods,
            Self::Selected => page != Page::Help,
            Self::Text => page != Page::Pods,
            Self::Log => matches!(page, Page::Pod(_, Tab::Log)),
        }
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
    help: &'static str,
) -> Binding {
    Binding { keys, label, action, scope, help, hint: "" }
}

/// Adds a word for the status line.
const fn with_hint(binding: Binding, hint: &'static str) -> Binding {
    Binding { hint, ..binding }
}

use Code::{Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab as TabKey, Up};

/// All bindings.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(&[Key::char('s')], "s", Action::Show(View::Sequence), Scope::Pods, "show a bar per Pod (sequence)"),
    bind(
        &[Key::char('t')],
        "t",
        Action::Show(View::Table),
        Scope::Pods,
        "show a line of columns per Pod (table)",
    ),
    bind(&[Key::char('g')], "g", Action::Show(View::Grid), Scope::Pods, "show a cell per Pod (grid)"),
    bind(&[Key::char('r')], "r", Action::Show(View::Runs), Scope::Pods, "show a row per workload (overview)"),
    with_hint(
        bind(
            &[Key::plain(Up), Key::char('k')],
            "↑ k",
            Action::Up,
            Scope::Everywhere,
            "move up (also the mouse wheel)",
        ),
        "select",
    ),
    bind(
        &[Key::plain(Down), Key::char('j')],
        "↓ j",
        Action::Down,
        Scope::Everywhere,
        "move down (also the mouse wheel)",
    ),
    bind(
        &[Key::plain(Left)],
        "←",
        Action::Left,
        Scope::Everywhere,
        "select the previous phase or cell; scroll a text to the left",
    ),
    bind(
        &[Key::plain(Right)],
        "→",
        Action::Right,
        Scope::Everywhere,
        "select the next phase or cell; scroll a text to the right",
    ),
    bind(
        &[Key::plain(PageUp), Key::ctrl('b')],
        "PageUp",
        Action::PageUp,
        Scope::Everywhere,
        "move up by one screen",
    ),
    bind(
        &[Key::plain(PageDown), Key::ctrl('f')],
        "PageDown",
        Action::PageDown,
        Scope::Everywhere,
        "move down by one screen",
    ),
    bind(&[Key::plain(Home)], "Home", Action::Home, Scope::Everywhere, "move to the first row"),
    bind(&[Key::plain(End), Key::char('G')], "End G", Action::End, Scope::Everywhere, "move to the last row"),
    with_hint(
        bind(
            &[Key::plain(Enter)],
            "Enter",
            Action::Open,
            Scope::Selected,
            "open the selected Pod or workload (also a click)",
        ),
        "open",
    ),
    bind(
        &[Key::char('q'), Key::plain(Esc), Key::plain(Code::Backspace)],
        "q Esc",
        Action::Back,
        Scope::Text,
        "close the page and go back one step (also a click on the path)",
    ),
    bind(
        &[Key::plain(Esc), Key::plain(Code::Backspace)],
        "Esc",
        Action::Back,
        Scope::Pods,
        "undo one choice: filter, zoom, unfolded rows, selection, or the open workload",
    ),
    with_hint(
        bind(
            &[Key::char('/')],
            "/",
            Action::Filter,
            Scope::Pods,
            "filter by name, node, status or reason (Enter keeps, Esc cancels)",
        ),
        "filter",
    ),
    bind(
        &[Key::char('o')],
        "o",
        Action::NextOrder,
        Scope::Pods,
        "change the order: usual, end, work, cold start, trouble",
    ),
    bind(&[Key::char('n')], "n", Action::GroupByNode, Scope::Pods, "group by node, or by workload again"),
    bind(
        &[Key::char('a')],
        "a",
        Action::NextAlignment,
        Scope::Pods,
        "align the bars: by time, by creation, by start of work",
    ),
    bind(
        &[Key::char('+'), Key::char('=')],
        "+",
        Action::ZoomIn,
        Scope::Pods,
        "zoom in on the time axis (also a drag over the bars)",
    ),
    bind(&[Key::char('-')], "-", Action::ZoomOut, Scope::Pods, "zoom out"),
    bind(&[Key::char('0')], "0", Action::ZoomReset, Scope::Pods, "show the whole time"),
    bind(
        &[Key::char('f')],
        "f",
        Action::Follow,
        Scope::Everywhere,
        "follow the current time; in a log, follow its end",
    ),
    bind(
        &[Key::char(' ')],
        "Space",
        Action::Pause,
        Scope::Everywhere,
        "freeze the picture, or continue; the run goes on",
    ),
    bind(&[Key::char('u')], "u", Action::Unfold, Scope::Pods, "show a row for every Pod, or hide rows again"),
    bind(&[Key::char('e')], "e", Action::Events, Scope::Selected, "show the Pod's events"),
    bind(&[Key::char('l')], "l", Action::Log, Scope::Selected, "follow the Pod's log"),
    bind(&[Key::char('y')], "y", Action::Yaml, Scope::Selected, "show the Pod's YAML"),
    bind(
        &[Key::plain(TabKey)],
        "Tab",
        Action::NextContainer,
        Scope::Log,
        "show the log of the next container",
    ),
    bind(&[Key::char('w')], "w", Action::Wrap, Scope::Text, "wrap long lines, or cut them"),
    bind(&[Key::char('c')], "c", Action::CopyName, Scope::Selected, "copy the Pod's name (OSC 52)"),
    bind(
        &[Key::char('C')],
        "C",
        Action::CopyCommand,
        Scope::Selected,
        "copy the kubectl command that shows the Pod",
    ),
    bind(
        &[Key::char('m')],
        "m",
        Action::Mouse,
        Scope::Everywhere,
        "leave the mouse to the terminal, or take it (Shift selects text)",
    ),
    with_hint(bind(&[Key::char('?')], "?", Action::Help, Scope::Everywhere, "show the keys"), "help"),
    bind(
        &[Key::ctrl('z')],
        "Ctrl-Z",
        Action::Suspend,
        Scope::Everywhere,
        "return to the shell (fg continues)",
    ),
    with_hint(
        bind(
            &[Key::char('q')],
            "q",
            Action::Quit,
            Scope::Pods,
            "quit; before the end the workload goes on (exit code 130), after the end its exit code counts",
        ),
        "quit",
    ),
    bind(
        &[Key::ctrl('c')],
        "Ctrl-C",
        Action::Interrupt,
        Scope::Everywhere,
        "quit anywhere, with exit code 130; the workload goes on",
    ),
];

/// Returns the action of a key on a page.
pub(crate) fn find_action(key: Key, page: Page) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| binding.keys.contains(&key) && binding.scope.contains(page))
        .map(|binding| binding.action)
}

/// Returns the lines of the help: each binding with its description, then a note about the line below the picture.
pub(crate) fn help_lines() -> Vec<Line> {
    let width = BINDINGS.iter().map(|binding| binding.label.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<Line> = BINDINGS
        .iter()
        .map(|binding| {
            let blank = " ".repeat(width - binding.label.chars().count() + 3);
            let mut line = Line::new(format!(" {}", binding.label), Style::Strong);
            line.push(format!("{blank}{}", binding.help), Style::Text);
            line
        })
        .collect();
    lines.push(Line::default());
    lines.push(Line::new(
        " The line below the picture describes the phase under the mouse, or the selected phase.",
        Style::Dim,
    ));
    lines
}

/// Returns the keys that the status line shows, each with the word for its action.
pub(crate) fn status_line_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    let first_key = |label: &'static str| label.split(' ').next().unwrap_or(label);
    BINDINGS.iter().filter(|binding| !binding.hint.is_empty()).map(move |binding| {
        (if binding.hint == "select" { "↑↓" } else { first_key(binding.label) }, binding.hint)
    })
}

/// Returns the table of keys in `docs/keys.md`.
#[cfg(test)]
pub(crate) fn documentation_table() -> String {
    let rows = BINDINGS.iter().map(|binding| {
        let keys: Vec<String> = binding.label.split(' ').map(|key| format!("`{key}`")).collect();
        format!("| {} | {} |\n", keys.join(" "), binding.help)
    });
    format!("| key | action |\n|---|---|\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::PodKey;

    #[test]
    fn no_key_has_two_actions_on_a_page() {
        for page in
            [Page::Pods, Page::Help, Page::Pod(PodKey(0), Tab::Log), Page::Pod(PodKey(0), Tab::Overview)]
        {
            let mut seen = Vec::new();
            for binding in BINDINGS.iter().filter(|binding| binding.scope.contains(page)) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} twice on {page:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn every_binding_is_described_in_the_help_and_in_the_documentation() {
        assert!(BINDINGS.iter().all(|binding| !binding.help.is_empty() && !binding.keys.is_empty()));
        let page = include_str!("../../docs/keys.md");
        assert!(
            page.contains(&documentation_table()),
            "docs/keys.md must contain:\n{}",
            documentation_table()
        );
    }
}
