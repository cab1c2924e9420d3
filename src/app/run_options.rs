//! The options of a run. A command names only the options that differ from the defaults.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::appearance::Appearance;
use crate::app::failure_rules::FailureRules;
use crate::app::logs::options::LogOptions;
use crate::app::output::Output;
use crate::app::overview::OverviewRule;
use crate::app::recording::RunRecorder;
use crate::app::resume_command::ResumeCommand;
use crate::app::streams::Streams;
use crate::app::traces::options::TraceOptions;
use crate::source::cluster::Cluster;
use crate::source::recording::PlaybackControls;
use crate::source::{Feed, SourceError};
use crate::timeline::{BudgetCondition, WhatIfRequest};
use crate::view::ViewState;

/// The subject of the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The workloads and their Pods.
    Timeline,
    /// One Pod, with its Events and the end of its log.
    Pod,
}

/// The playback of a recording that the user controls.
#[derive(Clone, Debug)]
pub(crate) struct Playback {
    /// The controls of the source.
    pub(crate) controls: PlaybackControls,
    /// The times at which Pods failed.
    pub(crate) failures: Vec<Timestamp>,
}

/// The options of a run.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each field is an option of its own")]
pub(crate) struct RunOptions<'a> {
    pub(crate) feed: Feed,
    pub(crate) appearance: &'a Appearance,
    pub(crate) streams: &'a Streams,
    pub(crate) output: Output,
    pub(crate) subject: Subject,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) current_namespace: Option<String>,
    pub(crate) tail_lines: u32,
    pub(crate) logs: Option<LogOptions>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) failure_rules: Option<FailureRules>,
    pub(crate) summary: Option<PathBuf>,
    pub(crate) expected_uids: Vec<String>,
    pub(crate) resume_command: Option<ResumeCommand>,
    pub(crate) nothing_found_message: Option<String>,
    pub(crate) nothing_found_help: Option<String>,
    pub(crate) overview: OverviewRule,
    pub(crate) recorder: Option<Box<RunRecorder>>,
    pub(crate) budget: Vec<BudgetCondition>,
    pub(crate) what_if: Option<WhatIfRequest>,
    pub(crate) ends_with_feed: bool,
    pub(crate) stays_open: bool,
    pub(crate) is_nested: bool,
    pub(crate) playback: Option<Playback>,
    pub(crate) missing: Vec<SourceError>,
    pub(crate) any_type_suffices: bool,
    pub(crate) ignores_missing_names: bool,
    pub(crate) namespace_to_check: Option<String>,
    pub(crate) traces: TraceOptions,
}

impl<'a> RunOptions<'a> {
    /// Returns the options of a run that shows the workloads of `feed`, with no cluster, no recording and no timeout.
    pub(crate) fn new(feed: Feed, appearance: &'a Appearance, streams: &'a Streams, output: Output) -> Self {
        Self {
            feed,
            appearance,
            streams,
            output,
            subject: Subject::Timeline,
            cluster: None,
            current_namespace: None,
            tail_lines: 0,
            logs: None,
            timeout: None,
            failure_rules: None,
            summary: None,
            expected_uids: Vec::new(),
            resume_command: None,
            nothing_found_message: None,
            nothing_found_help: None,
            overview: OverviewRule::default(),
            recorder: None,
            budget: Vec::new(),
            what_if: None,
            ends_with_feed: false,
            stays_open: false,
            is_nested: false,
            playback: None,
            missing: Vec::new(),
            any_type_suffices: false,
            ignores_missing_names: false,
            namespace_to_check: None,
            traces: TraceOptions::default(),
        }
    }

    /// Reports these errors about missing objects and types at the end, after the objects that exist.
    pub(crate) fn missing(self, missing: Vec<SourceError>) -> Self {
        Self { missing, ..self }
    }

    /// Whether a name counts as found if an object of one of the selected types has it.
    pub(crate) fn any_type_suffices(self, any_type_suffices: bool) -> Self {
        Self { any_type_suffices, ..self }
    }

    /// Whether named objects that do not exist are no error.
    pub(crate) fn ignores_missing_names(self, ignores_missing_names: bool) -> Self {
        Self { ignores_missing_names, ..self }
    }

    /// Fails if the run finds nothing because this namespace does not exist.
    pub(crate) fn namespace_to_check(self, namespace: Option<String>) -> Self {
        Self { namespace_to_check: namespace, ..self }
    }

    /// Returns the user's choices for pictures, with the namespace of a command without `-n`.
    pub(crate) fn view_state(&self) -> ViewState {
        let current_namespace = self.current_namespace.as_deref().map(Into::into);
        ViewState { current_namespace, ..self.appearance.view_state.clone() }
    }

    /// Chooses the subject of the pictures.
    pub(crate) fn subject(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    /// Reads logs, Events and YAML from this cluster.
    pub(crate) fn cluster(self, cluster: Cluster) -> Self {
        Self { current_namespace: Some(cluster.context_namespace.clone()), cluster: Some(cluster), ..self }
    }

    /// Sets the namespace of a command without `-n`. `None` if the source is not a cluster.
    pub(crate) fn current_namespace(self, current_namespace: Option<String>) -> Self {
        Self { current_namespace, ..self }
    }

    /// Shows this number of lines of each log. Zero shows none.
    pub(crate) fn tail_lines(self, tail_lines: u32) -> Self {
        Self { tail_lines, ..self }
    }

    /// Shows the logs of the Pods while the run goes on. `None` shows only the last lines of failed containers.
    pub(crate) fn logs(self, logs: Option<LogOptions>) -> Self {
        Self { logs, ..self }
    }

    /// Appends a Markdown report to this file at the end.
    pub(crate) fn summary(self, summary: Option<PathBuf>) -> Self {
        Self { summary, ..self }
    }

    /// Stops following after this time. Zero means no timeout.
    pub(crate) fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout).filter(|timeout| !timeout.is_zero()), ..self }
    }

    /// Sets what the run does at a fatal cause: end, or warn.
    pub(crate) fn failure_rules(self, rules: FailureRules) -> Self {
        Self { failure_rules: Some(rules), ..self }
    }

    /// Keeps the run from ending until workloads with all these uids have appeared.
    pub(crate) fn expected_uids(self, expected_uids: Vec<String>) -> Self {
        Self { expected_uids, ..self }
    }

    /// Names the command with which the user can return to the workloads. `None` if no single command shows them.
    pub(crate) fn resume_command(self, command: Option<ResumeCommand>) -> Self {
        Self { resume_command: command, ..self }
    }

    /// Prints this message if the run finds no workload.
    pub(crate) fn nothing_found_message(self, message: String) -> Self {
        Self { nothing_found_message: Some(message), ..self }
    }

    /// Prints this help to standard output if the run prints once and finds no workload.
    pub(crate) fn nothing_found_help(self, help: String) -> Self {
        Self { nothing_found_help: Some(help), ..self }
    }

    /// Chooses when the run shows the overview.
    pub(crate) fn overview(self, overview: OverviewRule) -> Self {
        Self { overview, ..self }
    }

    /// Records the observations of the run.
    pub(crate) fn recorder(self, recorder: Option<RunRecorder>) -> Self {
        Self { recorder: recorder.map(Box::new), ..self }
    }

    /// Sets the resource of traces, and sends the traces of ended workloads at the end of the run.
    pub(crate) fn traces(self, traces: TraceOptions) -> Self {
        Self { traces, ..self }
    }

    /// Answers this what-if at the end of the run.
    pub(crate) fn what_if(self, what_if: Option<WhatIfRequest>) -> Self {
        Self { what_if, ..self }
    }

    /// Judges these budgets at the end of the run.
    pub(crate) fn budget(self, budget: Vec<BudgetCondition>) -> Self {
        Self { budget, ..self }
    }

    /// Keeps the live picture open after the end of the run, until the user quits.
    pub(crate) fn stays_open(self, stays_open: bool) -> Self {
        Self { stays_open, ..self }
    }

    /// Shows the run below a table, to which the user returns: the picture stays open and leaves nothing on the screen.
    pub(crate) fn nested(self) -> Self {
        Self { is_nested: true, stays_open: true, ..self }
    }

    /// Lets the user control the playback of the recording that the feed plays.
    pub(crate) fn playback(self, playback: Option<Playback>) -> Self {
        Self { playback, ..self }
    }

    /// Ends the run only when its feed ends, not already when its workloads have ended, because a recording may
    /// contain more after that.
    pub(crate) fn ends_with_feed(self) -> Self {
        Self { ends_with_feed: true, ..self }
    }
}
