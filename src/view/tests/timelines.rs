//! The timelines that several tests of the views render.

use crate::lifecycle::ContainerRole;
use crate::timeline::{Timeline, WorkloadState};
use crate::view::fixture::*;

/// A Job whose Pods wait, fail, restart, are deleted, or end at an unknown time.
pub(crate) fn trouble(now: i64) -> Timeline {
    let pods = vec![
        pod("train-0-4h9hq", 500)
            .index(0, 1)
            .on("node-1")
            .waits(Queued, 20_000, Some("Insufficient cpu"))
            .cold(0, 700, 3_000, 200, 9_000)
            .succeeded(),
        pod("train-1-zqnh9", 500)
            .index(1, 1)
            .on("node-1")
            .phase(Queued, 100)
            .phase(Setup, 900)
            .phase(Pulling, 3_000)
            .phase(Initializing, 4_000)
            .phase(Starting, 200)
            .phase(Running, 5_200)
            .failed(Some(137), Some("OOMKilled")),
        pod("train-1-77sms", 23_000).index(1, 2).on("node-2").cold(100, 600, 0, 200, 60_000),
        pod("train-2-qv6kc", 600).index(2, 1).on("node-2").phase(Queued, 100).phase(Setup, 700).waits(
            PullFailing,
            60_000,
            Some("ImagePullBackOff"),
        ),
        pod("train-3-pzrtz", 700).index(3, 1).waits(Queued, 90_000, Some("Insufficient nvidia.com/gpu")),
        pod("train-4-xc786", 800)
            .index(4, 1)
            .on("node-2")
            .cold(100, 700, 0, 200, 4_000)
            .waits(BackOff, 10_000, Some("CrashLoopBackOff"))
            .phase(Running, 3_000)
            .waits(BackOff, 50_000, Some("CrashLoopBackOff")),
        pod("train-5-b2c4d", 900)
            .index(5, 1)
            .on("node-1")
            .phase(Queued, 100)
            .phase(Setup, 1_500)
            .failed(None, Some("OutOfcpu")),
        pod("train-6-k7m2p", 1_000)
            .index(6, 1)
            .on("node-1")
            .coarse()
            .phase(Queued, 1_000)
            .phase(Startup, 2_000)
            .phase(Running, 9_000)
            .phase(Terminating, 6_000)
            .deleted(),
        pod("train-7-w5x9z", 1_000)
            .index(7, 1)
            .on("node-3")
            .coarse()
            .phase(Queued, 1_000)
            .phase(Startup, 2_000)
            .phase(Running, 9_000)
            .failed(None, None)
            .end_unknown(),
    ];
    timeline(now, vec![(sized(job("train", WorkloadState::Running), 8, 8), pods)])
}

/// Two Jobs with Pods, two Pods without a workload, and a Job without a Pod.
pub(crate) fn several(now: i64) -> Timeline {
    let mut stuck = job("needs-quota", WorkloadState::Pending);
    stuck.reason = Some("FailedCreate".into());
    stuck.message = Some("pods \"needs-quota-x2c4d\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4".into());
    let mut failed = sized(job("migrate", WorkloadState::Failed), 1, 1);
    failed.reason = Some("BackoffLimitExceeded".into());
    failed.message = Some("Job has reached the specified backoff limit".into());
    failed.finished = Some(at(14_000));
    let tries = vec![
        pod("migrate-7hk2p", 400).on("node-1").cold(100, 500, 1_900, 200, 1_200).failed(Some(3), None),
        pod("migrate-m2x9c", 11_000).on("node-1").cold(100, 500, 0, 200, 1_300).failed(Some(3), None),
    ];
    let bare = |name: &str, namespace: &str| {
        let mut workload = job(name, WorkloadState::Running);
        (workload.kind, workload.completions, workload.parallelism) = ("Pod".into(), None, None);
        workload.namespace = namespace.into();
        workload
    };
    timeline(
        now,
        vec![
            (sized(job("pi", WorkloadState::Running), 4, 4), pi_pods("pi", 3)),
            (failed, tries),
            (stuck, Vec::new()),
            (
                bare("debug", "other"),
                vec![pod("debug", 2_000).in_namespace("other").on("node-2").cold(100, 500, 0, 200, 90_000)],
            ),
            (
                bare("seed-database", "default"),
                vec![pod("seed-database", 5_000).on("node-1").cold(100, 500, 0, 200, 4_000).succeeded()],
            ),
        ],
    )
}

/// Very long names, wide characters, and names that contain terminal codes.
pub(crate) fn hostile(now: i64) -> Timeline {
    let pods = vec![
        pod(
            "a-name-that-is-as-long-as-a-name-of-a-pod-may-be-and-then-some-more-of-it-until-it-is-cut-4h9hq",
            300,
        )
        .on("ip-10-128-204-117.eu-central-1.compute.internal")
        .cold(100, 500, 0, 200, 4_000)
        .succeeded(),
        pod("漢字漢字漢字漢字漢字漢字漢字漢字-zqnh9", 400)
            .on("ノード")
            .cold(100, 500, 0, 200, 4_000)
            .succeeded(),
        pod("evil\u{1b}[2J\u{202e}\u{9b}31m\u{200b}-77sms", 500)
            .on("no\u{7}de")
            .cold(100, 500, 0, 200, 4_000)
            .failed(Some(1), Some("\u{1b}]0;owned\u{7}")),
        pod("e\u{301}e\u{301}e\u{301}-qv6kc", 600).waits(
            Queued,
            90_000,
            Some("0/3\nnodes\tare\u{2028}available"),
        ),
    ];
    let mut job = sized(
        job("a-name-that-is-as-long-as-a-name-of-a-job-may-be-and-then-some", WorkloadState::Running),
        4,
        4,
    );
    job.message = Some("line one\nline \u{1b}[31mtwo".into());
    timeline(now, vec![(job, pods)])
}

/// A Pod with an init container, a pull and a restart, which was killed for lack of memory.
pub(crate) fn crashed() -> Timeline {
    let pod = pod("train-7-4h9hq", 0)
        .index(7, 2)
        .on("node-1")
        .phase(Queued, 600)
        .phase(Setup, 900)
        .phase(Pulling, 4_100)
        .phase(Initializing, 3_000)
        .phase(Starting, 200)
        .phase(Running, 5_200)
        .waits(BackOff, 10_000, Some("CrashLoopBackOff"))
        .phase(Running, 3_000)
        .failed(Some(137), Some("OOMKilled"))
        .container("fetch", "busybox:1.37", ContainerRole::Init)
        .pull(1_500, 1_600, 0, 0)
        .run(5_600, Some(8_600), 0, "Completed")
        .container("main", "registry.example.com/team/train:2026-09-21", ContainerRole::Main)
        .pull(1_500, 5_600, 1_200, 180_000_000)
        .run(8_800, Some(14_000), 1, "Error")
        .run(24_000, Some(27_000), 137, "OOMKilled");
    timeline(60_000, vec![(job("train", WorkloadState::Failed), vec![pod])])
}
