//! From a feed to the screen: once, or until everything has ended.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::app::appearance::Appearance;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Format;
use crate::app::reporter::live::{LiveReporter, TICK};
use crate::app::run::Run;
use crate::app::streams::Streams;
use crate::source::cluster::Cluster;
use crate::source::recording::Recorder;
use crate::source::{Feed, Update};
use crate::terminal::tty::{ControllingTerminal, SIGCONT, Terminal};
use crate::tui::input::Input;

/// A wait that is shorter shows nothing: what is quick needs no progress.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long the end of a workload waits for the last words of its Pods, which come by another connection.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The workloads and their Pods.
    Timeline,
    /// One Pod, with its Events and the end of its log.
    Pod,
}

/// What a command wants of a feed.
#[derive(Debug)]
pub(crate) struct RunOptions<'a> {
    pub(crate) feed: Feed,
    pub(crate) drawing: &'a Appearance,
    pub(crate) output: &'a Streams,
    pub(crate) picture: Subject,
    /// Where logs and objects are read; there may be none.
    pub(crate) cluster: Option<Cluster>,
    /// Lines of each log that are shown.
    pub(crate) tail_lines: u32,
    pub(crate) format: Format,
    /// Bound on following; zero is none.
    pub(crate) timeout: Duration,
    /// Uids that must be among the workloads before the end can have come; empty: whatever there is.
    pub(crate) expected: Vec<String>,
    /// The command that shows it again.
    pub(crate) again: String,
    /// Said if nothing was found.
    pub(crate) nothing: String,
    /// Takes down what is observed.
    pub(crate) recorder: Option<Recorder>,
    /// Whether the end has come only when the feed has: what is told has been over for long.
    pub(crate) to_the_last: bool,
}

/// Shows what there is, and ends.
pub(crate) async fn once(task: RunOptions<'_>) -> Result<Exit, RunError> {
    // Nobody moves in what is printed once: the terminal stays as it is, and its line ends as they are.
    let console = Console { interactive: false, ..Console::of_process(&task) };
    let mut session = Run::new(task, console);
    let mut tick = ticks();
    let started = Instant::now();
    let mut signals = Signals::new()?;
    loop {
        tokio::select! {
            biased;
            exit = signals.next() => return Ok(exit),
            update = session.task.feed.updates.recv() => match update {
                None => break,
                Some(mut synced @ Update::Synced) => {
                    session.record(&mut synced)?;
                    if !session.task.to_the_last {
                        break;
                    }
                }
                Some(update) => session.take(update)?,
            },
            _ = tick.tick(), if started.elapsed() > PATIENCE => session.show_progress()?,
        }
    }
    session.recompute();
    session.read_logs().await;
    session.clear_progress()?;
    session.stop_the_clock()?;
    session.print(session.task.drawing.print_size())?;
    Ok(Exit::Success)
}

/// Where the live picture goes and keys come from.
pub(crate) struct Console {
    /// What is written to.
    pub(crate) out: Box<dyn io::Write>,
    /// The terminal behind it.
    pub(crate) terminal: Box<dyn Terminal>,
    /// Whether keys are taken.
    pub(crate) interactive: bool,
}

impl Console {
    fn of_process(task: &RunOptions<'_>) -> Self {
        let on_stdout = !task.drawing.live_on_stderr;
        Self {
            out: task.output.live_stream(),
            terminal: Box::new(ControllingTerminal::new(on_stdout)),
            interactive: task.drawing.is_interactive(),
        }
    }
}

/// Follows until everything has ended, the time is up, or the user has had enough.
pub(crate) async fn follow(task: RunOptions<'_>) -> Result<Exit, RunError> {
    let console = Console::of_process(&task);
    follow_on(task, console).await
}

/// The same, on a console of the caller's.
pub(crate) async fn follow_on(task: RunOptions<'_>, console: Console) -> Result<Exit, RunError> {
    let mut session = Run::new(task, console);
    let deadline = (!session.task.timeout.is_zero()).then(|| Instant::now() + session.task.timeout);
    let result = watch(&mut session, deadline).await;
    match result {
        Ok(exit) => {
            session.read_logs().await;
            session.finish(exit)?;
            Ok(exit)
        }
        Err(failure) => {
            // What is known stays on the screen above the message.
            if !matches!(failure, RunError::BrokenPipe(_)) {
                session.leave(2)?;
            }
            Err(failure)
        }
    }
}

async fn watch(session: &mut Run<'_>, deadline: Option<Instant>) -> Result<Exit, RunError> {
    let mut tick = ticks();
    let mut signals = Signals::new()?;
    let mut resized = signal(SignalKind::window_change())?;
    let mut continued = signal(SignalKind::from_raw(SIGCONT))?;
    let mut ended: Option<Instant> = None;
    let mut over = false;
    loop {
        tokio::select! {
            biased;
            exit = signals.next() => return Ok(exit),
            () = until(deadline) => return Ok(Exit::Timeout),
            input = input(&mut session.live) => {
                if session.act(input)? {
                    return Ok(session.exit_of_user(over));
                }
            }
            update = session.task.feed.updates.recv(), if !over => match update {
                None => over = true,
                Some(update) => {
                    session.take(update)?;
                    // A burst becomes one step.
                    while let Ok(update) = session.task.feed.updates.try_recv() {
                        session.take(update)?;
                    }
                }
            },
            Some(found) = session.backstage.next() => session.find(found),
            _ = resized.recv() => session.redraw()?,
            _ = continued.recv() => session.resume()?,
            _ = tick.tick() => session.draw()?,
        }
        session.recompute();
        if over && !session.is_reading() {
            return Ok(session.outcome());
        }
        if !session.task.to_the_last && session.ended() {
            let since = *ended.get_or_insert_with(Instant::now);
            // Whoever reads is not thrown out.
            if (session.pods_ended() || since.elapsed() > LAST_WORDS) && !session.is_reading() {
                return Ok(session.outcome());
            }
        } else {
            ended = None;
        }
    }
}

/// The next key or click; never, where nobody can press one.
async fn input(live: &mut Option<LiveReporter>) -> Input {
    match live {
        Some(live) => live.input().await,
        None => std::future::pending().await,
    }
}

fn ticks() -> Interval {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
