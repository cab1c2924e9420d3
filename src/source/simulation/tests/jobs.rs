//! Tests of how Jobs run and end.

use crate::source::simulation::tests::*;

#[test]
fn the_same_seed_gives_the_same_observations() {
    let pi = ManifestText::default().text;
    let (first, again, other) =
        (run_manifest_with(&pi, 7, 2), run_manifest_with(&pi, 7, 2), run_manifest_with(&pi, 8, 2));
    assert_eq!(first.observations, again.observations);
    assert_ne!(first.observations, other.observations);
    // The observations must not change between releases. If they must change, the changelog has to mention it.
    let run = run_manifest(&pi);
    let mut text = String::new();
    for observation in &run.observations {
        let metadata = observation.object.metadata();
        let details = match &observation.object {
            Object::Pod(pod) => SimulatedRun::describe_changes(&[(observation, pod)]).concat(),
            Object::Event(event) => format!("{} {} {}", event.reason, event.message, event.count),
            Object::Job(job) => {
                format!("{} {} {}", job.status.active, job.status.succeeded, job.status.failed)
            }
            Object::CronJob(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Custom(_)
            | Object::Owner(_)
            | Object::QueuedWorkload(_) => panic!("{:?}", observation.object),
        };
        writeln!(text, "{} {} {} {details}", observation.received, metadata.name, metadata.resource_version)
            .unwrap();
    }
    let sum = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    insta::assert_snapshot!(format!("{} observations, {sum:016x}, {}", run.observations.len(), run.end));
}

#[test]
fn the_default_run_shows_cold_and_warm_starts_and_a_retry() {
    let run = run_manifest(&ManifestText::default().text);
    run.check();
    assert_eq!(run.stuck, None);
    assert_eq!(
        run.condition("Complete"),
        Some(("CompletionsReached", "Reached expected number of succeeded pods"))
    );
    let status = &run.job().status;
    assert_eq!((status.active, status.succeeded), (0, 20));
    assert!((1..=2).contains(&status.failed), "{} failures", status.failed);
    assert_eq!(run.pods().len(), 20 + usize::try_from(status.failed).unwrap());
    for node in ["node-1", "node-2"] {
        let mut pulls = run
            .events()
            .filter(|event| event.source.host == node && event.reason == "Pulled")
            .map(|event| (event.name_time().unwrap(), event.message.starts_with("Successfully pulled")));
        let (at, cold) = pulls.next().expect("the first start");
        assert!(cold && (4.0..8.0).contains(&secs(at.duration_since(START))), "{at}");
        assert!(pulls.last().is_some_and(|(_, cold)| !cold), "the last start on {node} is warm");
    }
    let failed = pods_in_phase(&run, "Failed").next().unwrap().1;
    let ended = failed.status.container_statuses[0].state.terminated.as_ref().unwrap();
    assert_eq!((ended.exit_code, ended.reason.as_str()), (3, "Error"));
    // After a failure, the controller creates no Pod until 10 s have passed or another Pod has succeeded.
    let seen = pods_in_phase(&run, "Failed").next().unwrap().0.received;
    let until = known_time(ended.finished_at).unwrap() + SignedDuration::from_secs(10);
    let success = pods_in_phase(&run, "Succeeded")
        .filter(|(observation, pod)| observation.received > seen && !pod.metadata.finalizers.is_empty())
        .map(|(observation, _)| observation.received)
        .next()
        .unwrap();
    let next = run.pods().iter().map(|versions| versions[0].0.received).find(|&at| at > seen).unwrap();
    assert!(next > success.min(until), "{next}: failure {seen}, success {success}");
    // From the tenth creation on, events are combined.
    let created: Vec<&Event> = run.events().filter(|event| event.reason == "SuccessfulCreate").collect();
    assert_eq!(created.iter().filter(|event| event.count == 1).count(), 10);
    assert_eq!(created.iter().map(|event| &event.metadata.name).collect::<HashSet<_>>().len(), 10);
}

#[test]
fn failures_are_retried_until_the_limit() {
    let run = run_manifest(&job("backoffLimit: 2", "Never", "sleep 1; exit 4", ""));
    run.check();
    let failed = Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
    assert_eq!((run.condition("FailureTarget"), run.condition("Failed")), (failed, failed));
    let status = &run.job().status;
    assert_eq!((status.failed, status.succeeded, status.completion_time), (3, 0, None));
    let created: Vec<Timestamp> = run.pods().iter().map(|versions| versions[0].0.received).collect();
    let gaps: Vec<f64> = created.windows(2).map(|pair| secs(pair[1].duration_since(pair[0]))).collect();
    // The controller waits 10 s and 20 s after the end of the failed Pod. That end is truncated to the second.
    assert!((10.0..17.0).contains(&gaps[0]) && (20.0..24.0).contains(&gaps[1]), "{gaps:?}");
}

#[test]
fn an_index_fails_independently_of_the_others() {
    let spec = "completions: 3\nparallelism: 3\ncompletionMode: Indexed\nbackoffLimitPerIndex: 1";
    let run = run_manifest(
        &job(spec, "Never", "sleep 2; test $JOB_COMPLETION_INDEX != 1", "")
            .replace("'sleep", "\"sleep")
            .replace("1']", "1\"]"),
    );
    run.check();
    assert_eq!(run.condition("Failed"), Some(("FailedIndexes", "Job has failed indexes")));
    let status = &run.job().status;
    assert_eq!((status.completed_indexes.as_str(), status.failed_indexes.as_deref()), ("0,2", Some("1")));
    assert_eq!((status.succeeded, status.failed), (2, 2));
    let indexes: Vec<Option<u32>> =
        run.pods().iter().map(|pod| pod[0].1.metadata.completion_index()).collect();
    assert_eq!(indexes, [Some(0), Some(1), Some(2), Some(1)]);
    assert!(run.pods()[1][0].1.metadata.name.starts_with("j-1-"));
}

#[test]
fn a_suspended_job_has_no_pods() {
    let run = run_manifest(&job("suspend: true", "Never", "sleep 2", ""));
    run.check();
    assert_eq!((run.pods().len(), run.condition("Suspended")), (0, Some(("JobSuspended", "Job suspended"))));
    assert_eq!(run.job().status.start_time, None);
    assert!(run.stuck.unwrap().contains("is suspended"));
}

#[test]
fn no_more_pods_than_completions_are_created() {
    let run = run_manifest(&job("parallelism: 9\ncompletions: 2", "Never", "sleep 1", ""));
    run.check();
    assert_eq!((run.pods().len(), run.job().status.succeeded), (2, 2));
}

#[test]
fn a_work_queue_ends_when_one_pod_has_succeeded_and_all_have_ended() {
    let run = run_manifest(&job("parallelism: 3", "Never", "sleep 1", ""));
    run.check();
    assert_eq!((run.pods().len(), run.job().status.succeeded), (3, 3));
    assert!(run.condition("Complete").is_some());
}

#[test]
fn an_ended_job_is_deleted_after_its_time_to_live() {
    let run = run_manifest(&job("ttlSecondsAfterFinished: 0\ncompletions: 2", "Never", "sleep 1", ""));
    run.check();
    assert!(run.pods().iter().all(|versions| versions.last().unwrap().0.seen == Seen::Deleted));
    let last =
        run.observations.iter().rfind(|observation| matches!(observation.object, Object::Job(_))).unwrap();
    assert!(last.seen == Seen::Deleted && run.condition("Complete").is_some());
}

#[test]
fn all_jobs_of_a_manifest_run() {
    let pi = ManifestText::default().text;
    let run = run_manifest(&format!("{pi}\n---\n{}", pi.replace("name: pi\nspec", "name: tau\nspec")));
    run.check();
    let names: HashSet<&str> = run.jobs().iter().map(|job| job.metadata.name.as_str()).collect();
    assert_eq!(names, HashSet::from(["pi", "tau"]));
    assert_eq!(run.stuck, None);
}

#[test]
fn the_time_of_a_simulation_is_not_quadratic_in_the_number_of_pods() {
    let text = job("completions: 10000\nparallelism: 2000", "Never", "sleep 20", "");
    let manifest = ManifestText { name: "job.yaml".to_owned(), text };
    let simulation = simulate(&SimulationOptions { manifest, seed: 1, nodes: 20 }).unwrap();
    let begun = std::time::Instant::now();
    let (mut pods, mut all) = (HashSet::new(), 0);
    for observation in simulation {
        all += 1;
        if let (Object::Pod(pod), Seen::Added) = (observation.object, observation.seen) {
            pods.insert(pod.metadata.name);
        }
    }
    assert_eq!(pods.len(), 10_000);
    assert!((100_000..250_000).contains(&all), "{all} observations");
    // The limit allows for a busy machine and a build without optimization. A quadratic algorithm would take minutes.
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
