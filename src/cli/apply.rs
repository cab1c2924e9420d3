//! `kubectl seq apply`: runs `kubectl apply`, then follows the applied workloads until they end.

use std::ffi::{OsStr, OsString};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind};
use clap::{Args, ValueEnum as _};

use crate::app::appearance::Appearance;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::progress_bar::{ProgressBar, Step};
use crate::app::resume_command::ResumeCommand;
use crate::app::run::follow;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::cli::connection::ConnectionArgs;
use crate::cli::draw_args::DrawArgs;
use crate::cli::follow_args::FollowArgs;
use crate::cli::kubectl_flags::{
    FlagTable, GivenFlag, Takes, Token, command_flag_rows, command_flags, declared_flags, split_list,
};
use crate::cli::output_format::OutputFormat;
use crate::cli::record_args::RecordArgs;
use crate::observation::BuiltInKind;
use crate::source::cluster::{self, Cluster, Name, NamespaceScope, Objects, Resource, Selection, Target};
use crate::source::kubectl::{AppliedObject, ApplyArguments, Kubectl, KubectlOutput, Manifests};
use crate::source::{ErrorKind, SourceError};

/// The arguments of `kubectl seq apply`.
#[derive(Debug, Args)]
#[command(
    override_usage = "kubectl seq apply (-f FILENAME | -k DIRECTORY | -) [OPTIONS] [KUBECTL APPLY FLAGS]"
)]
pub(crate) struct ApplyArgs {
    /// Apply only, do not follow
    #[arg(long)]
    pub(crate) detach: bool,
    /// Output format: seq, table, wide, grid, json, jsonl, yaml, name. With any other format of kubectl, nothing is followed
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The recording flag.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// The words for `kubectl apply`, which clap does not see.
    #[arg(skip)]
    pub(crate) kubectl: KubectlPart,
}

/// Returns the output of the run. If `-o` names a format of kubectl, nothing is followed, and the returned output has
/// no effect.
pub(crate) fn run_output(args: &ApplyArgs) -> Output {
    format_unless_kubectl_prints(args).unwrap_or(OutputFormat::Seq).into()
}

/// Returns the format of this program that `-o` names, or `None` if kubectl must check and print the format.
fn format_unless_kubectl_prints(args: &ApplyArgs) -> Option<OutputFormat> {
    let Some(output) = &args.output else { return Some(OutputFormat::Seq) };
    OutputFormat::from_str(output, false).ok()
}

pub(crate) async fn run(
    args: ApplyArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let KubectlPart { mut arguments, is_dry_run, names_subcommand, .. } = args.kubectl.clone();
    let format = format_unless_kubectl_prints(&args);
    let follows = !args.detach && format.is_some() && !is_dry_run && !names_subcommand;
    arguments.global = args.connection.kubectl_words().to_vec();
    let kubectl = Kubectl::locate();
    if !follows {
        if args.record.record.is_some() {
            let error = SourceError::new(ErrorKind::Usage, "--record needs something to follow");
            return Err(error.hint("Leave --detach, --dry-run or kubectl's own output format out.").into());
        }
        // If nothing is followed, only kubectl prints. kubectl also checks the format.
        if let Some(format) = args.output.filter(|_| format != Some(OutputFormat::Seq)) {
            arguments.apply_only.insert(0, format!("--output={format}").into());
        }
        let manifests = Manifests::unread(&arguments.filenames);
        return Ok(Exit::Wrapped(kubectl.apply(&arguments, &manifests, KubectlOutput::Stdout).await?));
    }
    // The recording is opened before kubectl changes anything, because opening the file can fail.
    let recorder = args.record.open(true)?;
    let manifests = Manifests::read(&arguments.filenames)?;
    // The resource versions are read before the first change, so that no later change is missed. An error does not end
    // the run here, because kubectl usually fails for the same reason and reports the reason itself.
    let cluster = cluster::connect(&args.connection.connection()).await;
    let since = match &cluster {
        Ok(cluster) => cluster::fetch_resource_versions(cluster, &cluster.namespace).await.ok(),
        Err(_) => None,
    };
    let to = if run_output(&args).is_for_programs() { KubectlOutput::Stderr } else { KubectlOutput::Stdout };
    let code = kubectl.apply(&arguments, &manifests, to).await?;
    if code != 0 {
        return Ok(Exit::Wrapped(code));
    }
    // kubectl prints a line for each applied object. The following steps print nothing, so a bar shows their progress.
    let mut bar = ProgressBar::on_stderr();
    let reading = Step::new("reading back the applied objects", 0, None);
    let applied = bar.show_while(reading, kubectl.read_applied(&arguments, &manifests)).await?;
    let cluster = cluster?;
    let applied_count = applied.len();
    let mut followed = Vec::new();
    for (index, applied) in applied.iter().enumerate() {
        bar.set_step(Some(Step::new("looking up the applied objects", index, Some(applied_count))));
        if let Some(resource) = resolve_followed_type(&cluster, applied).await? {
            followed.push((applied, resource));
        }
    }
    drop(bar);
    for applied in applied.iter().filter(|applied| is_endless(applied)) {
        streams.note(&format!(
            "{kind}/{name} is not followed, it has no end: `kubectl seq get {kind}/{name} --watch` does",
            kind = applied.kind.to_lowercase(),
            name = applied.name
        ));
    }
    if followed.is_empty() {
        streams.note("nothing to follow: nothing that runs Pods to an end was applied");
        return Ok(Exit::Success);
    }
    let targets = followed.iter().map(|(applied, resource)| target_of(applied, resource)).collect();
    let followed = followed.iter().map(|(applied, _)| *applied);
    let feed = cluster::open_feed(&cluster, Selection { targets, since }, true);
    let options = RunOptions::new(feed, appearance, streams, run_output(&args))
        .expected_uids(followed.clone().map(|applied| applied.uid.clone()).collect())
        .resume_command(resume_command(followed, &args, &cluster.namespace))
        .cluster(cluster)
        .tail_lines(args.follow.tail_lines)
        .timeout(args.follow.timeout)
        .recorder(recorder);
    follow(options).await
}

/// Returns the type of an applied object, or `None` if objects of that type are not followed.
///
/// Custom resources are followed only if their types are known to run Pods to an end, because waiting for the Pods of
/// other types might never end.
async fn resolve_followed_type(
    cluster: &Cluster,
    applied: &AppliedObject,
) -> Result<Option<Resource>, RunError> {
    let (group, version) = applied.api_version.rsplit_once('/').unwrap_or(("", &applied.api_version));
    let kind = applied.kind.as_str();
    let is_followed = match (built_in_kind(applied), group) {
        (Some(kind), _) => work_duration(kind) == WorkDuration::Finite,
        (None, "jobset.x-k8s.io") => kind == "JobSet",
        (None, "argoproj.io") => kind == "Workflow",
        (None, "ray.io") => kind == "RayJob",
        (None, "trainer.kubeflow.org") => kind == "TrainJob",
        (None, "kubeflow.org" | "batch.volcano.sh") => kind.ends_with("Job"),
        (None, _) => false,
    };
    if !is_followed {
        return Ok(None);
    }
    let word =
        if group.is_empty() { format!("{kind}.{version}") } else { format!("{kind}.{version}.{group}") };
    let named = cluster::resolve(cluster, &[word]).await?;
    Ok(named.into_iter().next().map(|named| named.resource))
}

/// Returns the kind of an applied object, if it is in the table of kinds.
fn built_in_kind(applied: &AppliedObject) -> Option<BuiltInKind> {
    let is_same = |kind: &&BuiltInKind| {
        kind.info().name == applied.kind && kind.info().api_version == applied.api_version
    };
    BuiltInKind::ALL.iter().find(is_same).copied()
}

/// How long an applied object creates Pods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WorkDuration {
    /// Until the Pods have ended or the rollout is complete.
    Finite,
    /// As long as the object exists.
    Endless,
    /// The object has no Pods.
    NoPods,
}

fn work_duration(kind: BuiltInKind) -> WorkDuration {
    match kind {
        BuiltInKind::Job
        | BuiltInKind::Deployment
        | BuiltInKind::ReplicaSet
        | BuiltInKind::StatefulSet
        | BuiltInKind::DaemonSet
        | BuiltInKind::Pod => WorkDuration::Finite,
        BuiltInKind::CronJob => WorkDuration::Endless,
        BuiltInKind::Event => WorkDuration::NoPods,
    }
}

/// Whether the object runs Pods again and again, as long as the object exists.
fn is_endless(applied: &AppliedObject) -> bool {
    built_in_kind(applied).is_some_and(|kind| work_duration(kind) == WorkDuration::Endless)
}

fn target_of(applied: &AppliedObject, resource: &Resource) -> Target {
    let name = Name { name: applied.name.clone(), uid: Some(applied.uid.clone()) };
    Target {
        resource: resource.clone(),
        scope: NamespaceScope::Namespace(applied.namespace.clone()),
        objects: Objects::Named(vec![name]),
    }
}

/// Returns the command that shows the applied objects again. Returns `None` if the objects are in several
/// namespaces, because no single command shows them all.
fn resume_command<'a>(
    applied: impl Iterator<Item = &'a AppliedObject>,
    args: &ApplyArgs,
    default: &str,
) -> Option<ResumeCommand> {
    let mut words = vec!["kubectl seq get".to_owned()];
    let mut namespaces = Vec::new();
    for applied in applied {
        words.push(format!("{}/{}", applied.kind.to_lowercase(), applied.name));
        namespaces.push(applied.namespace.as_str());
    }
    namespaces.dedup();
    match namespaces.as_slice() {
        [only] if *only == default => {}
        [only] if args.connection.namespace().is_none() => words.push(format!("-n {only}")),
        [_] => {}
        _ => return None,
    }
    words.extend(args.connection.scope_flags());
    Some(ResumeCommand::ShowObjects(words.join(" ")))
}

/// The part of the command line that `kubectl apply` receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KubectlPart {
    arguments: ApplyArguments,
    /// Whether `--dry-run` requests a dry run.
    is_dry_run: bool,
    /// Whether the first word besides flags is the name of a subcommand, see [`SUBCOMMANDS`].
    names_subcommand: bool,
    /// The first flag that is not in the table of kubectl's flags.
    unknown_flag: Option<OsString>,
    /// The first word besides flags, unless this word names a subcommand.
    stray_word: Option<StrayWord>,
}

/// The subcommands of `kubectl apply`. kubectl accepts no other words besides flags.
const SUBCOMMANDS: [&str; 3] = ["edit-last-applied", "set-last-applied", "view-last-applied"];

/// A word that is neither a flag nor the value of a flag, such as a file name without `-f`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StrayWord {
    word: OsString,
    /// The name of the flag before the word, if this flag takes a value only behind `=`.
    flag_before: Option<String>,
}

/// Divides the words of `kubectl seq apply` into the words for clap and the words for `kubectl apply`.
///
/// Flags that `declared` declares go to clap. Each of these flags is rewritten as one word, so that clap cannot
/// interpret the flag differently. A lone `-` stands for `-f -` and goes to kubectl.
pub(crate) fn divide_words(declared: &clap::Command, words: &[OsString]) -> (Vec<OsString>, KubectlPart) {
    let own_flags = declared_flags(declared);
    let table = FlagTable::new(own_flags.iter().cloned().chain(command_flags("apply")));
    let (mut own, mut kubectl) = (Vec::new(), KubectlPart::default());
    let mut flag_before = None;
    for token in table.lex(words) {
        let flag_before = std::mem::replace(&mut flag_before, bare_flag_name(&token));
        match token {
            Token::Flag(flag) if own_flags.iter().any(|known| known.long == flag.name) => {
                own.push(flag.to_word());
            }
            Token::Flag(flag) => kubectl.add_flag(&flag),
            Token::Positional(word) if word == "-" => kubectl.arguments.filenames.push("-".to_owned()),
            Token::Positional(word) => {
                let is_first = kubectl.stray_word.is_none() && !kubectl.names_subcommand;
                if is_first && SUBCOMMANDS.iter().any(|name| word == *name) {
                    kubectl.names_subcommand = true;
                } else if is_first {
                    kubectl.stray_word = Some(StrayWord { word: word.clone(), flag_before });
                }
                kubectl.arguments.apply_only.push(word);
            }
            Token::Escaped(word) => {
                if !kubectl.names_subcommand {
                    let stray = StrayWord { word: word.clone(), flag_before };
                    kubectl.stray_word.get_or_insert(stray);
                }
                kubectl.arguments.operands.push(word);
            }
            Token::Unknown(word) => {
                kubectl.arguments.apply_only.push(word.clone());
                kubectl.unknown_flag.get_or_insert(word);
            }
        }
    }
    (own, kubectl)
}

/// Returns the name of a flag without a value.
fn bare_flag_name(token: &Token) -> Option<String> {
    match token {
        Token::Flag(flag) if flag.value.is_none() => Some(flag.name.clone()),
        Token::Flag(_) | Token::Unknown(_) | Token::Positional(_) | Token::Escaped(_) => None,
    }
}

/// Returns the declaration of `kubectl seq apply` that also declares the flags of `kubectl apply`. It is used only for
/// the text of errors, so that clap suggests flags of both programs.
fn command_with_kubectl_flags() -> clap::Command {
    let command = ApplyArgs::augment_args(clap::Command::new("apply").bin_name("kubectl seq apply"));
    let declared = declared_flags(&command);
    let missing = command_flag_rows("apply").iter().filter(|(long, short, _)| {
        declared.iter().all(|known| known.long != *long && (short.is_none() || known.short != *short))
    });
    command.args(missing.map(|&(long, short, takes)| {
        let action = match takes {
            Takes::Value => clap::ArgAction::Append,
            Takes::OptionalValue => clap::ArgAction::SetTrue,
        };
        clap::Arg::new(long).long(long).short(short).action(action).hide(true)
    }))
}

impl KubectlPart {
    /// Returns the error about a misspelt flag or about a word that kubectl would refuse, such as a file name without
    /// `-f`. kubectl runs only if there is no such error.
    pub(crate) fn usage_error(&self) -> Option<clap::Error> {
        if self.names_subcommand {
            // The subcommands have flags that are not in the table.
            return None;
        }
        if let Some(flag) = &self.unknown_flag {
            let parsed =
                command_with_kubectl_flags().try_get_matches_from(["apply".as_ref(), flag.as_os_str()]);
            let error = parsed.err().filter(|error| error.kind() == ClapErrorKind::UnknownArgument);
            return Some(error.unwrap_or_else(|| unexpected_word_error(flag, None)));
        }
        let StrayWord { word, flag_before } = self.stray_word.as_ref()?;
        let text = word.to_string_lossy();
        let tip = match flag_before {
            Some(flag) if !text.contains(['.', '/']) => {
                format!("to give '--{flag}' a value, use '--{flag}={text}'")
            }
            Some(_) | None => format!("to apply a file or a folder, use '-f {text}'"),
        };
        Some(unexpected_word_error(word, Some(tip)))
    }

    fn add_flag(&mut self, flag: &GivenFlag) {
        let value = flag.value.as_deref().and_then(OsStr::to_str);
        match flag.name.as_str() {
            // Only the last flag can lack its value. kubectl reports this error.
            _ if flag.lacks_value => self.arguments.apply_only.push(flag.to_word()),
            "filename" => match value.and_then(split_list) {
                Some(names) => self.arguments.filenames.extend(names),
                // kubectl explains why it refuses the list.
                None => self.arguments.selection.push(flag.to_word()),
            },
            "kustomize" | "recursive" | "selector" => self.arguments.selection.push(flag.to_word()),
            "dry-run" => {
                // The last `--dry-run` counts. Older releases of kubectl accept `false` as `none`.
                self.is_dry_run = !matches!(value, Some("none" | "false"));
                self.arguments.apply_only.push(flag.to_word());
            }
            _ => self.arguments.apply_only.push(flag.to_word()),
        }
    }
}

/// Returns clap's error about a word that the command does not accept.
fn unexpected_word_error(word: &OsStr, tip: Option<String>) -> clap::Error {
    let mut error = clap::Error::new(ClapErrorKind::UnknownArgument).with_cmd(&command_with_kubectl_flags());
    let word = word.to_string_lossy().into_owned();
    error.insert(ContextKind::InvalidArg, ContextValue::String(word));
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line;

    fn divided(line: &str) -> (String, KubectlPart) {
        let command = command_line::command();
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let (own, kubectl) = divide_words(command.find_subcommand("apply").unwrap(), &words);
        (own.join(" ".as_ref()).into_string().unwrap(), kubectl)
    }

    #[test]
    fn flags_are_divided_between_this_program_and_kubectl_apply() {
        for (typed, own, filenames, selection, apply_only) in [
            ("-f job.yaml", "", "job.yaml", "", ""),
            ("-", "", "-", "", ""),
            ("-f -", "", "-", "", ""),
            ("-f a.yaml,- -fb.yaml", "", "a.yaml - b.yaml", "", ""),
            ("-f job.yaml -n ns --server-side", "--namespace=ns", "job.yaml", "", "--server-side"),
            ("-Rn danger -f=job.yaml", "--namespace=danger", "job.yaml", "--recursive", ""),
            ("-Rf DIR", "", "DIR", "--recursive", ""),
            ("-Rf -", "", "-", "--recursive", ""),
            ("--namespace=ns -k dir --timeout 5m", "--namespace=ns --timeout=5m", "", "--kustomize=dir", ""),
            ("-l app=x --prune -f d --detach", "--detach", "d", "--selector=app=x", "--prune"),
            ("-o json -f x --dry-run=client", "--output=json", "x", "", "--dry-run=client"),
            ("-Ro name -f x", "--output=name", "x", "--recursive", ""),
            ("--ascii --field-manager me -f x", "--ascii", "x", "", "--field-manager=me"),
            ("--field-manager -n -f x", "", "x", "", "--field-manager=-n"),
            ("--insecure-skip-tls-verify -f x", "--insecure-skip-tls-verify", "x", "", ""),
            ("-v 6 -f x --proxy-url u", "--v=6 --proxy-url=u", "x", "", ""),
            ("-f x -h", "--help", "x", "", ""),
            ("-f \"", "", "", "--filename=\"", ""),
            ("--force view-last-applied", "", "", "", "--force view-last-applied"),
            ("--nosuch -f x", "", "x", "", "--nosuch"),
        ] {
            let (for_clap, kubectl) = divided(typed);
            let join = |words: Vec<OsString>| words.join(" ".as_ref()).into_string().unwrap();
            let ApplyArguments { filenames: names, selection: selects, apply_only: others, .. } =
                kubectl.arguments;
            assert_eq!(
                (for_clap.as_str(), names.join(" ").as_str(), join(selects).as_str(), join(others).as_str()),
                (own, filenames, selection, apply_only),
                "{typed}"
            );
        }
    }

    #[test]
    fn the_last_dry_run_flag_counts() {
        for (typed, is_dry_run) in [
            ("-f x", false),
            ("-f x --dry-run", true),
            ("-f - --dry-run=server", true),
            ("-f - --dry_run=client", true),
            ("--filename=- --dry-run=none", false),
            ("-f x --dry-run=server --dry-run=none", false),
            ("-f x --dry-run=none --dry-run", true),
        ] {
            assert_eq!(divided(typed).1.is_dry_run, is_dry_run, "{typed}");
        }
    }

    #[test]
    fn a_misspelt_flag_and_a_stray_word_are_errors_with_a_suggestion() {
        for (typed, complaint, tip) in [
            ("-f x --filed-manager me", "'--filed-manager'", "'--field-manager'"),
            ("--serverside -f x", "'--serverside'", "'--server-side'"),
            ("-f x --wiat", "'--wiat'", "'--wait'"),
            ("-f x --deatch", "'--deatch'", "'--detach'"),
            ("--namepsace=ns -f x", "'--namepsace'", "'--namespace'"),
            ("-RZf x", "'-Z'", ""),
            ("-f x --=x", "'--'", ""),
            ("job.yaml", "'job.yaml'", "'-f job.yaml'"),
            ("-f a.yaml b.yaml", "'b.yaml'", "'-f b.yaml'"),
            ("--server-side job.yaml", "'job.yaml'", "'-f job.yaml'"),
            ("-f x --dry-run client", "'client'", "'--dry-run=client'"),
            ("-f x -- -y", "'-y'", "'-f -y'"),
            ("-f x view-last-appleid", "'view-last-appleid'", ""),
        ] {
            let error = divided(typed).1.usage_error().unwrap_or_else(|| panic!("{typed}: no error"));
            let text = error.to_string();
            assert!(error.use_stderr() && text.contains("unexpected argument"), "{typed}: {text}");
            assert!(text.contains(complaint) && text.contains(tip), "{typed}: {text}");
        }
        for correct in [
            "-f x --server-side --dry-run=client",
            "-",
            "view-last-applied job/x -o yaml",
            "set-last-applied --create-annotation -f x",
        ] {
            assert!(divided(correct).1.usage_error().is_none(), "{correct}");
        }
    }
}
