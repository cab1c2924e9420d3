//! A progress bar on standard error. The bar appears only on a terminal, after a delay, and leaves nothing behind.

use std::time::Duration;

use indicatif::{ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::source::Progress;
use crate::view::clean;

/// Time that passes before a progress bar appears. Shorter work needs no progress bar.
pub(crate) const PROGRESS_DELAY: Duration = Duration::from_millis(500);

/// Time between two turns of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// A step of the work that a progress bar shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The name of the step.
    pub(crate) name: String,
    /// The unit of the counts with a leading space, or an empty text for objects.
    pub(crate) unit: &'static str,
    /// The count so far.
    pub(crate) count: u64,
    /// The final count, if known.
    pub(crate) total: Option<u64>,
}

impl Step {
    /// Creates a step that counts objects.
    pub(crate) fn new(name: &str, count: usize, total: Option<usize>) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Self { name: name.to_owned(), unit: "", count: number(count), total: total.map(number) }
    }

    /// Returns the step for the progress of the source, or `None` while the source is connecting.
    ///
    /// Connecting has no count, and a bar would overwrite the prompt of a credential plugin.
    pub(crate) fn from_progress(progress: &Progress) -> Option<Self> {
        match progress {
            Progress::Connecting => None,
            Progress::Listing { resource, count, total } => {
                let name = format!("listing {}", clean(resource));
                // The list may have grown since its objects were counted.
                Some(Self { name, unit: "", count: *count, total: total.map(|total| total.max(*count)) })
            }
            Progress::Reading { bytes, total } => Some(Self {
                name: "reading".to_owned(),
                unit: " MiB",
                count: bytes >> 20,
                total: total.map(|total| total >> 20),
            }),
        }
    }

    fn template(&self) -> String {
        let unit = self.unit;
        match self.total {
            Some(_) => format!("{{spinner}} {{msg}} [{{bar:30}}] {{pos}} of {{len}}{unit}"),
            None if self.count == 0 => "{spinner} {msg}".to_owned(),
            None => format!("{{spinner}} {{msg}}: {{pos}}{unit}"),
        }
    }

    fn new_bar(&self, target: ProgressDrawTarget) -> indicatif::ProgressBar {
        let style = ProgressStyle::with_template(&self.template())
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .progress_chars("=> ")
            .tick_chars("-\\|/-");
        indicatif::ProgressBar::with_draw_target(self.total, target)
            .with_style(style)
            .with_message(self.name.clone())
    }
}

/// A progress bar that appears after [`PROGRESS_DELAY`] and disappears when this value is dropped.
pub(crate) struct ProgressBar {
    new_target: Box<dyn Fn() -> ProgressDrawTarget>,
    started: Instant,
    step: Option<Step>,
    /// The visible bar and its template.
    bar: Option<(indicatif::ProgressBar, String)>,
}

impl ProgressBar {
    /// Creates a bar on standard error. If standard error is not a terminal, the bar never appears.
    pub(crate) fn on_stderr() -> Self {
        Self::on_target(ProgressDrawTarget::stderr)
    }

    fn on_target(new_target: impl Fn() -> ProgressDrawTarget + 'static) -> Self {
        Self { new_target: Box::new(new_target), started: Instant::now(), step: None, bar: None }
    }

    /// Shows this step from now on. `None` removes the bar.
    pub(crate) fn set_step(&mut self, step: Option<Step>) {
        self.step = step;
        if self.step.is_none() {
            self.clear();
        }
        self.draw();
    }

    /// Turns the spinner.
    pub(crate) fn tick(&mut self) {
        self.draw();
        if let Some((bar, _)) = &self.bar {
            bar.tick();
        }
    }

    /// Removes the bar from the terminal. If a step is set, the next tick draws the bar again.
    pub(crate) fn clear(&mut self) {
        if let Some((bar, _)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Shows `step` while `work` runs. Returns the result of `work`.
    pub(crate) async fn show_while<T>(&mut self, step: Step, work: impl Future<Output = T>) -> T {
        self.set_step(Some(step));
        let mut ticks = tokio::time::interval(TICK);
        let mut work = std::pin::pin!(work);
        let result = loop {
            tokio::select! {
                biased;
                result = &mut work => break result,
                _ = ticks.tick() => self.tick(),
            }
        };
        self.set_step(None);
        result
    }

    fn draw(&mut self) {
        if self.started.elapsed() < PROGRESS_DELAY {
            return;
        }
        let Some(step) = self.step.clone() else { return };
        let template = step.template();
        // Another name or template needs a new bar, so that the old and the new text are never mixed.
        if self.bar.as_ref().is_some_and(|(bar, shown)| *shown != template || bar.message() != step.name) {
            self.clear();
        }
        let new_bar = || (step.new_bar((self.new_target)()), template);
        let (bar, _) = self.bar.get_or_insert_with(new_bar);
        bar.update(|state| {
            if let Some(total) = step.total {
                state.set_len(total);
            }
            state.set_pos(step.count);
        });
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;
    use tokio::time::advance;

    use super::*;

    fn bar_on(terminal: &InMemoryTerm) -> ProgressBar {
        let terminal = terminal.clone();
        ProgressBar::on_target(move || ProgressDrawTarget::term_like(Box::new(terminal.clone())))
    }

    fn listing(count: u64, total: Option<u64>) -> Option<Step> {
        Step::from_progress(&Progress::Listing { resource: "pods".to_owned(), count, total })
    }

    #[tokio::test(start_paused = true)]
    async fn a_bar_appears_after_the_delay_and_leaves_nothing_behind() {
        let terminal = InMemoryTerm::new(10, 80);
        let mut bar = bar_on(&terminal);
        bar.set_step(listing(100, None));
        assert_eq!(terminal.contents(), "");
        advance(PROGRESS_DELAY).await;
        bar.tick();
        assert!(terminal.contents().ends_with("listing pods: 100"), "{}", terminal.contents());
        bar.set_step(listing(2500, Some(5000)));
        let expected = "listing pods [===============>              ] 2500 of 5000";
        assert!(terminal.contents().ends_with(expected), "{}", terminal.contents());
        assert_eq!(terminal.contents().lines().count(), 1);
        bar.clear();
        assert_eq!(terminal.contents(), "");
        bar.tick();
        assert_ne!(terminal.contents(), "");
        drop(bar);
        assert_eq!(terminal.contents(), "");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_grows_never_has_more_objects_than_its_total() {
        let terminal = InMemoryTerm::new(10, 80);
        let mut bar = bar_on(&terminal);
        advance(PROGRESS_DELAY).await;
        bar.set_step(listing(11, Some(10)));
        assert!(terminal.contents().ends_with("11 of 11"), "{}", terminal.contents());
    }

    #[tokio::test(start_paused = true)]
    async fn a_bar_is_shown_while_slow_work_runs() {
        let terminal = InMemoryTerm::new(10, 80);
        let mut bar = bar_on(&terminal);
        let slow_work = async {
            tokio::time::sleep(PROGRESS_DELAY * 2).await;
            terminal.contents()
        };
        let shown = bar.show_while(Step::new("reading back", 0, None), slow_work).await;
        assert!(shown.ends_with("reading back"), "{shown:?}");
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn a_connection_has_no_step_and_a_recording_is_counted_in_mib() {
        assert_eq!(Step::from_progress(&Progress::Connecting), None);
        let reading = Progress::Reading { bytes: 3 << 20, total: Some(10 << 20) };
        let step = Step::from_progress(&reading).unwrap();
        assert_eq!((step.count, step.total, step.unit), (3, Some(10), " MiB"));
    }
}
