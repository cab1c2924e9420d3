//! Tests of the requests about queues, against a server that is played.

use prost::Message;
use serde_json::{Value, json};

use crate::observation::{Job, Object};
use crate::source::cluster::api::fake::{self, Call, FakeServer};
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::follow::open_feed;
use crate::source::cluster::watch::target::{Name, NamespaceScope, Need, Objects, Selection, Target};
use crate::source::{Feed, Update};

const JSON: &str = "application/json";

/// Opens a feed of the Job `pi`, which is in the queue `team-a`, until the API of Kueue is requested.
async fn open(is_labelled: bool) -> (FakeServer, Feed) {
    let (mut fake, cluster) = fake::start();
    let targets = vec![Target {
        resource: Resource::job(),
        scope: NamespaceScope::Namespace("ns".to_owned()),
        objects: Objects::Named(vec![Name { name: "pi".to_owned(), uid: None }]),
        need: Need::Required,
    }];
    let feed = open_feed(&cluster, Selection { targets, ..Selection::default() }, false);
    let mut job = Job::decode(fake::job("pi", 2).as_slice()).unwrap();
    if is_labelled {
        job.metadata.labels.insert("kueue.x-k8s.io/queue-name".to_owned(), "team-a".to_owned());
    }
    let [jobs, pods, events] = fake.calls(["/jobs?", "/pods?", "/events?"]).await;
    jobs.answer_list("9", &[job.encode_to_vec()]).await;
    pods.answer_list("9", &[]).await;
    events.answer_list("9", &[]).await;
    (fake, feed)
}

async fn answer_json(call: Call, body: &Value) {
    call.answer(200, JSON, body.to_string()).await;
}

/// A Kueue Workload of an owner with this uid, with these conditions.
fn workload(name: &str, owner: &str, conditions: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "ns", "uid": format!("uid-of-{name}"), "resourceVersion": "3",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": format!("uid-of-{owner}"),
                "controller": true}]},
        "spec": {"queueName": "team-a"}, "status": {"conditions": conditions}})
}

fn list(items: &[Value]) -> Value {
    json!({"kind": "WorkloadList", "apiVersion": "kueue.x-k8s.io/v1beta2", "metadata": {"resourceVersion": "9"},
        "items": items})
}

fn group(version: &str) -> Value {
    json!({"kind": "APIGroup", "preferredVersion": {"version": version}, "versions": [{"version": version}]})
}

/// Receives updates until the feed is synced. Returns the Kueue Workloads with their positions, and the notices.
async fn receive_all(feed: &mut Feed) -> (Vec<(String, Option<u32>)>, Vec<String>) {
    let (mut workloads, mut notices) = (Vec::new(), Vec::new());
    loop {
        match feed.updates.recv().await {
            Some(Update::Observed(batch)) => {
                for seen in batch {
                    if let Object::QueuedWorkload(workload) = seen.object {
                        workloads.push((workload.metadata.name.clone(), workload.position));
                    }
                }
            }
            Some(Update::Notice(notice)) => notices.push(notice),
            Some(Update::Progress(_)) => {}
            Some(Update::Synced) => return (workloads, notices),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_label_of_a_queue_nothing_is_requested() {
    let (mut fake, mut feed) = open(false).await;
    let (workloads, notices) = receive_all(&mut feed).await;
    assert!(workloads.is_empty() && notices.is_empty(), "{notices:?}");
    assert_eq!(fake.drop_waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_workload_of_a_queued_job_its_preemptor_and_its_position_are_read() {
    let (mut fake, mut feed) = open(true).await;
    let discovery = fake.next_call().await;
    assert_eq!(discovery.uri, "/apis/kueue.x-k8s.io");
    answer_json(discovery, &group("v1beta2")).await;
    let workloads = fake.next_call().await;
    assert!(
        workloads.uri.starts_with("/apis/kueue.x-k8s.io/v1beta2/namespaces/ns/workloads?"),
        "{}",
        workloads.uri
    );
    assert!(workloads.uri.contains("uid-of-pi"), "{}", workloads.uri);
    let message = "Preempted to accommodate a workload (UID: w-2, JobUID: j-2) due to prioritization in the ClusterQueue";
    let evicted = json!([{"type": "Evicted", "status": "True", "reason": "Preempted", "message": message}]);
    answer_json(workloads, &list(&[workload("job-pi", "pi", &evicted)])).await;
    let events = fake.next_call().await;
    assert!(events.uri.contains("involvedObject.kind%3DWorkload"), "{}", events.uri);
    events.answer_list("9", &[]).await;
    let preemptor = fake.next_call().await;
    assert!(preemptor.uri.contains("job-uid%3Dj-2"), "{}", preemptor.uri);
    answer_json(preemptor, &list(&[workload("job-urgent", "urgent", &json!([]))])).await;
    let visibility = fake.next_call().await;
    assert_eq!(visibility.uri, "/apis/visibility.kueue.x-k8s.io");
    answer_json(visibility, &group("v1beta1")).await;
    let pending = fake.next_call().await;
    let path = "/apis/visibility.kueue.x-k8s.io/v1beta1/namespaces/ns/localqueues/team-a/pendingworkloads";
    assert!(pending.uri.starts_with(path), "{}", pending.uri);
    let item =
        json!({"metadata": {"name": "job-pi"}, "positionInLocalQueue": 3, "positionInClusterQueue": 5});
    answer_json(pending, &json!({"items": [item]})).await;
    let (workloads, notices) = receive_all(&mut feed).await;
    let expected = [("job-pi", None), ("job-urgent", None), ("job-pi", Some(3))];
    assert_eq!(workloads, expected.map(|(name, position)| (name.to_owned(), position)));
    assert!(notices.is_empty(), "{notices:?}");
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_or_a_missing_type_costs_one_line() {
    let (mut fake, mut feed) = open(true).await;
    fake.next_call()
        .await
        .answer_error(404, "NotFound", "the server could not find the requested resource")
        .await;
    let (_, notices) = receive_all(&mut feed).await;
    assert_eq!(notices.len(), 1, "{notices:?}");
    let (mut fake, mut feed) = open(true).await;
    answer_json(fake.next_call().await, &group("v1beta2")).await;
    fake.next_call().await.answer_error(403, "Forbidden", "workloads is forbidden").await;
    fake.next_call().await.answer_list("9", &[]).await;
    let (_, notices) = receive_all(&mut feed).await;
    let [notice] = &notices[..] else { panic!("{notices:?}") };
    assert!(notice.contains("apiGroups: [kueue.x-k8s.io], resources: [workloads]"), "{notice}");
}
