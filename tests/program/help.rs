//! Tests of the help, the version, usage errors and the documentation of commands.

use super::seq;

#[test]
fn every_command_has_a_help() {
    let command = kubectl_seq::testing::cli::command();
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let names = visible.map(clap::Command::get_name).filter(|name| *name != "help");
    for name in [""].into_iter().chain(names) {
        for (flag, topic) in [("--help", "help"), ("-h", "short_help")] {
            let arguments: Vec<&str> = name.split_whitespace().chain([flag]).collect();
            let snapshot = if name.is_empty() { topic.to_owned() } else { format!("{topic}_{name}") };
            let result = seq(&arguments);
            let is_too_wide = |line: &&str| line.chars().count() > 80;
            assert_eq!(result.stdout.lines().find(is_too_wide), None, "{name} {flag}");
            // The smallest usual terminal has 24 lines, and the shell's prompt takes one of them.
            assert!(flag == "--help" || result.stdout.lines().count() <= 23, "{name}: {result}");
            insta::assert_snapshot!(snapshot, result);
        }
    }
}

#[test]
fn each_flag_is_in_the_group_where_users_look_for_it() {
    let help = seq(&["get", "--help"]).stdout;
    let group_of = |flag: &str| {
        let lines =
            help.lines().take_while(|line| !line.trim_start().trim_start_matches("-o, ").starts_with(flag));
        lines.filter(|line| !line.starts_with(' ') && line.ends_with(':')).last()
    };
    for (flag, group) in [
        ("--output", "Output:"),
        ("--record", "Output:"),
        ("--timeout", "Following:"),
        ("--fail-if", "Following:"),
        ("--logs", "Logs:"),
        ("--sort", "Drawing:"),
        ("--color", "Drawing:"),
        ("--context", "Connection (as in kubectl):"),
    ] {
        assert_eq!(group_of(flag), Some(group), "{flag}");
    }
    let position = |text: &str| help.find(text).unwrap_or_else(|| panic!("no {text} in {help}"));
    let groups = ["Examples:", "Selection:", "Output:", "Following:", "Drawing:", "Connection"];
    assert!(groups.windows(2).all(|pair| position(pair[0]) < position(pair[1])), "{help}");
}

#[test]
fn the_program_prints_the_version_of_its_package() {
    let version = format!("kubectl-seq {}\n", env!("CARGO_PKG_VERSION"));
    for arguments in [&["version"], &["--version"]] {
        let result = seq(arguments);
        assert_eq!(
            (result.stdout.as_str(), result.stderr.as_str(), result.code),
            (version.as_str(), "", Some(0))
        );
    }
}

#[test]
fn wrong_usage_ends_with_exit_code_2() {
    for arguments in [
        &["nosuchcommand"] as &[&str],
        &["simulate", "--no-such-flag"],
        &["simulate", "-o", "nosuchformat"],
        &["simulate", "--timeout", "soon"],
        &["simulate", "--nodes", "0"],
        &["simulate", "--width", "3"],
        &["simulate", "--speed", "nan"],
        &["simulate", "--record"],
        &["simulate", "--record", "/nonexistent/run.jsonl"],
        &["simulate", "-f", "/nonexistent/job.yaml"],
        &["apply", "-f", "job.yaml", "--detach", "--record", "/dev/null"],
        // Without a kubectl, exit code 2 proves that the program did not try to run it.
        &["apply", "job.yaml"],
        &["apply", "-f", "a.yaml", "b.yaml", "--detach"],
        &["apply", "-f", "job.yaml", "--dry-run", "client"],
        &["apply", "-f", "job.yaml", "--serverside"],
        &["create", "job.yaml"],
        &["create", "-f", "job.yaml", "--server-side"],
        &["create", "job", "pi", "--imgae=busybox"],
        &["create", "-f", "job.yaml", "--edit", "--record", "/dev/null"],
        &["replace", "job.yaml", "--force"],
        &["replace", "-f", "job.yaml", "--froce"],
        &["replace", "-f", "job.yaml", "--dry-run=server", "-i"],
        &["pod", "pi", "-o", "yaml", "--record", "/dev/null"],
        &["apply", "-f", "job.yaml", "--detach", "--fail-fast"],
        &["apply", "-f", "job.yaml", "--dry-run=client", "--pod-exit-code"],
        &["apply", "-f", "job.yaml", "--fail-fast-after", "soon"],
        &["get", "jobs", "--fail-fast"],
        &["get", "jobs", "--pod-exit-code"],
        &["pod", "pi", "--fail-fast"],
        &["pod", "pi", "-w", "-o", "yaml", "--fail-fast"],
        &["simulate", "--fail-fast"],
        &["replay"],
        &["replay", "/nonexistent/run.jsonl"],
        &["replay", "/"],
        &["replay", "run.jsonl", "--speed", "-1"],
        &["get"],
        &["pod"],
        &["get", "jobs", "--progress", "loud"],
    ] {
        let result = seq(arguments);
        assert_eq!(result.code, Some(2), "{arguments:?}: {result}");
        assert!(result.stdout.is_empty() && result.stderr.starts_with("error: "), "{arguments:?}: {result}");
        let has_hint = ["hint: ", "tip: ", "try '--help'"].iter().any(|hint| result.stderr.contains(hint));
        assert!(has_hint, "{arguments:?}: {result}");
    }
}

#[test]
fn without_a_kubeconfig_the_error_names_the_simulation() {
    let result = seq(&["get", "jobs"]);
    assert_eq!((result.code, result.stdout.as_str()), (Some(3), ""), "{result}");
    assert!(
        result.stderr.contains("there is no kubeconfig") && result.stderr.contains("kubectl seq simulate"),
        "{result}"
    );
}

#[test]
fn the_documentation_describes_every_output_format() {
    let commands = include_str!("../../docs/commands.md");
    for format in super::output_formats() {
        let is_row = |line: &str| {
            line.starts_with("| ")
                && line.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{format}`")))
        };
        assert!(commands.lines().any(is_row), "docs/commands.md has no row for {format}");
    }
}
