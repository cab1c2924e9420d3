//! What the live picture shows beside the timeline, fetched while it goes on: events, logs and YAML of the Pod that is
//! open, and the last words of the first containers that fail, before their Pods can go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::app::pod_details::PodDetails;
use crate::observation::{Object, Observation};
use crate::source::Update;
use crate::source::cluster;
use crate::source::cluster::{Cluster, Name, NamespaceScope, Objects, Resource, Selection, Target};
use crate::timeline::{PodKey, Timeline};
use crate::tui::details::{Details, LogView};
use crate::tui::page::{Page, Tab};
use crate::tui::pages::shown_container;
use crate::tui::state::TuiState;
use crate::view::{ContainerLog, PodExtras};

/// Logs of so many Pods that fail are kept.
const MOST_FAILURES: usize = 3;
/// What is open is read again after so long, if the Pod may have changed.
const REFRESH: Duration = Duration::from_secs(2);
/// The end waits so long for the last words of what has failed.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Lines that a log begins with when it is followed.
const LOG_BEGINS_WITH: u32 = 500;

/// What was fetched.
#[derive(Debug)]
pub(crate) enum FetchedDetails {
    /// Events of the Pod that is open.
    Events(u64, Vec<Observation>),
    /// The ends of its logs.
    Tails(u64, Vec<ContainerLog>),
    /// Its YAML.
    Yaml(u64, Result<String, String>),
    /// More of the log that is followed; `None` at its end.
    Log(u64, Option<Result<Vec<String>, String>>),
    /// The last words of a container that failed.
    LastWords(PodKey, Option<ContainerLog>),
}

/// Fetches, and keeps what came.
#[derive(Debug)]
pub(crate) struct PodDetailsLoader {
    cluster: Option<Cluster>,
    tail_lines: u32,
    sender: mpsc::UnboundedSender<FetchedDetails>,
    found: mpsc::UnboundedReceiver<FetchedDetails>,
    details: Details,
    open: Option<Open>,
    /// Counts what was opened: what comes late for something else is dropped.
    turn: u64,
    /// Events by the Pod's uid, where no cluster can be asked for them.
    told: HashMap<String, PodDetails>,
    asked: HashSet<(PodKey, Arc<str>, u32)>,
    awaited: usize,
    last_words: Vec<(PodKey, ContainerLog)>,
}

/// What is open, and what fetches it.
#[derive(Debug)]
struct Open {
    pod: PodKey,
    tab: Tab,
    container: Option<String>,
    read_at: Instant,
    closeup: PodDetails,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl PodDetailsLoader {
    /// Without a cluster only what the timeline's source tells is shown.
    pub(crate) fn new(cluster: Option<Cluster>, tail_lines: u32) -> Self {
        let (sender, found) = mpsc::unbounded_channel();
        Self {
            cluster,
            tail_lines,
            sender,
            found,
            details: Details::default(),
            open: None,
            turn: 0,
            told: HashMap::new(),
            asked: HashSet::new(),
            awaited: 0,
            last_words: Vec::new(),
        }
    }

    /// What is known of the Pod that is open.
    pub(crate) fn details(&self) -> &Details {
        &self.details
    }

    /// Shows these beside the one Pod that was asked for.
    pub(crate) fn show(&mut self, extras: PodExtras) {
        self.details.extras = extras;
    }

    /// The last words of the containers that failed first.
    pub(crate) fn last_words(&self) -> &[(PodKey, ContainerLog)] {
        &self.last_words
    }

    /// Keeps an event, if there will be nobody to ask for it.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        if self.cluster.is_some() {
            return;
        }
        let uid = match &observation.object {
            Object::Event(event) if event.involved_object.kind == "Pod" => &event.involved_object.uid,
            Object::Pod(pod) => &pod.metadata.uid,
            _ => return,
        };
        self.told.entry(uid.clone()).or_default().observe(observation);
    }

    /// What was fetched next.
    pub(crate) async fn next(&mut self) -> Option<FetchedDetails> {
        self.found.recv().await
    }

    /// Takes in what was fetched.
    pub(crate) fn take(&mut self, found: FetchedDetails) {
        match found {
            FetchedDetails::LastWords(pod, log) => {
                self.awaited = self.awaited.saturating_sub(1);
                if let Some(log) = log {
                    // A container that fails again says why anew.
                    self.last_words.retain(|(of, said)| (*of, &said.container) != (pod, &log.container));
                    self.last_words.push((pod, log));
                }
            }
            FetchedDetails::Events(turn, _)
            | FetchedDetails::Tails(turn, _)
            | FetchedDetails::Yaml(turn, _)
            | FetchedDetails::Log(turn, _)
                if turn != self.turn => {}
            FetchedDetails::Events(_, observations) => {
                if let Some(open) = &mut self.open {
                    for observation in &observations {
                        open.closeup.observe(observation);
                    }
                    let log = std::mem::take(&mut self.details.extras.log);
                    self.details.extras = PodExtras { log, ..open.closeup.extras() };
                }
            }
            FetchedDetails::Tails(_, tails) => self.details.extras.log = tails,
            FetchedDetails::Yaml(_, yaml) => self.details.yaml = Some(yaml),
            FetchedDetails::Log(_, more) => {
                let log = self.details.log.get_or_insert_default();
                match more {
                    Some(Ok(lines)) => log.append(lines),
                    Some(Err(why)) => log.ended = Some(why),
                    None => log.ended = log.ended.take().or_else(|| Some("the log ends here".into())),
                }
            }
        }
    }

    /// Fetches what the page that is shown needs, and nothing else.
    pub(crate) fn attend(&mut self, state: &TuiState, timeline: &Timeline) {
        let Page::Pod(pod, tab) = state.page else {
            // The help is over in a moment, and then everything is to be there again.
            if state.page == Page::Pods {
                self.open = None;
            }
            return;
        };
        let container = if tab == Tab::Log { shown_container(timeline, pod, state.container) } else { None };
        if let Some(open) = &mut self.open
            && (open.pod, open.tab) == (pod, tab)
            && open.container == container
        {
            let refreshed = matches!(tab, Tab::Overview | Tab::Yaml) && open.read_at.elapsed() >= REFRESH;
            if refreshed && !timeline.pod(pod).life.outcome.has_ended() {
                open.read_at = Instant::now();
                let tasks = self.read(pod, tab, timeline);
                if let Some(open) = &mut self.open {
                    open.tasks.retain(|task| !task.is_finished());
                    open.tasks.extend(tasks);
                }
            }
            return;
        }
        if self.open.as_ref().is_none_or(|open| open.pod != pod) {
            self.details = Details::default();
        }
        self.open = None;
        self.turn += 1;
        self.details.log = None;
        let mut closeup = PodDetails::default();
        if let Some(told) = self.told.get(&*timeline.pod(pod).uid) {
            closeup = told.clone();
            let log = std::mem::take(&mut self.details.extras.log);
            self.details.extras = PodExtras { log, ..closeup.extras() };
        }
        let mut tasks: Vec<JoinHandle<()>> = self.read(pod, tab, timeline).into_iter().collect();
        if matches!(tab, Tab::Overview | Tab::Events) {
            tasks.extend(self.follow_events(pod, timeline));
        }
        if let Some(container) = &container {
            self.details.log = Some(LogView { container: container.clone(), ..LogView::default() });
            tasks.extend(self.follow_log(pod, container, timeline));
        }
        self.open = Some(Open { pod, tab, container, read_at: Instant::now(), closeup, tasks });
    }

    /// Events that are told meanwhile, where no cluster is asked.
    pub(crate) fn refresh_told(&mut self, timeline: &Timeline) {
        if let Some(open) = &self.open
            && let Some(told) = self.told.get(&*timeline.pod(open.pod).uid)
        {
            let log = std::mem::take(&mut self.details.extras.log);
            self.details.extras = PodExtras { log, ..told.extras() };
        }
    }

    /// Reads what has to be read again and again.
    fn read(&mut self, pod: PodKey, tab: Tab, timeline: &Timeline) -> Option<JoinHandle<()>> {
        let (sender, turn) = (self.sender.clone(), self.turn);
        let pod = timeline.pod(pod).into_owned();
        let Some(cluster) = self.cluster.clone() else {
            if tab == Tab::Yaml {
                self.details.yaml = Some(Err("not available without a cluster".into()));
            }
            return None;
        };
        let lines = self.tail_lines;
        match tab {
            Tab::Yaml => Some(tokio::spawn(async move {
                let yaml = cluster.pod_yaml(&pod.namespace, &pod.name).await;
                let _ = sender.send(FetchedDetails::Yaml(turn, yaml));
            })),
            Tab::Overview => Some(tokio::spawn(async move {
                let mut closeup = PodDetails::default();
                closeup.read_logs(&cluster, &pod, lines).await;
                let _ = sender.send(FetchedDetails::Tails(turn, closeup.extras().log));
            })),
            Tab::Events | Tab::Log => None,
        }
    }

    fn follow_events(&self, pod: PodKey, timeline: &Timeline) -> Option<JoinHandle<()>> {
        let cluster = self.cluster.clone()?;
        let (sender, turn) = (self.sender.clone(), self.turn);
        let pod = timeline.pod(pod);
        let target = Target {
            resource: Resource::pod(),
            scope: NamespaceScope::Namespace(pod.namespace.to_string()),
            objects: Objects::Named(vec![Name {
                name: pod.name.to_string(),
                uid: Some(pod.uid.to_string()),
            }]),
        };
        Some(tokio::spawn(async move {
            let selection = Selection { targets: vec![target], since: None };
            let mut feed = cluster::open_feed(&cluster, selection, true);
            while let Some(update) = feed.updates.recv().await {
                if let Update::Observed(observations) = update
                    && sender.send(FetchedDetails::Events(turn, observations)).is_err()
                {
                    return;
                }
            }
        }))
    }

    fn follow_log(&mut self, pod: PodKey, container: &str, timeline: &Timeline) -> Option<JoinHandle<()>> {
        let (sender, turn) = (self.sender.clone(), self.turn);
        let Some(cluster) = self.cluster.clone() else {
            if let Some(log) = &mut self.details.log {
                log.ended = Some("not available without a cluster".into());
            }
            return None;
        };
        let pod = timeline.pod(pod);
        let mut log = cluster.log_follow(&pod.namespace, &pod.name, container, LOG_BEGINS_WITH);
        Some(tokio::spawn(async move {
            while let Some(piece) = log.recv().await {
                if sender.send(FetchedDetails::Log(turn, Some(piece))).is_err() {
                    return;
                }
            }
            let _ = sender.send(FetchedDetails::Log(turn, None));
        }))
    }

    /// Asks for the last words of containers that failed among these Pods.
    pub(crate) fn listen_to_failures(&mut self, timeline: &Timeline, changed: &[PodKey]) {
        let Some(cluster) = self.cluster.as_ref().filter(|_| self.tail_lines > 0) else { return };
        for &key in changed {
            let pod = timeline.pod(key);
            let known: HashSet<PodKey> = self.asked.iter().map(|(pod, ..)| *pod).collect();
            if known.len() >= MOST_FAILURES && !known.contains(&key) {
                continue;
            }
            for container in &pod.life.containers {
                let failed = container
                    .runs
                    .last()
                    .is_some_and(|run| run.ended && run.exit_code.is_some_and(|code| code != 0));
                let run = (key, Arc::clone(&container.name), container.restarts);
                if !failed || !self.asked.insert(run) {
                    continue;
                }
                self.awaited += 1;
                let (cluster, sender, lines) = (cluster.clone(), self.sender.clone(), self.tail_lines);
                let (namespace, pod) = (Arc::clone(&pod.namespace), Arc::clone(&pod.name));
                let container = Arc::clone(&container.name);
                tokio::spawn(async move {
                    let tail = cluster.log_tail(&namespace, &pod, &container, false, lines).await;
                    let log = tail.map(|lines| ContainerLog { container: container.to_string(), lines });
                    let _ = sender.send(FetchedDetails::LastWords(key, log));
                });
            }
        }
    }

    /// Waits for the last words that were asked for.
    pub(crate) async fn finish(&mut self) {
        let deadline = Instant::now() + LAST_WORDS;
        while self.awaited > 0 {
            let Ok(Some(found)) = timeout_at(deadline, self.found.recv()).await else { return };
            self.take(found);
        }
    }
}
