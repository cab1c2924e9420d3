//! What one run of a command knows, has said and shows.

use jiff::Timestamp;

use crate::app::appearance::{Appearance, Mode};
use crate::app::closing_report as report;
use crate::app::event_loop::{Console, RunOptions, Subject};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Format;
use crate::app::pod_details::PodDetails;
use crate::app::pod_details_loader::{FetchedDetails, PodDetailsLoader};
use crate::app::reporter::lines::LinesReporter;
use crate::app::reporter::live::{LiveReporter, RunSnapshot};
use crate::app::streams::Streams;
use crate::export;
use crate::export::ChangeLines;
use crate::source::{Progress, Update};
use crate::timeline::{Changes, PodKey, Timeline, Workload};
use crate::tui::action::Effect;
use crate::tui::input::Input;
use crate::tui::page::Page;
use crate::view;
use crate::view::{Frame, Line, Size, Style, View};

/// The command of kubectl's that shows a Pod.
const KUBECTL_SHOWS_A_POD: &str = "kubectl get pod -o yaml";

/// A run of a command: what is known, what was said, what is on the screen.
pub(crate) struct Run<'a> {
    pub(crate) task: RunOptions<'a>,
    pub(crate) timeline: Timeline,
    closeup: Option<PodDetails>,
    synced: bool,
    progress: Option<Progress>,
    lost: Option<String>,
    /// The time of the last picture and of the document.
    pub(crate) stopped_at: Option<Timestamp>,
    /// The command that shows its recording.
    pub(crate) recording: Option<String>,
    lines: LinesReporter,
    changes: ChangeLines,
    pub(crate) live: Option<LiveReporter>,
    pub(crate) backstage: PodDetailsLoader,
}

impl<'a> Run<'a> {
    pub(crate) fn new(task: RunOptions<'a>, console: Console) -> Self {
        let live = match task.drawing.mode {
            Mode::Live => {
                let Console { out, terminal, interactive } = console;
                Some(LiveReporter::new(
                    out,
                    terminal,
                    task.drawing,
                    interactive,
                    KUBECTL_SHOWS_A_POD.to_owned(),
                ))
            }
            Mode::Lines | Mode::Silent => None,
        };
        let closeup = match &task.picture {
            Subject::Timeline => None,
            Subject::Pod => Some(PodDetails::default()),
        };
        let backstage = PodDetailsLoader::new(task.cluster.clone(), task.tail_lines);
        Self {
            task,
            timeline: Timeline::default(),
            closeup,
            synced: false,
            progress: Some(Progress::Connecting),
            lost: None,
            stopped_at: None,
            recording: None,
            lines: LinesReporter::default(),
            changes: ChangeLines::default(),
            live,
            backstage,
        }
    }

    pub(crate) fn take(&mut self, mut update: Update) -> Result<(), RunError> {
        if let Some(live) = &mut self.live {
            live.touch();
            if !matches!(update, Update::Progress(Progress::Connecting) | Update::Failed(_)) {
                live.enter()?;
            }
        }
        self.record(&mut update)?;
        match update {
            Update::Observed(observations) => {
                for observation in &observations {
                    self.timeline.apply(observation);
                    if let Some(closeup) = &mut self.closeup {
                        closeup.observe(observation);
                    }
                    if self.live.is_some() {
                        self.backstage.observe(observation);
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
                if self.timeline.is_empty() && !self.task.nothing.is_empty() && !self.task.to_the_last {
                    self.note(&self.task.nothing.clone())?;
                }
            }
            Update::Progress(progress) => self.progress = Some(progress),
            Update::Lost(why) => {
                self.say_in_lines(
                    &format!("connection lost, trying again: {}", view::clean(&why)),
                    Style::Warning,
                )?;
                self.lost = Some(why);
            }
            Update::Restored => {
                self.say_in_lines("connection restored", Style::Text)?;
                self.lost = None;
            }
            Update::Notice(notice) => self.warn(&notice)?,
            Update::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// What the live picture says below itself is a line where there is none.
    fn say_in_lines(&self, text: &str, role: Style) -> Result<(), RunError> {
        if self.task.drawing.mode != Mode::Lines {
            return Ok(());
        }
        self.task.output.lines(vec![Line::new(text, role)])
    }

    /// Says how things stand when following begins: changes are told from here on.
    fn tell_beginning(&mut self) -> Result<(), RunError> {
        self.recompute();
        let every = self.timeline.all_as_changes();
        let now = self.timeline.last_received().unwrap_or_else(|| self.now());
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
    fn tell(&mut self, now: Timestamp) -> Result<(), RunError> {
        if self.task.drawing.mode != Mode::Lines && self.task.format != Format::Jsonl {
            return Ok(());
        }
        let changes = self.recompute();
        if self.task.format == Format::Jsonl {
            self.write_changes(&changes, now)?;
        }
        if self.task.drawing.mode == Mode::Lines {
            let lines = self.lines.report(&self.timeline, &changes, now);
            self.task.output.lines(lines)?;
        }
        Ok(())
    }

    fn write_changes(&mut self, changes: &Changes, now: Timestamp) -> Result<(), RunError> {
        let (lines, timeline) = (&mut self.changes, &self.timeline);
        Streams::document(|out| lines.write_changes(timeline, changes, now, out))
    }

    /// Brings what is derived up to date; what failed is asked why.
    pub(crate) fn recompute(&mut self) -> Changes {
        let changes = self.timeline.recompute();
        self.backstage.listen_to_failures(&self.timeline, &changes.pods);
        changes
    }

    pub(crate) fn now(&self) -> Timestamp {
        if let Some(stopped_at) = self.stopped_at {
            return stopped_at;
        }
        let now = self.task.feed.clock.now();
        // Never before what is known.
        self.timeline.last_received().map_or(now, |observed| now.max(observed))
    }

    /// One step of the picture.
    pub(crate) fn draw(&mut self) -> Result<(), RunError> {
        match self.task.drawing.mode {
            Mode::Live if self.live.as_ref().is_some_and(|live| live.wants(false)) => self.redraw(),
            Mode::Lines => {
                let now = self.now();
                let lines = self.lines.heartbeat(&self.timeline, now);
                self.task.output.lines(lines)
            }
            Mode::Live | Mode::Silent => Ok(()),
        }
    }

    /// The picture as it is now.
    pub(crate) fn redraw(&mut self) -> Result<(), RunError> {
        self.recompute();
        self.look(None)
    }

    /// Draws; for the last time if it is to be left, with so many lines to come below.
    fn look(&mut self, leave: Option<usize>) -> Result<(), RunError> {
        let Some(mut live) = self.live.take() else { return Ok(()) };
        if let Some(closeup) = self.closeup.as_ref().filter(|_| live.state().page == Page::Pods) {
            self.backstage.show(closeup.extras());
        }
        self.backstage.attend(live.state(), &self.timeline);
        self.backstage.refresh_told(&self.timeline);
        let known = RunSnapshot {
            timeline: &self.timeline,
            now: self.now(),
            notices: self.notices(),
            only: self.closeup.as_ref().and_then(|_| newest_pod(&self.timeline)),
            ended: self.ended().then(|| self.said_outcome()),
        };
        let drawn = match leave {
            Some(below) => live.leave(known, &self.backstage, below),
            None => live.draw(&known, &self.backstage),
        };
        self.live = Some(live);
        drawn
    }

    /// What is waited for; a lost connection.
    fn notices(&self) -> Vec<Line> {
        let mut notices = Vec::new();
        if let Some(why) = &self.lost {
            let why = format!("connection lost, trying again: {}", view::clean(why));
            notices.push(Line::new(why, Style::Warning));
        }
        if let Some(progress) = &self.progress {
            notices.push(Line::new(progress_text(progress), Style::Dim));
        }
        notices
    }

    fn said_outcome(&self) -> String {
        let outcomes: Vec<&str> =
            self.timeline.workloads().iter().map(|workload| workload.state.name()).collect();
        match outcomes.as_slice() {
            [first, rest @ ..] if rest.iter().all(|other| other == first) => (*first).to_owned(),
            _ => "see the picture".to_owned(),
        }
    }

    /// Does what was asked for, and what has been asked for meanwhile; whether the user has had enough.
    pub(crate) fn act(&mut self, input: Input) -> Result<bool, RunError> {
        let mut next = Some(input);
        while let Some(input) = next {
            let Some(live) = &mut self.live else { return Ok(false) };
            if live.act(input, &self.timeline)? == Effect::Detach {
                return Ok(true);
            }
            next = live.waiting();
            if let Some(live) = self.live.as_ref().filter(|live| live.wants(true) || next.is_none())
                && live.wants(true)
            {
                self.redraw()?;
            }
        }
        Ok(false)
    }

    /// The user ends it: what has ended is known even so.
    pub(crate) fn exit_of_user(&self, over: bool) -> Exit {
        if over || (self.ended() && self.pods_ended()) { self.outcome() } else { Exit::Interrupted }
    }

    /// Takes in what was fetched.
    pub(crate) fn find(&mut self, found: FetchedDetails) {
        self.backstage.take(found);
        if let Some(live) = &mut self.live {
            live.touch();
        }
    }

    /// The shell has continued us.
    pub(crate) fn resume(&mut self) -> Result<(), RunError> {
        if let Some(live) = &mut self.live {
            live.resume()?;
        }
        self.redraw()
    }

    /// Whether somebody reads what the end must not take away.
    pub(crate) fn is_reading(&self) -> bool {
        self.live.as_ref().is_some_and(LiveReporter::is_reading)
    }

    /// The timeline, or the one Pod that was asked for.
    fn drawn(&self, size: Size) -> Frame {
        let Appearance { state, glyphs, .. } = self.task.drawing;
        let now = self.now();
        match (&self.closeup, newest_pod(&self.timeline)) {
            (Some(closeup), Some(key)) if state.view == View::Sequence => {
                view::draw_pod(&self.timeline, key, &closeup.extras(), state, size, glyphs, now)
            }
            _ => view::render_frame(&self.timeline, state, size, glyphs, now),
        }
    }

    /// Reads the end of the logs of the Pod that was asked for, and waits for the last words of what has failed.
    pub(crate) async fn read_logs(&mut self) {
        if let (Some(cluster), Some(closeup)) = (&self.task.cluster, &mut self.closeup)
            && let Some(key) = newest_pod(&self.timeline)
        {
            closeup.read_logs(cluster, &self.timeline.pod(key), self.task.tail_lines).await;
            self.backstage.show(closeup.extras());
        }
        self.backstage.finish().await;
    }

    pub(crate) fn show_progress(&mut self) -> Result<(), RunError> {
        let Some(progress) = &self.progress else { return Ok(()) };
        let line = Line::new(progress_text(progress), Style::Dim);
        self.live.as_mut().map_or(Ok(()), |live| live.show_line(line))
    }

    pub(crate) fn clear_progress(&mut self) -> Result<(), RunError> {
        self.live.as_mut().map_or(Ok(()), LiveReporter::clear)
    }

    /// Whether all that is followed has ended.
    pub(crate) fn ended(&self) -> bool {
        let workloads = self.timeline.workloads();
        let expected = |uid: &String| workloads.iter().any(|workload| *workload.uid == **uid);
        self.synced
            && !workloads.is_empty()
            && self.task.expected.iter().all(expected)
            && self.timeline.roots().all(Workload::has_ended)
    }

    pub(crate) fn pods_ended(&self) -> bool {
        // The Pods of a rollout run on.
        let workloads = self.timeline.workloads().iter().filter(|workload| !workload.is_rollout);
        workloads
            .flat_map(|workload| self.timeline.overviews(workload))
            .all(|(_, pod)| pod.outcome.has_ended())
    }

    pub(crate) fn outcome(&self) -> Exit {
        Exit::of_outcomes(self.timeline.roots().map(|workload| workload.state))
    }

    /// The last picture and how it ended.
    pub(crate) fn finish(&mut self, exit: Exit) -> Result<(), RunError> {
        self.progress = None;
        self.recompute();
        self.stop_the_clock()?;
        let report = if self.task.drawing.mode == Mode::Silent {
            Vec::new()
        } else {
            report::failures(&self.timeline, self.backstage.last_words(), &self.task.drawing.glyphs)
        };
        // How it ended and how to come back are two lines at most.
        self.leave(report.len() + 2)?;
        match self.task.format {
            Format::Jsonl => {
                let (timeline, now) = (&self.timeline, self.now());
                Streams::document(|out| ChangeLines::write_end(timeline, exit.code(), now, out))?;
            }
            format if format.is_for_machines() => self.print(self.task.drawing.print_size())?,
            _ if self.live.is_none() => self.print(self.task.drawing.log_size())?,
            _ => {}
        }
        let live = self.live.as_mut();
        if !live.map_or(Ok(false), |live| live.say_below(&report))? {
            self.task.output.lines(report)?;
        }
        self.say_how(exit)
    }

    /// Leaves the last picture on the screen.
    pub(crate) fn leave(&mut self, below: usize) -> Result<(), RunError> {
        self.recompute();
        self.look(Some(below))
    }

    fn say_how(&mut self, exit: Exit) -> Result<(), RunError> {
        let mut said = report::how_it_ended(&self.timeline, exit, &self.task);
        let is_over = matches!(exit, Exit::Success | Exit::Failed);
        let again = match &self.recording {
            Some(replay) if is_over => replay,
            _ => &self.task.again,
        };
        let is_for_people = self.task.drawing.mode != Mode::Silent && !self.task.format.is_for_machines();
        if !again.is_empty() && exit != Exit::Unknown && (is_for_people || !is_over) {
            let what = if is_over { "to see it again" } else { "to come back" };
            said.push(format!("{what}: {again}"));
        }
        let lines: Vec<Line> = said.iter().map(|said| Line::new(view::clean(said), Style::Text)).collect();
        let live = self.live.as_mut();
        if !live.map_or(Ok(false), |live| live.say_below(&lines))? {
            for said in &said {
                self.task.output.note(said);
            }
        }
        Ok(())
    }

    fn note(&mut self, text: &str) -> Result<(), RunError> {
        let line = || Line::new(view::clean(text), Style::Text);
        if !self.say_above(line)? {
            self.task.output.note(text);
        }
        Ok(())
    }

    pub(crate) fn warn(&mut self, text: &str) -> Result<(), RunError> {
        let line = || {
            let mut line = Line::new("warning: ", Style::Warning);
            line.push(view::clean(text), Style::Text);
            line
        };
        if !self.say_above(line)? {
            self.task.output.warning(text);
        }
        Ok(())
    }

    /// Says it above the live picture; `false` if there is none that keeps the terminal to itself.
    fn say_above(&mut self, line: impl FnOnce() -> Line) -> Result<bool, RunError> {
        if let Some(live) = &mut self.live
            && live.say_above(line())?
        {
            return Ok(true);
        }
        self.clear_progress()?;
        Ok(false)
    }

    /// Everything once, in the format that was asked for.
    pub(crate) fn print(&self, size: Size) -> Result<(), RunError> {
        let (timeline, now) = (&self.timeline, self.now());
        let output = self.task.output;
        if timeline.is_empty() && !self.task.format.is_for_machines() {
            if (!self.synced || self.task.to_the_last) && !self.task.nothing.is_empty() {
                output.note(&self.task.nothing);
            }
            return Ok(());
        }
        let document = || export::document(timeline, now);
        match self.task.format {
            Format::Json => Streams::document(|out| export::write_json(&document(), out)),
            Format::Yaml => Streams::document(|out| export::write_yaml(&document(), out)),
            Format::Name => Streams::document(|out| export::write_names(timeline, out)),
            Format::Jsonl => {
                let every = timeline.all_as_changes();
                let mut lines = ChangeLines::default();
                Streams::document(|out| {
                    lines.write_changes(timeline, &every, now, out)?;
                    ChangeLines::write_end(timeline, 0, now, out)
                })
            }
            _ if size.rows.is_none() && self.closeup.is_none() => {
                let Appearance { state, glyphs, .. } = self.task.drawing;
                output.told(|told| view::for_each_line(timeline, state, size.columns, glyphs, now, told))
            }
            _ => output.frame(&self.drawn(size)),
        }
    }
}

fn progress_text(progress: &Progress) -> String {
    match progress {
        Progress::Connecting => "connecting …".into(),
        Progress::Listing { resource, count, total: None } => format!("listing {resource}: {count} …"),
        Progress::Listing { resource, count, total: Some(total) } => {
            format!("listing {resource}: {count} of {total} …")
        }
        Progress::Reading { bytes, total: None } => format!("reading: {} MiB …", bytes >> 20),
        Progress::Reading { bytes, total: Some(total) } => {
            format!("reading: {} of {} MiB …", bytes >> 20, total >> 20)
        }
    }
}

/// Of the Pods that had the name, the last one.
fn newest_pod(timeline: &Timeline) -> Option<PodKey> {
    timeline.workloads().iter().flat_map(|workload| &workload.pods).last().copied()
}
