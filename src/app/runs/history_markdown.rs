//! `history -o markdown`: a table for each work, for the summary of a CI job.

use crate::app::summary::markdown::{code_span, table_cell};
use crate::timeline::comparison::{WorkHistory, WorkloadRun};
use crate::view::{describe_tries, format_duration, format_elapsed_millis};

/// Writes the tables.
pub(crate) fn write_history_markdown(works: &[WorkHistory]) -> String {
    let blocks: Vec<String> = works.iter().map(write_work).collect();
    blocks.join("\n")
}

fn write_work(history: &WorkHistory) -> String {
    let work = &history.work;
    let mut text =
        format!("### Runs of {} in {}\n\n", code_span(&work.describe()), code_span(&work.namespace));
    text.push_str("| start | run | outcome | wall | tries | cold start p50, p95 | verdict |\n");
    text.push_str("|---|---|---|--:|--:|--:|---|\n");
    for (index, run) in history.runs.iter().enumerate() {
        let mark = if history.stands_out == Some(index) { " ⚠ stands out" } else { "" };
        let partial = if run.is_partial() { " (known only in part)" } else { "" };
        let start = run.created.map(|created| created.strftime("%Y-%m-%d %H:%MZ").to_string());
        text.push_str(&format_row(&[
            start.unwrap_or_default(),
            table_cell(&run.name),
            format!("{}{partial}{mark}", run.state.name()),
            format_elapsed_millis(run.wall_millis()),
            describe_tries(run),
            describe_cold_start(run),
            run.verdict.replace('|', "\\|"),
        ]));
    }
    if let Some(trend) = &history.trend {
        text.push('\n');
        text.push_str(&trend.text);
        text.push('\n');
    }
    text
}

fn format_row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn describe_cold_start(run: &WorkloadRun) -> String {
    let percentiles = &run.summary.cold_start_percentiles;
    let values = [percentiles.p50, percentiles.p95];
    let texts = values.into_iter().flatten().map(|value| format_duration(value.estimate_millis));
    texts.collect::<Vec<String>>().join(", ")
}
