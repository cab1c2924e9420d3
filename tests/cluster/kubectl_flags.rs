//! The table of kubectl's flags, compared with the flags that the kubectl on the search path has.

use std::collections::BTreeMap;
use std::process::Command;

use kubectl_seq::testing::cli::{Flag, Takes, command_flags, global_flags};

use crate::harness::{Ended, Running};

/// The minor release of kubectl from which the table was made. Older ones lack some flags.
const TABLE_RELEASE: u64 = 37;

fn kubectl(arguments: &[&str]) -> Ended {
    let mut command = Command::new("kubectl");
    // Flags of an alpha feature are listed too.
    command.args(arguments).env("KUBECTL_APPLYSET", "true");
    Running::start(command, "").wait()
}

/// Long names and letters in a help text, whose lines for flags look like `    -f, --filename=[]:`.
fn listed(help: &str) -> BTreeMap<String, Option<char>> {
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
fn the_table_of_flags_is_kubectls_own() {
    let version = kubectl(&["version", "--client", "-o", "json"]).succeeds().json();
    let minor: u64 =
        version["clientVersion"]["minor"].as_str().unwrap().trim_end_matches('+').parse().unwrap();
    for (help, command, table) in [
        (&["apply", "--help"] as &[&str], "apply", command_flags("apply")),
        (&["get", "--help"], "get", command_flags("get")),
        (&["options"], "apply", global_flags()),
    ] {
        let listed = listed(&kubectl(help).succeeds().stdout);
        assert!(listed.len() > 20, "{help:?}");
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
            // kubectl looks for its preferences before it reads any other flag.
            if long == "kuberc" {
                continue;
            }
            let ended = kubectl(&[command, &format!("--{long}")]);
            let needs_value = ended.stderr.contains("flag needs an argument");
            assert_eq!(needs_value, takes == Takes::Value, "--{long}\n{ended}");
        }
    }
}
