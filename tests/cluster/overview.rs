//! The overview: `kubectl seq` without a command, and `get` of several workloads.

use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster"]
fn several_workloads_are_shown_one_row_each_and_a_single_one_with_its_pods() {
    let namespace = Namespace::new("overview");
    let empty = namespace.seq(&[]).succeeds();
    assert!(empty.stderr.contains("No workload has run in"), "{empty}");
    assert!(empty.stdout.contains("Usage: kubectl seq"), "{empty}");

    namespace.complete("quick.yaml");
    let single: [&[&str]; 4] = [&[], &["get", "jobs"], &["get", "all"], &["get", "jobs", "-l", "app=quick"]];
    for words in single {
        let drawn = namespace.seq(words).succeeds();
        assert!(drawn.stdout.contains("slot time ") && !drawn.stdout.contains("LARGEST LOSS"), "{drawn}");
    }
    let named = format!("ns/{}", namespace.name);
    let row = namespace.seq(&["get", &named, "-n", "default"]).succeeds();
    assert!(row.stdout.contains("LARGEST LOSS") && row.stdout.contains("job/quick "), "{row}");

    namespace.kubectl(&["apply", "-f", &manifest("failing.yaml")]).succeeds();
    namespace.kubectl(&["wait", "--for=condition=failed", "job/failing", "--timeout=60s"]).succeeds();
    let several: [&[&str]; 4] = [&[], &["get", "jobs"], &["get", "all"], &["get", "jobs", "-o", "runs"]];
    for words in several {
        let rows = namespace.seq(words).succeeds();
        assert!(rows.stdout.contains("LARGEST LOSS"), "{rows}");
        for job in ["✓ job/quick ", "✗ job/failing "] {
            assert!(rows.stdout.contains(job), "{job}: {rows}");
        }
    }
    let bars: [&[&str]; 3] =
        [&["get", "job", "quick", "failing"], &["get", "jobs", "-o", "seq"], &["get", "jobs", "--sort=end"]];
    for words in bars {
        let drawn = namespace.seq(words).succeeds();
        assert!(!drawn.stdout.contains("LARGEST LOSS"), "{drawn}");
    }
    let missing = namespace.seq(&["get", "ns", "no-such-namespace"]).exits_with(3);
    assert!(missing.stderr.contains("namespaces \"no-such-namespace\" not found"), "{missing}");
}
