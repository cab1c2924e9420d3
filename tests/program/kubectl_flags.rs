//! Checks that every global flag of kubectl reaches the wrapped kubectl in every spelling.

use std::fs;

use kubectl_seq::testing::cli::{Flag, Takes, global_flags};

use super::{program, run};

/// Spells a flag with a value as words. Returns `None` if the flag does not have this spelling.
type Spelling = fn(&Flag, &str) -> Option<Vec<String>>;

fn short_form(flag: &Flag, before: &str, between: &str, value: &str) -> Option<Vec<String>> {
    let letter = flag.short.filter(|_| flag.takes == Takes::Value)?;
    Some(vec![format!("-{before}{letter}{between}{value}")])
}

const SPELLINGS: [(&str, Spelling); 9] = [
    ("--flag=value", |flag, value| Some(vec![format!("--{}={value}", flag.long)])),
    ("--flag value", |flag, value| match flag.takes {
        Takes::Value => Some(vec![format!("--{}", flag.long), value.to_owned()]),
        Takes::OptionalValue => None,
    }),
    ("--flag", |flag, _| match flag.takes {
        Takes::Value => None,
        Takes::OptionalValue if flag.long == "version" => None,
        Takes::OptionalValue => Some(vec![format!("--{}", flag.long)]),
    }),
    ("-f value", |flag, value| Some([short_form(flag, "", "", "")?, vec![value.to_owned()]].concat())),
    ("-fvalue", |flag, value| short_form(flag, "", "", value)),
    ("-f=value", |flag, value| short_form(flag, "", "=", value)),
    ("-Rf value", |flag, value| Some([short_form(flag, "R", "", "")?, vec![value.to_owned()]].concat())),
    ("-Rfvalue", |flag, value| short_form(flag, "R", "", value)),
    ("-Rf=value", |flag, value| short_form(flag, "R", "=", value)),
];

/// Returns the value that the test gives to a flag. A switch without a value means `true`.
fn value_of(flag: &Flag) -> &'static str {
    match flag.takes {
        // `--version=true` prints the version of this program.
        Takes::OptionalValue if flag.long == "version" => "v1.37.2",
        Takes::Value if flag.long == "v" => "6",
        Takes::Value => "value",
        Takes::OptionalValue => "true",
    }
}

/// Runs `apply` with these words and returns the arguments of the two kubectl calls.
fn kubectl_calls(words: &[String]) -> [Vec<String>; 2] {
    logged_calls(words, ["apply", "get"])
}

/// Runs the program with these words and returns the arguments of these kubectl calls.
fn logged_calls<const N: usize>(words: &[String], calls: [&str; N]) -> [Vec<String>; N] {
    let log = tempfile::tempdir().expect("a folder");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let fake = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/fake/kubectl");
    let mut command = program(&words);
    command.env("KUBECTL_PATH", fake).env("KUBECTL_LOG", log.path());
    // The words name an empty kuberc.
    fs::write(log.path().join("value"), "").expect("a file");
    command.current_dir(log.path());
    let result = run(command, b"");
    calls.map(|call| {
        let logged = fs::read_to_string(log.path().join(call));
        logged
            .unwrap_or_else(|_| panic!("no kubectl {call}: {words:?}\n{result}"))
            .lines()
            .map(str::to_owned)
            .collect()
    })
}

#[test]
fn the_wrapped_kubectl_gets_every_global_flag_in_every_spelling() {
    let manifest = ["-f", "job.yaml"].map(str::to_owned);
    for (name, spell) in SPELLINGS {
        let spelled: Vec<(Flag, Vec<String>)> = global_flags()
            .into_iter()
            .filter_map(|flag| Some((flag.clone(), spell(&flag, value_of(&flag))?)))
            .collect();
        assert!(!spelled.is_empty(), "{name}");
        let flags: Vec<String> = spelled.iter().flat_map(|(_, words)| words.clone()).collect();
        let apply = ["apply".to_owned()];
        let mut lines =
            vec![[&apply[..], &flags, &manifest].concat(), [&apply[..], &manifest, &flags].concat()];
        // The flag `-R` belongs to `apply` and cannot precede this subcommand.
        if !name.starts_with("-R") {
            lines.push([&flags[..], &apply, &manifest].concat());
        }
        for line in lines {
            for call in kubectl_calls(&line) {
                for (flag, _) in &spelled {
                    let word = format!("--{}={}", flag.long, value_of(flag));
                    // The objects are read back without the kuberc.
                    let count = usize::from(flag.long != "kuberc" || call[0] != "get");
                    assert_eq!(
                        call.iter().filter(|given| **given == word).count(),
                        count,
                        "{word}: {line:?}\n{call:?}"
                    );
                }
                assert!(call.contains(&"--filename=job.yaml".to_owned()), "{line:?}\n{call:?}");
            }
        }
    }
}

#[test]
fn the_last_of_several_values_counts_and_lists_are_kept_whole() {
    let line = "-n first apply -n second --as-group a --as-group b --insecure-skip-tls-verify=0 -nthird -f x";
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for call in kubectl_calls(&words) {
        let given: Vec<&str> = call
            .iter()
            .map(String::as_str)
            .filter(|word| {
                ["--namespace", "--as-group", "--insecure"].iter().any(|flag| word.starts_with(flag))
            })
            .collect();
        assert_eq!(
            given,
            ["--namespace=third", "--insecure-skip-tls-verify=0", "--as-group=a", "--as-group=b"]
        );
    }
}

#[test]
fn only_flags_that_select_objects_reach_the_call_that_reads_them_back() {
    let line = "apply -Rf a.yaml,b.yaml -l app=x --prune --server_side --dry-run=none --field-manager -n --validate=false";
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let [apply, get] = kubectl_calls(&words);
    assert_eq!(
        apply,
        [
            "apply",
            "--recursive",
            "--selector=app=x",
            "--filename=a.yaml",
            "--filename=b.yaml",
            "--prune",
            "--server-side",
            "--dry-run=none",
            "--field-manager=-n",
            "--validate=false"
        ]
    );
    assert_eq!(
        get,
        [
            "get",
            "--recursive",
            "--selector=app=x",
            "--output=json",
            "--ignore-not-found=true",
            "--filename=a.yaml",
            "--filename=b.yaml"
        ]
    );
}

#[test]
fn words_of_create_and_replace_reach_kubectl_in_the_order_that_it_expects() {
    let json = "--output=json --show-managed-fields=false";
    for (line, call) in [
        (
            "-n ns create job pi --image x --record r.jsonl -- sh -c --nosuch",
            format!("create job --namespace=ns {json} pi --image=x -- sh -c --nosuch"),
        ),
        (
            "create -Rf a.yaml,b.yaml --save_config",
            format!("create --recursive {json} --filename=a.yaml --filename=b.yaml --save-config"),
        ),
        (
            "replace --force -f x --timeout 5m --cascade=orphan",
            format!("replace {json} --filename=x --force --cascade=orphan"),
        ),
        ("replace -f x --detach -o json", "replace --filename=x --output=json".to_owned()),
        ("create -f x --detach", "create --filename=x".to_owned()),
        (
            "create -f x --dry-run=client -o yaml",
            "create --filename=x --output=yaml --dry-run=client".to_owned(),
        ),
        ("create -f x --edit", "create --filename=x --edit".to_owned()),
        ("create --raw /apis -f x", "create --filename=x --raw=/apis".to_owned()),
        ("create -f x -o jsonpath={.kind}", "create --filename=x --output=jsonpath={.kind}".to_owned()),
        (
            "-n ns create cm a --from-literal a=b -o name --detach",
            "create --namespace=ns cm a --from-literal a=b -o name --detach".to_owned(),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let record = folder.path().join("r.jsonl");
        let words = line
            .split(' ')
            .map(|word| if word == "r.jsonl" { record.to_str().expect("UTF-8") } else { word });
        let words: Vec<String> = words.map(str::to_owned).collect();
        let [logged] = logged_calls(&words, [call.split(' ').next().expect("a command")]);
        assert_eq!(logged.join(" "), call, "{line}");
    }
}
