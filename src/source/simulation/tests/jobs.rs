//! How Jobs go and end.

use crate::source::simulation::tests::*;

#[test]
fn the_same_seed_gives_the_same_observations() {
    let pi = ManifestText::default().text;
    let (first, again, other) = (run_with(&pi, 7, 2), run_with(&pi, 7, 2), run_with(&pi, 8, 2));
    assert_eq!(first.all, again.all);
    assert_ne!(first.all, other.all);
    // For ever: these must not change with a release. If they have to, say so in the changelog.
    let told = run(&pi);
    let mut text = String::new();
    for told in &told.all {
        let metadata = told.object.metadata();
        let what = match &told.object {
            Object::Pod(pod) => Told::story(&[(told, pod)]).concat(),
            Object::Event(event) => format!("{} {} {}", event.reason, event.message, event.count),
            Object::Job(job) => {
                format!("{} {} {}", job.status.active, job.status.succeeded, job.status.failed)
            }
            other => panic!("{other:?}"),
        };
        writeln!(text, "{} {} {} {what}", told.received, metadata.name, metadata.resource_version).unwrap();
    }
    let sum = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    insta::assert_snapshot!(format!("{} observations, {sum:016x}, {}", told.all.len(), told.end));
}

#[test]
fn the_default_run_shows_cold_and_warm_starts_and_a_retry() {
    let told = run(&ManifestText::default().text);
    told.check();
    assert_eq!(told.stuck, None);
    assert_eq!(
        told.condition("Complete"),
        Some(("CompletionsReached", "Reached expected number of succeeded pods"))
    );
    let status = &told.job().status;
    assert_eq!((status.active, status.succeeded), (0, 20));
    assert!((1..=2).contains(&status.failed), "{} failures", status.failed);
    assert_eq!(told.pods().len(), 20 + usize::try_from(status.failed).unwrap());
    for node in ["node-1", "node-2"] {
        let mut pulls = told
            .events()
            .filter(|event| event.source.host == node && event.reason == "Pulled")
            .map(|event| (event.name_time().unwrap(), event.message.starts_with("Successfully pulled")));
        let (at, cold) = pulls.next().expect("the first start");
        assert!(cold && (4.0..8.0).contains(&secs(at.duration_since(world::START))), "{at}");
        assert!(pulls.last().is_some_and(|(_, cold)| !cold), "the last start on {node} is warm");
    }
    let failed = pods_that(&told, "Failed").next().unwrap().1;
    let ended = failed.status.container_statuses[0].state.terminated.as_ref().unwrap();
    assert_eq!((ended.exit_code, ended.reason.as_str()), (3, "Error"));
    // A failure holds back the next Pod for 10 s, or until another one succeeds.
    let seen = pods_that(&told, "Failed").next().unwrap().0.received;
    let until = known(ended.finished_at).unwrap() + SignedDuration::from_secs(10);
    let success = pods_that(&told, "Succeeded")
        .filter(|(told, pod)| told.received > seen && !pod.metadata.finalizers.is_empty())
        .map(|(told, _)| told.received)
        .next()
        .unwrap();
    let next = told.pods().iter().map(|versions| versions[0].0.received).find(|&at| at > seen).unwrap();
    assert!(next > success.min(until), "{next}: failure {seen}, success {success}");
    // From the tenth creation on, events are combined.
    let created: Vec<&Event> = told.events().filter(|event| event.reason == "SuccessfulCreate").collect();
    assert_eq!(created.iter().filter(|event| event.count == 1).count(), 10);
    assert_eq!(created.iter().map(|event| &event.metadata.name).collect::<HashSet<_>>().len(), 10);
}

#[test]
fn failures_are_retried_until_the_limit() {
    let told = run(&job("backoffLimit: 2", "Never", "sleep 1; exit 4", ""));
    told.check();
    let failed = Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
    assert_eq!((told.condition("FailureTarget"), told.condition("Failed")), (failed, failed));
    let status = &told.job().status;
    assert_eq!((status.failed, status.succeeded, status.completion_time), (3, 0, None));
    let created: Vec<Timestamp> = told.pods().iter().map(|versions| versions[0].0.received).collect();
    let gaps: Vec<f64> = created.windows(2).map(|pair| secs(pair[1].duration_since(pair[0]))).collect();
    // 10 s and 20 s after the end, which is seen in whole seconds.
    assert!((10.0..17.0).contains(&gaps[0]) && (20.0..24.0).contains(&gaps[1]), "{gaps:?}");
}

#[test]
fn an_index_fails_by_itself() {
    let spec = "completions: 3\nparallelism: 3\ncompletionMode: Indexed\nbackoffLimitPerIndex: 1";
    let told = run(&job(spec, "Never", "sleep 2; test $JOB_COMPLETION_INDEX != 1", "")
        .replace("'sleep", "\"sleep")
        .replace("1']", "1\"]"));
    told.check();
    assert_eq!(told.condition("Failed"), Some(("FailedIndexes", "Job has failed indexes")));
    let status = &told.job().status;
    assert_eq!((status.completed_indexes.as_str(), status.failed_indexes.as_deref()), ("0,2", Some("1")));
    assert_eq!((status.succeeded, status.failed), (2, 2));
    let indexes: Vec<Option<u32>> =
        told.pods().iter().map(|pod| pod[0].1.metadata.completion_index()).collect();
    assert_eq!(indexes, [Some(0), Some(1), Some(2), Some(1)]);
    assert!(told.pods()[1][0].1.metadata.name.starts_with("j-1-"));
}

#[test]
fn a_suspended_job_does_nothing() {
    let told = run(&job("suspend: true", "Never", "sleep 2", ""));
    told.check();
    assert_eq!(
        (told.pods().len(), told.condition("Suspended")),
        (0, Some(("JobSuspended", "Job suspended")))
    );
    assert_eq!(told.job().status.start_time, None);
    assert!(told.stuck.unwrap().contains("is suspended"));
}

#[test]
fn more_parallelism_than_completions_makes_no_more_pods() {
    let told = run(&job("parallelism: 9\ncompletions: 2", "Never", "sleep 1", ""));
    told.check();
    assert_eq!((told.pods().len(), told.job().status.succeeded), (2, 2));
}

#[test]
fn a_work_queue_ends_when_one_succeeded_and_all_ended() {
    let told = run(&job("parallelism: 3", "Never", "sleep 1", ""));
    told.check();
    assert_eq!((told.pods().len(), told.job().status.succeeded), (3, 3));
    assert!(told.condition("Complete").is_some());
}

#[test]
fn an_ended_job_is_deleted_when_its_time_is_over() {
    let told = run(&job("ttlSecondsAfterFinished: 0\ncompletions: 2", "Never", "sleep 1", ""));
    told.check();
    assert!(told.pods().iter().all(|versions| versions.last().unwrap().0.seen == Seen::Deleted));
    let last = told.all.iter().rfind(|told| matches!(told.object, Object::Job(_))).unwrap();
    assert!(last.seen == Seen::Deleted && told.condition("Complete").is_some());
}

#[test]
fn all_jobs_of_a_manifest_run() {
    let pi = ManifestText::default().text;
    let told = run(&format!("{pi}\n---\n{}", pi.replace("name: pi\nspec", "name: tau\nspec")));
    told.check();
    let names: HashSet<&str> = told.jobs().iter().map(|job| job.metadata.name.as_str()).collect();
    assert_eq!(names, HashSet::from(["pi", "tau"]));
    assert_eq!(told.stuck, None);
}

#[test]
fn ten_thousand_pods_are_quickly_simulated() {
    let text = job("completions: 10000\nparallelism: 2000", "Never", "sleep 20", "");
    let manifest = ManifestText { name: "job.yaml".to_owned(), text };
    let simulation = simulate(&Options { manifest, seed: 1, nodes: 20 }).unwrap();
    let begun = std::time::Instant::now();
    let (mut pods, mut all) = (HashSet::new(), 0);
    for told in simulation {
        all += 1;
        if let (Object::Pod(pod), Seen::Added) = (told.object, told.seen) {
            pods.insert(pod.metadata.name);
        }
    }
    assert_eq!(pods.len(), 10_000);
    assert!((100_000..250_000).contains(&all), "{all} observations");
    // Without optimization on a busy machine; a quadratic step would take minutes.
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
