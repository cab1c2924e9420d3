//! Tests of the completion of a line.

use super::*;
use crate::cli::command_line;

/// Returns the candidates and the words for kubectl. Names that must be read appear as `NAMES OF …`.
fn completed(line: &str) -> (String, String) {
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let completion = complete(&command_line::command(), &words);
    let mut candidates: Vec<String> = completion.candidates.into_iter().map(|(name, _)| name).collect();
    candidates.extend(completion.names.map(|names| {
        let read = match names.lookup {
            Lookup::Objects(resource) => resource.plural,
            other @ (Lookup::Contexts | Lookup::Clusters | Lookup::Users) => format!("{other:?}"),
        };
        format!("NAMES OF {read}: {}|{}", names.before, names.typed)
    }));
    candidates.extend(completion.recordings.map(|word| format!("RECORDINGS {word}")));
    candidates.extend(completion.wants_file_name.then(|| "DIRECTIVE_FILES".to_owned()));
    (candidates.join(" "), completion.kubectl_words.join(" ".as_ref()).into_string().unwrap())
}

#[test]
fn this_program_completes_its_own_words_and_kubectl_completes_the_others() {
    for (line, candidates, kubectl_words) in [
        ("ge", "get", ""),
        ("-n d ge", "get", ""),
        ("help ge", "get", ""),
        ("--context ", "NAMES OF Contexts: |", ""),
        ("--context=a", "NAMES OF Contexts: |a", ""),
        ("-n d", "NAMES OF namespaces: |d", ""),
        ("-w ge", "", ""),
        ("--all-n", "--all-namespaces", ""),
        ("get jo", "jobs", ""),
        ("get pytorchj", "", "get pytorchj"),
        ("get pytorchjob -n d p", "", "get pytorchjob --namespace=d p"),
        ("get job p", "NAMES OF jobs: |p", ""),
        ("get job/p", "NAMES OF jobs: job/|p", ""),
        ("get job/pi jo", "jobs/", ""),
        ("get job/pi cj/", "NAMES OF cronjobs: cj/|", ""),
        ("get no n", "NAMES OF nodes: |n", ""),
        ("get all x", "", ""),
        ("get --sort work job -n d", "NAMES OF namespaces: |d", ""),
        ("get job --user ", "NAMES OF Users: |", ""),
        ("get job --cluster=", "NAMES OF Clusters: |", ""),
        ("get job --sort co", "cold", ""),
        ("get job --sort=co", "cold", ""),
        ("get job --sort=", "start end work cold index name trouble wasted", ""),
        ("get -o js", "json jsonl", ""),
        ("apply -f x -o js", "json jsonl", ""),
        ("pod x --output=ya", "yaml", ""),
        ("get --asc", "--ascii", ""),
        ("pod pi", "NAMES OF pods: |pi", ""),
        ("pod pod/pi", "NAMES OF pods: pod/|pi", ""),
        ("apply -f ", "", "apply --filename "),
        ("apply --detach --se", "", "apply --se"),
        ("get job --record ", "DIRECTIVE_FILES", ""),
        ("apply --record run -f j", "", "apply --filename j"),
        ("simulate -f ", "DIRECTIVE_FILES", ""),
        ("replay ", "DIRECTIVE_FILES", ""),
        ("history jo", "jobs/ RECORDINGS jo", ""),
        ("history job/p", "NAMES OF jobs: job/|p RECORDINGS job/p", ""),
        ("history ./job/p", "RECORDINGS ./job/p", ""),
        ("history cj/a runs/", "RECORDINGS runs/", ""),
        ("history -o ma", "markdown", ""),
        ("diff a.jsonl -n d job/", "NAMES OF jobs: job/| RECORDINGS job/", ""),
        ("diff a1 a2 -- dep", "deployments/ RECORDINGS dep", ""),
        ("replay --speed ", "", ""),
        ("replay --spe", "--speed", ""),
        ("completion ba", "bash", ""),
        ("-n d get job p", "NAMES OF jobs: |p", ""),
        ("apply -Rn ", "NAMES OF namespaces: |", ""),
        ("get -wo gr", "grid", ""),
        ("apply -f j --timeout 5m -k ", "", "apply --filename=j --kustomize "),
        ("create -f j --timeout 5m -k ", "", "create --filename=j --kustomize "),
        ("create jo", "", "create jo"),
        ("create job pi --im", "", "create job pi --im"),
        ("create job pi --image=x --deta", "--detach", "create job pi --image=x --deta"),
        ("create configmap x -o y", "", "create configmap x -o y"),
        ("create cm x --de", "", "create cm x --de"),
        ("replace --force -f ", "", "replace --force --filename "),
        ("nosuch x", "", ""),
    ] {
        assert_eq!(completed(line), (candidates.to_owned(), kubectl_words.to_owned()), "{line}");
    }
}

#[test]
fn candidates_have_descriptions() {
    let describe = |line: &str| {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        complete(&command_line::command(), &words).candidates
    };
    for line in ["", "get -", "get job --sort=", "get -o ", "get "] {
        let candidates = describe(line);
        assert!(candidates.len() > 3, "{line}");
        assert!(candidates.iter().all(|(_, about)| !about.is_empty()), "{line}: {candidates:?}");
    }
}

#[test]
fn the_typed_flags_select_the_connection() {
    let words = ["--namespace=web", "--context", "a", "-n", "batch", "job", "--token"];
    let flags = FlagTable::new(global_flags());
    let connection = typed_connection(&flags.lex(words));
    assert_eq!(connection.namespace.as_deref(), Some("batch"));
    assert_eq!(connection.context.as_deref(), Some("a"));
}
