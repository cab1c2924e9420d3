//! Examines the setup in which the program runs: kubectl, the server, the rights of the user, the terminal. An unknown
//! value is `null`. The field `error` of kubectl, of the server or of a right gives the reason.

use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cli::appearance::has_colours;
use crate::cli::args::draw::ColorArg;
use crate::cli::environment::Environment;
use crate::cli::variables::{MouseMode, Variable};
use crate::observation::BuiltInKind;
use crate::source::cluster::{AccessQuestion, Cluster, Connection, connect};
use crate::source::kubectl::Kubectl;
use crate::source::{ErrorKind, SourceError};
use crate::terminal::tty::terminal_size;

/// Maximum time to wait for each answer of the server, unless `--request-timeout` is shorter.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The field `setup`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setup {
    pub(crate) kubectl: KubectlSetup,
    pub(crate) server: ServerSetup,
    /// The rights that the program uses, and whether the user has them. Empty if the version of the server
    /// is unknown.
    pub(crate) rights: Vec<Right>,
    /// Whether the user may list and watch Events.
    pub(crate) events_readable: Option<bool>,
    pub(crate) terminal: TerminalSetup,
}

/// The kubectl that the program runs.
#[derive(Debug, Serialize)]
pub(crate) struct KubectlSetup {
    pub(crate) path: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) error: Option<String>,
}

/// The server of the kubeconfig.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerSetup {
    pub(crate) address: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) version: Option<String>,
    /// The lowest and the highest possible value of the server's clock minus this machine's clock.
    pub(crate) clock_offset_range_millis: Option<[i64; 2]>,
    pub(crate) error: Option<String>,
}

/// A right that the program uses.
#[derive(Debug, Serialize)]
pub(crate) struct Right {
    pub(crate) verb: &'static str,
    /// The resource with its group: `jobs.batch`, `pods/log`.
    pub(crate) resource: String,
    pub(crate) granted: Option<bool>,
    pub(crate) error: Option<String>,
}

/// The terminal, as the program would use it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the terminal")]
pub(crate) struct TerminalSetup {
    /// Whether standard output is a terminal.
    pub(crate) stdout: bool,
    pub(crate) columns: Option<usize>,
    pub(crate) rows: Option<usize>,
    pub(crate) colours: bool,
    pub(crate) unicode: bool,
    /// Whether the live picture uses the mouse when it starts.
    pub(crate) mouse: bool,
}

/// Examines the setup.
///
/// # Errors
/// `ErrorKind::Usage` if a variable or a flag has a wrong value.
pub(crate) async fn examine_setup(
    connection: &Connection,
    environment: &Environment,
) -> Result<Setup, SourceError> {
    let terminal = examine_terminal(environment)?;
    let kubectl = examine_kubectl().await;
    let (server, rights) = match connect(connection).await {
        Ok(cluster) => examine_cluster(&cluster).await,
        Err(error) if error.kind == ErrorKind::Usage => return Err(error),
        Err(error) => (ServerSetup { error: Some(error.summary), ..ServerSetup::default() }, Vec::new()),
    };
    let about_events = rights.iter().filter(|right| right.resource == "events");
    let events_readable = about_events.map(|right| right.granted).reduce(|a, b| Some(a? && b?)).flatten();
    Ok(Setup { kubectl, server, rights, events_readable, terminal })
}

fn examine_terminal(environment: &Environment) -> Result<TerminalSetup, SourceError> {
    let stdout = environment.stdout_terminal;
    let color = environment.variables.parse(Variable::Color)?.unwrap_or(ColorArg::Auto);
    let mouse = environment.variables.parse(Variable::Mouse)?.unwrap_or(MouseMode::On);
    let size = terminal_size().filter(|_| stdout);
    Ok(TerminalSetup {
        stdout,
        columns: size.map(|(columns, _)| columns),
        rows: size.map(|(_, rows)| rows),
        colours: has_colours(color, stdout, environment),
        unicode: environment.utf8,
        mouse: stdout && !environment.dumb && mouse == MouseMode::On,
    })
}

async fn examine_kubectl() -> KubectlSetup {
    let kubectl = Kubectl::locate();
    let path = kubectl.find_program().map(|path| path.display().to_string());
    match kubectl.fetch_version().await {
        Ok(version) => KubectlSetup { path, version: Some(version), error: None },
        Err(error) => KubectlSetup { path, version: None, error: Some(error.summary) },
    }
}

async fn examine_cluster(cluster: &Cluster) -> (ServerSetup, Vec<Right>) {
    let limit = cluster.request_timeout.unwrap_or(ANSWER_TIMEOUT).min(ANSWER_TIMEOUT);
    let (version, error) = match timeout(limit, cluster.fetch_server_version()).await {
        Ok(Ok(version)) => (Some(version), None),
        Ok(Err(error)) => (None, Some(error.summary)),
        Err(_) => (None, Some(format!("no answer from {} within {} s", cluster.server, limit.as_secs_f64()))),
    };
    // Without a version, the server probably cannot be reached, so the program asks no questions.
    let rights = if version.is_some() { review_rights(cluster, limit).await } else { Vec::new() };
    let server = ServerSetup {
        address: Some(cluster.server.clone()),
        context: cluster.context.clone(),
        namespace: Some(cluster.namespace.clone()),
        version,
        clock_offset_range_millis: cluster.offset.range_millis().map(|(low, high)| [low, high]),
        error,
    };
    (server, rights)
}

/// Asks about all rights concurrently. Returns the rights in the order of the questions.
async fn review_rights(cluster: &Cluster, limit: Duration) -> Vec<Right> {
    let mut reviews = JoinSet::new();
    for (index, question) in list_questions().into_iter().enumerate() {
        let cluster = cluster.clone();
        reviews.spawn(async move {
            let answer = timeout(limit, cluster.review_access(&question)).await;
            let (granted, error) = match answer {
                Ok(Ok(granted)) => (Some(granted), None),
                Ok(Err(error)) => (None, Some(error.short_reason())),
                Err(_) => (None, Some(format!("no answer within {} s", limit.as_secs_f64()))),
            };
            (index, Right { verb: question.verb, resource: question.resource(), granted, error })
        });
    }
    let mut rights = reviews.join_all().await;
    rights.sort_by_key(|(index, _)| *index);
    rights.into_iter().map(|(_, right)| right).collect()
}

/// Returns the questions: `list` and `watch` for each built-in kind, and `get` for the logs of Pods.
fn list_questions() -> Vec<AccessQuestion> {
    let collections = BuiltInKind::ALL.iter().flat_map(|kind| {
        let info = kind.info();
        ["list", "watch"].map(|verb| AccessQuestion {
            verb,
            group: info.group().to_owned(),
            plural: info.plural.to_owned(),
            subresource: "",
        })
    });
    let log =
        AccessQuestion { verb: "get", group: String::new(), plural: "pods".to_owned(), subresource: "log" };
    collections.chain([log]).collect()
}
