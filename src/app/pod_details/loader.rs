//! Loads details of Pods while a run goes on: Events, logs and YAML of the Pod whose page is open, and the logs of
//! failed containers in the first Pods that fail. The logs of failures are read immediately, because the Pods may be
//! deleted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::app::pod_details::PodDetails;
use crate::lifecycle::{ContainerLife, ContainerRole, ContainerRun};
use crate::observation::{Object, Observation};
use crate::source::Update;
use crate::source::cluster;
use crate::source::cluster::api::logs::LogTail;
use crate::source::cluster::{Cluster, Name, NamespaceScope, Need, Objects, Resource, Selection, Target};
use crate::timeline::{PodKey, Timeline, TimelinePod};
use crate::tui::details::{Details, LogView};
use crate::tui::page::{Page, Tab};
use crate::tui::pages::shown_container;
use crate::tui::state::TuiState;
use crate::view::{ContainerLog, PodExtras};

/// Maximum number of Pods whose failure logs are read.
const MAX_FAILED_PODS: usize = 3;

/// Time after which the data of an open page is read again, if the Pod has not ended.
const PAGE_REFRESH_INTERVAL: Duration = Duration::from_secs(2);

/// Maximum time that the end of a run waits for failure logs.
const FINAL_LOG_TIMEOUT: Duration = Duration::from_secs(3);

/// Number of earlier lines that are read when a log is followed.
const FOLLOWED_LOG_LINES: u32 = 500;

/// The text of a page whose data can only come from a cluster.
const NOT_AVAILABLE: &str = "not available without a cluster";

/// Details that a background task has fetched.
#[derive(Debug)]
pub(crate) enum FetchedDetails {
    /// Data of the page with this number.
    Page(u64, FetchedPage),
    /// The end of the log of this container, which failed.
    FailureLog(PodKey, Arc<str>, LogTail),
}

/// Data of an open page.
#[derive(Debug)]
pub(crate) enum FetchedPage {
    /// Events of the Pod.
    Events(Vec<Observation>),
    /// The ends of the logs of all containers.
    LogTails(Vec<ContainerLog>),
    /// The YAML of the Pod, or the reason why the YAML cannot be read.
    Yaml(Result<String, String>),
    /// More lines of the followed log, or the reason why the log cannot be read.
    LogLines(Result<Vec<String>, String>),
    /// The end of the followed log.
    LogEnd,
}

/// Loads and keeps details of Pods.
#[derive(Debug)]
pub(crate) struct PodDetailsLoader {
    cluster: Option<Cluster>,
    /// Number of last lines to read from each log of an open page.
    tail_lines: u32,
    /// Number of last lines to read from the log of each failed container. If the number is zero, these logs are not
    /// read.
    failure_lines: u32,
    sender: mpsc::UnboundedSender<FetchedDetails>,
    receiver: mpsc::UnboundedReceiver<FetchedDetails>,
    /// The details that the open page shows.
    details: Details,
    open_page: Option<OpenPage>,
    /// The number of the page that was opened last. Data of earlier pages is dropped.
    page_number: u64,
    /// Observed details of each Pod, by uid. Details are stored only if there is no cluster, because a cluster can be
    /// asked for the details later.
    observed_details: HashMap<String, PodDetails>,
    /// Containers whose failure log was requested, with their number of restarts.
    requested_failure_logs: HashSet<(PodKey, Arc<str>, u32)>,
    pending_failure_logs: usize,
    failure_logs: Vec<(PodKey, ContainerLog)>,
    /// The reason why the user may not read failure logs, until [`Self::take_log_refusal`] returns it.
    log_refusal: Option<String>,
}

/// The container of an open log page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LogContainer {
    name: String,
    /// Whether the container has started, so that it has a log.
    has_started: bool,
}

/// The page that is open and the tasks that fetch its data.
#[derive(Debug)]
struct OpenPage {
    pod: PodKey,
    tab: Tab,
    container: Option<LogContainer>,
    last_read: Instant,
    pod_details: PodDetails,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl PodDetailsLoader {
    /// Creates a loader. Without a cluster, the loader knows only details from the observations of the run.
    pub(crate) fn new(cluster: Option<Cluster>, tail_lines: u32, failure_lines: u32) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            cluster,
            tail_lines,
            failure_lines,
            sender,
            receiver,
            details: Details::default(),
            open_page: None,
            page_number: 0,
            observed_details: HashMap::new(),
            requested_failure_logs: HashSet::new(),
            pending_failure_logs: 0,
            failure_logs: Vec::new(),
            log_refusal: None,
        }
    }

    /// Returns the details of the Pod whose page is open.
    pub(crate) fn details(&self) -> &Details {
        &self.details
    }

    /// Replaces the Events, logs, conditions and requests of the Pod whose page is open.
    pub(crate) fn set_extras(&mut self, extras: PodExtras) {
        self.details.extras = extras;
    }

    /// Replaces the Events, conditions and requests, but keeps the log, which is fetched separately.
    fn set_extras_except_log(&mut self, extras: PodExtras) {
        let log = std::mem::take(&mut self.details.extras.log);
        self.details.extras = PodExtras { log, ..extras };
    }

    /// Returns the ends of the logs of failed containers.
    pub(crate) fn failure_logs(&self) -> &[(PodKey, ContainerLog)] {
        &self.failure_logs
    }

    /// Stores the details from an Event or a Pod if there is no cluster. With a cluster, the details are requested when
    /// a page is opened.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        if self.cluster.is_some() {
            return;
        }
        let uid = if let Object::Pod(pod) = &observation.object {
            &pod.metadata.uid
        } else if let Object::Event(event) = &observation.object
            && event.involved_object.kind == "Pod"
        {
            &event.involved_object.uid
        } else {
            return;
        };
        self.observed_details.entry(uid.clone()).or_default().observe(observation);
    }

    /// Forgets all Pods, because the timeline starts again.
    pub(crate) fn forget_pods(&mut self) {
        self.open_page = None;
        self.details = Details::default();
        self.observed_details.clear();
    }

    /// Waits for the next fetched details.
    pub(crate) async fn next_fetched(&mut self) -> Option<FetchedDetails> {
        self.receiver.recv().await
    }

    /// Stores fetched details. Data of pages that are no longer open is dropped.
    pub(crate) fn on_fetched(&mut self, fetched: FetchedDetails) {
        match fetched {
            FetchedDetails::FailureLog(pod, container, tail) => {
                self.pending_failure_logs = self.pending_failure_logs.saturating_sub(1);
                match tail {
                    LogTail::Lines(lines) => {
                        let log = ContainerLog { container: container.to_string(), lines };
                        // The log of a container that failed again replaces its earlier log.
                        let is_other = |(other_pod, other_log): &(PodKey, ContainerLog)| {
                            (*other_pod, &other_log.container) != (pod, &log.container)
                        };
                        self.failure_logs.retain(is_other);
                        self.failure_logs.push((pod, log));
                    }
                    LogTail::Unavailable => {}
                    LogTail::Forbidden(reason) => self.log_refusal = Some(reason),
                }
            }
            FetchedDetails::Page(number, page) if number == self.page_number => self.on_page_fetched(page),
            FetchedDetails::Page(..) => {}
        }
    }

    fn on_page_fetched(&mut self, page: FetchedPage) {
        match page {
            FetchedPage::Events(observations) => {
                if let Some(open) = &mut self.open_page {
                    for observation in &observations {
                        open.pod_details.observe(observation);
                    }
                    let extras = open.pod_details.extras();
                    self.set_extras_except_log(extras);
                }
            }
            FetchedPage::LogTails(tails) => self.details.extras.log = tails,
            FetchedPage::Yaml(yaml) => self.details.yaml = Some(yaml),
            FetchedPage::LogLines(Ok(lines)) => self.details.log.get_or_insert_default().append(lines),
            FetchedPage::LogLines(Err(error)) => {
                self.details.log.get_or_insert_default().ended = Some(error);
            }
            FetchedPage::LogEnd => {
                let log = self.details.log.get_or_insert_default();
                log.ended.get_or_insert_with(|| "the log ends here".into());
            }
        }
    }

    /// Starts to load the data of the page that is shown, and stops loading data of other pages.
    pub(crate) fn load_page(&mut self, tui: &TuiState, timeline: &Timeline) {
        let (pod, tab) = match tui.page {
            Page::Pod(pod, tab) => (pod, tab),
            Page::Pods => {
                self.open_page = None;
                return;
            }
            // The data is kept, because the user returns to the page behind the help.
            Page::Help => return,
        };
        let container = (tab == Tab::Log).then(|| find_log_container(timeline, pod, tui.container)).flatten();
        if let Some(open) = &self.open_page
            && (open.pod, open.tab) == (pod, tab)
            && open.container == container
        {
            self.refresh_page(pod, tab, timeline);
        } else {
            self.start_page(pod, tab, container, timeline);
        }
    }

    /// Reads the data of the open page again if the data is old and the Pod has not ended.
    fn refresh_page(&mut self, pod: PodKey, tab: Tab, timeline: &Timeline) {
        let needs_refresh = match tab {
            Tab::Overview | Tab::Yaml => true,
            // Events and logs need no refresh, because they are followed.
            Tab::Events | Tab::Log => false,
        };
        let is_old =
            self.open_page.as_ref().is_some_and(|open| open.last_read.elapsed() >= PAGE_REFRESH_INTERVAL);
        if !needs_refresh || !is_old || timeline.pod(pod).life.outcome.has_ended() {
            return;
        }
        let task = self.read_page(pod, tab, timeline);
        if let Some(open) = &mut self.open_page {
            open.last_read = Instant::now();
            open.tasks.retain(|task| !task.is_finished());
            open.tasks.extend(task);
        }
    }

    fn start_page(&mut self, pod: PodKey, tab: Tab, container: Option<LogContainer>, timeline: &Timeline) {
        if self.open_page.as_ref().is_none_or(|open| open.pod != pod) {
            self.details = Details::default();
        }
        self.open_page = None;
        self.page_number += 1;
        self.details.log = None;
        let mut pod_details = PodDetails::default();
        if let Some(observed) = self.observed_details.get(&*timeline.pod(pod).uid) {
            pod_details = observed.clone();
            self.set_extras_except_log(pod_details.extras());
        }
        let mut tasks: Vec<JoinHandle<()>> = self.read_page(pod, tab, timeline).into_iter().collect();
        match tab {
            Tab::Overview | Tab::Events => tasks.extend(self.follow_events(pod, timeline)),
            Tab::Log | Tab::Yaml => {}
        }
        if let Some(container) = &container {
            let LogContainer { name, has_started } = container.clone();
            self.details.log = Some(LogView { container: name.clone(), has_started, ..LogView::default() });
            tasks.extend(if has_started {
                self.follow_log(pod, &name, timeline)
            } else {
                self.follow_events(pod, timeline)
            });
        }
        self.open_page =
            Some(OpenPage { pod, tab, container, last_read: Instant::now(), pod_details, tasks });
    }

    /// Shows details that were observed after the page was opened, if there is no cluster.
    pub(crate) fn refresh_observed(&mut self, timeline: &Timeline) {
        if let Some(open) = &self.open_page
            && let Some(observed) = self.observed_details.get(&*timeline.pod(open.pod).uid)
        {
            self.set_extras_except_log(observed.extras());
        }
    }

    /// Starts a task that reads the part of a page that is not followed. Returns `None` if the whole page is followed,
    /// or if there is no cluster.
    fn read_page(&mut self, pod: PodKey, tab: Tab, timeline: &Timeline) -> Option<JoinHandle<()>> {
        let (sender, number) = (self.sender.clone(), self.page_number);
        let pod = timeline.pod(pod).into_owned();
        let Some(cluster) = self.cluster.clone() else {
            if tab == Tab::Yaml {
                self.details.yaml = Some(Err(NOT_AVAILABLE.to_owned()));
            }
            return None;
        };
        let lines = self.tail_lines;
        match tab {
            Tab::Yaml => Some(tokio::spawn(async move {
                let yaml = cluster.pod_yaml(&pod.namespace, &pod.name).await;
                let _ = sender.send(FetchedDetails::Page(number, FetchedPage::Yaml(yaml)));
            })),
            Tab::Overview => Some(tokio::spawn(async move {
                let mut pod_details = PodDetails::default();
                // The tab of the log, which opens first, shows why a log cannot be read.
                let _ = pod_details.read_logs(&cluster, &pod, lines).await;
                let tails = FetchedPage::LogTails(pod_details.extras().log);
                let _ = sender.send(FetchedDetails::Page(number, tails));
            })),
            Tab::Events | Tab::Log => None,
        }
    }

    fn follow_events(&self, pod: PodKey, timeline: &Timeline) -> Option<JoinHandle<()>> {
        let cluster = self.cluster.clone()?;
        let (sender, number) = (self.sender.clone(), self.page_number);
        let pod = timeline.pod(pod);
        let target = Target {
            resource: Resource::pod(),
            scope: NamespaceScope::Namespace(pod.namespace.to_string()),
            objects: Objects::Named(vec![Name {
                name: pod.name.to_string(),
                uid: Some(pod.uid.to_string()),
            }]),
            need: Need::Required,
        };
        Some(tokio::spawn(async move {
            let selection = Selection { targets: vec![target], since: None, forgets_gone: false };
            let mut feed = cluster::open_feed(&cluster, selection, true);
            while let Some(update) = feed.updates.recv().await {
                if let Update::Observed(observations) = update
                    && sender.send(FetchedDetails::Page(number, FetchedPage::Events(observations))).is_err()
                {
                    return;
                }
            }
        }))
    }

    fn follow_log(&mut self, pod: PodKey, container: &str, timeline: &Timeline) -> Option<JoinHandle<()>> {
        let (sender, number) = (self.sender.clone(), self.page_number);
        let Some(cluster) = self.cluster.clone() else {
            if let Some(log) = &mut self.details.log {
                log.ended = Some(NOT_AVAILABLE.to_owned());
            }
            return None;
        };
        let pod = timeline.pod(pod);
        let mut log = cluster.log_follow(&pod.namespace, &pod.name, container, FOLLOWED_LOG_LINES);
        Some(tokio::spawn(async move {
            while let Some(lines) = log.recv().await {
                if sender.send(FetchedDetails::Page(number, FetchedPage::LogLines(lines))).is_err() {
                    return;
                }
            }
            let _ = sender.send(FetchedDetails::Page(number, FetchedPage::LogEnd));
        }))
    }

    /// Requests the logs of the failed containers of the `changed` Pods. A run requests the logs of at most
    /// [`MAX_FAILED_PODS`] Pods.
    pub(crate) fn request_failure_logs(&mut self, timeline: &Timeline, changed: &[PodKey]) {
        let Some(cluster) = self.cluster.as_ref().filter(|_| self.failure_lines > 0) else { return };
        for &key in changed {
            let pod = timeline.pod(key);
            let requested: HashSet<PodKey> =
                self.requested_failure_logs.iter().map(|(pod, ..)| *pod).collect();
            if requested.len() >= MAX_FAILED_PODS && !requested.contains(&key) {
                continue;
            }
            for container in failed_containers(&pod) {
                let run = (key, Arc::clone(&container.name), container.restarts);
                if !self.requested_failure_logs.insert(run) {
                    continue;
                }
                self.pending_failure_logs += 1;
                let (cluster, sender, lines) = (cluster.clone(), self.sender.clone(), self.failure_lines);
                let (namespace, pod) = (Arc::clone(&pod.namespace), pod.name.clone());
                let container = Arc::clone(&container.name);
                tokio::spawn(async move {
                    let tail = cluster.log_tail(&namespace, &pod, &container, false, lines).await;
                    let _ = sender.send(FetchedDetails::FailureLog(key, container, tail));
                });
            }
        }
    }

    /// Returns the server's latest refusal to return a failure log, once.
    pub(crate) fn take_log_refusal(&mut self) -> Option<String> {
        self.log_refusal.take()
    }

    /// Waits for the requested failure logs, but not longer than [`FINAL_LOG_TIMEOUT`].
    pub(crate) async fn wait_for_failure_logs(&mut self) {
        let deadline = Instant::now() + FINAL_LOG_TIMEOUT;
        while self.pending_failure_logs > 0 {
            let Ok(Some(fetched)) = timeout_at(deadline, self.receiver.recv()).await else { return };
            self.on_fetched(fetched);
        }
    }
}

/// Returns the container whose log is shown, see [`shown_container`].
fn find_log_container(timeline: &Timeline, pod: PodKey, chosen: usize) -> Option<LogContainer> {
    let name = shown_container(timeline, pod, chosen)?;
    let pod = timeline.pod(pod);
    let container = pod.life.containers.iter().find(|container| *container.name == *name);
    let has_started = container.is_some_and(|container| !container.runs.is_empty() || container.restarts > 0);
    Some(LogContainer { name, has_started })
}

/// Returns the containers whose latest run failed. The exit of a sidecar or of a debug container says nothing about the
/// Pod, and a run that the deletion of the Pod ended has not failed.
fn failed_containers<'a>(pod: &'a TimelinePod<'_>) -> impl Iterator<Item = &'a ContainerLife> {
    let is_deleted = pod.life.instants.delete_requested.is_some() && !pod.life.outcome.has_failed();
    pod.life.containers.iter().filter(move |container| {
        let decides_outcome = match container.role {
            ContainerRole::Main | ContainerRole::Init => true,
            ContainerRole::Sidecar | ContainerRole::Ephemeral => false,
        };
        let is_only_stopped = is_deleted && container.restarts == 0;
        // A container that could not be started has written nothing.
        let has_started = container.runs.last().is_some_and(ContainerRun::has_started);
        decides_outcome && !is_only_stopped && has_started && container.last_run_failed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::PhaseKind::Running;
    use crate::view::fixture::pod;

    #[test]
    fn a_container_that_could_not_be_started_has_no_log() {
        let absent = pod("p", 0).phase(Running, 1000).container("work", "app:1", ContainerRole::Main);
        for (reason, has_log) in [("StartError", false), ("Error", true)] {
            let pod =
                absent.clone().run(0, Some(900), 128, reason).failed(Some(128), None).until(2000).unwrap();
            assert_eq!(failed_containers(&pod).count() == 1, has_log, "{reason}");
        }
    }

    #[test]
    fn the_exit_of_a_sidecar_is_no_failure() {
        let containers = [
            ("fetch", ContainerRole::Init),
            ("logshipper", ContainerRole::Sidecar),
            ("work", ContainerRole::Main),
            ("debug", ContainerRole::Ephemeral),
        ];
        let mut fixture = pod("p", 0).phase(Running, 1000);
        for (name, role) in containers {
            fixture = fixture.container(name, "app:1", role).run(0, Some(900), 137, "Error");
        }
        let pod = fixture.succeeded().until(2000).unwrap();
        let failed: Vec<&str> = failed_containers(&pod).map(|container| &*container.name).collect();
        assert_eq!(failed, ["fetch", "work"]);
    }
}
