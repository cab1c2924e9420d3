//! Finds import cycles between the files and sub-folders of each folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{SourceFile, Sources, resolve};

/// The module of the simulation's `World`. Imports of this module do not count, because each part of the simulation
/// implements methods of `World`.
const SHARED_STATE: &str = "source::simulation::world";

/// The imports between the children of one folder: importing child, imported child, and an example.
type ImportGraph = BTreeMap<String, BTreeMap<String, String>>;

/// Describes each cycle: the folder, the children in the cycle, and an example of each import.
pub(crate) fn find_cycles(sources: &Sources) -> Vec<String> {
    let imports = imports(sources);
    let folders: BTreeSet<&[String]> = sources
        .files()
        .flat_map(|file| (0..file.module.len()).map(|length| &file.module[..length]))
        .collect();
    let mut cycles = Vec::new();
    for folder in folders {
        let graph = graph(folder, &imports);
        let mut known = BTreeSet::new();
        for child in graph.keys() {
            let cycle: Vec<&String> = graph
                .keys()
                .filter(|other| is_reachable(&graph, child, other) && is_reachable(&graph, other, child))
                .collect();
            if cycle.len() > 1 && known.insert(cycle.clone()) {
                cycles.push(describe(folder, &cycle, &graph));
            }
        }
    }
    cycles
}

/// Returns the pairs of an importing and an imported file, without tests.
fn imports(sources: &Sources) -> Vec<(&SourceFile, &SourceFile)> {
    let mut imports = Vec::new();
    for file in sources.files().filter(|file| !file.is_test()) {
        for reference in file.references.iter().filter(|reference| !reference.in_tests) {
            let Some(path) = resolve(sources, file, &reference.path) else { continue };
            let Some(target) = sources.defining_module(&path) else { continue };
            let is_reexport_of_child =
                reference.reexport && file.is_folder() && target.module.starts_with(&file.module);
            if target.module != file.module
                && !target.is_test()
                && !is_reexport_of_child
                && target.module.join("::") != SHARED_STATE
            {
                imports.push((file, target));
            }
        }
    }
    imports
}

fn graph(folder: &[String], imports: &[(&SourceFile, &SourceFile)]) -> ImportGraph {
    let mut graph = ImportGraph::new();
    for (from, to) in imports {
        let (Some(source), Some(target)) = (child(folder, from), child(folder, to)) else { continue };
        graph.entry(target.clone()).or_default();
        let edges = graph.entry(source.clone()).or_default();
        if source != target {
            edges.entry(target).or_insert_with(|| format!("{} imports {}", from.name, to.name));
        }
    }
    graph
}

/// Returns the name of the file or sub-folder of `folder` that contains `file`. Returns `mod.rs` for the folder's own
/// module, and `None` if `file` is outside `folder`.
fn child(folder: &[String], file: &SourceFile) -> Option<String> {
    let rest = file.module.strip_prefix(folder)?;
    Some(rest.first().cloned().unwrap_or_else(|| "mod.rs".to_owned()))
}

fn is_reachable(graph: &ImportGraph, from: &str, to: &str) -> bool {
    let mut to_visit = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(node) = to_visit.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            to_visit.extend(graph.get(node).into_iter().flat_map(BTreeMap::keys).map(String::as_str));
        }
    }
    false
}

fn describe(folder: &[String], cycle: &[&String], graph: &ImportGraph) -> String {
    let names: Vec<&str> = cycle.iter().map(|name| name.as_str()).collect();
    let examples = cycle.iter().flat_map(|from| &graph[*from]).filter(|(to, _)| cycle.contains(to));
    let examples: Vec<String> = examples.map(|(_, example)| format!("\n  {example}")).collect();
    format!("src/{}: cycle of {}{}", folder.join("/"), names.join(", "), examples.concat())
}

#[test]
fn a_cycle_is_found_through_re_exports_and_folders() {
    let file = |name: &str, text: &str| SourceFile::new(name, text);
    let sources = Sources::new([
        file("src/lib.rs", "mod a; mod b;"),
        file("src/a/mod.rs", "pub(crate) mod x; pub(crate) mod y; pub(crate) use x::X;"),
        file("src/a/x.rs", "use crate::a::y::Y; pub struct X;"),
        file("src/a/y.rs", "use super::X; mod tests { use crate::b::B; }"),
        file("src/b.rs", "use crate::a::X;"),
    ]);
    let found = find_cycles(&sources);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("src/a: cycle of x, y\n"), "{found:?}");
    assert!(found[0].contains("src/a/y.rs imports src/a/x.rs"), "{found:?}");
}

#[test]
fn imports_in_one_direction_are_not_a_cycle() {
    let file = |name: &str, text: &str| SourceFile::new(name, text);
    let sources = Sources::new([
        file("src/lib.rs", "mod a; mod b; pub use a::X;"),
        file("src/a/mod.rs", "pub(crate) mod x; pub(crate) mod y; pub(crate) use x::X;"),
        file("src/a/x.rs", "pub struct X;"),
        file("src/a/y.rs", "use crate::a::X; mod tests { use crate::b::B; }"),
        file("src/b.rs", "use crate::a::{X, y::Y};"),
    ]);
    assert_eq!(find_cycles(&sources), Vec::<String>::new());
}
