//! Tests of the rewriting of words for clap.

use super::*;
use crate::cli::change::typed_command::split_words;
use crate::cli::command_line;

/// Returns the words for clap, or the text of the error.
fn rewritten(subcommand: &str, line: &str) -> Result<String, String> {
    let root = command_line::command();
    let declared = root.find_subcommand(subcommand).unwrap();
    let words = rewrite_words(declared, &split_words(line)).map_err(|error| error.to_string())?;
    Ok(words.join(" ".as_ref()).into_string().unwrap())
}

#[test]
fn flags_are_read_as_pflag_reads_them() {
    for (typed, words) in [
        ("job pi", "job pi"),
        ("job -w=false pi", "job pi"),
        ("job --watch=T --watch=0", "job"),
        ("job --watch=0 -w", "--watch job"),
        ("jobs -A=true", "--all-namespaces jobs"),
        ("jobs -A=1", "--all-namespaces jobs"),
        ("jobs -Aw=false", "--all-namespaces jobs"),
        ("jobs -Awn x", "--all-namespaces --watch --namespace=x jobs"),
        ("jobs --all_namespaces", "--all-namespaces jobs"),
        ("jobs -n team -n other", "--namespace=team --namespace=other jobs"),
        ("jobs -l -x", "--selector=-x jobs"),
        ("jobs --ascii=false -ojson", "--output=json jobs"),
        ("job -- -x", "job -- -x"),
        ("jobs --version=v1.2.3", "--version=v1.2.3 jobs"),
        ("jobs --version=false", "--version=false jobs"),
    ] {
        assert_eq!(rewritten("get", typed), Ok(words.to_owned()), "{typed}");
    }
}

#[test]
fn a_wrong_flag_is_an_error_with_tips() {
    for (typed, texts) in [
        ("jobs -A=zz", ["invalid value 'zz' for '--all-namespaces'", "[possible values: true, false]"]),
        ("jobs -n", ["a value is required for '--namespace <NAMESPACE>'", ""]),
        ("jobs --watc", ["unexpected argument '--watc'", "a similar argument exists: '--watch'"]),
        ("jobs -Z", ["unexpected argument '-Z'", ""]),
        ("jobs --sort-by=.x", ["unexpected argument '--sort-by'", "use '--sort' with start"]),
        (
            "jobs -n x --token=s --watch-only --sort work",
            [
                "unexpected argument '--watch-only'",
                "'kubectl get jobs --namespace=x --token=... --watch-only'",
            ],
        ),
        ("jobs -o jsonpath={.workloads[*].name}", ["invalid value", "jq .workloads[].name'"]),
        ("jobs -o custom-columns=A:.x", ["invalid value", "'kubectl get jobs --output=custom-columns=A:.x'"]),
        ("", ["<TYPE[/NAME]>", "'kubectl seq get job pi'"]),
        ("-A", ["<TYPE[/NAME]>", "'kubectl seq get jobs'"]),
    ] {
        let error = rewritten("get", typed).expect_err(typed);
        assert!(texts.iter().all(|text| error.contains(text)), "{typed}: {error}");
        assert!(!error.contains("'-- "), "{typed}: {error}");
    }
    let error = rewritten("pod", "").expect_err("no name");
    assert!(error.contains("'kubectl seq pod pi-4h9hq'"), "{error}");
    let error = rewritten("simulate", "-o go-template={{.x}}").expect_err("a template");
    assert!(error.contains("jq .workloads") && !error.contains("kubectl get"), "{error}");
}

#[test]
fn every_flag_of_kubectl_get_works_or_has_a_tip() {
    let root = command_line::command();
    let get = root.find_subcommand("get").unwrap();
    for flag in command_flags("get") {
        let is_declared = declared_flags(get).iter().any(|own| own.long == flag.long);
        let line = format!("jobs --{}=1", flag.long);
        let error = rewritten("get", &line).err().filter(|_| !is_declared);
        assert!(is_declared || error.is_some_and(|text| text.contains("tip: ")), "{line}");
    }
}

#[test]
fn several_pods_are_shown_by_get() {
    let root = command_line::command();
    let get = root.find_subcommand("get").unwrap();
    for (typed, words) in [
        ("pod a b", "get pod a b"),
        ("pods -A", "get pod -A"),
        ("po -l app=web -w", "get pod -l app=web -w"),
        ("pod -n x a", "pod -n x a"),
        ("pod pod/a pod/b", "get pod/a pod/b"),
        ("pod -o yaml a", "pod -o yaml a"),
        ("pods", "pods"),
        ("get pod a b", "get pod a b"),
    ] {
        let selected = select_several_pods(get, split_words(typed));
        assert_eq!(selected.join(" ".as_ref()), words, "{typed}");
    }
}
