//! The objects that files name, for `kubectl seq get -f FILENAME`.

use std::ffi::OsString;

use clap::Args;

use crate::app::exit::RunError;
use crate::cli::args::connection::ConnectionArgs;
use crate::source::cluster::{self, Cluster, Name, NamespaceScope, Need, Objects, Target};
use crate::source::kubectl::{ChangeArguments, Kubectl, Manifests};
use crate::source::{ErrorKind, SourceError};

/// The flags that name objects by files.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct FileArgs {
    /// Objects that this file, folder or URL names
    ///
    /// `-` means standard input.
    #[arg(short, long, value_name = "FILENAME", value_delimiter = ',', value_hint = clap::ValueHint::AnyPath)]
    pub(crate) filename: Vec<String>,
    /// Show the objects of this kustomization
    #[arg(short = 'k', long, value_name = "DIRECTORY")]
    pub(crate) kustomize: Option<String>,
    /// Read the folders of --filename with their folders
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
}

impl FileArgs {
    /// Whether files name the objects.
    pub(crate) fn are_given(&self) -> bool {
        !self.filename.is_empty() || self.kustomize.is_some()
    }

    /// Returns the flags as words, for a command that shows the same objects again.
    pub(crate) fn words(&self) -> Vec<String> {
        let files = self.filename.iter().map(|file| format!("--filename={file}"));
        let folder = self.kustomize.iter().map(|folder| format!("--kustomize={folder}"));
        files.chain(folder).chain(self.recursive.then(|| "--recursive".to_owned())).collect()
    }
}

/// Finds the objects that the files name and that run Pods. kubectl reads the files and reports objects that do not
/// exist. The second part of the result is an error if kubectl failed for some of the objects.
///
/// # Errors
///
/// kubectl cannot be started, the server does not answer, kubectl failed and found no object, or no found object runs
/// Pods.
pub(crate) async fn find_targets(
    cluster: &Cluster,
    files: &FileArgs,
    selector: Option<&str>,
    ignore_not_found: bool,
    connection: &ConnectionArgs,
) -> Result<(Vec<Target>, Option<SourceError>), RunError> {
    let mut selection: Vec<OsString> = Vec::new();
    selection.extend(files.kustomize.iter().map(|folder| format!("--kustomize={folder}").into()));
    selection.extend(files.recursive.then(|| "--recursive".into()));
    selection.extend(selector.map(|selector| format!("--selector={selector}").into()));
    let global = connection.kubectl_words().to_vec();
    let arguments = ChangeArguments { selection, global, ..ChangeArguments::default() };
    let manifests = Manifests::unread(&files.filename);
    let (objects, code) = Kubectl::locate().read_objects(&arguments, &manifests, ignore_not_found).await?;
    let mut targets = Vec::new();
    for object in &objects {
        let (group, version) = object.api_version.rsplit_once('/').unwrap_or(("", &object.api_version));
        let word = [&object.kind, version, group].join(".");
        let named = match cluster::resolve(cluster, &[word.trim_end_matches('.').to_owned()]).await {
            // The objects of this type run no Pods.
            Err(error) if error.kind == ErrorKind::Usage => continue,
            named => named?,
        };
        let name = Name { name: object.name.clone(), uid: None };
        targets.extend(named.into_iter().map(|named| Target {
            resource: named.resource,
            scope: NamespaceScope::Namespace(object.namespace.clone()),
            objects: Objects::Named(vec![name.clone()]),
            need: Need::Required,
        }));
    }
    let not_found = |text: &str| SourceError::new(ErrorKind::NotFound, text);
    match (code, objects.is_empty(), targets.is_empty()) {
        (0, true, _) | (0, false, false) => Ok((targets, None)),
        (_, true, _) => Err(not_found("none of the objects that the files name exists").into()),
        (_, false, true) => {
            let text = "the files name no object that runs Pods";
            Err(SourceError::new(ErrorKind::Usage, text).hint("Print the objects with `kubectl get`.").into())
        }
        (_, false, false) => {
            Ok((targets, Some(not_found("some of the objects that the files name do not exist"))))
        }
    }
}
