//! Tests that logs are complete and safe. To test completeness, each container keeps a copy of its lines, and the test
//! compares the printed lines with this copy.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Namespace, Running, manifest, print_notice};
use crate::private::PrivateCluster;
use crate::support::schema::validate_lines;

/// Maximum resident memory of the program in KiB. A debug build with the ten streams of `busy-logs.yaml` needs about
/// 45 MB. A release build needs about 20 MB less, because its code is smaller.
const MAX_MEMORY: u64 = 64_000_000 / 1024;

/// The number of copies that the containers of `logs.yaml` write: 20 Pods and 4 retries, 10 Pods and 10 restarts.
const COPIES: usize = 44;

/// The number of Pods of `logs.yaml` that run at the same time.
const PODS: usize = 30;

/// The number of lines that each run of `logs.yaml` writes.
const LINES: usize = 2000;

/// A text that is printed with the first line of a log.
const FIRST_LINE: &str = r#""type":"log""#;

/// A text that is printed when half of the lines of a Pod were read.
const HALF: &str = "line 1001";

#[test]
#[ignore = "needs a test cluster's script, and a minute"]
fn every_line_of_every_run_is_shown_once() {
    let Some(cluster) = PrivateCluster::up(2) else { return };
    thread::scope(|scope| {
        scope.spawn(|| {
            let run = LoggedRun::new(&cluster, "logs");
            run.compare(&run.follow(&[], HALF, || {}), COPIES);
        });
        scope.spawn(|| {
            let run = LoggedRun::new(&cluster, "cut");
            let proxy = CuttingProxy::start(&server_of(&run.namespace), Duration::from_secs(3));
            let server = format!("--server=https://127.0.0.1:{}", proxy.port);
            run.compare(&run.follow(&[&server], FIRST_LINE, || proxy.begin_cuts()), COPIES);
            let cuts = proxy.cuts.load(Ordering::Relaxed);
            assert!(cuts >= 20, "only {cuts} connections were cut");
        });
    });
    let run = LoggedRun::new(&cluster, "stopped");
    let printed = run.follow(&[], HALF, || {
        cluster.stop("apiserver");
        cluster.start("apiserver");
    });
    run.compare(&printed, COPIES);
}

#[test]
#[ignore = "needs a test cluster's script, and half a minute"]
fn a_node_that_restarts_leaves_one_gap_in_the_log_of_each_lost_run() {
    let Some(cluster) = PrivateCluster::up(2) else { return };
    let run = LoggedRun::new(&cluster, "rebooted");
    let printed = run.follow(&[], HALF, || {
        // The node loses the logs of all its runs. Each run has its copy, so the number of a copy is the number of a
        // run.
        let deadline = Instant::now() + Duration::from_secs(30);
        while run.read_copies().len() < PODS {
            assert!(Instant::now() < deadline, "only {} Pods run", run.read_copies().len());
            thread::sleep(Duration::from_millis(50));
        }
        cluster.stop("node-2");
        cluster.start("node-2");
    });
    let mut logs = read_logs(&printed);
    let (mut lost, mut whole) = (0, 0);
    for (run, copy) in run.read_copies() {
        let log = logs.remove(&run).unwrap_or_default();
        let (read, written) = (log.lines.len(), copy.len());
        assert_eq!(log.first_difference(&copy), None, "log of {run}");
        assert!(read <= written, "log of {run}: {read} of {written} lines");
        // If the node restarts just after the last line, the program cannot know that this line is the last.
        let min_gaps = usize::from(read < LINES);
        let gaps = log.gaps.len();
        assert!((min_gaps..=1).contains(&gaps), "{run}: {read} of {written} lines: {:?}", log.gaps);
        lost += gaps;
        whole += 1 - gaps;
    }
    assert!(logs.is_empty(), "runs without a copy: {:?}", logs.keys());
    print_notice(&format!("{lost} runs were lost, {whole} are whole"));
    assert!(lost >= 5 && whole >= 30, "{lost} lost, {whole} whole");
}

#[test]
#[ignore = "needs a test cluster's script, and half a minute"]
fn long_lines_of_busy_pods_are_whole_and_the_memory_is_limited() {
    let Some(cluster) = PrivateCluster::up(2) else { return };
    let run = LoggedRun::new(&cluster, "busy");
    let proxy = CuttingProxy::start(&server_of(&run.namespace), Duration::from_secs(4));
    let server = format!("--server=https://127.0.0.1:{}", proxy.port);
    let mut running = run.start("busy-logs.yaml", &[&server]);
    running.wait_for_text(FIRST_LINE);
    proxy.begin_cuts();
    let mut peak = 0;
    while let Some(memory) = running.peak_memory() {
        peak = peak.max(memory);
        thread::sleep(Duration::from_millis(20));
    }
    let result = running.wait();
    assert_eq!(result.code, Some(0), "{}", result.stderr);
    run.compare(&result.stdout, 10);
    let cuts = proxy.cuts.load(Ordering::Relaxed);
    assert!(cuts >= 15, "only {cuts} connections were cut");
    print_notice(&format!("peak memory: {peak} KiB"));
    assert!(peak < MAX_MEMORY, "{peak} KiB");
}

/// One run of a manifest in a namespace of its own.
struct LoggedRun {
    namespace: Namespace,
    copies: TempDir,
}

/// The printed log of one run of a container.
#[derive(Default)]
struct PrintedLog {
    lines: Vec<String>,
    /// The parts that could not be read.
    gaps: Vec<String>,
}

impl LoggedRun {
    fn new(cluster: &PrivateCluster, topic: &str) -> Self {
        let copies = TempDir::with_prefix("seq-copies-").unwrap();
        Self { namespace: cluster.namespace(topic), copies }
    }

    /// Follows the Jobs of `logs.yaml` to their end. Calls `disturb` when the program has printed `text`. Returns the
    /// printed lines.
    fn follow(&self, flags: &[&str], text: &str, disturb: impl FnOnce()) -> String {
        let mut running = self.start("logs.yaml", flags);
        running.wait_for_text(text);
        disturb();
        let result = running.wait();
        // The output is too long for the message of a failed test.
        assert_eq!(result.code, Some(0), "{}", result.stderr);
        result.stdout
    }

    /// Applies a manifest and follows its Jobs with their logs.
    fn start(&self, file: &str, flags: &[&str]) -> Running {
        let yaml = fs::read_to_string(manifest(file)).unwrap();
        let yaml = yaml.replace("COPIES", &self.copies.path().to_string_lossy());
        let file = self.copies.path().join("manifest");
        fs::write(&file, yaml).unwrap();
        let words = ["apply", "-f", &file.to_string_lossy(), "--logs", "-o", "jsonl", "--timeout=140s"];
        self.namespace.start(&[&words[..], flags].concat())
    }

    /// Fails unless the printed lines of each run are the copy that the run kept.
    fn compare(&self, printed: &str, expected_copies: usize) {
        // All lines would take too long.
        let sample: Vec<&str> = printed.lines().step_by(50).collect();
        validate_lines(&sample.join("\n"));
        let mut logs = read_logs(printed);
        let copies = self.read_copies();
        assert_eq!(copies.len(), expected_copies, "{:?}", copies.keys());
        for (run, copy) in &copies {
            let log = logs.remove(run).unwrap_or_default();
            assert!(log.gaps.is_empty(), "{run}: {:?}", log.gaps);
            assert_eq!((log.lines.len(), log.first_difference(copy)), (copy.len(), None), "log of {run}");
        }
        assert!(logs.is_empty(), "runs without a copy: {:?}", logs.keys());
    }

    /// Returns the lines that each run has written to its copy.
    fn read_copies(&self) -> BTreeMap<String, Vec<String>> {
        let files = fs::read_dir(self.copies.path()).unwrap().map(|file| file.unwrap());
        let read = |file: fs::DirEntry| {
            let text = fs::read_to_string(file.path()).unwrap();
            (file.file_name().into_string().unwrap(), text.lines().map(str::to_owned).collect())
        };
        files.filter(|file| file.file_name() != "manifest").map(read).collect()
    }
}

impl PrintedLog {
    /// Returns the index of the first line that is not the line of the copy. A line of more than 1 MiB is cut.
    fn first_difference(&self, copy: &[String]) -> Option<usize> {
        let cut = |line: &str| line.len().min(1 << 20);
        self.lines.iter().zip(copy).position(|(line, copied)| line != &copied[..cut(copied)])
    }
}

/// Returns the logs in the output of the program. The key is the name of the Pod and the number of the run.
fn read_logs(printed: &str) -> HashMap<String, PrintedLog> {
    let mut logs: HashMap<String, PrintedLog> = HashMap::new();
    for line in printed.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        if entry["type"] != "log" {
            continue;
        }
        let run = format!("{}.{}", entry["pod"].as_str().unwrap(), entry["run"]);
        let log = logs.entry(run).or_default();
        match entry["text"].as_str() {
            Some(text) => {
                assert_eq!(entry["cut"] == true, text.starts_with("longer"), "a line of {}", text.len());
                log.lines.push(text.to_owned());
            }
            None => log.gaps.push(entry["missing"].to_string()),
        }
    }
    logs
}

/// Returns the host and the port of the namespace's API server.
fn server_of(namespace: &Namespace) -> String {
    let server = "jsonpath={.clusters[0].cluster.server}";
    let printed = namespace.kubectl(&["config", "view", "--minify", "-o", server]).succeeds().stdout;
    printed.trim_start_matches("https://").to_owned()
}

/// A proxy that forwards connections, and later cuts all open connections at regular intervals.
struct CuttingProxy {
    port: u16,
    /// Number of connections that were cut.
    cuts: Arc<AtomicUsize>,
    is_cutting: Arc<AtomicBool>,
    is_stopped: Arc<AtomicBool>,
}

impl CuttingProxy {
    fn start(server: &str, interval: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let cuts: Arc<AtomicUsize> = Arc::default();
        let [is_cutting, is_stopped]: [Arc<AtomicBool>; 2] = Default::default();
        let (server, accepted) = (server.to_owned(), Arc::clone(&open));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(upstream)) = (client, TcpStream::connect(&server)) else { continue };
                accepted.lock().unwrap().extend([client.try_clone().unwrap(), upstream.try_clone().unwrap()]);
                forward(&client, &upstream);
                forward(&upstream, &client);
            }
        });
        let (counted, cut, stop) = (Arc::clone(&cuts), Arc::clone(&is_cutting), Arc::clone(&is_stopped));
        thread::spawn(move || {
            let mut last = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(50));
                if cut.load(Ordering::Relaxed) && last.elapsed() >= interval {
                    last = Instant::now();
                    let streams = std::mem::take(&mut *open.lock().unwrap());
                    counted.fetch_add(streams.len() / 2, Ordering::Relaxed);
                    // The error is ignored, because a connection that has already ended cannot be shut down.
                    for stream in streams {
                        drop(stream.shutdown(Shutdown::Both));
                    }
                }
            }
        });
        Self { port, cuts, is_cutting, is_stopped }
    }

    /// Cuts connections from now on. `kubectl apply` must have ended, because it does not repeat its requests.
    fn begin_cuts(&self) {
        self.is_cutting.store(true, Ordering::Relaxed);
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// Forwards the bytes of one direction in a thread, until one of the connections ends.
fn forward(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// A Job with four indexes. Index 2 writes thirteen lines and fails. The other indexes write one line and succeed.
const MIXED: &str = r#"
apiVersion: batch/v1
kind: Job
metadata:
  name: mixed
spec:
  completions: 4
  parallelism: 4
  completionMode: Indexed
  backoffLimitPerIndex: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: bash:5.3
          command:
            - bash
            - -c
            - |
              if [ "$JOB_COMPLETION_INDEX" != 2 ]; then echo good; exit; fi
              printf '\033[2J\033[31mred\033[0m \033]0;title\007\n'
              printf '10 %%\r100 %%\n'
              head -c 100000 /dev/zero | tr '\0' x; echo
              for number in {1..10}; do echo "bad $number"; done
              exit 3
"#;

#[test]
#[ignore = "needs a cluster"]
fn log_lines_have_the_shortest_prefix_and_no_unsafe_sequences() {
    let namespace = Namespace::new("mixed");
    let words = ["apply", "-f", "-", "--logs", "--progress=lines", "--color=always"];
    let result = namespace.seq_with(&words, MIXED).exits_with(1);
    let plain: Vec<&str> = result.stdout.lines().filter(|line| line.ends_with("good")).collect();
    assert_eq!(plain.len(), 3, "{result:#}");
    for index in ["0: ", "1: ", "3: "] {
        assert!(plain.iter().any(|line| line.contains(index)), "no prefix {index:?}\n{result:#}");
    }
    result.prints("\u{1b}[31mred\u{1b}[0m");
    result.prints("100 %\n");
    // The container runtime splits lines of more than 16 KiB.
    assert!(result.stdout.contains(&"x".repeat(100_000)), "the long line is not whole");
    assert!(!result.stdout.contains("10 %\r") && !result.stdout.contains("title"), "{result:#}");
    assert!(!result.stdout.contains("\u{1b}[2J") && !result.stdout.contains('\u{7}'), "{result:#}");
    // The closing report does not repeat the log.
    assert_eq!(result.stdout.matches("bad 10").count(), 1, "{result:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn the_last_lines_of_failed_pods_are_shown_when_the_pods_fail() {
    let namespace = Namespace::new("only-failed");
    let words = ["apply", "-f", "-", "--logs=failed", "--tail-lines=3", "--progress=lines"];
    let result = namespace.seq_with(&words, MIXED).exits_with(1);
    let logged: Vec<&str> = result.stdout.lines().filter(|line| line.starts_with("2: ")).collect();
    assert_eq!(logged, ["2: bad 8", "2: bad 9", "2: bad 10"], "{result:#}");
    assert!(!result.stdout.contains("good"), "{result:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn logs_go_to_standard_error_if_standard_output_is_a_document() {
    let namespace = Namespace::new("documented");
    let result = namespace.seq_with(&["apply", "-f", "-", "--logs", "-o", "json"], MIXED).exits_with(1);
    assert_eq!(result.json()["kind"], "Timeline");
    result.reports("2: bad 10");
}

#[test]
#[ignore = "needs a cluster"]
fn a_user_who_may_not_read_logs_gets_one_line_and_the_outcome() {
    let namespace = Namespace::new("unlogged");
    namespace.kubectl_with(&["--namespace", &namespace.name, "apply", "-f", "-"], MIXED).succeeds();
    let rules = ["create", "role", "watcher", "--verb=get,list,watch", "--resource=pods,jobs.batch,events"];
    namespace.kubectl(&rules).succeeds();
    namespace.kubectl(&["create", "rolebinding", "watcher", "--role=watcher", "--user=watcher"]).succeeds();
    let words = ["get", "job", "mixed", "--watch", "--logs", "--as=watcher", "--progress=lines"];
    let result = namespace.seq(&words).exits_with(1);
    assert_eq!(result.stderr.matches("logs cannot be read").count(), 1, "{result:#}");
    result.reports("pods/log");
}

#[test]
#[ignore = "needs a cluster"]
fn a_pod_that_is_deleted_at_once_shows_its_lines() {
    let namespace = Namespace::new("at-once");
    let yaml = MIXED.replace("completions: 4", "completions: 4\n  ttlSecondsAfterFinished: 0");
    let result = namespace.seq_with(&["apply", "-f", "-", "--logs", "--progress=lines"], &yaml);
    assert_eq!(result.stdout.lines().filter(|line| line.ends_with(": good")).count(), 3, "{result:#}");
    result.prints("2: bad 10");
}
