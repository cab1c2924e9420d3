//! How much the runs of the same workload differ. A single run cannot show this.

/// How much the other runs of a workload differ from the run that is predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OtherRuns {
    /// The number of other runs that the model can describe.
    pub count: usize,
    /// The shortest and the longest wall time of all runs, in milliseconds.
    pub wall_range: [i64; 2],
    /// The largest difference that another run shows, as a fraction: between its wall time and that of this run, or
    /// between its wall time and its model.
    pub spread: f64,
}

impl OtherRuns {
    /// The value for a workload without other runs. `wall` is the wall time of its only run, in milliseconds.
    pub(crate) fn none(wall: i64) -> Self {
        Self { wall_range: [wall; 2], ..Self::default() }
    }

    /// Adds another run. `own_wall` and `wall` are the wall times of the workload's run and of the other run, in
    /// milliseconds. `model_error` is the error of the other run's model, as a fraction.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
    pub(crate) fn add(&mut self, own_wall: i64, wall: i64, model_error: f64) {
        let difference = (wall - own_wall).abs() as f64 / own_wall.max(1) as f64;
        self.count += 1;
        self.wall_range = [self.wall_range[0].min(wall), self.wall_range[1].max(wall)];
        self.spread = self.spread.max(difference).max(model_error);
    }
}
