//! Tests of the lives of Pods.

use crate::source::simulation::tests::*;

#[test]
fn a_pod_changes_as_on_a_real_cluster() {
    let run = run_manifest(&job("", "Never", "sleep 3", ""));
    run.check();
    let pods = run.pods();
    insta::assert_snapshot!(SimulatedRun::describe_changes(&pods[0]).join("\n"));
    let pod = pods[0].last().unwrap().1;
    let reasons: Vec<&str> = run.events().map(|event| event.reason.as_str()).collect();
    let expected = ["SuccessfulCreate", "Scheduled", "Pulling", "Pulled", "Created", "Started", "Completed"];
    assert_eq!(reasons, expected);
    // The status reports an end late, because the kubelet checks the containers only once a second.
    let seen = |wanted: &str| {
        let mut descriptions = SimulatedRun::describe_changes(&pods[0]).into_iter().zip(&pods[0]);
        descriptions
            .find(|(description, _)| description.contains(wanted))
            .map(|(_, (observation, _))| observation.received)
            .expect(wanted)
    };
    let started = run.first_event_time(pod, "Started").unwrap();
    let late = |wanted: &str, after: f64| secs(seen(wanted).duration_since(started)) - after;
    assert!((0.01..0.05).contains(&late("c=running", 0.0)), "{}", late("c=running", 0.0));
    assert!((0.03..1.15).contains(&late("c=Completed", 3.0)), "{}", late("c=Completed", 3.0));
    assert!((1.0..2.2).contains(&late("Succeeded", 3.0)), "{}", late("Succeeded", 3.0));
    let ended = pod.status.container_statuses[0].state.terminated.as_ref().unwrap();
    let truth = started.saturating_add(SignedDuration::from_secs(3)).unwrap();
    assert!((0.0..1.02).contains(&secs(truth.duration_since(known_time(ended.finished_at).unwrap()))));
    // The first status of the Job is empty. In the status before the last, the Pod has ended but is not counted.
    let steps: Vec<_> = run
        .jobs()
        .iter()
        .map(|job| {
            let uncounted =
                job.status.uncounted_terminated_pods.as_ref().map_or(0, |pods| pods.succeeded.len());
            (job.status.active, job.status.succeeded, uncounted, job.status.conditions.len())
        })
        .collect();
    assert_eq!(steps.first(), Some(&(0, 0, 0, 0)));
    assert!(steps.ends_with(&[(0, 0, 1, 1), (0, 1, 0, 2)]), "{steps:?}");
}

#[test]
fn a_failing_container_is_started_again_in_its_pod() {
    let run = run_manifest(&job("backoffLimit: 3", "OnFailure", "sleep 1; exit 4", ""));
    run.check();
    assert_eq!(run.condition("Failed").map(|(reason, _)| reason), Some("BackoffLimitExceeded"));
    assert_eq!(run.job().status.failed, 1);
    let pods = run.pods();
    assert_eq!(pods.len(), 1);
    insta::assert_snapshot!(SimulatedRun::describe_changes(&pods[0]).join("\n"));
    let starts: Vec<&Event> = run.events().filter(|event| event.reason == "Started").collect();
    assert_eq!(starts.iter().map(|event| event.count).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(starts.iter().all(|event| event.metadata.name == starts[0].metadata.name));
    let at: Vec<Timestamp> = starts.iter().map(|event| known_time(event.last_timestamp).unwrap()).collect();
    let gaps: Vec<i64> = at.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).collect();
    // The first restart is immediate. The others wait 10 s and 20 s, or up to half as much longer.
    assert!(
        (1..=3).contains(&gaps[0]) && (11..=18).contains(&gaps[1]) && (21..=33).contains(&gaps[2]),
        "{gaps:?}"
    );
    assert!(
        run.events()
            .any(|event| event.reason == "BackOff" && event.message.contains("failed container c in pod j-"))
    );
    assert_eq!(pods[0].last().unwrap().0.seen, Seen::Deleted);
}

#[test]
fn init_containers_come_first_and_sidecars_go_last() {
    let init = "initContainers:\n- {name: first, image: init:1, command: [sleep, '2']}\n\
                - {name: side, image: side:1, restartPolicy: Always}\n- {name: second, image: init:1, command: [sleep, '1']}";
    let run = run_manifest(&job("", "Never", "sleep 2", init));
    run.check();
    assert!(run.condition("Complete").is_some());
    let pods = run.pods();
    insta::assert_snapshot!(SimulatedRun::describe_changes(&pods[0]).join("\n"));
    let events: Vec<String> =
        run.events().filter_map(|event| Some(format!("{} {}", event.reason, event.container()?))).collect();
    let expected = "Pulling first, Pulled first, Created first, Started first, Pulling side, Pulled side, Created side, \
                    Started side, Pulled second, Created second, Started second, Pulling c, Pulled c, Created c, Started c, \
                    Killing side";
    assert_eq!(events.join(", "), expected);
}

#[test]
fn a_request_that_fits_nowhere_waits_until_the_simulation_gives_up() {
    let text = job("", "Never", "sleep 2", "")
        .replace("image: one:1", "image: one:1\n        resources: {requests: {cpu: 1000}}");
    let run = run_manifest(&text);
    run.check();
    let message = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 Preemption is not \
                   helpful for scheduling.";
    let pods = run.pods();
    let condition = pods[0].last().unwrap().1.status.condition("PodScheduled").unwrap();
    assert_eq!((condition.status.as_str(), condition.reason.as_str()), ("False", "Unschedulable"));
    assert_eq!(condition.message, message);
    assert!(run.events().any(|event| event.reason == "FailedScheduling" && event.message == message));
    let stuck = run.stuck.clone().unwrap();
    assert!(stuck.contains("job \"j\" waits: 0/2 nodes are available"), "{stuck}");
    assert!((600.0..602.0).contains(&secs(run.end.duration_since(START))), "{}", run.end);
}

#[test]
fn a_pod_that_does_not_fit_is_scheduled_when_another_pod_ends() {
    let text = job("completions: 6\nparallelism: 6", "Never", "sleep 2", "")
        .replace("image: one:1", "image: one:1\n        resources: {requests: {cpu: 4}}");
    let run = run_manifest_with(&text, 1, 1);
    run.check();
    assert_eq!(run.job().status.succeeded, 6);
    let refused: HashSet<&str> = run
        .events()
        .filter(|event| event.reason == "FailedScheduling")
        .map(|event| event.involved_object.uid.as_str())
        .collect();
    assert_eq!(refused.len(), 4);
}

#[test]
fn an_image_that_does_not_exist_backs_off_until_the_simulation_gives_up() {
    let run = run_manifest(&job("", "Never", "sleep 2", "").replace("one:1", "one:missing"));
    run.check();
    let descriptions = SimulatedRun::describe_changes(&run.pods()[0]);
    assert!(
        descriptions.iter().any(|description| description.ends_with("c=ErrImagePull")),
        "{descriptions:?}"
    );
    assert!(
        descriptions.iter().any(|description| description.ends_with("c=ImagePullBackOff")),
        "{descriptions:?}"
    );
    let count = |reason: &str, message: &str| {
        let same = |event: &&Event| event.reason == reason && event.message.starts_with(message);
        run.events().filter(same).map(|event| event.count).max().unwrap_or(0)
    };
    // The pulls are 10, 20, 40, 80, 160 and 300 s apart.
    assert!((5..=7).contains(&count("Pulling", "Pulling image")), "{}", count("Pulling", "Pulling image"));
    assert_eq!(count("Failed", "Error: ErrImagePull"), count("Pulling", "Pulling image"));
    assert!(
        run.stuck.clone().unwrap().contains("PullBackOff")
            || run.stuck.clone().unwrap().contains("ErrImagePull")
    );
    // With a deadline the Job ends, although its Pod cannot start.
    let run = run_manifest(
        &job("activeDeadlineSeconds: 30", "Never", "sleep 2", "").replace("one:1", "one:missing"),
    );
    run.check();
    assert_eq!(
        (run.stuck.as_deref(), run.condition("Failed").map(|(reason, _)| reason)),
        (None, Some("DeadlineExceeded"))
    );
    let pods = run.pods();
    let (last, pod) = pods[0].last().unwrap();
    let state = pod.status.container_statuses[0].state.terminated.as_ref().unwrap();
    assert_eq!(
        (last.seen, state.reason.as_str(), state.finished_at),
        (Seen::Deleted, "ContainerStatusUnknown", None)
    );
}

#[test]
fn a_deadline_stops_the_running_pod() {
    let grace = "terminationGracePeriodSeconds: 5";
    let run = run_manifest(&job("activeDeadlineSeconds: 8", "Never", "sleep 60", grace));
    run.check();
    assert_eq!(
        run.condition("Failed"),
        Some(("DeadlineExceeded", "Job was active longer than specified deadline"))
    );
    let pods = run.pods();
    let description = SimulatedRun::describe_changes(&pods[0]);
    let from = description.iter().position(|description| description.contains("grace=5")).unwrap();
    insta::assert_snapshot!(description[from..].join("\n"));
    let asked = pods[0][from].0.received;
    let ended = &pods[0].iter().find(|(_, pod)| pod.status.phase == "Failed").unwrap().0.received;
    assert!((5.0..5.1).contains(&secs(ended.duration_since(asked))));
    assert!(run.events().any(|event| event.reason == "Killing" && event.message == "Stopping container c"));
}

#[test]
fn annotations_control_the_run() {
    let text = job("backoffLimit: 0", "Never", "sleep 9", "").replace(
        "  template:\n",
        "  template:\n    metadata:\n      annotations: {cluster.test/oom: 2s, simulate.kubectl-seq/pull: 4s, \
         simulate.kubectl-seq/sandbox: 700ms}\n",
    );
    let run = run_manifest(&text);
    run.check();
    let pods = run.pods();
    let pod = pods[0].last().unwrap().1;
    let ended = pod.status.container_statuses[0].state.terminated.as_ref().unwrap();
    assert_eq!((ended.exit_code, ended.reason.as_str()), (137, "OOMKilled"));
    assert!(run.events().any(|event| event.message.contains("in 4s (4s including waiting)")));
    let setup = run
        .first_event_time(pod, "Pulling")
        .unwrap()
        .duration_since(run.first_event_time(pod, "Scheduled").unwrap());
    assert!((0.7..0.73).contains(&secs(setup)), "{setup:?}");
}

#[test]
fn a_missing_program_is_a_start_error() {
    let run =
        run_manifest(&job("backoffLimit: 0", "Never", "", "").replace("[sh, -c, '']", "[/no-such-program]"));
    run.check();
    let pods = run.pods();
    let ended = pods[0].last().unwrap().1.status.container_statuses[0].state.terminated.clone().unwrap();
    assert_eq!(
        (ended.exit_code, ended.reason.as_str(), known_time(ended.started_at)),
        (128, "StartError", None)
    );
    assert!(known_time(ended.finished_at).is_some());
    assert_eq!(run.events().filter(|event| event.reason == "Started").count(), 0);
}
