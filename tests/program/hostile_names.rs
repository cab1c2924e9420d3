//! Tests that names from a server that look like flags, paths or shell commands do no harm. Kubernetes refuses such names,
//! so only a hostile server sends them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::support::runner::{Running, program, run};

/// Names that a command would take for flags, a request or a file for paths, and a shell for commands.
const NAMES: [&str; 6] =
    ["-oyaml", "--all", "../../secrets/x", "$(touch pwned)", "a;touch pwned", "x?watch=true"];

/// Returns the objects of one collection: a failed Job and its failed Pod for each name.
fn list(is_about_jobs: bool) -> Value {
    let objects = NAMES.iter().enumerate().map(|(number, name)| {
        let times = json!({"startedAt": "2026-11-28T00:00:01Z", "finishedAt": "2026-11-28T00:00:02Z",
            "exitCode": 1, "reason": "Error"});
        let metadata = |uid: &str| {
            json!({"name": name, "namespace": name, "uid": format!("{uid}{number}"), "resourceVersion": "3",
                "creationTimestamp": "2026-11-28T00:00:00Z"})
        };
        if is_about_jobs {
            json!({"metadata": metadata("job"), "spec": {"completions": 1, "parallelism": 1},
                "status": {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
                "lastTransitionTime": "2026-11-28T00:00:03Z"}]}})
        } else {
            let mut pod = json!({"metadata": metadata("pod"), "spec": {"nodeName": name,
                "containers": [{"name": name, "image": name}]}, "status": {"phase": "Failed", "containerStatuses": [
                {"name": name, "restartCount": 0, "image": name, "containerID": "c", "state": {"terminated": times}}]}});
            pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": name,
                "uid": format!("job{number}"), "controller": true}]);
            pod
        }
    });
    json!({"metadata": {"resourceVersion": "7"}, "items": objects.collect::<Vec<_>>()})
}

/// Starts a server. Returns its port and the addresses of all requests.
fn start_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let requests: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let seen = Arc::clone(&seen);
            thread::spawn(move || serve(client, &seen));
        }
    });
    (port, requests)
}

fn serve(mut client: TcpStream, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().unwrap_or(Ok(String::new()))?;
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let address = request.split_once(' ').map(|(_, rest)| rest.trim_end_matches(" HTTP/1.1").to_owned());
    let address = address.unwrap_or_default();
    seen.lock().expect("no panic").push(address.clone());
    let collection = address.split('?').next().unwrap_or_default();
    let body = match collection {
        _ if address.contains("watch=true") => String::new(),
        _ if collection.ends_with("/jobs") => list(true).to_string(),
        _ if collection.ends_with("/pods") => list(false).to_string(),
        _ => json!({"metadata": {"resourceVersion": "7"}, "items": []}).to_string(),
    };
    write!(client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{body}")
}

#[test]
fn names_that_look_like_flags_paths_or_commands_are_part_of_no_command_and_no_path() {
    let (port, requests) = start_server();
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).expect("a folder");
    let server = format!("--server=http://127.0.0.1:{port}");
    let config = ["--kubeconfig=/dev/null", "-A"];
    for arguments in [
        &["get", "jobs"] as &[&str],
        &["get", "jobs", "-o", "wide"],
        &["get", "jobs", "-w", "--progress=lines"],
        &["get", "jobs", "-w", "--progress=lines", "--logs", "--fail-fast"],
        &["get", "jobs", "-w", "--progress=lines", "--summary=summary.md", "--record=recording.jsonl"],
        &["get", "pods", "-w", "--progress=lines", "--ci=github", "--pod-exit-code"],
    ] {
        let mut command = program(&[arguments, &[&server], &config].concat());
        command.current_dir(&inside);
        let mut running = Running::start(command, b"");
        if arguments.contains(&"-w") {
            running.wait_until("an end or a failure", |printed| printed.contains("exit code 1"));
        }
        let result = running.wait();
        let printed = format!("{}{}", result.stdout, result.stderr);
        assert!(printed.contains("-oyaml"), "{result:#}");
        for name in NAMES {
            for command in ["kubectl seq pod", "kubectl seq get", "kubectl logs", "kubectl get"] {
                let word = format!(" {name} ");
                let named = printed.lines().map(|line| format!("{line} ").replace('`', " "));
                let named = named.filter(|line| line.contains(command) && line.contains(&word));
                // `-A` and the address of the server follow the words that the user typed.
                assert_eq!(named.count(), 0, "{command} {name} in\n{result:#}");
            }
        }
    }
    // The names are in the objects, and no request has used them as a path.
    let requests = requests.lock().expect("no panic");
    assert!(requests.iter().any(|address| address.starts_with("/apis/batch/v1/jobs")), "{requests:?}");
    for address in &*requests {
        let path = address.split('?').next().unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        assert!(path.bytes().all(is_plain) && !path.contains(".."), "{address}");
        assert!(!path.contains("/-") && !path.contains("/log"), "{address}");
    }
    let mut files: Vec<_> =
        std::fs::read_dir(&inside).expect("a folder").map(|file| file.expect("a file").file_name()).collect();
    files.sort();
    assert_eq!(files, ["recording.jsonl", "summary.md"]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    // The recording holds the names as they are, and its replay prints no command either.
    let recording = inside.join("recording.jsonl");
    let replay = run(program(&["replay", recording.to_str().expect("UTF-8")]), b"");
    assert!(replay.stdout.contains("-oyaml") && !replay.stdout.contains("kubectl seq"), "{replay:#}");
}
