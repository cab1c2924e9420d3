//! Reads the Jobs of a manifest, which is YAML or JSON with one or several documents.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::observation::{Container, JobSpec, PodSpec, Quantity, Resources};
use crate::source::error::{ErrorKind, SourceError, system_error_text};
use crate::source::simulation::annotations::SimulationAnnotations;

/// Maximum size of a manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// The text of a manifest, and its name in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestText {
    /// The name of the manifest in messages, for example the name of the file or `standard input`.
    pub name: String,
    /// The content of the manifest, in YAML or JSON.
    pub text: String,
}

impl ManifestText {
    /// Reads a manifest from a file. `-` is standard input.
    ///
    /// # Errors
    /// Usage: the file cannot be read, is not text, or is larger than 16 MiB.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let stdin = path.as_os_str() == "-";
        let name = if stdin { "standard input".to_owned() } else { path.display().to_string() };
        let mut text = String::new();
        let read = if stdin {
            std::io::stdin().lock().take(MAX_MANIFEST_BYTES + 1).read_to_string(&mut text)
        } else {
            std::fs::File::open(path)
                .and_then(|file| file.take(MAX_MANIFEST_BYTES + 1).read_to_string(&mut text))
        };
        match read {
            Err(error) => Err(usage(format!("cannot read {name}: {}", system_error_text(&error)))
                .hint("Name a file with the manifest of a Job, such as `examples/job.yaml`.")),
            Ok(length) if length as u64 > MAX_MANIFEST_BYTES => {
                Err(usage(format!("cannot read {name}: it is larger than 16 MiB")))
            }
            Ok(_) => Ok(Self { name, text }),
        }
    }
}

impl Default for ManifestText {
    /// The example Job of the Kubernetes documentation, which computes pi. It has 20 completions and runs four Pods at
    /// a time.
    fn default() -> Self {
        Self { name: "the built-in example".to_owned(), text: include_str!("pi.yaml").to_owned() }
    }
}

fn usage(summary: impl Into<String>) -> SourceError {
    SourceError::new(ErrorKind::Usage, summary)
}

/// The content of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The Jobs, in the order of the text.
    pub(crate) jobs: Vec<JobManifest>,
    /// The parts that are not simulated, one line for each.
    pub(crate) notices: Vec<String>,
}

/// A Job of a manifest, with the default values that the API server sets.
#[derive(Clone, Debug)]
pub(crate) struct JobManifest {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: BTreeMap<String, String>,
    /// The `spec` of the Job.
    pub(crate) spec: JobSpec,
    /// Number of seconds between the end of the Job and its deletion.
    pub(crate) ttl_seconds: Option<i64>,
    pub(crate) pod_labels: BTreeMap<String, String>,
    /// The `spec` of each Pod, without the name of a node.
    pub(crate) pod_spec: PodSpec,
    /// Commands of the init containers.
    pub(crate) init_commands: Vec<ContainerCommand>,
    /// Commands of the main containers.
    pub(crate) commands: Vec<ContainerCommand>,
    /// The values of the annotations that control the simulation.
    pub(crate) annotations: SimulationAnnotations,
    /// The CPU that a Pod requests, in thousandths of a CPU.
    pub(crate) cpu: u64,
}

impl JobManifest {
    /// Whether the Pods have completion indexes.
    pub(crate) fn is_indexed(&self) -> bool {
        self.spec.completion_mode == "Indexed"
    }

    /// Whether the kubelet restarts a failed container in its Pod.
    pub(crate) fn restarts_containers(&self) -> bool {
        self.pod_spec.restart_policy == "OnFailure"
    }
}

/// The command of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContainerCommand {
    /// Replaces the entry point of the image.
    pub(crate) command: Vec<String>,
    /// The arguments of the command.
    pub(crate) args: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ManifestMetadata {
    name: Option<String>,
    generate_name: Option<String>,
    namespace: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ManifestContainer {
    name: String,
    image: String,
    command: Option<Vec<String>>,
    args: Option<Vec<String>>,
    restart_policy: Option<String>,
    resources: Option<ManifestResources>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ManifestResources {
    requests: Option<BTreeMap<String, Value>>,
}

/// Reads a manifest.
///
/// # Errors
/// Usage: the manifest is malformed, has no Job, or has a Job with a missing or invalid field or annotation.
pub(crate) fn parse(source: &ManifestText) -> Result<Manifest, SourceError> {
    let mut manifest = Manifest::default();
    let mut text = source.text.as_bytes();
    // The documents are read one after the other. The limits of the library, which stop exploding anchors, therefore
    // apply to each document and not to their sum.
    let mut documents = serde_saphyr::read::<_, Spanned<Value>>(&mut text).peekable();
    let mut count = 0;
    while let Some(document) = documents.next() {
        count += 1;
        // The number matters only if there are several documents.
        let number = if count > 1 || documents.peek().is_some() {
            format!(" document {count}")
        } else {
            String::new()
        };
        let document = document.map_err(|error| yaml_error(&source.name, &number, &error))?;
        let location = format!("{} line {}{number}", source.name, document.referenced.line());
        add_document(&location, &document.value, &mut manifest)?;
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
    let mut names = HashSet::new();
    if let Some(twin) = manifest.jobs.iter().find(|job| !names.insert((&job.namespace, &job.name))) {
        return Err(usage(format!("{}: job \"{}\" appears twice", source.name, twin.name)));
    }
    Ok(manifest)
}

/// The error about a document that is not YAML. `number` names the document in messages.
fn yaml_error(name: &str, number: &str, error: &serde_saphyr::Error) -> SourceError {
    let error = error.without_snippet();
    if let serde_saphyr::Error::Budget { .. } = error {
        return usage(format!("{name}{number}: the document is too large or too deeply nested"))
            .hint("A document may hold 250,000 values, with its aliases. Divide a long list into documents with `---`.");
    }
    let text = error.to_string();
    let line = error.location().map(|at| format!(" line {}", at.line())).unwrap_or_default();
    // The error begins with the line, so the line at the end of the parser's message is removed.
    let message = text.split(" at line").next().unwrap_or(&text).trim_end_matches('.').to_owned();
    let message = message
        .split_once(": ")
        .filter(|(head, _)| head.starts_with("error"))
        .map_or(&*message, |(_, tail)| tail);
    usage(format!("{name}{line}{number}: not valid YAML or JSON: {message}"))
        .hint("Check its indentation and quotes; `kubectl create --dry-run=client -f FILE` checks it too.")
}

/// Adds the Job in a document to the manifest. If the document is a list, adds the Jobs in the list. `location` names
/// the document in messages: the file, the line at which the document begins, and its number.
fn add_document(location: &str, document: &Value, manifest: &mut Manifest) -> Result<(), SourceError> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if !document.is_object() || kind.is_empty() {
        return Err(usage(format!("{location}: a document has no kind"))
            .hint("Every document of a manifest begins with `apiVersion:` and `kind:`."));
    }
    if let (true, Some(items)) = (kind.ends_with("List"), document.get("items").and_then(Value::as_array)) {
        return items.iter().try_for_each(|item| add_document(location, item, manifest));
    }
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
    if kind != "Job" {
        manifest.notices.push(format!("{kind} \"{name}\" is not simulated, only Jobs are"));
        return Ok(());
    }
    if version != "batch/v1" {
        return Err(usage(format!("{location}: job \"{name}\": unknown apiVersion \"{version}\""))
            .hint("Jobs are of `apiVersion: batch/v1`."));
    }
    let with_job_name = |error: SourceError| SourceError {
        summary: format!("{location}: job \"{name}\": {}", error.summary),
        ..error
    };
    let job = read_job(document).map_err(with_job_name)?;
    for (field, effect) in [
        ("podFailurePolicy", "its rules do not apply"),
        ("successPolicy", "its rules do not apply"),
        ("managedBy", "the built-in Job controller manages the Job"),
    ] {
        if document.get("spec").is_some_and(|spec| spec.get(field).is_some()) {
            manifest.notices.push(format!("job \"{}\": {field} is not simulated; {effect}", job.name));
        }
    }
    manifest.jobs.push(job);
    Ok(())
}

/// Reads the value at a path of the document. Returns the default if there is no value.
fn read_at<T: DeserializeOwned + Default>(document: &Value, path: &str) -> Result<T, SourceError> {
    match document.pointer(path) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => {
            T::deserialize(value).map_err(|error| usage(format!("{}: {error}", path[1..].replace('/', "."))))
        }
    }
}

fn read_job(document: &Value) -> Result<JobManifest, SourceError> {
    let meta: ManifestMetadata = read_at(document, "/metadata")?;
    let name = match (meta.name.filter(|name| !name.is_empty()), meta.generate_name) {
        (Some(name), _) => name,
        (None, Some(generate)) => {
            return Err(usage(format!("it has generateName \"{generate}\" and no name"))
                .hint("Write `name:` under `metadata:`; kubectl apply needs it too."));
        }
        (None, None) => return Err(usage("it has no name").hint("Write `name:` under `metadata:`.")),
    };
    let template: ManifestMetadata = read_at(document, "/spec/template/metadata")?;
    let (annotations, pod_labels) = (
        SimulationAnnotations::read(&template.annotations.unwrap_or_default())
            .map_err(|(what, hint)| usage(what).hint(hint))?,
        template.labels.unwrap_or_default(),
    );
    let path = "/spec/template/spec";
    let init: Vec<ManifestContainer> = read_at(document, &format!("{path}/initContainers"))?;
    let main: Vec<ManifestContainer> = read_at(document, &format!("{path}/containers"))?;
    let restart_policy: String = read_at(document, &format!("{path}/restartPolicy"))?;
    if restart_policy != "Never" && restart_policy != "OnFailure" {
        return Err(usage(format!("spec.template.spec.restartPolicy cannot be \"{restart_policy}\""))
            .hint("A Job's Pods have `restartPolicy: Never` or `restartPolicy: OnFailure`."));
    }
    if main.is_empty() {
        return Err(usage("spec.template.spec.containers is empty")
            .hint("A Pod needs a container with `name:` and `image:`."));
    }
    let grace: Option<i64> = read_at(document, &format!("{path}/terminationGracePeriodSeconds"))?;
    let (main_cpu, containers, commands) = read_containers(main)?;
    let (init_cpu, init_containers, init_commands) = read_containers(init)?;
    let sidecar = |(container, _): &(&Container, &u64)| container.restart_policy == "Always";
    let (sidecars, inits): (Vec<_>, Vec<_>) = init_containers.iter().zip(&init_cpu).partition(sidecar);
    let sidecar_cpu: u64 = sidecars.into_iter().map(|(_, cpu)| cpu).sum();
    let largest_init_cpu = inits.into_iter().map(|(_, &cpu)| cpu).max().unwrap_or(0);
    Ok(JobManifest {
        name,
        namespace: meta.namespace.unwrap_or_else(|| "default".to_owned()),
        labels: meta.labels.unwrap_or_default(),
        spec: read_spec(document)?,
        ttl_seconds: read_at(document, "/spec/ttlSecondsAfterFinished")?,
        pod_labels,
        cpu: sidecar_cpu + largest_init_cpu.max(main_cpu.iter().sum()),
        pod_spec: PodSpec {
            containers,
            init_containers,
            restart_policy,
            termination_grace_period_seconds: Some(grace.unwrap_or(30).clamp(0, 86_400)),
            ..PodSpec::default()
        },
        init_commands,
        commands,
        annotations,
    })
}

/// Reads the `spec` of a Job, sets the API server's default values, and makes some of the API server's checks.
fn read_spec(document: &Value) -> Result<JobSpec, SourceError> {
    let mut spec: JobSpec = read_at(document, "/spec")?;
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
    // The simulated controller knows neither of these fields, so the timeline must not apply them.
    (spec.pod_failure_policy, spec.success_policy, spec.max_failed_indexes) = (None, None, None);
    Ok(spec)
}

/// For each container: the CPU that it requests in thousandths of a CPU, the container, and its command.
type Containers = (Vec<u64>, Vec<Container>, Vec<ContainerCommand>);

/// Reads containers of a manifest.
fn read_containers(texts: Vec<ManifestContainer>) -> Result<Containers, SourceError> {
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
        let cpu = requests.get("cpu").map_or(Some(0), |quantity| parse_milli_cpu(&quantity.string));
        cpus.push(cpu.ok_or_else(|| {
            usage(format!("container \"{}\" requests a cpu that is not a quantity", text.name))
                .hint("Write for example `cpu: 500m` or `cpu: 2`.")
        })?);
        commands.push(ContainerCommand {
            command: text.command.unwrap_or_default(),
            args: text.args.unwrap_or_default(),
        });
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

/// Parses a quantity of CPU, and returns thousandths of a CPU, rounded up.
fn parse_milli_cpu(text: &str) -> Option<u64> {
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
