//! Tests of the traces: the types that are generated from OpenTelemetry's protocol parse them.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::export::fixture::{at, ended_pod, waiting_pod, workload};
use crate::export::otlp::resource::ResourceSettings;
use crate::export::otlp::trace::traces_of;
use crate::export::otlp::writer::write_otlp;
use crate::observation::{Unwatched, is_unsafe};
use crate::timeline::{Parent, PodKey, Timeline, TimelinePod, Workload};

const UID: &str = "0b7a4c2e-5a1f-4f0b-9d3c-8e6f1a2b3c4d";

/// Returns a Job with these Pods.
fn job_with(pods: Vec<TimelinePod<'static>>) -> Timeline {
    let keys = (0..pods.len()).map(PodKey::from_index).collect();
    Timeline::from_parts(pods, vec![Workload { pods: keys, uid: UID.into(), parent: None, ..workload() }])
}

/// Writes the traces and parses the lines.
fn parse_traces(timeline: &Timeline, settings: &ResourceSettings) -> Vec<ExportTraceServiceRequest> {
    let mut out = Vec::new();
    write_otlp(timeline, settings, at(40_000), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains(|char| char != '\n' && is_unsafe(char)));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn spans_of(requests: Vec<ExportTraceServiceRequest>) -> Vec<Span> {
    let resources = requests.into_iter().flat_map(|request| request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn values(attributes: &[KeyValue]) -> HashMap<&str, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.as_str(), text(&attribute.value))).collect()
}

fn resource_values(timeline: &Timeline, settings: &ResourceSettings) -> HashMap<String, String> {
    let requests = parse_traces(timeline, settings);
    let resource = requests[0].resource_spans[0].resource.as_ref().unwrap();
    values(&resource.attributes).into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn the_spans_are_the_workload_its_pods_and_their_phases() {
    let timeline = job_with(vec![ended_pod(), waiting_pod()]);
    let spans = spans_of(parse_traces(&timeline, &ResourceSettings::default()));
    let name_by_id: HashMap<&[u8], &str> =
        spans.iter().map(|span| (&*span.span_id, span.name.as_str())).collect();
    assert_eq!(name_by_id.len(), spans.len(), "ids are unique");
    let described: Vec<(&str, &str, i64, i64)> = spans
        .iter()
        .map(|span| {
            assert_eq!(span.trace_id, 0x0b7a_4c2e_5a1f_4f0b_9d3c_8e6f_1a2b_3c4d_u128.to_be_bytes());
            let parent = name_by_id.get(&*span.parent_span_id).copied().unwrap_or("-");
            let millis = |nanos: u64| i64::try_from(nanos / 1_000_000).unwrap() - at(0).as_millisecond();
            (&*span.name, parent, millis(span.start_time_unix_nano), millis(span.end_time_unix_nano))
        })
        .collect();
    assert_eq!(
        described,
        [
            ("RUN pi", "-", 0, 40_000),
            ("pi-0-j272m", "RUN pi", 0, 9_000),
            ("Queued", "pi-0-j272m", 0, 12),
            ("Setup", "pi-0-j272m", 12, 800),
            ("Pulling", "pi-0-j272m", 800, 5_900),
            ("Running", "pi-0-j272m", 6_100, 9_000),
            ("pi-xc786", "RUN pi", 0, 40_000),
            ("Queued", "pi-xc786", 0, 40_000),
        ]
    );
    assert_eq!((spans[0].kind, spans[1].kind), (2, 1), "SERVER and INTERNAL");
}

#[test]
fn attributes_follow_the_conventions_and_reasons_are_events() {
    let timeline = job_with(vec![ended_pod()]);
    let spans = spans_of(parse_traces(&timeline, &ResourceSettings::default()));
    let root = values(&spans[0].attributes);
    assert_eq!(root["cicd.pipeline.result"], "failure");
    assert_eq!(root["error.type"], "BackoffLimitExceeded");
    let pod = values(&spans[1].attributes);
    for (key, value) in [
        ("k8s.pod.name", "pi-0-j272m"),
        ("k8s.pod.uid", "pod-uid"),
        ("k8s.node.name", "node-1"),
        ("cicd.pipeline.task.name", "pi"),
        ("cicd.pipeline.task.run.id", "pod-uid"),
        ("cicd.pipeline.task.run.result", "failure"),
        ("error.type", "OOMKilled"),
        ("process.exit.code", "137"),
        ("kubectl_seq.index", "0"),
    ] {
        assert_eq!(pod[key], value, "{key}");
    }
    let events: Vec<&str> = spans[1].events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["ImagePullBackOff", "Error"]);
    assert_eq!(values(&spans[1].events[1].attributes)["process.exit.code"], "137");
    assert_eq!(spans[1].status.as_ref().unwrap().code, 2);
    assert_eq!(spans[0].events[0].name, "BackoffLimitExceeded");
    assert_eq!(values(&spans[4].attributes)["k8s.container.name"], "init");
}

#[test]
fn the_resource_names_the_run_and_the_user_may_change_it() {
    let timeline = job_with(vec![ended_pod()]);
    let resource = resource_values(&timeline, &ResourceSettings::default());
    for (key, value) in [
        ("service.name", "pi"),
        ("k8s.namespace.name", "default"),
        ("k8s.job.name", "pi"),
        ("k8s.job.uid", UID),
        ("cicd.pipeline.name", "pi"),
        ("cicd.pipeline.run.id", UID),
    ] {
        assert_eq!(resource[key], value, "{key}");
    }
    let attributes = [("k8s.cluster.name", "prod"), ("service.name", "other"), ("k8s.job.name", "mine")];
    let attributes = attributes.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let settings = ResourceSettings { service_name: Some("batch".to_owned()), attributes };
    let resource = resource_values(&timeline, &settings);
    assert_eq!((&*resource["k8s.cluster.name"], &*resource["k8s.job.name"]), ("prod", "mine"));
    assert_eq!(resource["service.name"], "batch");
}

#[test]
fn a_job_of_a_cron_job_and_the_newest_revision_of_a_deployment_are_traces() {
    let above = |kind: &str, is_rollout| Workload {
        kind: kind.into(),
        name: "nightly".into(),
        uid: "above".into(),
        parent: None,
        is_rollout,
        ..workload()
    };
    let below = |kind: &str, uid: &str, created| Workload {
        kind: kind.into(),
        name: uid.into(),
        uid: uid.into(),
        parent: Some(Parent { kind: "x".into(), name: "nightly".into(), uid: "above".into() }),
        created: Some(at(created)),
        ..workload()
    };
    let workloads = vec![above("CronJob", false), below("Job", "one", 0), below("Job", "two", 1)];
    let cron_job = Timeline::from_parts(Vec::new(), workloads);
    let spans = spans_of(parse_traces(&cron_job, &ResourceSettings::default()));
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["RUN nightly"; 2]);
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
    let resource = resource_values(&cron_job, &ResourceSettings::default());
    assert_eq!((&*resource["k8s.cronjob.name"], &*resource["k8s.job.name"]), ("nightly", "one"));

    // A Deployment that was rolled back has no Pods of its newest revision.
    for (old_replicas, new_replicas, shown) in [(0, 2, "new"), (1, 2, "new"), (2, 0, "old")] {
        let set = |uid: &'static str, created, replicas| Workload {
            parallelism: Some(replicas),
            ..below("ReplicaSet", uid, created)
        };
        let sets = vec![above("Deployment", true), set("old", 0, old_replicas), set("new", 9, new_replicas)];
        let deployment = Timeline::from_parts(Vec::new(), sets);
        let traces = traces_of(&deployment);
        assert_eq!((traces.len(), &*traces[0].subject().kind), (1, "Deployment"));
        let resource = resource_values(&deployment, &ResourceSettings::default());
        assert_eq!(
            (&*resource["k8s.deployment.name"], &*resource["k8s.replicaset.name"]),
            ("nightly", shown)
        );
        assert_eq!(resource["service.name"], "nightly");
    }
}

#[test]
fn the_root_span_names_the_times_in_which_nobody_watched() {
    let mut timeline = job_with(vec![ended_pod()]);
    let reason = "connection refused".to_owned();
    timeline.add_unwatched(Unwatched { since: at(1_000), until: at(2_000), reason, resource: None });
    let spans = spans_of(parse_traces(&timeline, &ResourceSettings::default()));
    let event = &spans[0].events[0];
    assert_eq!((event.name.as_str(), event.time_unix_nano / 1_000_000), ("NotObserved", 1_767_225_601_000));
    let values = values(&event.attributes);
    assert_eq!(values["kubectl_seq.reason"], "connection refused");
    assert!(values["kubectl_seq.until"].ends_with("02.000Z"), "{values:?}");
}

#[test]
fn a_large_trace_has_several_messages_and_the_same_run_has_the_same_ids() {
    let pods = (0..600).map(|number| {
        let mut pod = ended_pod();
        pod.identity.to_mut().uid = format!("pod-{number}").into();
        pod
    });
    let timeline = job_with(pods.collect());
    let requests = parse_traces(&timeline, &ResourceSettings::default());
    assert_eq!(requests.len(), 3);
    assert_eq!(requests, parse_traces(&timeline, &ResourceSettings::default()));
    let spans = spans_of(requests);
    assert_eq!(spans.len(), 1 + 600 * 5);
    let ids: std::collections::HashSet<&[u8]> = spans.iter().map(|span| &*span.span_id).collect();
    assert_eq!(ids.len(), spans.len());
}

#[test]
fn hostile_text_stays_text() {
    let mut pod = ended_pod();
    let text = "\"},{\u{1b}]0;x\u{7}\u{202e}";
    pod.life.to_mut().reason = Some(text.into());
    let spans = spans_of(parse_traces(&job_with(vec![pod]), &ResourceSettings::default()));
    assert_eq!(values(&spans[1].attributes)["error.type"], text);
}
