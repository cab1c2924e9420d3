//! An API server that has a log of each Pod, but no Events and no other objects.

use crate::cli::interactive_tests::scenes::LOG;
use crate::source::cluster::Cluster;
use crate::source::cluster::api::fake;

/// Starts the server. Returns a cluster whose requests the server answers.
pub(crate) fn start() -> Cluster {
    let (mut server, cluster) = fake::start();
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let call = server.next_call().await;
            if call.uri.contains("/log?") {
                call.answer(200, "text/plain", LOG).await;
            } else if call.uri.contains("watch=true") {
                open.push(call.answer_watch());
            } else if call.uri.contains("/events?") {
                call.answer_list("1", &[]).await;
            } else {
                call.answer_error(404, "NotFound", "not found").await;
            }
        }
    });
    cluster
}
