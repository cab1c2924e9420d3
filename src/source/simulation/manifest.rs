//! Manifests: YAML or JSON, one or several documents, of which the Jobs are simulated.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::shape::Shape;
use crate::observation::{Container, JobSpec, PodSpec, Quantity, Resources};
use crate::source::error::{ErrorKind, SourceError, system_error_text};

/// Largest manifest that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The text of a manifest and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestText {
    /// What messages call it: the file's name, or `standard input`.
    pub name: String,
    /// YAML or JSON.
    pub text: String,
}

impl ManifestText {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// Usage: there is no such file, or it is no text of at most 16 MiB.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let stdin = path.as_os_str() == "-";
        let name = if stdin { "standard input".to_owned() } else { path.display().to_string() };
        let mut text = String::new();
        let read = if stdin {
            std::io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text)
        } else {
            std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
        };
        match read {
            Err(error) => Err(usage(format!("cannot read {name}: {}", system_error_text(&error)))),
            Ok(length) if length as u64 > LARGEST => {
                Err(usage(format!("cannot read {name}: it is larger than 16 MiB")))
            }
            Ok(_) => Ok(Self { name, text }),
        }
    }
}

impl Default for ManifestText {
    /// Kubernetes' own example of a Job, computing pi, with 20 completions, four at a time.
    fn default() -> Self {
        Self { name: "the built-in example".to_owned(), text: include_str!("pi.yaml").to_owned() }
    }
}

fn usage(summary: impl Into<String>) -> SourceError {
    SourceError::new(ErrorKind::Usage, summary)
}

/// What is simulated.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The Jobs, in the order of the text.
    pub(crate) jobs: Vec<JobManifest>,
    /// What was left out, a line each.
    pub(crate) notices: Vec<String>,
}

/// A Job with the defaults of the API server.
#[derive(Clone, Debug)]
pub(crate) struct JobManifest {
    /// Name.
    pub(crate) name: String,
    /// Namespace.
    pub(crate) namespace: String,
    /// Labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// Desired state.
    pub(crate) spec: JobSpec,
    /// Seconds until the ended Job is deleted.
    pub(crate) ttl: Option<i64>,
    /// Labels of its Pods.
    pub(crate) pod_labels: BTreeMap<String, String>,
    /// The Pods' desired state, without a node.
    pub(crate) pod_spec: PodSpec,
    /// Commands of the init containers.
    pub(crate) init_commands: Vec<Command>,
    /// Commands of the main containers.
    pub(crate) commands: Vec<Command>,
    /// What annotations ask for.
    pub(crate) shape: Shape,
    /// What a Pod requests, in thousandths of a CPU.
    pub(crate) cpu: u64,
}

impl JobManifest {
    /// Whether Pods have completion indexes.
    pub(crate) fn indexed(&self) -> bool {
        self.spec.completion_mode == "Indexed"
    }

    /// Whether a failed container is started again in its Pod.
    pub(crate) fn restarts(&self) -> bool {
        self.pod_spec.restart_policy == "OnFailure"
    }
}

/// What a container runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// Instead of the image's entry point.
    pub(crate) command: Vec<String>,
    /// Its arguments.
    pub(crate) args: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct MetaText {
    name: Option<String>,
    generate_name: Option<String>,
    namespace: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ContainerText {
    name: String,
    image: String,
    command: Option<Vec<String>>,
    args: Option<Vec<String>>,
    restart_policy: Option<String>,
    resources: Option<ResourcesText>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResourcesText {
    requests: Option<BTreeMap<String, Value>>,
}

/// Reads a manifest.
///
/// # Errors
/// Usage: malformed, no Job, or a Job that the API server would refuse.
pub(crate) fn parse(source: &ManifestText) -> Result<Manifest, SourceError> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&source.text).map_err(|error| {
        let error = error.without_snippet();
        let text = error.to_string();
        let line = error.location().map(|at| format!(" line {}", at.line())).unwrap_or_default();
        // The place is told in front, as editors understand it.
        let what = text.split(" at line").next().unwrap_or(&text).trim_end_matches('.').to_owned();
        let what = what
            .split_once(": ")
            .filter(|(head, _)| head.starts_with("error"))
            .map_or(&*what, |(_, tail)| tail);
        usage(format!("{}{line}: not valid YAML or JSON: {what}", source.name)).hint(
            "Check its indentation and quotes; `kubectl create --dry-run=client -f FILE` checks it too.",
        )
    })?;
    let mut manifest = Manifest::default();
    for document in documents {
        take(source, &document, &mut manifest)?;
    }
    if manifest.jobs.is_empty() {
        let found = match manifest.notices.first() {
            None => "it is empty",
            Some(first) => first,
        };
        return Err(usage(format!("no Job in {}: {found}", source.name)).hint(
            "The simulation runs Jobs of batch/v1; `kubectl seq simulate` without -f runs a built-in one.",
        ));
    }
    for (at, job) in manifest.jobs.iter().enumerate() {
        let same = |other: &JobManifest| other.name == job.name && other.namespace == job.namespace;
        if manifest.jobs[..at].iter().any(same) {
            return Err(usage(format!("{}: job \"{}\" is there twice", source.name, job.name)));
        }
    }
    Ok(manifest)
}

/// Takes one document, or the items of a list.
fn take(source: &ManifestText, document: &Value, manifest: &mut Manifest) -> Result<(), SourceError> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if !document.is_object() || kind.is_empty() {
        return Err(usage(format!("{}: a document has no kind", source.name))
            .hint("Every document of a manifest begins with `apiVersion:` and `kind:`."));
    }
    if let (true, Some(items)) = (kind.ends_with("List"), document.get("items").and_then(Value::as_array)) {
        return items.iter().try_for_each(|item| take(source, item, manifest));
    }
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
    if kind != "Job" {
        manifest.notices.push(format!("{kind} \"{name}\" is not simulated, only Jobs are"));
        return Ok(());
    }
    if version != "batch/v1" {
        return Err(usage(format!("{}: job \"{name}\": unknown apiVersion \"{version}\"", source.name))
            .hint("Jobs are of `apiVersion: batch/v1`."));
    }
    let fail = |error: SourceError| SourceError {
        summary: format!("{}: job \"{name}\": {}", source.name, error.summary),
        ..error
    };
    let job = read_job(document).map_err(fail)?;
    for (field, what) in
        [("podFailurePolicy", "its rules"), ("successPolicy", "its rules"), ("managedBy", "it")]
    {
        if document.get("spec").is_some_and(|spec| spec.get(field).is_some()) {
            manifest
                .notices
                .push(format!("job \"{}\": {field} is not simulated; {what} do not apply", job.name));
        }
    }
    manifest.jobs.push(job);
    Ok(())
}

/// Reads what is at a path of the document; nothing there is the default.
fn part<T: DeserializeOwned + Default>(document: &Value, path: &str) -> Result<T, SourceError> {
    match document.pointer(path) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => {
            T::deserialize(value).map_err(|error| usage(format!("{}: {error}", path[1..].replace('/', "."))))
        }
    }
}

fn read_job(document: &Value) -> Result<JobManifest, SourceError> {
    let meta: MetaText = part(document, "/metadata")?;
    let name = match (meta.name.filter(|name| !name.is_empty()), meta.generate_name) {
        (Some(name), _) => name,
        (None, Some(generate)) => {
            return Err(usage(format!("it has generateName \"{generate}\" and no name"))
                .hint("Write `name:` under `metadata:`; kubectl apply needs it too."));
        }
        (None, None) => return Err(usage("it has no name").hint("Write `name:` under `metadata:`.")),
    };
    let template: MetaText = part(document, "/spec/template/metadata")?;
    let (shape, pod_labels) = (
        Shape::read(&template.annotations.unwrap_or_default())
            .map_err(|(what, hint)| usage(what).hint(hint))?,
        template.labels.unwrap_or_default(),
    );
    let path = "/spec/template/spec";
    let init: Vec<ContainerText> = part(document, &format!("{path}/initContainers"))?;
    let main: Vec<ContainerText> = part(document, &format!("{path}/containers"))?;
    let restart_policy: String = part(document, &format!("{path}/restartPolicy"))?;
    if restart_policy != "Never" && restart_policy != "OnFailure" {
        return Err(usage(format!("spec.template.spec.restartPolicy cannot be \"{restart_policy}\""))
            .hint("A Job's Pods have `restartPolicy: Never` or `restartPolicy: OnFailure`."));
    }
    if main.is_empty() {
        return Err(usage("spec.template.spec.containers is empty")
            .hint("A Pod needs a container with `name:` and `image:`."));
    }
    let grace: Option<i64> = part(document, &format!("{path}/terminationGracePeriodSeconds"))?;
    let (main_cpu, containers, commands) = read_containers(main)?;
    let (init_cpu, init_containers, init_commands) = read_containers(init)?;
    let sidecar = |(container, _): &(&Container, &u64)| container.restart_policy == "Always";
    let (sidecars, inits): (Vec<_>, Vec<_>) = init_containers.iter().zip(&init_cpu).partition(sidecar);
    let beside: u64 = sidecars.into_iter().map(|(_, cpu)| cpu).sum();
    let most = inits.into_iter().map(|(_, &cpu)| cpu).max().unwrap_or(0);
    Ok(JobManifest {
        name,
        namespace: meta.namespace.unwrap_or_else(|| "default".to_owned()),
        labels: meta.labels.unwrap_or_default(),
        spec: read_spec(document)?,
        ttl: part(document, "/spec/ttlSecondsAfterFinished")?,
        pod_labels,
        cpu: beside + most.max(main_cpu.iter().sum()),
        pod_spec: PodSpec {
            containers,
            init_containers,
            restart_policy,
            termination_grace_period_seconds: Some(grace.unwrap_or(30).clamp(0, 86_400)),
            ..PodSpec::default()
        },
        init_commands,
        commands,
        shape,
    })
}

/// The Job's own fields, with the API server's defaults and checks.
fn read_spec(document: &Value) -> Result<JobSpec, SourceError> {
    let mut spec: JobSpec = part(document, "/spec")?;
    for (field, value) in [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
    ] {
        if value.is_some_and(|value| value < 0) {
            return Err(usage(format!("spec.{field} is negative")));
        }
    }
    match spec.completion_mode.as_str() {
        "" => "NonIndexed".clone_into(&mut spec.completion_mode),
        "Indexed" if spec.completions.is_none() => {
            return Err(usage("spec.completions is missing").hint("An Indexed Job needs `completions:`."));
        }
        "NonIndexed" | "Indexed" => {}
        other => {
            return Err(usage(format!("spec.completionMode cannot be \"{other}\""))
                .hint("It is `Indexed` or `NonIndexed`."));
        }
    }
    let per_index = spec.backoff_limit_per_index.is_some();
    if per_index && spec.completion_mode != "Indexed" {
        return Err(usage("spec.backoffLimitPerIndex needs an Indexed Job")
            .hint("Add `completionMode: Indexed`, or use `backoffLimit`."));
    }
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    spec.backoff_limit.get_or_insert(if per_index { i32::MAX } else { 6 });
    spec.suspend.get_or_insert(false);
    if spec.pod_replacement_policy.is_empty() {
        "TerminatingOrFailed".clone_into(&mut spec.pod_replacement_policy);
    }
    spec.managed_by.clear();
    Ok(spec)
}

/// What containers are read to: what each requests, the containers, their commands.
type Containers = (Vec<u64>, Vec<Container>, Vec<Command>);

/// Containers, what each requests in thousandths of a CPU, and their commands.
fn read_containers(texts: Vec<ContainerText>) -> Result<Containers, SourceError> {
    let (mut cpus, mut containers, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    for text in texts {
        if text.name.is_empty() || text.image.is_empty() {
            let missing = if text.name.is_empty() { "name" } else { "image" };
            return Err(usage(format!("container \"{}\" has no {missing}", text.name)));
        }
        let requests: BTreeMap<String, Quantity> = (text.resources.and_then(|resources| resources.requests))
            .unwrap_or_default()
            .into_iter()
            .map(|(resource, value)| {
                let string = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (resource, Quantity { string })
            })
            .collect();
        let cpu = requests.get("cpu").map_or(Some(0), |quantity| milli_cpu(&quantity.string));
        cpus.push(cpu.ok_or_else(|| {
            usage(format!("container \"{}\" requests a cpu that is no quantity", text.name))
                .hint("Write it as in `cpu: 500m` or `cpu: 2`.")
        })?);
        commands
            .push(Command { command: text.command.unwrap_or_default(), args: text.args.unwrap_or_default() });
        containers.push(Container {
            name: text.name,
            image: text.image,
            resources: (!requests.is_empty()).then_some(Resources { requests }),
            restart_policy: text.restart_policy.unwrap_or_default(),
            ..Container::default()
        });
    }
    Ok((cpus, containers, commands))
}

/// A quantity of CPU in thousandths, rounded up.
fn milli_cpu(text: &str) -> Option<u64> {
    let (number, scale) = match text.strip_suffix('m') {
        Some(number) => (number, 1.0),
        None => (text, 1000.0),
    };
    let milli = number.parse::<f64>().ok()? * scale;
    if !(0.0..1e12).contains(&milli) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in the line above")]
    Some(milli.ceil() as u64)
}

#[cfg(test)]
mod tests;
