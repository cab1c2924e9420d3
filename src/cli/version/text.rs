//! Writes the version and the setup as text for people.

use std::fmt::Write as _;

use crate::cli::version::setup::{Right, ServerSetup, Setup, TerminalSetup};
use crate::source::cluster::RbacRule;
use crate::view::clean;

/// Describes the version, and the setup if the user asked for it.
pub(crate) fn describe_version(version: &str, platform: &str, setup: Option<&Setup>) -> String {
    let Some(setup) = setup else { return format!("kubectl-seq {version}\n") };
    let mut text = format!("kubectl-seq {version} ({platform})\n");
    let namespace = setup.server.namespace.as_deref();
    let mut rows = vec![
        ("kubectl", describe_kubectl(setup)),
        ("server", describe_server(&setup.server)),
        ("clock", describe_clock(setup.server.clock_offset_range_millis)),
        ("namespace", namespace.unwrap_or("unknown").to_owned()),
        ("terminal", describe_terminal(&setup.terminal)),
        ("events", describe_events(setup.events_readable).to_owned()),
    ];
    if setup.rights.is_empty() {
        rows.push(("rights", "unknown".to_owned()));
    }
    for rights in setup.rights.chunk_by(|a, b| a.resource == b.resource) {
        let descriptions = rights.chunk_by(|a, b| (a.granted, &a.error) == (b.granted, &b.error));
        rows.extend(descriptions.map(|rights| ("right", describe_rights(rights, namespace))));
    }
    for (label, value) in rows {
        let _ = writeln!(text, "{label:<11}{}", clean(&value));
    }
    text
}

fn describe_kubectl(setup: &Setup) -> String {
    let kubectl = &setup.kubectl;
    let path = kubectl.path.as_deref().unwrap_or("not found");
    match (&kubectl.version, &kubectl.error) {
        (Some(version), _) => format!("{version}, {path}"),
        (None, Some(error)) => format!("unknown: {error}"),
        (None, None) => format!("unknown, {path}"),
    }
}

fn describe_server(server: &ServerSetup) -> String {
    let context = server.context.as_ref().map_or_else(String::new, |name| format!(" (context \"{name}\")"));
    match (&server.version, &server.address, &server.error) {
        (Some(version), Some(address), _) => format!("{version}, {address}{context}"),
        (_, _, Some(error)) => format!("unknown: {error}"),
        (_, _, None) => "unknown".to_owned(),
    }
}

/// Describes the range of the offset. If zero lies inside the range, the clocks may agree.
fn describe_clock(range: Option<[i64; 2]>) -> String {
    let Some([low, high]) = range else { return "unknown".to_owned() };
    let seconds = |millis: i64| format!("{}.{:03} s", millis.abs() / 1000, millis.abs() % 1000);
    let (low_text, high_text) = (seconds(low), seconds(high));
    match (low, high) {
        (0.., _) => format!("the server is {low_text} to {high_text} ahead of this machine"),
        (_, ..=0) => format!("the server is {high_text} to {low_text} behind this machine"),
        _ => format!("the clocks may agree: the server is at most {low_text} behind and {high_text} ahead"),
    }
}

fn describe_terminal(terminal: &TerminalSetup) -> String {
    let mut parts = vec![match (terminal.columns, terminal.rows) {
        (Some(columns), Some(rows)) => format!("{columns} columns, {rows} rows"),
        _ if terminal.stdout => "unknown size".to_owned(),
        _ => "standard output is no terminal".to_owned(),
    }];
    let choose = |is_on, on: &str, off: &str| if is_on { on.to_owned() } else { off.to_owned() };
    parts.push(choose(terminal.colours, "colours", "no colours"));
    parts.push(choose(terminal.unicode, "Unicode", "ASCII"));
    parts.push(choose(terminal.mouse, "mouse", "no mouse"));
    parts.join(", ")
}

fn describe_events(readable: Option<bool>) -> &'static str {
    match readable {
        Some(true) => "readable",
        Some(false) => "not readable, so many times are known only to the second or not at all",
        None => "unknown",
    }
}

/// Describes rights for the same resource that have the same answer. For missing rights, adds advice to add a rule in
/// `namespace`.
fn describe_rights(rights: &[Right], namespace: Option<&str>) -> String {
    let verbs = rights.iter().map(|right| right.verb).collect::<Vec<_>>().join(", ");
    let Some(Right { verb, resource, granted, error }) = rights.first() else { return String::new() };
    let right = format!("{verbs} {resource}");
    match (granted, error) {
        (Some(true), _) => format!("granted: {right}"),
        (Some(false), _) => {
            format!("missing: {right}: {}", RbacRule::for_request(verb, resource).advice(namespace))
        }
        (None, Some(error)) => format!("unknown: {right}: {error}"),
        (None, None) => format!("unknown: {right}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_described_as_a_range() {
        for (range, text) in [
            (None, "unknown"),
            (
                Some([-310, 690]),
                "the clocks may agree: the server is at most 0.310 s behind and 0.690 s ahead",
            ),
            (Some([5200, 6200]), "the server is 5.200 s to 6.200 s ahead of this machine"),
            (Some([-61_000, -60_001]), "the server is 60.001 s to 61.000 s behind this machine"),
        ] {
            assert_eq!(describe_clock(range), text, "{range:?}");
        }
    }
}
