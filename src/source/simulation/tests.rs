use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use super::*;
use crate::observation::{Event, Job, Object, Pod, Seen, known};
use crate::source::Update;

/// Versions of Pods in that phase, in the order of their receipt.
fn pods_that<'a>(told: &'a Told, phase: &'static str) -> impl Iterator<Item = (&'a Observation, &'a Pod)> {
    told.all.iter().filter_map(move |told| match &told.object {
        Object::Pod(pod) if pod.status.phase == phase => Some((told, &**pod)),
        _ => None,
    })
}

/// A run with its observations sorted out.
struct Told {
    all: Vec<Observation>,
    stuck: Option<String>,
    end: Timestamp,
}

fn run_with(text: &str, seed: u64, nodes: u32) -> Told {
    let manifest = ManifestText { name: "job.yaml".to_owned(), text: text.to_owned() };
    let mut simulation = simulate(&Options { manifest, seed, nodes }).expect("a good manifest");
    let all = simulation.by_ref().collect();
    Told { all, stuck: simulation.stuck(), end: simulation.now() }
}

fn run(text: &str) -> Told {
    run_with(text, DEFAULT_SEED, DEFAULT_NODES)
}

/// A Job with one container; `job` are lines of its spec, `pod` of the Pod's.
fn job(job: &str, restart_policy: &str, script: &str, pod: &str) -> String {
    let indent = |text: &str, by: usize| -> String {
        text.lines().flat_map(|line| [&"        "[..by], line, "\n"]).collect()
    };
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\nspec:\n{}  template:\n    spec:\n      \
         restartPolicy: {restart_policy}\n{}      containers:\n      - name: c\n        image: one:1\n        \
         command: [sh, -c, '{script}']\n",
        indent(job, 2),
        indent(pod, 6),
    )
}

impl Told {
    fn jobs(&self) -> Vec<&Job> {
        self.all
            .iter()
            .filter_map(|told| if let Object::Job(job) = &told.object { Some(&**job) } else { None })
            .collect()
    }

    fn job(&self) -> &Job {
        self.jobs().pop().expect("a Job")
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.all
            .iter()
            .filter_map(|told| if let Object::Event(event) = &told.object { Some(&**event) } else { None })
    }

    /// Pods in the order of creation, each with all its versions.
    fn pods(&self) -> Vec<Vec<(&Observation, &Pod)>> {
        let mut order: Vec<&str> = Vec::new();
        let mut pods: BTreeMap<&str, Vec<(&Observation, &Pod)>> = BTreeMap::new();
        for told in &self.all {
            if let Object::Pod(pod) = &told.object {
                let uid = pod.metadata.uid.as_str();
                pods.entry(uid).or_insert_with(|| {
                    order.push(uid);
                    Vec::new()
                });
                pods.get_mut(uid).unwrap().push((told, pod));
            }
        }
        order.into_iter().map(|uid| pods.remove(uid).unwrap()).collect()
    }

    fn condition(&self, kind: &str) -> Option<(&str, &str)> {
        self.job()
            .status
            .is_true(kind)
            .map(|condition| (condition.reason.as_str(), condition.message.as_str()))
    }

    /// The first time of a Pod's event, in nanoseconds.
    fn first(&self, pod: &Pod, reason: &str) -> Option<Timestamp> {
        let about = |event: &&Event| event.involved_object.uid == pod.metadata.uid && event.reason == reason;
        self.events().find(about).and_then(Event::name_time)
    }

    /// What a person would read of a Pod's changes.
    fn story(versions: &[(&Observation, &Pod)]) -> Vec<String> {
        let state = |status: &crate::observation::ContainerStatus| {
            let state = &status.state;
            let what = match (&state.waiting, &state.running, &state.terminated) {
                (Some(waiting), ..) => waiting.reason.clone(),
                (_, Some(_), _) => "running".to_owned(),
                (.., Some(terminated)) => format!("{} {}", terminated.reason, terminated.exit_code),
                _ => "?".to_owned(),
            };
            format!("{}={what}", status.name)
        };
        versions
            .iter()
            .map(|(told, pod)| {
                let status = &pod.status;
                let holds = |kind| status.condition(kind).is_some_and(|condition| condition.status == "True");
                let mut words = vec![format!("{:?}", told.seen), status.phase.clone()];
                for (kind, short) in [
                    ("PodScheduled", "scheduled"),
                    ("PodReadyToStartContainers", "sandbox"),
                    ("Initialized", "initialized"),
                    ("Ready", "ready"),
                ] {
                    words.extend(holds(kind).then(|| short.to_owned()));
                }
                words.extend(status.init_container_statuses.iter().map(state));
                words.extend(status.container_statuses.iter().map(state));
                words.extend(pod.metadata.finalizers.is_empty().then(|| "counted".to_owned()));
                words
                    .extend(pod.metadata.deletion_grace_period_seconds.map(|grace| format!("grace={grace}")));
                words.join(" ")
            })
            .collect()
    }

    /// What every run must hold.
    fn check(&self) {
        let mut last = world::START;
        let mut versions = HashSet::new();
        let mut there: BTreeMap<&str, bool> = BTreeMap::new();
        for told in &self.all {
            assert!(told.received >= last, "{:?} before {last}", told.received);
            last = told.received;
            let metadata = told.object.metadata();
            assert!(versions.insert(metadata.resource_version.as_str()), "a version twice");
            let known = there.insert(&metadata.uid, told.seen != Seen::Deleted);
            match told.seen {
                Seen::Added => assert_eq!(known, None, "{} added twice", metadata.name),
                _ => assert_eq!(known, Some(true), "{} changed without being there", metadata.name),
            }
            if let Object::Event(event) = &told.object {
                let at = event.last().unwrap();
                assert!(at <= told.received, "{} is told before it happened", event.reason);
                assert!(event.first().is_some_and(|(_, fine)| fine), "{} has no fine time", metadata.name);
            }
        }
        for versions in self.pods() {
            for pair in versions.windows(2) {
                let ended = |pod: &Pod| matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
                assert!(
                    !ended(pair[0].1) || pair[0].1.status.phase == pair[1].1.status.phase,
                    "a Pod came back"
                );
                assert!(
                    pair[0].1.spec.node_name.is_empty()
                        || pair[0].1.spec.node_name == pair[1].1.spec.node_name
                );
            }
            let (_, pod) = versions.last().unwrap();
            let instants: Vec<Timestamp> = [
                pod.metadata.created(),
                self.first(pod, "Scheduled"),
                self.first(pod, "Pulling").or_else(|| self.first(pod, "Pulled")),
                self.first(pod, "Started"),
            ]
            .into_iter()
            .flatten()
            .collect();
            assert!(instants.is_sorted(), "{instants:?}");
            for container in &pod.status.container_statuses {
                let Some(ended) = &container.state.terminated else { continue };
                if let Some((from, to)) = known(ended.started_at).zip(known(ended.finished_at)) {
                    assert!(from <= to && from.subsec_nanosecond() == 0 && to.subsec_nanosecond() == 0);
                }
            }
        }
    }
}

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
fn a_pod_changes_as_on_a_real_cluster() {
    let told = run(&job("", "Never", "sleep 3", ""));
    told.check();
    let pods = told.pods();
    insta::assert_snapshot!(Told::story(&pods[0]).join("\n"));
    let pod = pods[0].last().unwrap().1;
    let reasons: Vec<&str> = told.events().map(|event| event.reason.as_str()).collect();
    let expected = ["SuccessfulCreate", "Scheduled", "Pulling", "Pulled", "Created", "Started", "Completed"];
    assert_eq!(reasons, expected);
    // Written late, as a kubelet that looks once a second writes.
    let seen = |wanted: &str| {
        let mut stories = Told::story(&pods[0]).into_iter().zip(&pods[0]);
        stories.find(|(story, _)| story.contains(wanted)).map(|(_, (told, _))| told.received).expect(wanted)
    };
    let started = told.first(pod, "Started").unwrap();
    let late = |wanted: &str, after: f64| secs(seen(wanted).duration_since(started)) - after;
    assert!((0.01..0.05).contains(&late("c=running", 0.0)), "{}", late("c=running", 0.0));
    assert!((0.03..1.15).contains(&late("c=Completed", 3.0)), "{}", late("c=Completed", 3.0));
    assert!((1.0..2.2).contains(&late("Succeeded", 3.0)), "{}", late("Succeeded", 3.0));
    let ended = pod.status.container_statuses[0].state.terminated.as_ref().unwrap();
    let truth = started + SignedDuration::from_secs(3);
    assert!((0.0..1.02).contains(&secs(truth.duration_since(known(ended.finished_at).unwrap()))));
    // The Job's status: begun, ready, about to count, counted.
    let steps: Vec<_> = told
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
fn a_failing_container_is_started_again_in_its_pod() {
    let told = run(&job("backoffLimit: 3", "OnFailure", "sleep 1; exit 4", ""));
    told.check();
    assert_eq!(told.condition("Failed").map(|(reason, _)| reason), Some("BackoffLimitExceeded"));
    assert_eq!(told.job().status.failed, 1);
    let pods = told.pods();
    assert_eq!(pods.len(), 1);
    insta::assert_snapshot!(Told::story(&pods[0]).join("\n"));
    let starts: Vec<&Event> = told.events().filter(|event| event.reason == "Started").collect();
    assert_eq!(starts.iter().map(|event| event.count).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(starts.iter().all(|event| event.metadata.name == starts[0].metadata.name));
    let at: Vec<Timestamp> = starts.iter().map(|event| known(event.last_timestamp).unwrap()).collect();
    let gaps: Vec<i64> = at.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).collect();
    // At once, then after 10 s and 20 s, up to half as much again.
    assert!(
        (1..=3).contains(&gaps[0]) && (11..=18).contains(&gaps[1]) && (21..=33).contains(&gaps[2]),
        "{gaps:?}"
    );
    assert!(
        told.events()
            .any(|event| event.reason == "BackOff" && event.message.contains("failed container c in pod j-"))
    );
    assert_eq!(pods[0].last().unwrap().0.seen, Seen::Deleted);
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
fn init_containers_come_first_and_sidecars_go_last() {
    let init = "initContainers:\n- {name: first, image: init:1, command: [sleep, '2']}\n\
                - {name: side, image: side:1, restartPolicy: Always}\n- {name: second, image: init:1, command: [sleep, '1']}";
    let told = run(&job("", "Never", "sleep 2", init));
    told.check();
    assert!(told.condition("Complete").is_some());
    let pods = told.pods();
    insta::assert_snapshot!(Told::story(&pods[0]).join("\n"));
    let events: Vec<String> =
        told.events().filter_map(|event| Some(format!("{} {}", event.reason, event.container()?))).collect();
    let expected = "Pulling first, Pulled first, Created first, Started first, Pulling side, Pulled side, Created side, \
                    Started side, Pulled second, Created second, Started second, Pulling c, Pulled c, Created c, Started c, \
                    Killing side";
    assert_eq!(events.join(", "), expected);
}

#[test]
fn a_request_that_fits_nowhere_waits_until_the_simulation_gives_up() {
    let text = job("", "Never", "sleep 2", "")
        .replace("image: one:1", "image: one:1\n        resources: {requests: {cpu: 1000}}");
    let told = run(&text);
    told.check();
    let message = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 Preemption is not \
                   helpful for scheduling.";
    let pods = told.pods();
    let condition = pods[0].last().unwrap().1.status.condition("PodScheduled").unwrap();
    assert_eq!((condition.status.as_str(), condition.reason.as_str()), ("False", "Unschedulable"));
    assert_eq!(condition.message, message);
    assert!(told.events().any(|event| event.reason == "FailedScheduling" && event.message == message));
    let stuck = told.stuck.clone().unwrap();
    assert!(stuck.contains("job \"j\" waits: 0/2 nodes are available"), "{stuck}");
    assert!((600.0..602.0).contains(&secs(told.end.duration_since(world::START))), "{}", told.end);
}

#[test]
fn what_does_not_fit_yet_is_scheduled_when_something_ends() {
    let text = job("completions: 6\nparallelism: 6", "Never", "sleep 2", "")
        .replace("image: one:1", "image: one:1\n        resources: {requests: {cpu: 4}}");
    let told = run_with(&text, 1, 1);
    told.check();
    assert_eq!(told.job().status.succeeded, 6);
    let refused: HashSet<&str> = told
        .events()
        .filter(|event| event.reason == "FailedScheduling")
        .map(|event| event.involved_object.uid.as_str())
        .collect();
    assert_eq!(refused.len(), 4);
}

#[test]
fn an_image_that_does_not_exist_backs_off_until_the_simulation_gives_up() {
    let told = run(&job("", "Never", "sleep 2", "").replace("one:1", "one:missing"));
    told.check();
    let stories = Told::story(&told.pods()[0]);
    assert!(stories.iter().any(|story| story.ends_with("c=ErrImagePull")), "{stories:?}");
    assert!(stories.iter().any(|story| story.ends_with("c=ImagePullBackOff")), "{stories:?}");
    let count = |reason: &str, message: &str| {
        let same = |event: &&Event| event.reason == reason && event.message.starts_with(message);
        told.events().filter(same).map(|event| event.count).max().unwrap_or(0)
    };
    // After 10, 20, 40, 80, 160 and 300 s.
    assert!((5..=7).contains(&count("Pulling", "Pulling image")), "{}", count("Pulling", "Pulling image"));
    assert_eq!(count("Failed", "Error: ErrImagePull"), count("Pulling", "Pulling image"));
    assert!(
        told.stuck.clone().unwrap().contains("PullBackOff")
            || told.stuck.clone().unwrap().contains("ErrImagePull")
    );
    // With a deadline the Job ends by itself.
    let told = run(&job("activeDeadlineSeconds: 30", "Never", "sleep 2", "").replace("one:1", "one:missing"));
    told.check();
    assert_eq!(
        (told.stuck.as_deref(), told.condition("Failed").map(|(reason, _)| reason)),
        (None, Some("DeadlineExceeded"))
    );
    let pods = told.pods();
    let (last, pod) = pods[0].last().unwrap();
    let state = pod.status.container_statuses[0].state.terminated.as_ref().unwrap();
    assert_eq!(
        (last.seen, state.reason.as_str(), state.finished_at),
        (Seen::Deleted, "ContainerStatusUnknown", None)
    );
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
fn a_deadline_stops_what_runs() {
    let grace = "terminationGracePeriodSeconds: 5";
    let told = run(&job("activeDeadlineSeconds: 8", "Never", "sleep 60", grace));
    told.check();
    assert_eq!(
        told.condition("Failed"),
        Some(("DeadlineExceeded", "Job was active longer than specified deadline"))
    );
    let pods = told.pods();
    let story = Told::story(&pods[0]);
    let from = story.iter().position(|story| story.contains("grace=5")).unwrap();
    insta::assert_snapshot!(story[from..].join("\n"));
    let asked = pods[0][from].0.received;
    let ended = &pods[0].iter().find(|(_, pod)| pod.status.phase == "Failed").unwrap().0.received;
    assert!((5.0..5.1).contains(&secs(ended.duration_since(asked))));
    assert!(told.events().any(|event| event.reason == "Killing" && event.message == "Stopping container c"));
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
fn annotations_shape_the_run() {
    let text = job("backoffLimit: 0", "Never", "sleep 9", "").replace(
        "  template:\n",
        "  template:\n    metadata:\n      annotations: {cluster.test/oom: 2s, simulate.kubectl-seq/pull: 4s, \
         simulate.kubectl-seq/sandbox: 700ms}\n",
    );
    let told = run(&text);
    told.check();
    let pods = told.pods();
    let pod = pods[0].last().unwrap().1;
    let ended = pod.status.container_statuses[0].state.terminated.as_ref().unwrap();
    assert_eq!((ended.exit_code, ended.reason.as_str()), (137, "OOMKilled"));
    assert!(told.events().any(|event| event.message.contains("in 4s (4s including waiting)")));
    let setup = told.first(pod, "Pulling").unwrap().duration_since(told.first(pod, "Scheduled").unwrap());
    assert!((0.7..0.73).contains(&secs(setup)), "{setup:?}");
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
fn a_program_that_is_not_there_is_a_start_error() {
    let told = run(&job("backoffLimit: 0", "Never", "", "").replace("[sh, -c, '']", "[/no-such-program]"));
    told.check();
    let pods = told.pods();
    let ended = pods[0].last().unwrap().1.status.container_statuses[0].state.terminated.clone().unwrap();
    assert_eq!((ended.exit_code, ended.reason.as_str(), known(ended.started_at)), (128, "StartError", None));
    assert!(known(ended.finished_at).is_some());
    assert_eq!(told.events().filter(|event| event.reason == "Started").count(), 0);
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

#[test]
fn a_paced_feed_keeps_to_virtual_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let begun = tokio::time::Instant::now();
        let mut feed = open(simulate(&Options::default()).unwrap(), 10.0);
        let Some(Update::Observed(first)) = feed.updates.recv().await else { panic!("the Job first") };
        assert!(matches!(first[0].object, Object::Job(_)) && first.len() == 1);
        assert!(matches!(feed.updates.recv().await, Some(Update::Synced)));
        let mut last = world::START;
        while let Some(update) = feed.updates.recv().await {
            let Update::Observed(told) = update else { panic!("{update:?}") };
            last = told.last().unwrap().received;
            let late = feed.clock.now().duration_since(last);
            assert!((0.0..0.02).contains(&secs(late)), "{late:?}");
        }
        let passed = begun.elapsed().as_secs_f64() * 10.0;
        let virtual_time = secs(last.duration_since(world::START));
        assert!((passed - virtual_time).abs() < 0.05, "{passed} {virtual_time}");
    });
}

#[test]
fn a_feed_at_once_tells_the_same_and_its_clock_shows_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let mut feed = open(simulate(&Options::default()).unwrap(), 0.0);
        let mut told = Vec::new();
        while let Some(update) = feed.updates.recv().await {
            if let Update::Observed(some) = update {
                told.extend(some);
            }
        }
        let whole: Vec<Observation> = simulate(&Options::default()).unwrap().collect();
        assert_eq!(feed.clock.now(), whole.last().unwrap().received);
        assert_eq!(told, whole);
    });
}

#[test]
fn a_feed_ends_with_its_receiver_and_tells_what_it_could_not_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let text = format!(
            "{}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings",
            job("suspend: true", "Never", "true", "")
        );
        let manifest = ManifestText { name: "job.yaml".to_owned(), text };
        let mut feed = open(simulate(&Options { manifest, ..Options::default() }).unwrap(), 1.0);
        let mut notices = Vec::new();
        while let Some(update) = feed.updates.recv().await {
            if let Update::Notice(notice) = update {
                notices.push(notice);
            }
        }
        assert_eq!(notices.len(), 2);
        assert_eq!(notices[0], "ConfigMap \"settings\" is not simulated, only Jobs are");
        assert!(notices[1].contains("job \"j\" is suspended"), "{}", notices[1]);
        drop(open(simulate(&Options::default()).unwrap(), 1.0));
    });
}

fn secs(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}
