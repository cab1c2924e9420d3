//! The scenes of a user who explores a run: pages, search, replay, help, filter and details.

use super::*;
use crate::cli::interactive_tests::scenes::manifests::{bulk, pi, thirty_jobs};

scenes! {
    the_end_of_an_interactive_run: recorded("fail-index").keys("Down");
    a_selected_pod: simulated(pi).at(20.0).keys("Down Down");
    a_selected_phase: simulated(pi).at(20.0).keys("Down Left Left");
    a_zoom: simulated(pi).at(20.0).keys("Down Left Left ++");
    a_filter_that_is_typed: simulated(bulk).at(25.0).keys("/bulk-1");
    a_filter: simulated(bulk).at(25.0).keys("/bulk-1 Enter no");
    a_filter_that_matches_nothing: simulated(bulk).at(25.0).keys("/nothing Enter");
    an_unknown_key: simulated(pi).at(20.0).keys("x");
    the_page_of_a_pod: recorded("crash").at(30.0).keys("Down Enter");
    the_page_of_a_failed_pod: recorded("fail-index").with_logs().keys("Enter");
    the_events_of_a_pod: recorded("crash").at(30.0).keys("Down e");
    a_search_in_events: recorded("crash").at(30.0).keys("Down e /pulled Enter");
    the_log_of_a_container: recorded("fail-index").with_logs().keys("Down l");
    a_search_in_a_log: recorded("fail-index").with_logs().keys("Down l g /epoch Enter n");
    the_events_of_a_container_without_a_log: recorded("unknown-image").at(28.0).keys("Down l");
    the_yaml_of_a_pod_that_is_gone: recorded("fail-index").with_logs().keys("Down y");
    the_help: simulated(pi).at(20.0).keys("?");
    the_last_page_of_the_help: simulated(pi).at(20.0).keys("? G");
    a_search_in_the_help: simulated(pi).at(20.0).keys("? /zoom Enter");
    /// The replay is paused before it is moved. Otherwise, the time that it shows would depend on the size of the
    /// screen.
    a_paused_replay: recorded("fail-index").stage(Stage::Replay).keys("Space > Right Right Right Right Right");
    the_end_of_a_replay: recorded("fail-index").stage(Stage::Replay).keys("60s");
    a_workload_of_the_overview: simulated(thirty_jobs).at(20.0).view(View::Runs).keys("Down Down Enter");
    a_selected_workload: simulated(thirty_jobs).at(20.0).view(View::Runs).keys("Down Down");
}
