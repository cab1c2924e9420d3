//! Whether the newer runs of a work took more or less time than the older ones.

use crate::lifecycle::format_elapsed_millis;
use crate::timeline::comparison::rows::SIGNIFICANCE;
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::reports::findings::number_text::to_percent;
use crate::timeline::statistics::welch_test;

/// With fewer runs, there is no trend.
const MIN_RUNS: usize = 6;

/// The difference between the newer and the older half of the runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trend {
    /// The mean wall time of the newer half minus that of the older half, in milliseconds.
    pub(crate) delta_millis: i64,
    /// The 95 % range of the difference.
    pub(crate) range: [i64; 2],
    /// The p-value of Welch's test.
    pub(crate) p: f64,
    pub(crate) text: String,
}

/// Compares the newer half of the runs with the older one. `runs` are sorted by start. Failed and partial runs must be
/// left out. `None` if there are fewer than six runs.
pub(crate) fn find_trend(runs: &[&WorkloadRun]) -> Option<Trend> {
    if runs.len() < MIN_RUNS {
        return None;
    }
    let (older, newer) = runs.split_at(runs.len() / 2);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
    let walls = |runs: &[&WorkloadRun]| runs.iter().map(|run| run.wall_millis() as f64).collect::<Vec<f64>>();
    let (old_walls, new_walls) = (walls(older), walls(newer));
    let welch = welch_test(&old_walls, &new_walls)?;
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a run")]
    let round = |millis: f64| millis.round() as i64;
    #[expect(clippy::cast_precision_loss, reason = "there are few runs")]
    let old_mean = round(old_walls.iter().sum::<f64>() / old_walls.len() as f64);
    let delta = round(welch.difference);
    let size = format!("{} ({} %)", format_elapsed_millis(delta.abs()), to_percent(delta.abs(), old_mean));
    let more = if delta < 0 { "less" } else { "more" };
    let halves = format!("the newer {} runs took {size} {more} than the older {}", newer.len(), older.len());
    let text = if welch.p <= SIGNIFICANCE {
        format!("trend: {halves} (p {:.2})", welch.p.max(0.01))
    } else {
        format!("no trend: {halves}, which may be chance (p {:.2})", welch.p)
    };
    Some(Trend { delta_millis: delta, range: welch.range.map(round), p: welch.p, text })
}
