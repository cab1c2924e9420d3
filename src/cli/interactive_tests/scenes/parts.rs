//! The scenes of the views, of the orders of their rows, and of folded rows.

use super::*;
use crate::cli::interactive_tests::scenes::manifests::{bulk, many_jobs, pi, small, thirty_jobs, thousand};

scenes! {
    the_time_left: simulated(pi).at(20.0);
    a_job_at_the_end: simulated(pi).stage(Stage::Final);
    folded_rows: simulated(bulk).at(25.0);
    folded_rows_at_the_end: simulated(bulk).stage(Stage::Final);
    rows_in_trouble_first: simulated(bulk).at(25.0).flags("--sort trouble");
    rows_by_node: simulated(bulk).at(25.0).flags("--group-by node");
    unfolded_rows: simulated(bulk).at(25.0).keys("u PageDown");
    a_small_grid: simulated(small).at(20.0).view(View::Grid);
    a_selected_cell: simulated(small).at(20.0).view(View::Grid).keys("Down Right Right");
    a_grid: simulated(bulk).at(25.0).view(View::Grid);
    a_grid_of_a_thousand: simulated(thousand).at(30.0).view(View::Grid);
    a_table: simulated(small).at(20.0).view(View::Table);
    a_wide_table: simulated(small).at(20.0).view(View::Wide);
    a_folded_table: simulated(bulk).at(25.0).view(View::Table);
    the_overview: simulated(thirty_jobs).at(20.0).view(View::Runs);
    the_overview_at_the_end: simulated(thirty_jobs).view(View::Runs).stage(Stage::Final);
    a_folded_overview: simulated(many_jobs).at(20.0).view(View::Runs);
    several_jobs_on_one_axis: simulated(thirty_jobs).at(20.0);
}
