//! Finds the types that the user typed. Accepts the forms that kubectl accepts, in upper or lower case: `job`, `jobs`,
//! `job.batch`, `jobs.v1.batch`, short names such as `po` and `cj`, and the names of custom resources.
//!
//! The types of workloads that belong to Kubernetes itself are built in. All other types come from the server's API
//! discovery.

use kube::client::{APIGroupDiscovery, APIGroupDiscoveryList, APIResourceDiscovery};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::{RequestContext, RequestError, explain_request_error};
use crate::source::cluster::api::pod_types::{CUSTOM_WORKLOADS, refuse_podless_type, types_with_pods};
use crate::source::cluster::api::resource::Resource;
use crate::source::diagnostics;
use crate::source::error::{ErrorKind, SourceError};
use crate::source::nearest::find_nearest;

/// The `Accept` header of a request for all types of a server.
const ACCEPT_TYPES: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Maximum number of bytes of the list of all types. A cluster with a thousand types needs about 1 MiB.
const MAX_TYPES_BYTES: usize = 16 << 20;

/// A type and the names of its objects that the user typed. Without names, the user means all objects of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedObjects {
    pub resource: Resource,
    pub names: Vec<String>,
    /// Whether `all` stands for the type. The user did not name the type, so it may be unreadable.
    pub is_part_of_all: bool,
}

/// Finds the types and names in the words of a command, for example `job pi pi2`, `job/pi pod/x` or `job,pod`. The type
/// of nodes and the type of namespaces are accepted only with names. `all` stands for all types whose objects run Pods.
///
/// # Errors
///
/// The words do not have a form that kubectl accepts, the server has no type with a given name, the server's types
/// cannot be requested, or the objects of a type run no Pods.
pub(crate) async fn resolve(cluster: &Cluster, words: &[String]) -> Result<Vec<NamedObjects>, SourceError> {
    let (objects, missing) = resolve_available(cluster, words).await?;
    match missing.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(objects),
    }
}

/// Finds the types and names as [`resolve`] does. Also returns an error for each type that the server does not have, if
/// it has at least one of the types.
///
/// # Errors
///
/// Those of [`resolve`], unless the server has one of the types.
pub(crate) async fn resolve_available(
    cluster: &Cluster,
    words: &[String],
) -> Result<(Vec<NamedObjects>, Vec<SourceError>), SourceError> {
    let (mut objects, mut missing) = (Vec::new(), Vec::new());
    for (kind, names) in parse_types_and_names(words)? {
        if kind.eq_ignore_ascii_case(ALL) {
            if !names.is_empty() {
                let text = "\"all\" stands for several types, so no names can follow it";
                return Err(SourceError::new(ErrorKind::Usage, text).hint(
                    "Name the type: `kubectl seq get job pi`, or omit the names: `kubectl seq get all`.",
                ));
            }
            objects.extend(all_types(cluster).await);
            continue;
        }
        let resource = match find_known_type(&kind) {
            Some(resource) => resource,
            None => match discover_type(cluster, &kind).await {
                Err(error) if error.kind == ErrorKind::NotFound => {
                    missing.push(error);
                    continue;
                }
                found => found?,
            },
        };
        diagnostics::log(3, || format!("{kind} is {} of {}", resource.plural, resource.api_version()));
        refuse_podless_type(&resource, &kind, &names)?;
        objects.push(NamedObjects { resource, names, is_part_of_all: false });
    }
    if objects.is_empty() && !missing.is_empty() {
        return Err(missing.remove(0));
    }
    Ok((objects, missing))
}

/// The word for all types whose objects run Pods.
const ALL: &str = "all";

/// Returns all types whose objects run Pods: the types of Kubernetes, and the custom resources in
/// [`CUSTOM_WORKLOADS`] that the server has. If the server's types cannot be requested, returns only the types of
/// Kubernetes.
pub(crate) async fn all_types(cluster: &Cluster) -> Vec<NamedObjects> {
    let groups = fetch_types(cluster).await.unwrap_or_default();
    let custom = CUSTOM_WORKLOADS.iter().filter_map(|&(group, kind)| {
        find_first(&groups, &|name, _| name == group, &|resource| {
            resource.response_kind.as_ref().and_then(|own| own.kind.as_deref()) == Some(kind)
        })
    });
    types_with_pods()
        .map(|(resource, _)| resource)
        .chain(custom)
        .map(|resource| NamedObjects { resource, names: Vec::new(), is_part_of_all: true })
        .collect()
}

/// Splits the words of a command into types and the names of objects.
///
/// # Errors
///
/// No type is given, a word with a slash is not of the form `TYPE/NAME`, or the forms `TYPE/NAME` and `TYPE NAME` are
/// mixed.
fn parse_types_and_names(words: &[String]) -> Result<Vec<(String, Vec<String>)>, SourceError> {
    let usage_error = |text: String, hint: &str| Err(SourceError::new(ErrorKind::Usage, text).hint(hint));
    let Some((first, names)) = words.split_first() else {
        return usage_error(
            "you must specify the type of resource to get".to_owned(),
            "Type for example `kubectl seq get job pi`, `kubectl seq get jobs` or `kubectl seq get pods -l app=web`.",
        );
    };
    if words.iter().any(|word| word.contains('/')) {
        let mut types: Vec<(String, Vec<String>)> = Vec::new();
        for word in words {
            match word.split_once('/') {
                Some((kind, name)) if !kind.is_empty() && !name.is_empty() && !name.contains('/') => {
                    match types.iter_mut().find(|(other, _)| other == kind) {
                        Some((_, names)) => names.push(name.to_owned()),
                        None => types.push((kind.to_owned(), vec![name.to_owned()])),
                    }
                }
                Some(_) => {
                    return usage_error(
                        format!("\"{word}\" is not of the form TYPE/NAME"),
                        "Type for example `kubectl seq get job/pi`.",
                    );
                }
                None => {
                    return usage_error(
                        format!("TYPE/NAME cannot be combined with the separate argument \"{word}\""),
                        "Type `kubectl seq get job/pi job/pi2` or `kubectl seq get job pi pi2`.",
                    );
                }
            }
        }
        return Ok(types);
    }
    let kinds: Vec<&str> = first.split(',').filter(|kind| !kind.is_empty()).collect();
    if kinds.is_empty() {
        return usage_error(
            format!("\"{first}\" contains no resource type"),
            "Type for example `kubectl seq get job,pod`.",
        );
    }
    Ok(kinds.into_iter().map(|kind| (kind.to_owned(), names.to_vec())).collect())
}

/// Returns the types that are found without API discovery, each with its short names.
fn known_types() -> impl Iterator<Item = (Resource, &'static [&'static str])> {
    types_with_pods().chain([(Resource::node(), &["no"][..]), (Resource::namespace(), &["ns"][..])])
}

/// Returns the plurals of the types that are found without API discovery, each with its kind and API version.
pub(crate) fn known_type_names() -> impl Iterator<Item = (String, String)> {
    known_types().map(|(resource, _)| {
        let about = format!("{} ({})", resource.kind, resource.api_version());
        (resource.plural, about)
    })
}

/// Finds the known type that a word of the command line names. A word without a group always means Kubernetes' own
/// type, even if another group has a type of the same name.
pub(crate) fn find_known_type(word: &str) -> Option<Resource> {
    let word = word.to_lowercase();
    let (name, group_or_version) = word.split_once('.').unwrap_or((&word, ""));
    let is_named = |resource: &Resource, short_names: &[&str]| {
        let has_name =
            name == resource.plural || name == resource.kind.to_lowercase() || short_names.contains(&name);
        let has_group = group_or_version.is_empty()
            || (!resource.group.is_empty() && group_or_version == resource.group)
            || group_or_version.strip_prefix(resource.version.as_str()).is_some_and(|group_or_version| {
                group_or_version.strip_prefix('.').unwrap_or(group_or_version) == resource.group
            });
        has_name && has_group
    };
    known_types()
        .find(|(resource, short_names)| is_named(resource, short_names))
        .map(|(resource, _)| resource)
}

/// Whether a word names `all`, or a type that is found without API discovery.
pub(crate) fn is_type_with_pods(word: &str) -> bool {
    word.eq_ignore_ascii_case(ALL) || find_known_type(word).is_some()
}

/// Finds the type of Kubernetes with this group, version and kind, if its objects run Pods.
pub(crate) fn known_type_of_kind(api_version: &str, kind: &str) -> Option<Resource> {
    let mut types = types_with_pods().map(|(resource, _)| resource);
    types.find(|resource| resource.api_version() == api_version && resource.kind == kind)
}

/// Requests all types of the server.
pub(crate) async fn fetch_types(cluster: &Cluster) -> Result<Vec<APIGroupDiscovery>, RequestError> {
    let (core, groups) = tokio::join!(fetch_groups(cluster, "/api"), fetch_groups(cluster, "/apis"));
    let mut types = core?;
    types.extend(groups?);
    Ok(types)
}

/// Requests the types below `path`.
async fn fetch_groups(cluster: &Cluster, path: &str) -> Result<Vec<APIGroupDiscovery>, RequestError> {
    let fetch = async || {
        let request = http::Request::get(path).header(http::header::ACCEPT, ACCEPT_TYPES).body(Vec::new());
        let request = request.map_err(|error| RequestError::Unreachable(kube::Error::HttpError(error)))?;
        cluster.fetch_json::<APIGroupDiscoveryList>(request, MAX_TYPES_BYTES).await
    };
    Ok(cluster.repeat_at_first(fetch).await?.items)
}

/// Requests the types of the server and finds the type that `word` names.
///
/// # Errors
///
/// The types cannot be requested, or no type has this name.
async fn discover_type(cluster: &Cluster, word: &str) -> Result<Resource, SourceError> {
    let context = RequestContext { verb: "get", resource: "API groups".to_owned(), namespace: None };
    let types = fetch_types(cluster).await.map_err(|failure| match failure {
        RequestError::Refused(status) if status.code == 403 => {
            SourceError::new(ErrorKind::Forbidden, status.message).hint(format!(
                "\"{word}\" is not a built-in type, and you are not allowed to list the other types of the server. Check with `kubectl api-resources`."
            ))
        }
        failure @ (RequestError::Refused(_)
        | RequestError::Credentials(_)
        | RequestError::Unreachable(_)
        | RequestError::Interrupted(_)
        | RequestError::Undecodable(_)
        | RequestError::TooLong(_)
        | RequestError::TimedOut(_)) => explain_request_error(failure, &context, &cluster.endpoint()),
    })?;
    find_type(&types, word).ok_or_else(|| {
        let text = format!("the server doesn't have a resource type \"{word}\"");
        let error = SourceError::new(ErrorKind::NotFound, text).hint(
            "List the server's types with `kubectl api-resources`, or show Jobs with `kubectl seq get jobs`.",
        );
        if let Some((group, kind)) = find_custom_workload(word) {
            return error.first_hint(format!("{kind} of {group} is not installed on this server."));
        }
        match find_similar_type(&types, word) {
            Some(similar) => error.first_hint(format!("A similar type exists: `kubectl seq get {similar}`.")),
            None => error,
        }
    })
}

/// Returns the group and the kind of the custom resource that `word` names, if this program knows the resource.
fn find_custom_workload(word: &str) -> Option<(&'static str, &'static str)> {
    let name = word.split('.').next().unwrap_or(word).to_lowercase();
    let is_named = |kind: &str| {
        let kind = kind.to_lowercase();
        name == kind || name.strip_suffix('s') == Some(kind.as_str())
    };
    CUSTOM_WORKLOADS.iter().copied().find(|(_, kind)| is_named(kind))
}

/// Returns the plural of the type whose name is most similar to `word`. Types whose objects run Pods come first.
fn find_similar_type(groups: &[APIGroupDiscovery], word: &str) -> Option<String> {
    let mut names: Vec<(String, String)> = Vec::new();
    for (resource, short_names) in known_types() {
        let short_names = short_names.iter().map(|name| (*name).to_owned());
        let all = short_names.chain([resource.plural.clone(), resource.kind.to_lowercase()]);
        names.extend(all.map(|name| (name, resource.plural.clone())));
    }
    let versions = groups.iter().flat_map(|group| &group.versions);
    for resource in versions.flat_map(|version| &version.resources) {
        let plural = resource.resource.clone().unwrap_or_default();
        let all = resource.short_names.iter().chain(&resource.singular_resource).cloned();
        names.extend(all.chain([plural.clone()]).map(|name| (name, plural.clone())));
    }
    let word = word.split('.').next().unwrap_or(word);
    let nearest = find_nearest(word, names.iter().map(|(name, _)| name.as_str()))?;
    names.iter().find(|(name, _)| name == nearest).map(|(_, plural)| plural.clone())
}

/// Finds the type with this group, version and kind among the server's types.
pub(crate) fn find_type_of_kind(
    groups: &[APIGroupDiscovery],
    api_version: &str,
    kind: &str,
) -> Option<Resource> {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    find_first(groups, &|name, number| (name, number) == (group, version), &|resource| {
        resource.response_kind.as_ref().and_then(|own| own.kind.as_deref()) == Some(kind)
    })
}

/// Finds the first type for which `is_resource` returns true, in the groups and versions for which `is_version` returns
/// true.
fn find_first(
    groups: &[APIGroupDiscovery],
    is_version: &dyn Fn(&str, &str) -> bool,
    is_resource: &dyn Fn(&APIResourceDiscovery) -> bool,
) -> Option<Resource> {
    groups.iter().find_map(|group| {
        let group_name = group.metadata.as_ref().and_then(|meta| meta.name.as_deref()).unwrap_or("");
        group.versions.iter().find_map(|version| {
            let version_name = version.version.as_deref().unwrap_or("");
            if !is_version(group_name, version_name) {
                return None;
            }
            let resource = version.resources.iter().find(|resource| is_resource(resource))?;
            Some(Resource {
                group: group_name.to_owned(),
                version: version_name.to_owned(),
                kind: resource.response_kind.as_ref()?.kind.clone().unwrap_or_default(),
                plural: resource.resource.clone()?,
                namespaced: resource.scope.as_deref() == Some("Namespaced"),
            })
        })
    })
}

/// Finds the type that `word` names. If several types have this name, the first one in the server's order is returned.
fn find_type(groups: &[APIGroupDiscovery], word: &str) -> Option<Resource> {
    let word = word.to_lowercase();
    let (name, group_or_version) = word.split_once('.').unwrap_or((&word, ""));
    let search = |is_version: &dyn Fn(&str, &str) -> bool| {
        find_first(groups, is_version, &|resource| {
            let kind = resource.response_kind.as_ref().and_then(|own| own.kind.as_deref()).unwrap_or("");
            resource.resource.as_deref() == Some(name)
                || kind.to_lowercase() == name
                || resource.singular_resource.as_deref() == Some(name)
                || resource.short_names.iter().any(|short| short == name)
        })
    };
    if group_or_version.is_empty() {
        return search(&|_, _| true);
    }
    let is_named_version = |group: &str, version: &str| {
        group_or_version.strip_prefix(version).is_some_and(|group_or_version| {
            group_or_version.strip_prefix('.').unwrap_or(group_or_version) == group
        })
    };
    search(&|group, _| group == group_or_version)
        .or_else(|| search(&is_named_version))
        // kubectl also accepts the beginning of a group's name.
        .or_else(|| search(&|group, _| group.starts_with(group_or_version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::BuiltInKind;
    use crate::source::cluster::api::decoding::kind::can_be_named;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn known_types_are_found_by_every_name_in_upper_or_lower_case() {
        for word in ["job", "jobs", "Job", "JOBS", "job.batch", "jobs.batch", "jobs.v1.batch", "Job.v1.batch"]
        {
            assert_eq!(find_known_type(word), Some(Resource::job()), "{word}");
        }
        for word in ["po", "pod", "pods", "Pods", "pods.v1", "pods.v1."] {
            assert_eq!(find_known_type(word), Some(Resource::pod()), "{word}");
        }
        for word in ["ns", "namespace", "namespaces", "Namespaces", "namespaces.v1"] {
            assert_eq!(find_known_type(word), Some(Resource::namespace()), "{word}");
        }
        for word in ["no", "node", "nodes", "Nodes", "nodes.v1", "nodes.v1."] {
            assert_eq!(find_known_type(word), Some(Resource::node()), "{word}");
        }
        assert_eq!(find_known_type("deploy").map(|found| found.name()), Some("deployments.apps".to_owned()));
        assert_eq!(find_known_type("cj").map(|found| found.api_version()), Some("batch/v1".to_owned()));
        for word in ["jobs.volcano.sh", "jobs.v1beta1.batch", "jobset", "", "j", "pods.batch", "jobs.v1"] {
            assert_eq!(find_known_type(word), None, "{word}");
        }
    }

    #[test]
    fn every_built_in_kind_is_found_by_its_short_names() {
        for kind in BuiltInKind::ALL.iter().filter(|kind| can_be_named(**kind)) {
            let resource = Resource::from_kind(*kind);
            for word in kind.info().short_names.iter().chain([&kind.info().plural]) {
                assert_eq!(find_known_type(word).as_ref(), Some(&resource), "{word}");
            }
            assert_eq!(known_type_of_kind(kind.info().api_version, kind.info().name), Some(resource));
        }
    }

    #[test]
    fn words_are_split_into_types_and_names() {
        let parse = |text| parse_types_and_names(&words(text)).unwrap();
        let one = |kind: &str, names: &[&str]| {
            (kind.to_owned(), names.iter().map(|&name| name.to_owned()).collect())
        };
        assert_eq!(parse("job pi pi2"), [one("job", &["pi", "pi2"])]);
        assert_eq!(parse("jobs"), [one("jobs", &[])]);
        assert_eq!(parse("job,pod x"), [one("job", &["x"]), one("pod", &["x"])]);
        assert_eq!(parse("job/pi pod/x job/e"), [one("job", &["pi", "e"]), one("pod", &["x"])]);
        for wrong in ["", "job/pi e", "job/", "/pi", "job/pi/e", ","] {
            assert_eq!(parse_types_and_names(&words(wrong)).unwrap_err().kind, ErrorKind::Usage, "{wrong}");
        }
    }

    #[test]
    fn the_types_of_the_server_are_found_by_the_same_names_as_in_kubectl() {
        let group = |name: &str, plural: &str, kind: &str, short: &str| {
            serde_json::json!({"metadata": {"name": name}, "versions": [{"version": "v1alpha2", "resources": [{
                "resource": plural, "singularResource": kind.to_lowercase(), "shortNames": [short], "scope": "Namespaced",
                "responseKind": {"kind": kind}, "verbs": ["list"]}]}]})
        };
        let groups: Vec<APIGroupDiscovery> = serde_json::from_value(serde_json::json!([
            group("jobset.x-k8s.io", "jobsets", "JobSet", "js"),
            group("batch.volcano.sh", "jobs", "Job", "vcjob"),
        ]))
        .unwrap();
        for word in [
            "jobset",
            "JobSets",
            "js",
            "jobsets.jobset.x-k8s.io",
            "jobsets.v1alpha2.jobset.x-k8s.io",
            "js.jobset",
        ] {
            assert_eq!(
                find_type(&groups, word).map(|found| found.name()),
                Some("jobsets.jobset.x-k8s.io".to_owned()),
                "{word}"
            );
        }
        assert_eq!(
            find_type(&groups, "jobs.batch.volcano.sh").map(|found| found.kind),
            Some("Job".to_owned())
        );
        assert_eq!(find_type(&groups, "nosuch"), None);
        assert_eq!(find_type(&groups, "jobsets.other"), None);
    }
}
