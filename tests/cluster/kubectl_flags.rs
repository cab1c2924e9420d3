//! Compares the table of kubectl's flags with the flags of the kubectl on the search path.

use std::collections::BTreeMap;
use std::process::Command;

use kubectl_seq::testing::cli::{Flag, Takes, command_flags, global_flags, known_commands};

use crate::harness::{CommandResult, run};

/// The minor version of the kubectl that the table describes. Older versions lack some of the flags.
const TABLE_RELEASE: u64 = 37;

fn kubectl(arguments: &[&str]) -> CommandResult {
    let mut command = Command::new("kubectl");
    // With this variable, kubectl also lists the flags of an alpha feature.
    command.args(arguments).env("KUBECTL_APPLYSET", "true");
    run(command, b"")
}

/// Returns the long names and letters of the flags in a help text. The line of a flag looks like
/// `    -f, --filename=[]:`.
fn flags_in_help(help: &str) -> BTreeMap<String, Option<char>> {
    let flags = help.lines().filter_map(|line| {
        let flag = line.strip_prefix("    ").filter(|flag| flag.starts_with('-'))?;
        let (short, long) = match flag.split_once(", ") {
            Some((short, long)) => (short.chars().nth(1), long),
            None => (None, flag),
        };
        Some((long.strip_prefix("--")?.split('=').next()?.to_owned(), short))
    });
    flags.collect()
}

#[test]
#[ignore = "needs kubectl"]
fn the_table_contains_exactly_the_flags_of_kubectl() {
    let version = kubectl(&["version", "--client", "-o", "json"]).succeeds().json();
    let minor: u64 =
        version["clientVersion"]["minor"].as_str().unwrap().trim_end_matches('+').parse().unwrap();
    let commands = known_commands().map(|name| (format!("{name} --help"), name, command_flags(name)));
    for (help, command, table) in commands.chain([("options".to_owned(), "apply", global_flags())]) {
        let listed = flags_in_help(&kubectl(&help.split(' ').collect::<Vec<_>>()).succeeds().stdout);
        assert!(listed.len() >= 10, "{help:?}");
        let known: BTreeMap<String, Option<char>> =
            table.iter().map(|flag| (flag.long.clone(), flag.short)).collect();
        for (long, short) in &listed {
            assert_eq!(known.get(long), Some(short), "{help:?}: --{long}");
        }
        for Flag { long, takes, .. } in table {
            if !listed.contains_key(&long) {
                assert!(minor < TABLE_RELEASE, "{help:?} does not list --{long}");
                continue;
            }
            // kubectl reads this flag before all others, so the error message differs.
            if long == "kuberc" {
                continue;
            }
            let flag = format!("--{long}");
            let result = kubectl(&command.split(' ').chain([flag.as_str()]).collect::<Vec<_>>());
            let needs_value = result.stderr.contains("flag needs an argument");
            assert_eq!(needs_value, takes == Takes::Value, "--{long}\n{result}");
        }
    }
}
