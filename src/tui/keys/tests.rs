//! Tests of the key table.

use super::*;
use crate::timeline::PodKey;

#[test]
fn no_key_has_two_actions_on_a_page() {
    for page in [Page::Pods, Page::Help, Page::Pod(PodKey(0), Tab::Log), Page::Pod(PodKey(0), Tab::Overview)]
    {
        let mut seen = Vec::new();
        for binding in BINDINGS.iter().filter(|binding| binding.scope.contains(page, true)) {
            for key in binding.keys {
                assert!(!seen.contains(key), "{key:?} twice on {page:?}");
                seen.push(*key);
            }
        }
    }
}

#[test]
fn no_key_has_two_actions_in_the_table_of_the_history() {
    let bindings =
        BINDINGS.iter().filter(|binding| matches!(binding.scope, Scope::Anywhere | Scope::History));
    let keys: Vec<Key> = bindings.flat_map(|binding| binding.keys.iter().copied()).collect();
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key), "{key:?} twice");
    }
    assert_eq!(find_history_action(Key::plain(Enter)), Some(Action::Open));
    assert_eq!(find_history_action(Key::char('t')), None);
}

#[test]
fn every_binding_is_described_in_the_help_and_in_the_documentation() {
    assert!(BINDINGS.iter().all(|binding| !binding.help.is_empty() && !binding.keys.is_empty()));
    let listed: usize = KeyGroup::ALL.iter().map(|group| group.bindings().count()).sum();
    assert_eq!(listed, BINDINGS.len());
    let page = include_str!("../../../docs/keys.md");
    let tables = documentation_tables();
    assert!(page.contains(&tables), "docs/keys.md must contain:\n{tables}\n<end>");
}
