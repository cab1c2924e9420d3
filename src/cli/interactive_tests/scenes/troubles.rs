//! The scenes of failures, of waits, and of retries.

use super::*;
use crate::cli::interactive_tests::scenes::manifests::{pi, small, two_namespaces};

scenes! {
    an_image_that_does_not_exist: recorded("unknown-image").at(28.0);
    an_image_that_did_not_exist_until_the_deadline: recorded("unknown-image").stage(Stage::Final);
    a_crash_loop: recorded("crash").at(30.0);
    a_crash_loop_in_the_overview: recorded("crash").at(30.0).view(View::Runs);
    failed_attempts_of_an_index: recorded("fail-index").at(20.0);
    a_failed_index_at_the_end: recorded("fail-index").stage(Stage::Final);
    a_failed_job_with_logs: recorded("retry").with_logs().stage(Stage::Final);
    the_wait_for_the_next_try: recorded("retry").at(9.0);
    a_node_that_does_not_take_a_pod_up: recorded("untaken").at(30.0);
    a_config_map_that_does_not_exist: recorded("no-config").at(10.0);
    a_volume_that_cannot_be_mounted: recorded("unmounted").at(20.0);
    a_container_that_its_liveness_probe_kills: recorded("liveness").at(20.0);
    a_pod_that_no_node_can_run: recorded("huge").at(8.0);
    a_container_without_memory: recorded("oom").stage(Stage::Final);
    a_node_that_stops_responding: recorded("lost-node").at(60.0);
    pulls_that_wait_for_other_pulls: simulated(pi).at(4.0);
    a_retried_index: recorded("indexed").at(9.0);
    a_retried_index_in_a_table: recorded("indexed").at(9.0).view(View::Table);
    two_jobs_of_the_same_name: simulated(two_namespaces).at(7.0);
    a_suspended_job: recorded("paused").at(18.0);
    a_rollout: recorded("rollout").at(5.0);
    a_rollout_at_the_end: recorded("rollout").stage(Stage::Final);
    failures_among_a_few_pods: simulated(small).at(20.0);
}
