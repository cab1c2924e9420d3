//! Snapshots of whole screens. Each scene is rendered at four sizes, with colours, without colours and in ASCII.
//!
//! A scene shows a moment of a recorded or simulated run. A snapshot contains the screens of all sizes as text, a map of
//! the colours of the two sizes that most users have, and the lines that differ in ASCII on the two smaller sizes. The
//! screen without colours must have the same text as the screen with colours, so it needs no snapshot.

mod explored;
mod final_report;
mod log_server;
mod manifests;
mod parts;
mod screen;
mod troubles;

use std::cell::RefCell;
use std::fmt::Write as _;

use jiff::SignedDuration;
use tokio::sync::mpsc;

use self::screen::Screen;
use crate::app::run_options::Playback;
use crate::cli::interactive_tests::replaying::recording_of;
use crate::cli::interactive_tests::*;
use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::recording::{RecordingEntry, RecordingLines};
use crate::source::{Update, recording};

/// The sizes of the screens, in columns and rows.
const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 50), (40, 10)];

/// The log of every container in these tests.
const LOG: &str = "loading 14,000 samples\nepoch 1: loss 0.913\nepoch 2: loss 0.577\n\
                   ERROR: the gradient is not a number\nTraceback (most recent call last)\n";

/// The run that a scene shows.
#[derive(Clone, Copy)]
enum SceneSource {
    /// The scenario with this name, which was recorded on a real cluster.
    Recorded(&'static str),
    /// A simulated run of the manifest that this function returns.
    Simulated(fn() -> String),
}

/// The state of the program in a scene.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The program follows the run.
    Live,
    /// The program replays a recording of the run. The user can move the playback.
    Replay,
    /// The program has ended.
    Final,
}

/// A moment of a run, and the user's choices.
#[derive(Clone, Copy)]
struct Scene {
    source: SceneSource,
    /// Seconds after the first observation. With `None`, the scene shows the end of the run.
    second: Option<f64>,
    stage: Stage,
    view: View,
    flags: &'static str,
    /// Whether the program can read logs.
    has_logs: bool,
    /// The keys that the user presses, separated by blanks: names of keys, and texts that the user types.
    keys: &'static str,
}

/// A scene with a recorded run.
const fn recorded(scenario: &'static str) -> Scene {
    Scene {
        source: SceneSource::Recorded(scenario),
        second: None,
        stage: Stage::Live,
        view: View::Sequence,
        flags: "",
        has_logs: false,
        keys: "",
    }
}

/// A scene with a simulated run.
const fn simulated(manifest: fn() -> String) -> Scene {
    Scene { source: SceneSource::Simulated(manifest), ..recorded("") }
}

impl Scene {
    const fn at(self, second: f64) -> Self {
        Self { second: Some(second), ..self }
    }

    const fn stage(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    const fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    const fn flags(self, flags: &'static str) -> Self {
        Self { flags, ..self }
    }

    const fn with_logs(self) -> Self {
        Self { has_logs: true, ..self }
    }

    const fn keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }

    /// The observations of the run up to the moment of the scene.
    fn observations(&self) -> Vec<Observation> {
        let all: Vec<Observation> = match self.source {
            SceneSource::Recorded(scenario) => {
                let text = recording_of(scenario).into_bytes();
                let entries = RecordingLines::new(std::io::Cursor::new(text)).unwrap();
                let observation = |entry| match entry {
                    RecordingEntry::Observation(observation) => Some(observation),
                    RecordingEntry::Synced
                    | RecordingEntry::Outages { .. }
                    | RecordingEntry::Relist(_)
                    | RecordingEntry::Unwatched(_)
                    | RecordingEntry::End(_)
                    | RecordingEntry::Unknown => None,
                };
                entries.map(Result::unwrap).filter_map(observation).collect()
            }
            SceneSource::Simulated(manifest) => {
                let manifest = ManifestText { text: manifest(), ..ManifestText::default() };
                let options = SimulationOptions { manifest, ..SimulationOptions::default() };
                simulation::simulate(&options).unwrap().collect()
            }
        };
        let Some(second) = self.second else { return all };
        let now = all[0].received + SignedDuration::try_from_secs_f64(second).unwrap();
        all.into_iter().filter(|observation| observation.received <= now).collect()
    }

    /// Shows the scene on a terminal of this size and captures the screen.
    async fn capture(
        &self,
        observations: &[Observation],
        (columns, rows): (u16, u16),
        flags: &str,
    ) -> Screen {
        let terminal = VirtualTerminal::new(columns, rows);
        let view = Output::Picture(self.view);
        let mut appearance = appearance(&format!("{} {flags}", self.flags));
        appearance.view_state.view = self.view;
        let streams = Streams::new(appearance.clone());
        let start = observations[0].received;
        let latest = observations[observations.len() - 1].received;
        let now =
            self.second.map_or(latest, |second| start + SignedDuration::try_from_secs_f64(second).unwrap());
        let (sender, updates) = mpsc::channel(2);
        let (feed, playback) = if self.stage == Stage::Replay {
            let entries = observations.iter().cloned().map(RecordingEntry::Observation);
            let entries =
                [RecordingEntry::Synced].into_iter().chain(entries).chain([RecordingEntry::End(now)]);
            let (feed, controls) = recording::start_playback(entries.collect(), Some(1.0));
            (feed, Some(Playback { controls, failures: vec![now - SignedDuration::from_secs(8)] }))
        } else {
            sender.send(Update::Observed(observations.to_vec())).await.unwrap();
            sender.send(Update::Synced).await.unwrap();
            let clock = Clock::playback(now, 1.0);
            clock.stop_at(now);
            (Feed::new(updates, clock), None)
        };
        let mut options = RunOptions::new(feed, &appearance, &streams, view)
            .tail_lines(10)
            .stays_open(self.stage != Stage::Final)
            .playback(playback);
        if self.has_logs {
            options = options.cluster(log_server::start());
        }
        options = options.current_namespace(Some("default".to_owned()));
        if self.stage == Stage::Final {
            options = options.ends_with_feed();
        }
        let console = Console {
            out: Box::new(terminal.clone()),
            terminal: Box::new(terminal.clone()),
            interactive: true,
        };
        let shown = RefCell::new(None);
        let user = async {
            sleep(Duration::from_millis(250)).await;
            if self.stage == Stage::Final {
                drop(sender);
                return;
            }
            press_keys(&terminal, self.keys).await;
            sleep(Duration::from_millis(250)).await;
            *shown.borrow_mut() = Some(Screen::capture(&terminal));
            terminal.send(Input::Key(Key::ctrl('c')));
        };
        let (exit, ()) = tokio::join!(follow_on_console(options, console), user);
        exit.unwrap();
        shown.take().unwrap_or_else(|| Screen::capture(&terminal))
    }
}

/// Presses the keys of a scene. A number with the unit `s` waits for this many seconds.
async fn press_keys(terminal: &VirtualTerminal, keys: &str) {
    for word in keys.split_whitespace() {
        let code = match word {
            "Up" => Code::Up,
            "Down" => Code::Down,
            "Left" => Code::Left,
            "Right" => Code::Right,
            "PageDown" => Code::PageDown,
            "End" => Code::End,
            "Enter" => Code::Enter,
            "Esc" => Code::Esc,
            "Space" => Code::Char(' '),
            word => {
                match word.strip_suffix('s').and_then(|count| count.parse().ok()) {
                    Some(count) => seconds(count).await,
                    None => terminal.keys(word).await,
                }
                continue;
            }
        };
        terminal.press(code).await;
    }
}

/// Renders a scene at all sizes and in all styles. Returns the content of its snapshot.
async fn render_scene(scene: Scene) -> String {
    let observations = scene.observations();
    let mut text = String::new();
    for size @ (columns, rows) in SIZES {
        let coloured = scene.capture(&observations, size, "--color always").await;
        let plain = scene.capture(&observations, size, "--color never").await;
        let ascii = scene.capture(&observations, size, "--color never --ascii").await;
        assert_eq!(plain.text(), coloured.text(), "colours change the text at {columns}x{rows}");
        assert!(!plain.has_colours(), "colours at {columns}x{rows} without colours");
        assert!(ascii.text().is_ascii(), "not ASCII at {columns}x{rows}:\n{}", ascii.text());
        let is_folded = coloured.lines.iter().any(|line| line.starts_with(" + "));
        assert!(
            !is_folded || !coloured.lines.contains(&String::new()),
            "a line is empty while rows are folded at {columns}x{rows}:\n{}",
            coloured.text()
        );
        let _ = write!(text, "===== {columns}x{rows}\n{}", coloured.text());
        if columns == 80 || columns == 120 {
            let _ = write!(text, "----- colours\n{}", coloured.colour_map());
        }
        if columns == 80 || columns == 40 {
            let _ = write!(text, "----- the lines that differ in ASCII\n{}", ascii.differences(&coloured));
        }
    }
    text
}

/// Declares a test for each scene. The name of the test is the name of the snapshot.
macro_rules! scenes {
    ($($(#[doc = $doc:literal])* $name:ident: $scene:expr;)*) => {$(
        $(#[doc = $doc])*
        #[tokio::test(start_paused = true)]
        async fn $name() {
            insta::assert_snapshot!(stringify!($name), render_scene($scene).await);
        }
    )*};
}

use scenes;
