//! Plans the runs of containers: how long each of them takes, and how it ends.

use jiff::SignedDuration;

use crate::source::simulation::kubelet_step::ContainerSlot;
use crate::source::simulation::pod_runtime::ContainerPurpose;
use crate::source::simulation::program::ContainerProgram;
use crate::source::simulation::random::{Random, RandomPurpose};
use crate::source::simulation::task::PodKey;
use crate::source::simulation::virtual_time::ms_range;
use crate::source::simulation::world::World;

impl World {
    /// The plan of a run: the time until the run ends (`None` if the run continues until the container is stopped), the
    /// exit code, and the reason, unless the reason is `Completed` or `Error`.
    pub(crate) fn plan_run(
        &self,
        pod: PodKey,
        slot: ContainerSlot,
        run: u32,
    ) -> (Option<SignedDuration>, i32, Option<&'static str>) {
        let state = &self.pods[pod];
        let Some(runtime) = state.runtime.as_deref() else { return (None, 0, None) };
        let (container, annotations) =
            (&runtime.containers[slot], &self.jobs[state.job].manifest.annotations);
        let instance = [state.job as u64, state.ordinal, slot as u64, u64::from(run)];
        let mut random = Random::new(self.seed, RandomPurpose::Work, &instance);
        let is_main = container.purpose == ContainerPurpose::Main;
        let work = annotations.work.as_ref().filter(|_| is_main);
        let is_known = work.is_some() || matches!(container.program, ContainerProgram::Known { .. });
        if !is_known && container.purpose == ContainerPurpose::Sidecar {
            return (None, 0, None);
        }
        let mut draw_piece = || match (&container.program, work) {
            (ContainerProgram::Known { exit_code, .. }, Some(range)) => (random.skewed(range), *exit_code),
            (_, Some(range)) => (random.skewed(range), 0),
            (ContainerProgram::Known { after, exit_code, .. }, None) => (*after, *exit_code),
            (_, None) if is_main => (random.skewed(&ms_range(4000, 9000)), 0),
            (_, None) => (random.skewed(&ms_range(800, 3000)), 0),
        };
        let pieces = annotations.pieces.filter(|_| is_main).unwrap_or(1);
        let may_fail = is_main && slot == runtime.init_count;
        let mut failure = Random::new(self.seed, RandomPurpose::Failure, &instance);
        let (mut after, mut code) = (SignedDuration::ZERO, 0);
        for _ in 0..pieces {
            let (piece, exit_code) = draw_piece();
            if may_fail && failure.below(100_000) < annotations.fail {
                let percent = 20 + i32::try_from(failure.below(70)).unwrap_or(0);
                after = after.saturating_add(piece.saturating_mul(percent) / 100);
                code = annotations.exit_code.unwrap_or(1);
                break;
            }
            after = after.saturating_add(piece);
            code = exit_code;
        }
        match annotations.oom.filter(|&oom| is_main && oom < after) {
            Some(oom) => (Some(oom), 137, Some("OOMKilled")),
            // Even the program `true` takes some milliseconds.
            None => (Some(after.saturating_add(random.uniform(&ms_range(2, 9)))), code, None),
        }
    }
}
