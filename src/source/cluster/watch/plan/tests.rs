//! Tests of whole feeds of each kind of workload: the requested collections, the requested owners, and the reported
//! objects.

use serde_json::{Value, json};

use crate::source::cluster::api::discovery::known_type_of_kind;
use crate::source::cluster::api::fake;
use crate::source::cluster::api::fake::{Call, FakeServer};
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::follow::open_feed;
use crate::source::cluster::watch::plan::*;
use crate::source::cluster::watch::target::Selection;
use crate::source::{Feed, Update};

/// Returns the target for the objects of a type with these names. Without names, the target is all objects of the type.
fn target(resource: Resource, names: &[&str]) -> Target {
    let name = |name: &&str| Name { name: (*name).to_owned(), uid: None };
    let objects = match names {
        [] => Objects::Matching { labels: None, fields: None },
        names => Objects::Named(names.iter().map(name).collect()),
    };
    Target { resource, scope: NamespaceScope::Namespace("ns".to_owned()), objects, need: Need::Required }
}

/// Returns the type of a kind in the group `apps`.
fn apps(kind: &str) -> Resource {
    known_type_of_kind("apps/v1", kind).unwrap()
}

/// Returns the type of a custom resource.
fn custom() -> Resource {
    Resource {
        group: "example.dev".to_owned(),
        version: "v1".to_owned(),
        kind: "Run".to_owned(),
        plural: "runs".to_owned(),
        namespaced: true,
    }
}

/// Opens a feed of the targets at a fake server.
fn open(targets: Vec<Target>, watch: bool) -> (FakeServer, Feed) {
    let (fake, cluster) = fake::start();
    (fake, open_feed(&cluster, Selection { targets, since: None, forgets_gone: false }, watch))
}

/// Creates an object whose controller is `owner`, given as `Kind/name`. An empty `owner` means no controller.
fn object(name: &str, owner: &str) -> Value {
    let created = crate::source::clock::Clock::server().now();
    let mut object = json!({"metadata": {"name": name, "namespace": "ns", "uid": format!("uid-of-{name}"),
        "resourceVersion": "1", "creationTimestamp": created}});
    if let Some((kind, owner)) = owner.split_once('/') {
        let version = match kind {
            "Run" | "Other" => "example.dev/v1",
            "JobSet" => "jobset.x-k8s.io/v1alpha2",
            "Job" | "CronJob" => "batch/v1",
            _ => "apps/v1",
        };
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": version, "kind": kind, "name": owner,
            "uid": format!("uid-of-{owner}"), "controller": true}]);
    }
    object
}

/// Answers a request with a list of items in JSON.
async fn list(call: Call, items: &[Value]) {
    let list = json!({"metadata": {"resourceVersion": "9"}, "items": items});
    call.answer(200, "application/json", list.to_string()).await;
}

/// Receives the names of the reported objects up to [`Update::Synced`].
async fn receive_names(feed: &mut Feed) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        match feed.updates.recv().await {
            Some(Update::Observed(batch)) => {
                names.extend(batch.iter().map(|fact| fact.object.metadata().name.clone()));
            }
            Some(Update::Progress(_)) => {}
            Some(Update::Synced) => return names,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_deployment_are_followed_because_of_its_replica_sets() {
    let (mut fake, mut feed) = open(vec![target(apps("Deployment"), &["web"])], false);
    let [deployments, sets, events] = fake.calls(["/deployments?", "/replicasets?", "/events?"]).await;
    assert!(deployments.uri.starts_with("/apis/apps/v1/namespaces/ns/deployments?"), "{}", deployments.uri);
    assert!(deployments.uri.contains("fieldSelector=metadata.name%3Dweb"), "{}", deployments.uri);
    list(events, &[]).await;
    list(sets, &[object("web-1", "Deployment/web"), object("other-1", "Deployment/other")]).await;
    let mut web = object("web", "");
    web["spec"] = json!({"selector": {"matchLabels": {"app": "web", "tier": "front"}}});
    list(deployments, &[web]).await;
    let pods = fake.next_call().await;
    assert!(pods.uri.contains("/pods?"), "{}", pods.uri);
    assert!(pods.uri.contains("labelSelector=app%3Dweb%2Ctier%3Dfront"), "{}", pods.uri);
    list(pods, &[object("web-1-a", "ReplicaSet/web-1"), object("other-1-a", "ReplicaSet/other-1")]).await;
    assert_eq!(receive_names(&mut feed).await, ["web", "web-1", "web-1-a"]);
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_cron_job_are_the_pods_of_its_jobs() {
    let cron_job = known_type_of_kind("batch/v1", "CronJob").unwrap();
    let (mut fake, mut feed) = open(vec![target(cron_job, &["nightly"])], false);
    let [cron_jobs, jobs, pods, events] = fake.calls(["/cronjobs?", "/jobs?", "/pods?", "/events?"]).await;
    assert!(pods.uri.contains("labelSelector=job-name"), "{}", pods.uri);
    list(pods, &[object("nightly-1-a", "Job/nightly-1"), object("pi-a", "Job/pi")]).await;
    list(jobs, &[object("nightly-1", "CronJob/nightly"), object("pi", "")]).await;
    list(events, &[]).await;
    list(cron_jobs, &[object("nightly", "")]).await;
    assert_eq!(receive_names(&mut feed).await, ["nightly", "nightly-1", "nightly-1-a"]);
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_custom_resource_are_found_by_the_uids_of_their_owners() {
    let (mut fake, mut feed) = open(vec![target(custom(), &["run"])], false);
    let [runs, jobs, pods, events] = fake.calls(["/runs?", "/jobs?", "/pods?", "/events?"]).await;
    assert!(runs.uri.starts_with("/apis/example.dev/v1/namespaces/ns/runs?"), "{}", runs.uri);
    assert_eq!(runs.accept, "application/json");
    assert!(!pods.uri.contains("labelSelector"), "{}", pods.uri);
    list(runs, &[object("run", "")]).await;
    list(jobs, &[object("run-job", "Run/run"), object("pi", "")]).await;
    list(events, &[]).await;
    let by_set = [object("run-set-0", "StatefulSet/run-set"), object("run-set-1", "StatefulSet/run-set")];
    let unrelated = [object("db-0", "StatefulSet/db"), object("db-1", "StatefulSet/db"), object("bare", "")];
    let by_jobs = [object("run-job-a", "Job/run-job"), object("pi-a", "Job/pi"), object("run-a", "Run/run")];
    list(pods, &[&by_set[..], &unrelated, &by_jobs].concat()).await;
    // Each owner is requested only once, and only the metadata of the owner is requested.
    for (name, answer) in [("run-set", object("run-set", "Run/run")), ("db", object("db", ""))] {
        let call = fake.next_call().await;
        assert_eq!(
            call.uri.split('?').next(),
            Some(&*format!("/apis/apps/v1/namespaces/ns/statefulsets/{name}"))
        );
        assert!(call.accept.contains("PartialObjectMetadata"), "{}", call.accept);
        call.answer(200, "application/json", answer.to_string()).await;
    }
    let mut names = receive_names(&mut feed).await;
    names.sort();
    assert_eq!(names, ["run", "run-a", "run-job", "run-job-a", "run-set", "run-set-0", "run-set-1"]);
    assert_eq!(fake.drop_waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_job_with_a_manual_selector_are_found_without_the_label_of_the_job() {
    let (mut fake, mut feed) = open(vec![target(Resource::job(), &["pi"])], false);
    let [jobs, pods, events] = fake.calls(["/jobs?", "/pods?", "/events?"]).await;
    assert!(pods.uri.contains("labelSelector=job-name%3Dpi"), "{}", pods.uri);
    list(events, &[]).await;
    list(pods, &[]).await;
    let mut job = object("pi", "");
    job["spec"] = json!({"manualSelector": true});
    list(jobs, &[job]).await;
    let pods = fake.next_call().await;
    assert!(pods.uri.contains("/pods?") && !pods.uri.contains("labelSelector"), "{}", pods.uri);
    list(pods, &[object("pi-x", "Job/pi"), object("other-x", "Job/other")]).await;
    assert_eq!(receive_names(&mut feed).await, ["pi", "pi-x"]);
}

#[tokio::test(start_paused = true)]
async fn the_jobs_and_pods_of_a_job_set_are_found_without_its_labels() {
    let jobset = Resource {
        group: "jobset.x-k8s.io".to_owned(),
        version: "v1alpha2".to_owned(),
        kind: "JobSet".to_owned(),
        plural: "jobsets".to_owned(),
        namespaced: true,
    };
    let (mut fake, mut feed) = open(vec![target(jobset, &["set"])], false);
    let [sets, jobs, pods, events] = fake.calls(["/jobsets?", "/jobs?", "/pods?", "/events?"]).await;
    assert!(!jobs.uri.contains("labelSelector"), "{}", jobs.uri);
    assert!(pods.uri.contains("labelSelector=job-name"), "{}", pods.uri);
    list(sets, &[object("set", "")]).await;
    list(jobs, &[object("set-a-0", "JobSet/set"), object("pi", ""), object("other-a-0", "JobSet/other")])
        .await;
    list(events, &[]).await;
    list(
        pods,
        &[object("set-a-0-0-x", "Job/set-a-0"), object("pi-x", "Job/pi"), object("y", "Job/other-a-0")],
    )
    .await;
    assert_eq!(receive_names(&mut feed).await, ["set", "set-a-0", "set-a-0-0-x"]);
    assert_eq!(fake.drop_waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn pods_are_not_followed_because_of_an_owner_that_is_deleted_or_was_replaced() {
    let (mut fake, mut feed) = open(vec![target(custom(), &["run"])], false);
    let [runs, jobs, pods, events] = fake.calls(["/runs?", "/jobs?", "/pods?", "/events?"]).await;
    list(runs, &[object("run", "")]).await;
    jobs.answer_error(403, "Forbidden", "jobs is forbidden").await;
    list(events, &[]).await;
    list(pods, &[object("a", "StatefulSet/gone"), object("b", "StatefulSet/again"), object("c", "Run/run")])
        .await;
    fake.next_call().await.answer_error(404, "NotFound", "not there").await;
    let mut again = object("again", "Run/run");
    again["metadata"]["uid"] = "another".into();
    fake.next_call().await.answer(200, "application/json", again.to_string()).await;
    let mut names = Vec::new();
    let mut notices = Vec::new();
    loop {
        match feed.updates.recv().await {
            Some(Update::Observed(batch)) => {
                names.extend(batch.iter().map(|fact| fact.object.metadata().name.clone()));
            }
            Some(Update::Notice(notice)) => notices.push(notice),
            Some(Update::Progress(_) | Update::Outages { .. }) => {}
            other => {
                assert!(matches!(other, Some(Update::Synced)), "{other:?}");
                break;
            }
        }
    }
    assert_eq!(names, ["run", "c"]);
    assert!(notices[0].starts_with("jobs are not shown: "), "{notices:?}");
}

#[tokio::test(start_paused = true)]
async fn several_kinds_in_one_namespace_share_their_collections() {
    let all = vec![
        target(apps("Deployment"), &[]),
        target(apps("ReplicaSet"), &[]),
        target(apps("StatefulSet"), &["db"]),
        target(Resource::job(), &["pi"]),
    ];
    let (mut fake, mut feed) = open(all, true);
    let parts = ["/deployments?", "/replicasets?", "/statefulsets?", "/jobs?", "/pods?", "/events?"];
    let [deployments, sets, stateful, jobs, pods, events] = fake.calls(parts).await;
    assert!(!pods.uri.contains("labelSelector") && !events.uri.contains("fieldSelector"));
    list(deployments, &[object("web", "")]).await;
    list(sets, &[object("web-1", "Deployment/web"), object("alone", "")]).await;
    list(stateful, &[object("db", "")]).await;
    list(jobs, &[object("pi", "")]).await;
    list(events, &[]).await;
    let owned = [object("a", "ReplicaSet/web-1"), object("b", "StatefulSet/db"), object("c", "Job/pi")];
    list(pods, &[&owned[..], &[object("d", "StatefulSet/other"), object("e", "DaemonSet/x")]].concat()).await;
    let mut names = receive_names(&mut feed).await;
    names.sort();
    assert_eq!(names, ["a", "alone", "b", "c", "db", "pi", "web", "web-1"]);
    // Each collection has exactly one watch.
    let watches = fake.calls(parts).await;
    assert!(watches.iter().all(|call| call.uri.contains("watch=true")));
    assert_eq!(fake.drop_waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn during_a_watch_an_object_that_arrives_before_its_owner_is_reported_after_the_owner() {
    let (mut fake, mut feed) = open(vec![target(apps("Deployment"), &["web"])], true);
    let [deployments, sets, events] = fake.calls(["/deployments?", "/replicasets?", "/events?"]).await;
    list(deployments, &[object("web", "")]).await;
    list(sets, &[]).await;
    list(events, &[]).await;
    let watching = fake.calls(["/pods?", "/deployments?", "/replicasets?", "/events?"]).await;
    let [pods, _deployments, sets, _events] = watching;
    list(pods, &[]).await;
    assert_eq!(receive_names(&mut feed).await, ["web"]);
    let pods = fake.next_call().await.answer_head(200, "application/json");
    let mut sets = { sets }.answer_head(200, "application/json");
    let mut pods = pods;
    let added =
        |object: Value| bytes::Bytes::from(format!("{}\n", json!({"type": "ADDED", "object": object})));
    pods.send_data(added(object("web-2-a", "ReplicaSet/web-2"))).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert!(feed.updates.try_recv().is_err(), "the owner of the Pod is not yet known");
    sets.send_data(added(object("web-2", "Deployment/web"))).await.unwrap();
    let Some(Update::Observed(batch)) = feed.updates.recv().await else { panic!() };
    let names: Vec<&str> = batch.iter().map(|fact| fact.object.metadata().name.as_str()).collect();
    assert_eq!(names, ["web-2", "web-2-a"]);
}

#[test]
fn names_of_the_same_type_and_scope_are_requested_together() {
    let merged = merge_targets(vec![
        target(Resource::job(), &["a"]),
        target(Resource::job(), &["b", "a"]),
        target(Resource::pod(), &["a"]),
        target(Resource::job(), &[]),
    ]);
    assert_eq!(merged.len(), 3);
    assert!(matches!(&merged[0].objects, Objects::Named(names) if names.len() == 2));
}

#[test]
fn a_label_selector_narrows_the_pods_unless_it_could_exclude_a_wanted_pod() {
    let root = |resource: Resource, names: &[&str]| {
        let Objects::Named(names) = target(resource.clone(), names).objects else {
            return Root { kind: Kind::from_resource(&resource), names: Vec::new() };
        };
        Root { kind: Kind::from_resource(&resource), names }
    };
    let workflow = Resource { group: "argoproj.io".to_owned(), kind: "Workflow".to_owned(), ..custom() };
    let jobset = Resource { group: "jobset.x-k8s.io".to_owned(), kind: "JobSet".to_owned(), ..custom() };
    for (roots, labels, is_narrowed_by_owner) in [
        (vec![root(Resource::job(), &["a", "b"])], Some("job-name in (a,b)"), false),
        (vec![root(Resource::job(), &["a"]), root(Resource::job(), &[])], Some("job-name"), false),
        (vec![root(Resource::job(), &["a"]), root(apps("DaemonSet"), &["b"])], None, false),
        (vec![root(apps("StatefulSet"), &["a"])], None, true),
        (vec![root(apps("StatefulSet"), &["a", "b"])], None, false),
        (vec![root(apps("StatefulSet"), &[])], None, false),
        (vec![root(jobset.clone(), &["a"])], Some("job-name"), false),
        (vec![root(jobset, &[])], Some("job-name"), false),
        (vec![root(workflow, &["a"])], None, false),
        (vec![root(custom(), &["a"])], None, false),
    ] {
        assert_eq!(
            pod_label_selector(&roots),
            (labels.map(str::to_owned), is_narrowed_by_owner),
            "{roots:?}"
        );
    }
}
