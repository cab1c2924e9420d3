//! The key table: the one source for what a key does, for the help and for the README.

use crate::tui::action::Action;
use crate::tui::input::{Code, Key};
use crate::tui::state::{Page, Tab};
use crate::view::{Line, Style, View};

/// On which pages a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// Everywhere.
    Everywhere,
    /// On the picture of all Pods.
    Pods,
    /// On the picture of all Pods and on the pages of one.
    Selected,
    /// On the pages of one Pod and in the help.
    Text,
    /// On the page of a log.
    Log,
}

impl Where {
    fn holds(self, page: Page) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Pods => page == Page::Pods,
            Self::Selected => page != Page::Help,
            Self::Text => page != Page::Pods,
            Self::Log => matches!(page, Page::Pod(_, Tab::Log)),
        }
    }
}

/// Keys that do the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    /// The keys.
    pub keys: &'static [Key],
    /// How they are written.
    pub shown: &'static str,
    /// What they do.
    pub action: Action,
    /// Where they do it.
    pub place: Where,
    /// What they do, in words; empty if an entry before says it.
    pub help: &'static str,
    /// A word for the line of hints, if the key is there.
    pub hint: &'static str,
}

const fn bind(
    keys: &'static [Key],
    shown: &'static str,
    action: Action,
    place: Where,
    help: &'static str,
) -> Binding {
    Binding { keys, shown, action, place, help, hint: "" }
}

const fn hinted(binding: Binding, hint: &'static str) -> Binding {
    Binding { hint, ..binding }
}

use Code::{Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab as TabKey, Up};

/// Every key.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(&[Key::char('s')], "s", Action::Show(View::Sequence), Where::Pods, "sequence: a bar per Pod"),
    bind(&[Key::char('t')], "t", Action::Show(View::Table), Where::Pods, "table: a line of columns per Pod"),
    bind(&[Key::char('g')], "g", Action::Show(View::Grid), Where::Pods, "grid: a cell per Pod"),
    hinted(
        bind(&[Key::of(Up), Key::char('k')], "↑ k", Action::Up, Where::Everywhere, "up; so does the wheel"),
        "select",
    ),
    bind(&[Key::of(Down), Key::char('j')], "↓ j", Action::Down, Where::Everywhere, "down; so does the wheel"),
    bind(
        &[Key::of(Left)],
        "←",
        Action::Left,
        Where::Everywhere,
        "the phase before; in the grid the cell, in a text the columns on the left",
    ),
    bind(
        &[Key::of(Right)],
        "→",
        Action::Right,
        Where::Everywhere,
        "the phase after; in the grid the cell, in a text the columns on the right",
    ),
    bind(&[Key::of(PageUp), Key::ctrl('b')], "PageUp", Action::PageUp, Where::Everywhere, "a screen up"),
    bind(
        &[Key::of(PageDown), Key::ctrl('f')],
        "PageDown",
        Action::PageDown,
        Where::Everywhere,
        "a screen down",
    ),
    bind(&[Key::of(Home)], "Home", Action::Home, Where::Everywhere, "to the first"),
    bind(&[Key::of(End), Key::char('G')], "End G", Action::End, Where::Everywhere, "to the last"),
    hinted(
        bind(
            &[Key::of(Enter)],
            "Enter",
            Action::Open,
            Where::Selected,
            "open the Pod; so does a click on it",
        ),
        "open",
    ),
    bind(
        &[Key::of(Esc), Key::of(Code::Backspace)],
        "Esc",
        Action::Back,
        Where::Everywhere,
        "one step back, the same Pod selected; so does a click on the path",
    ),
    hinted(
        bind(
            &[Key::char('/')],
            "/",
            Action::Filter,
            Where::Pods,
            "filter by name, node, status or reason; Enter keeps it, Esc drops it",
        ),
        "filter",
    ),
    bind(
        &[Key::char('o')],
        "o",
        Action::Order,
        Where::Pods,
        "next order: start, end, work, cold start, index",
    ),
    bind(&[Key::char('n')], "n", Action::GroupByNode, Where::Pods, "group by node, or by workload again"),
    bind(
        &[Key::char('a')],
        "a",
        Action::Align,
        Where::Pods,
        "next alignment: wall clock, from creation, from start of work",
    ),
    bind(
        &[Key::char('+'), Key::char('=')],
        "+",
        Action::ZoomIn,
        Where::Pods,
        "a shorter stretch of time; so does a drag over the bars",
    ),
    bind(&[Key::char('-')], "-", Action::ZoomOut, Where::Pods, "a longer stretch of time"),
    bind(&[Key::char('0')], "0", Action::ZoomReset, Where::Pods, "all of the time"),
    bind(
        &[Key::char('f')],
        "f",
        Action::Follow,
        Where::Everywhere,
        "follow now with axis and rows, nothing selected; a log shows its end",
    ),
    bind(
        &[Key::char(' ')],
        "Space",
        Action::Pause,
        Where::Everywhere,
        "hold the picture, or go on; the watching goes on in any case",
    ),
    bind(&[Key::char('u')], "u", Action::Unfold, Where::Pods, "unfold: a row for every Pod, or fold again"),
    bind(&[Key::char('e')], "e", Action::Events, Where::Selected, "the Pod's events"),
    bind(&[Key::char('l')], "l", Action::Log, Where::Selected, "the Pod's log, followed"),
    bind(&[Key::char('y')], "y", Action::Yaml, Where::Selected, "the Pod's YAML"),
    bind(&[Key::of(TabKey)], "Tab", Action::NextContainer, Where::Log, "the next container's log"),
    bind(&[Key::char('w')], "w", Action::Wrap, Where::Text, "wrap long lines, or cut them"),
    bind(&[Key::char('c')], "c", Action::CopyName, Where::Selected, "copy the Pod's name (OSC 52)"),
    bind(
        &[Key::char('C')],
        "C",
        Action::CopyCommand,
        Where::Selected,
        "copy the kubectl command that shows the Pod",
    ),
    bind(
        &[Key::char('m')],
        "m",
        Action::Mouse,
        Where::Everywhere,
        "leave the mouse to the terminal, or take it; Shift always selects text",
    ),
    hinted(bind(&[Key::char('?')], "?", Action::Help, Where::Everywhere, "these keys"), "help"),
    bind(&[Key::ctrl('z')], "Ctrl-Z", Action::Suspend, Where::Everywhere, "back to the shell; fg comes back"),
    hinted(
        bind(
            &[Key::char('q'), Key::ctrl('c')],
            "q Ctrl-C",
            Action::Detach,
            Where::Everywhere,
            "detach: the workload goes on, the exit code is 130",
        ),
        "detach",
    ),
];

/// What a key does on a page.
pub(crate) fn action(key: Key, page: Page) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| binding.keys.contains(&key) && binding.place.holds(page))
        .map(|binding| binding.action)
}

/// The help: every key with what it does.
pub(crate) fn help_lines() -> Vec<Line> {
    let width = BINDINGS.iter().map(|binding| binding.shown.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<Line> = BINDINGS
        .iter()
        .map(|binding| {
            let blank = " ".repeat(width - binding.shown.chars().count() + 3);
            let mut line = Line::of(format!(" {}", binding.shown), Style::Strong);
            line.push(format!("{blank}{}", binding.help), Style::Text);
            line
        })
        .collect();
    lines.push(Line::default());
    lines.push(Line::of(
        " The line below the picture tells the phase under the mouse or of the selection.",
        Style::Dim,
    ));
    lines
}

/// The hints: the few keys that one has to know.
pub(crate) fn hints() -> impl Iterator<Item = (&'static str, &'static str)> {
    let first = |shown: &'static str| shown.split(' ').next().unwrap_or(shown);
    BINDINGS.iter().filter(|binding| !binding.hint.is_empty()).map(move |binding| {
        (if binding.hint == "select" { "↑↓" } else { first(binding.shown) }, binding.hint)
    })
}

/// The table as it stands in the README.
#[cfg(test)]
pub(crate) fn readme_table() -> String {
    let rows = BINDINGS.iter().map(|binding| {
        let keys: Vec<String> = binding.shown.split(' ').map(|key| format!("`{key}`")).collect();
        format!("| {} | {} |\n", keys.join(" "), binding.help)
    });
    format!("| key | |\n|---|---|\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::PodKey;

    #[test]
    fn no_key_means_two_things() {
        for page in
            [Page::Pods, Page::Help, Page::Pod(PodKey(0), Tab::Log), Page::Pod(PodKey(0), Tab::Overview)]
        {
            let mut seen = Vec::new();
            for binding in BINDINGS.iter().filter(|binding| binding.place.holds(page)) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} twice on {page:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn every_key_is_explained_and_the_readme_says_the_same() {
        assert!(BINDINGS.iter().all(|binding| !binding.help.is_empty() && !binding.keys.is_empty()));
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&readme_table()), "the README's keys should be:\n{}", readme_table());
    }
}
