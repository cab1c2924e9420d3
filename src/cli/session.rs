//! What one run of a command knows, has said and shows.

use std::io;

use jiff::Timestamp;

use super::args::Format;
use super::closeup::Closeup;
use super::exit::{Exit, Failure};
use super::follow::{Picture, Task};
use super::options::{Drawing, Mode};
use super::output::Output;
use crate::export::{self, ChangeLines};
use crate::source::{Progress, Update};
use crate::surface::{Lines, Live};
use crate::timeline::{Changes, PodKey, Timeline, Workload};
use crate::view::{self, Frame, Line, Role, Size, View};

/// A run of a command: what is known, what was said, what is on the screen.
pub(super) struct Session<'a> {
    pub(super) task: Task<'a>,
    pub(super) timeline: Timeline,
    closeup: Option<Closeup>,
    synced: bool,
    progress: Option<Progress>,
    lost: Option<String>,
    lines: Lines,
    changes: ChangeLines,
    live: Option<Live<Box<dyn io::Write>>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(task: Task<'a>) -> Self {
        let live = match task.drawing.mode {
            Mode::Live => Some(Live::new(task.output.live_stream(), task.drawing.stylesheet())),
            Mode::Lines | Mode::Silent => None,
        };
        let closeup = match &task.picture {
            Picture::Timeline => None,
            Picture::Pod { .. } => Some(Closeup::default()),
        };
        Self {
            task,
            timeline: Timeline::default(),
            closeup,
            synced: false,
            progress: Some(Progress::Connecting),
            lost: None,
            lines: Lines::default(),
            changes: ChangeLines::default(),
            live,
        }
    }

    pub(super) fn take(&mut self, update: Update) -> Result<(), Failure> {
        match update {
            Update::Observed(observations) => {
                for observation in &observations {
                    self.timeline.apply(observation);
                    if let Some(closeup) = &mut self.closeup {
                        closeup.observe(observation);
                    }
                    if self.synced {
                        self.tell(observation.received)?;
                    }
                }
            }
            Update::Synced => {
                self.synced = true;
                self.progress = None;
                self.tell_beginning()?;
                if self.timeline.is_empty() && !self.task.nothing.is_empty() {
                    self.note(&self.task.nothing.clone())?;
                }
            }
            Update::Progress(progress) => self.progress = Some(progress),
            Update::Lost(why) => self.lost = Some(why),
            Update::Restored => self.lost = None,
            Update::Notice(notice) => self.warn(&notice)?,
            Update::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Says how things stand when following begins: changes are told from here on.
    fn tell_beginning(&mut self) -> Result<(), Failure> {
        self.timeline.settle();
        let every = self.timeline.everything();
        let now = self.timeline.observed().unwrap_or_else(|| self.now());
        if self.task.format == Format::Jsonl {
            self.write_changes(&every, now)?;
        }
        if self.task.drawing.mode == Mode::Lines {
            let lines = self.lines.begin(&self.timeline, now);
            self.task.output.lines(lines)?;
        }
        Ok(())
    }

    /// Says what changed, where it is said change by change.
    fn tell(&mut self, now: Timestamp) -> Result<(), Failure> {
        if self.task.drawing.mode != Mode::Lines && self.task.format != Format::Jsonl {
            return Ok(());
        }
        let changes = self.timeline.settle();
        if self.task.format == Format::Jsonl {
            self.write_changes(&changes, now)?;
        }
        if self.task.drawing.mode == Mode::Lines {
            let lines = self.lines.report(&self.timeline, &changes, now);
            self.task.output.lines(lines)?;
        }
        Ok(())
    }

    fn write_changes(&mut self, changes: &Changes, now: Timestamp) -> Result<(), Failure> {
        let (lines, timeline) = (&mut self.changes, &self.timeline);
        Output::document(|out| lines.write_changes(timeline, changes, now, out))
    }

    fn now(&self) -> Timestamp {
        let now = self.task.feed.clock.now();
        // Never before what is known.
        self.timeline.observed().map_or(now, |observed| now.max(observed))
    }

    /// One step of the picture.
    pub(super) fn draw(&mut self) -> Result<(), Failure> {
        match self.task.drawing.mode {
            Mode::Live => self.redraw(),
            Mode::Lines => {
                let now = self.now();
                let lines = self.lines.heartbeat(&self.timeline, now);
                self.task.output.lines(lines)
            }
            Mode::Silent => Ok(()),
        }
    }

    fn redraw(&mut self) -> Result<(), Failure> {
        self.timeline.settle();
        let frame = self.picture();
        let size = self.task.drawing.live_size();
        match &mut self.live {
            Some(live) => Ok(live.draw(&frame, size.columns)?),
            None => Ok(()),
        }
    }

    /// The live picture: what is waited for, or the timeline; a lost connection is said below it.
    fn picture(&self) -> Frame {
        let drawing = self.task.drawing;
        let mut size = drawing.live_size();
        let mut below = Vec::new();
        if let Some(why) = &self.lost {
            below.push(Line::of(
                format!("connection lost, trying again: {}", view::clean(why)),
                Role::Warning,
            ));
        }
        if let Some(progress) = &self.progress {
            below.push(Line::of(progress_text(progress), Role::Dim));
        }
        size.rows = size.rows.map(|rows| rows.saturating_sub(below.len()).max(1));
        let mut frame =
            if self.timeline.workloads().is_empty() { Frame::default() } else { self.drawn(size) };
        if frame.lines.is_empty() && below.is_empty() {
            frame.lines.push(Line::of("waiting for something to follow", Role::Dim));
        }
        frame.lines.extend(below);
        frame
    }

    /// The timeline, or the one Pod that was asked for.
    fn drawn(&self, size: Size) -> Frame {
        let Drawing { state, glyphs, .. } = self.task.drawing;
        let now = self.now();
        match (&self.closeup, newest_pod(&self.timeline)) {
            (Some(closeup), Some(key)) if state.view == View::Sequence => {
                view::draw_pod(&self.timeline, key, &closeup.extras(), state, size, glyphs, now)
            }
            _ => view::draw(&self.timeline, state, size, glyphs, now),
        }
    }

    /// Reads the end of the logs of the Pod that was asked for.
    pub(super) async fn read_logs(&mut self) {
        if let (Picture::Pod { cluster, tail_lines }, Some(closeup)) = (&self.task.picture, &mut self.closeup)
            && let Some(key) = newest_pod(&self.timeline)
        {
            closeup.read_logs(cluster, self.timeline.pod(key), *tail_lines).await;
        }
    }

    pub(super) fn show_progress(&mut self) -> Result<(), Failure> {
        let Some(progress) = &self.progress else { return Ok(()) };
        if let Some(live) = &mut self.live {
            let frame = Frame { lines: vec![Line::of(progress_text(progress), Role::Dim)] };
            live.draw(&frame, self.task.drawing.live_size().columns)?;
        }
        Ok(())
    }

    pub(super) fn clear_progress(&mut self) -> Result<(), Failure> {
        self.live.as_mut().map_or(Ok(()), |live| Ok(live.clear()?))
    }

    /// Whether all that is followed has ended.
    pub(super) fn ended(&self) -> bool {
        let workloads = self.timeline.workloads();
        let expected = |uid: &String| workloads.iter().any(|workload| *workload.uid == **uid);
        self.synced
            && !workloads.is_empty()
            && self.task.expected.iter().all(expected)
            && self.timeline.roots().all(Workload::ended)
    }

    pub(super) fn pods_ended(&self) -> bool {
        // The Pods of a rollout run on.
        let workloads = self.timeline.workloads().iter().filter(|workload| !workload.lasting);
        workloads.flat_map(|workload| self.timeline.pods(workload)).all(|(_, pod)| pod.life.outcome.ended())
    }

    /// The outcome when the source has nothing more to tell.
    pub(super) fn settled_outcome(&mut self) -> Exit {
        self.timeline.settle();
        self.outcome()
    }

    pub(super) fn outcome(&self) -> Exit {
        Exit::of_outcomes(self.timeline.roots().map(|workload| workload.outcome))
    }

    /// The last picture and how it ended.
    pub(super) fn finish(&mut self, exit: Exit) -> Result<(), Failure> {
        self.progress = None;
        self.timeline.settle();
        self.leave()?;
        match self.task.format {
            Format::Jsonl => {
                let (timeline, now) = (&self.timeline, self.now());
                Output::document(|out| ChangeLines::write_end(timeline, exit.code(), now, out))?;
            }
            format if format.is_for_machines() => self.print(self.task.drawing.print_size())?,
            _ if self.live.is_none() => self.print(self.task.drawing.log_size())?,
            _ => {}
        }
        self.say_how(exit);
        Ok(())
    }

    /// Leaves the last picture on the screen.
    pub(super) fn leave(&mut self) -> Result<(), Failure> {
        if self.live.is_some() { self.redraw() } else { Ok(()) }
    }

    fn say_how(&self, exit: Exit) {
        let open: Vec<String> = self
            .timeline
            .roots()
            .filter(|workload| !workload.ended())
            .map(|workload| format!("{}/{}", workload.kind.to_lowercase(), workload.name))
            .collect();
        let is_open = !open.is_empty();
        let open = match open.as_slice() {
            [] => "the workload".to_owned(),
            [first, second, third, _, ..] => {
                format!("{first}, {second}, {third} and {} more", open.len() - 3)
            }
            some => some.join(", "),
        };
        let again = &self.task.again;
        let output = self.task.output;
        match exit {
            Exit::Timeout => {
                let limit = jiff::SignedDuration::try_from(self.task.timeout).unwrap_or_default();
                output.note(&format!("timed out after {limit:#}: {open} had not ended"));
            }
            Exit::Interrupted | Exit::Terminated => {
                output.note(&format!("no longer followed: {open} goes on"));
            }
            Exit::Unknown if is_open => {
                output.note(&format!("the outcome is not known: {open} had not ended"));
            }
            Exit::Unknown => output.note("the outcome is not known: what was followed went before it ended"),
            _ => return,
        }
        if !again.is_empty() && exit != Exit::Unknown {
            output.note(&format!("to come back: {again}"));
        }
    }

    fn note(&mut self, text: &str) -> Result<(), Failure> {
        self.clear_progress()?;
        self.task.output.note(text);
        Ok(())
    }

    fn warn(&mut self, text: &str) -> Result<(), Failure> {
        self.clear_progress()?;
        self.task.output.warning(text);
        Ok(())
    }

    /// Everything once, in the format that was asked for.
    pub(super) fn print(&self, size: Size) -> Result<(), Failure> {
        let (timeline, now) = (&self.timeline, self.now());
        let output = self.task.output;
        if timeline.is_empty() && !self.task.format.is_for_machines() {
            if !self.synced && !self.task.nothing.is_empty() {
                output.note(&self.task.nothing);
            }
            return Ok(());
        }
        let document = || export::document(timeline, now);
        match self.task.format {
            Format::Json => Output::document(|out| export::write_json(&document(), out)),
            Format::Yaml => Output::document(|out| export::write_yaml(&document(), out)),
            Format::Name => Output::document(|out| export::write_names(timeline, out)),
            Format::Jsonl => {
                let every = timeline.everything();
                let mut lines = ChangeLines::default();
                Output::document(|out| {
                    lines.write_changes(timeline, &every, now, out)?;
                    ChangeLines::write_end(timeline, 0, now, out)
                })
            }
            _ => output.frame(&self.drawn(size)),
        }
    }
}

fn progress_text(progress: &Progress) -> String {
    match progress {
        Progress::Connecting => "connecting …".into(),
        Progress::Listing { resource, count } => format!("listing {resource}: {count} …"),
    }
}

/// Of the Pods that had the name, the last one.
fn newest_pod(timeline: &Timeline) -> Option<PodKey> {
    timeline.workloads().iter().flat_map(|workload| timeline.pods(workload)).map(|(key, _)| key).last()
}
