//! Tests of the words about Pods in trouble: in the row of the picture, and in the findings below the rows.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::Listed;
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::recording::through_a_recording;
use crate::support::pod_builder::{
    at, condition, container_status, kubelet_event, merge, observation, repeated, running, scheduled_pod,
    terminated, time, waiting,
};

fn job(spec: Value) -> Value {
    let mut job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 1, "completions": 1}, "status": {"active": 1}
    });
    merge(&mut job["spec"], spec);
    job
}

fn job_pod(patch: Value) -> Value {
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    let mut pod = scheduled_pod(json!({"metadata": {"name": "p", "ownerReferences": owner}}));
    merge(&mut pod, patch);
    pod
}

/// The picture at `now` seconds. A recording must not change it.
#[track_caller]
fn picture(now: f64, columns: usize, objects: Vec<Value>) -> String {
    let listed = list(now, objects);
    let picture = draw(now, columns, &listed);
    let replayed = draw(now, columns, &through_a_recording(&listed));
    assert_eq!(replayed, picture, "a recording must not change the picture");
    picture
}

fn list(now: f64, objects: Vec<Value>) -> Vec<Observation> {
    objects.into_iter().map(|object| observation(Listed, now, object)).collect()
}

fn draw(now: f64, columns: usize, observations: &[Observation]) -> String {
    let timeline = timeline_of(observations);
    let size = Size::unbounded(columns);
    let frame = render_frame(&timeline, &ViewState::default(), size, &Glyphs::UNICODE, at(now));
    frame.lines.iter().map(|line| line.plain() + "\n").collect()
}

/// The picture at 30 seconds. A recording leaves out messages that may hold a secret, so only the run itself is drawn.
fn picture_of_run(columns: usize, objects: Vec<Value>) -> String {
    draw(30.0, columns, &list(30.0, objects))
}

/// Checks that the words are to the right of the bar: after the mark of the current time, and before the state of the
/// Pod.
#[track_caller]
fn assert_words_behind_bar(picture: &str, words: &str) {
    let row = picture.lines().find(|line| line.contains('▶') && line.contains(words));
    let row = row.unwrap_or_else(|| panic!("no row with `{words}` in\n{picture}"));
    assert!(row.find('▶') < row.find(words), "{row}");
}

#[test]
fn a_pod_that_its_node_does_not_take_up_names_the_node() {
    let pod = job_pod(json!({"status": {"conditions": [condition("PodScheduled", "True", 1)]}}));
    let mut pod = pod;
    pod["status"].as_object_mut().unwrap().remove("startTime");
    let late = picture(76.5, 120, vec![job(json!({})), pod.clone()]);
    assert_words_behind_bar(&late, "node-1 has not taken it up for 1m15s");
    assert!(late.contains("1 Pod waited 1m15s: node-1 has not taken it up"), "{late}");
    // A kubelet takes up a Pod within a second, and nothing is wrong before that.
    let early = picture(4.0, 120, vec![job(json!({})), pod.clone()]);
    assert!(!early.contains("taken it up"), "{early}");
    pod["status"]["startTime"] = json!(time(70));
    let taken_up = picture(76.5, 120, vec![job(json!({})), pod]);
    assert!(taken_up.contains("not taken up by the node"), "{taken_up}");
}

#[test]
fn a_wait_is_shown_with_its_message() {
    let waits = |reason: &str, message: &str| {
        let mut state = waiting(reason);
        state["waiting"]["message"] = json!(message);
        job_pod(json!({"status": {"phase": "Pending",
            "conditions": [condition("PodReadyToStartContainers", "True", 2)],
            "containerStatuses": [container_status("main", 0, state, json!({}))]}}))
    };
    let config = waits("CreateContainerConfigError", "configmap \"nope\" not found");
    let picture_of = |pod: Value| picture(30.0, 160, vec![job(json!({})), pod]);
    assert_words_behind_bar(&picture_of(config), "configmap \"nope\" not found");
    let image = waits("ImagePullBackOff", "Back-off pulling image \"i\": ErrImagePull: i: not found");
    let image = picture_of(image);
    assert_words_behind_bar(&image, "cannot pull: not found");
    assert!(image.contains("1 cannot pull its image") && image.contains("failing pull"), "{image}");
    let mount = kubelet_event(
        "FailedMount",
        "",
        2.5,
        "MountVolume.SetUp failed for volume \"v\" : secret \"nope\" not found",
    );
    let creating = job_pod(json!({"status": {"phase": "Pending",
        "conditions": [condition("PodReadyToStartContainers", "False", 1)],
        "containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}));
    let picture = picture(30.0, 200, vec![job(json!({})), creating, mount]);
    assert_words_behind_bar(&picture, "FailedMount: volume \"v\": secret \"nope\" not found");
}

#[test]
fn a_message_with_control_characters_cannot_reach_the_terminal() {
    let mut state = waiting("CreateContainerError");
    state["waiting"]["message"] = json!("bad \u{1b}[31mcolour\u{7}\nand a line");
    let pod = job_pod(json!({"status": {"phase": "Pending",
        "conditions": [condition("PodReadyToStartContainers", "True", 2)],
        "containerStatuses": [container_status("main", 0, state, json!({}))]}}));
    let listed = [job(json!({})), pod].map(|object| observation(Listed, 30.0, object));
    let timeline = timeline_of(&listed);
    let size = Size::unbounded(200);
    let frame = render_frame(&timeline, &ViewState::default(), size, &Glyphs::UNICODE, at(30.0));
    let text: String = frame.lines.iter().map(|line| line.plain() + "\n").collect();
    assert!(text.contains("colour"), "{text}");
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text:?}");
}

#[test]
fn a_run_that_a_failed_probe_ended_is_shown_with_the_message_of_the_probe() {
    let statuses =
        json!([container_status("main", 1, running(40), terminated("main-0", 3, 30, 137, "Error"))]);
    let pod = job_pod(json!({"spec": {"restartPolicy": "OnFailure"},
        "status": {"phase": "Running", "containerStatuses": statuses}}));
    let probe = |seconds, message| kubelet_event("Unhealthy", "main", seconds, message);
    let killing =
        kubelet_event("Killing", "main", 29.0, "Container main failed liveness probe, will be restarted");
    let objects = vec![
        job(json!({})),
        pod,
        repeated(probe(10.0, "Liveness probe failed: HTTP probe failed with statuscode: 503"), 3, 29),
        probe(12.0, "Readiness probe failed: connection refused"),
        killing,
    ];
    let picture = picture(50.0, 240, objects);
    assert_words_behind_bar(&picture, "liveness probe failed: HTTP probe failed with statuscode: 503");
}

#[test]
fn the_row_of_a_retried_index_sums_the_work_and_says_which_try_it_is() {
    let attempt = |name: &str, from: i64, to: i64, code: i32| {
        let ran = container_status("main", 0, terminated(name, from, to, code, "Error"), json!({}));
        json!({
            "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(from),
                "labels": {"batch.kubernetes.io/job-completion-index": "0"},
                "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
            "spec": {"restartPolicy": "Never", "nodeName": "n", "containers": [{"name": "main", "image": "i"}]},
            "status": {"phase": "Failed", "startTime": time(from),
                "conditions": [condition("PodScheduled", "True", from)], "containerStatuses": [ran]},
        })
    };
    let attempts = |spec: Value| {
        let spec_of_job = json!({"completionMode": "Indexed"});
        let mut all = vec![job(spec_of_job)];
        merge(&mut all[0]["spec"], spec);
        all.extend([attempt("a", 0, 10, 3), attempt("b", 20, 30, 3), attempt("c", 50, 60, 3)]);
        all
    };
    let limited = picture(90.0, 120, attempts(json!({"backoffLimitPerIndex": 2})));
    let row = limited.lines().find(|line| line.contains("try 3 of 3")).unwrap_or_else(|| panic!("{limited}"));
    assert!(row.trim_end().ends_with("28–32s"), "{limited}");
    let unlimited = picture(61.0, 120, attempts(json!({})));
    assert!(unlimited.contains("try 3") && !unlimited.contains("try 3 of"), "{unlimited}");
}

/// A Pod whose container main waits for this reason. The status holds the message, unless it is empty.
fn pod_that_waits(reason: &str, message: &str) -> Value {
    let mut state = waiting(reason);
    if !message.is_empty() {
        state["waiting"]["message"] = json!(message);
    }
    job_pod(json!({"status": {"phase": "Pending",
        "conditions": [condition("PodReadyToStartContainers", "True", 2)],
        "containerStatuses": [container_status("main", 0, state, json!({}))]}}))
}

#[test]
fn the_line_about_waits_names_the_message_of_each_reason() {
    let no_message = [].as_slice();
    let mount = "MountVolume.SetUp failed for volume \"v\" : secret \"nope\" not found";
    let sandbox = "Failed to create pod sandbox: rpc error: code = Unknown desc = no IP addresses";
    for (reason, message, events, cause) in [
        (
            "CreateContainerConfigError",
            "configmap \"nope\" not found",
            no_message,
            "configmap \"nope\" not found",
        ),
        ("CreateContainerError", "context deadline exceeded", no_message, "context deadline exceeded"),
        ("RunContainerError", "exec: \"/no\": no such file", no_message, "exec: \"/no\": no such file"),
        (
            "CreateContainerConfigError",
            "",
            &[("Failed", "main", "Error: secret \"key\" not found")],
            "secret \"key\" not found",
        ),
        ("ContainerCreating", "", &[("FailedMount", "", mount)], "volume \"v\": secret \"nope\" not found"),
        ("ContainerCreating", "", &[("FailedCreatePodSandBox", "", sandbox)], "no IP addresses"),
    ] {
        let mut pod = pod_that_waits(reason, message);
        let events = events
            .iter()
            .map(|(reason, container, text)| repeated(kubelet_event(reason, container, 2.5, text), 4, 18));
        let events: Vec<Value> = events.collect();
        let shown =
            events.first().and_then(|event| event["reason"].as_str()).filter(|shown| *shown != "Failed");
        let shown = shown.unwrap_or(reason);
        if shown != reason {
            pod["status"]["conditions"] = json!([condition("PodReadyToStartContainers", "False", 1)]);
        }
        let objects = |pod: Value| [vec![job(json!({})), pod], events.clone()].concat();
        let waiting = picture_of_run(200, objects(pod.clone()));
        assert_words_behind_bar(&waiting, cause);
        let line = format!(": {shown}: {cause})\n");
        assert!(
            waiting.lines().any(|row| format!("{row}\n").ends_with(&line) && row.contains("1 Pod for ")),
            "{waiting}"
        );
        if events.is_empty() {
            continue;
        }
        // Events keep the message after the wait.
        pod["status"]["phase"] = json!("Running");
        let ready = if shown == reason { 2 } else { 20 };
        pod["status"]["conditions"] = json!([condition("PodReadyToStartContainers", "True", ready)]);
        pod["status"]["containerStatuses"] = json!([container_status("main", 0, running(20), json!({}))]);
        let works = picture_of_run(200, objects(pod));
        assert!(works.contains(&line), "{works}");
    }
}

#[test]
fn long_messages_do_not_hide_further_waits() {
    let long = "a very long message that says in many words why the container cannot be created at all";
    let second = |name: &str| {
        let mut pod = pod_that_waits("CreateContainerError", long);
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["uid"] = json!(name);
        pod
    };
    let first = pod_that_waits("CreateContainerConfigError", long);
    let drawn =
        picture_of_run(120, vec![job(json!({"parallelism": 2, "completions": 2})), first, second("q")]);
    let (_, below) = drawn.split_once("slot time ").unwrap();
    let below = below.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        below.contains("CreateContainerConfigError: a very")
            && below.contains("CreateContainerError: a very"),
        "{drawn}"
    );
}
