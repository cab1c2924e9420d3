//! TYPE as kubectl takes it, in any case: `job`, `jobs`, `job.batch`, `jobs.v1.batch`, `po`, `cj`, a custom resource's.
//!
//! Kubernetes' own types need no request. Others are looked up by API discovery.

use kube::client::{APIGroupDiscovery, APIResourceDiscovery};

use crate::observation::BuiltInKind;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::{RequestContext, RequestError, explain_request_error};
use crate::source::cluster::api::kind::can_be_named;
use crate::source::cluster::api::resource::Resource;
use crate::source::error::{ErrorKind, SourceError};

/// A type and the names that the user gave with it; without names, all objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The type.
    pub resource: Resource,
    /// Names.
    pub names: Vec<String>,
}

/// Makes types and names of a command's words: `job pi pi2`, `job/pi pod/x`, `job,pod`.
///
/// # Errors
///
/// Words that kubectl would not take either, and types that the server does not have.
pub(crate) async fn resolve(cluster: &Cluster, words: &[String]) -> Result<Vec<Named>, SourceError> {
    let mut found = Vec::new();
    for (kind, names) in split(words)? {
        let resource = match known(&kind) {
            Some(resource) => resource,
            None => discover(cluster, &kind).await?,
        };
        found.push(Named { resource, names });
    }
    Ok(found)
}

/// Types and names as typed.
fn split(words: &[String]) -> Result<Vec<(String, Vec<String>)>, SourceError> {
    let usage = |text: String, hint: &str| Err(SourceError::new(ErrorKind::Usage, text).hint(hint));
    let Some((first, rest)) = words.split_first() else {
        return usage(
            "you must specify the type of resource to get".to_owned(),
            "For example `kubectl seq get job pi`, `kubectl seq get jobs` or `kubectl seq get pods -l app=web`.",
        );
    };
    if words.iter().any(|word| word.contains('/')) {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for word in words {
            match word.split_once('/') {
                Some((kind, name)) if !kind.is_empty() && !name.is_empty() && !name.contains('/') => {
                    match found.iter_mut().find(|(other, _)| other == kind) {
                        Some((_, names)) => names.push(name.to_owned()),
                        None => found.push((kind.to_owned(), vec![name.to_owned()])),
                    }
                }
                Some(_) => {
                    return usage(
                        format!(
                            "arguments in resource/name form may not have more than one slash, and need both: \"{word}\""
                        ),
                        "For example `kubectl seq get job/pi`.",
                    );
                }
                None => {
                    return usage(
                        format!(
                            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form: \"{word}\""
                        ),
                        "Use `kubectl seq get job/pi job/pi2` or `kubectl seq get job pi pi2`.",
                    );
                }
            }
        }
        return Ok(found);
    }
    let kinds: Vec<&str> = first.split(',').filter(|kind| !kind.is_empty()).collect();
    if kinds.is_empty() {
        return usage(format!("no type in \"{first}\""), "For example `kubectl seq get job,pod`.");
    }
    Ok(kinds.into_iter().map(|kind| (kind.to_owned(), rest.to_vec())).collect())
}

/// The types that `get` finds without a request although their objects are read as custom resources.
fn read_as_custom() -> [(Resource, &'static [&'static str]); 1] {
    let replication_controllers = Resource {
        group: String::new(),
        version: "v1".to_owned(),
        kind: "ReplicationController".to_owned(),
        plural: "replicationcontrollers".to_owned(),
        namespaced: true,
    };
    [(replication_controllers, &["rc"])]
}

/// Kubernetes' own types that have Pods, with their short names.
fn known_types() -> impl Iterator<Item = (Resource, &'static [&'static str])> {
    let kinds = BuiltInKind::ALL.iter().copied().filter(|kind| can_be_named(*kind));
    kinds.map(|kind| (Resource::from_kind(kind), kind.info().short_names)).chain(read_as_custom())
}

/// The type that a word of the command line names, if it is one of Kubernetes' own. A word without a group always means
/// Kubernetes' own type, even if another group has a type of the same name.
fn known(word: &str) -> Option<Resource> {
    let word = word.to_lowercase();
    let (name, rest) = word.split_once('.').unwrap_or((&word, ""));
    let is_meant = |resource: &Resource, short_names: &[&str]| {
        let named =
            name == resource.plural || name == resource.kind.to_lowercase() || short_names.contains(&name);
        let grouped = rest.is_empty()
            || (!resource.group.is_empty() && rest == resource.group)
            || rest
                .strip_prefix(resource.version.as_str())
                .is_some_and(|rest| rest.strip_prefix('.').unwrap_or(rest) == resource.group);
        named && grouped
    };
    known_types()
        .find(|(resource, short_names)| is_meant(resource, short_names))
        .map(|(resource, _)| resource)
}

/// The type with this group, version and kind, if it is one of Kubernetes' own that have Pods.
pub(crate) fn known_type(api_version: &str, kind: &str) -> Option<Resource> {
    let mut types = known_types().map(|(resource, _)| resource);
    types.find(|resource| resource.api_version() == api_version && resource.kind == kind)
}

/// Asks the server for its types.
pub(crate) async fn fetch_types(cluster: &Cluster) -> Result<Vec<APIGroupDiscovery>, RequestError> {
    let (core, groups) = tokio::join!(
        cluster.client.list_core_api_versions_aggregated(),
        cluster.client.list_api_groups_aggregated()
    );
    let read = |list| match list {
        Ok(list) => Ok(list),
        Err(kube::Error::Api(status)) => Err(RequestError::from(status)),
        Err(error) => Err(RequestError::Unreachable(error)),
    };
    let mut types: Vec<APIGroupDiscovery> = read(core)?.items;
    types.extend(read(groups)?.items);
    Ok(types)
}

/// Asks the server which of its types the word means.
async fn discover(cluster: &Cluster, word: &str) -> Result<Resource, SourceError> {
    let asked = RequestContext { verb: "get", resource: "API groups".to_owned(), namespace: None };
    let types = fetch_types(cluster).await.map_err(|failure| match failure {
        RequestError::Refused(status) if status.code == 403 => {
            SourceError::new(ErrorKind::Forbidden, status.message).hint(format!(
                "\"{word}\" is no type of Kubernetes' own, and the server does not tell you its others."
            ))
        }
        failure => explain_request_error(failure, &asked, &cluster.endpoint()),
    })?;
    find(&types, word).ok_or_else(|| {
        SourceError::new(ErrorKind::NotFound, format!("the server doesn't have a resource type \"{word}\""))
            .hint("`kubectl api-resources` lists the types there are; `kubectl seq get jobs` shows Jobs.")
    })
}

/// The type of that kind.
pub(crate) fn of_kind(groups: &[APIGroupDiscovery], api_version: &str, kind: &str) -> Option<Resource> {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    first(groups, &|name, number| (name, number) == (group, version), &|resource| {
        resource.response_kind.as_ref().and_then(|own| own.kind.as_deref()) == Some(kind)
    })
}

/// The first type of a group and version that fits.
fn first(
    groups: &[APIGroupDiscovery],
    version_fits: &dyn Fn(&str, &str) -> bool,
    fits: &dyn Fn(&APIResourceDiscovery) -> bool,
) -> Option<Resource> {
    groups.iter().find_map(|group| {
        let group_name = group.metadata.as_ref().and_then(|meta| meta.name.as_deref()).unwrap_or("");
        group.versions.iter().find_map(|version| {
            let version_name = version.version.as_deref().unwrap_or("");
            if !version_fits(group_name, version_name) {
                return None;
            }
            let resource = version.resources.iter().find(|resource| fits(resource))?;
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

/// The type that the word means, in the server's order of preference.
fn find(groups: &[APIGroupDiscovery], word: &str) -> Option<Resource> {
    let word = word.to_lowercase();
    let (name, rest) = word.split_once('.').unwrap_or((&word, ""));
    let search = |version_fits: &dyn Fn(&str, &str) -> bool| {
        first(groups, version_fits, &|resource| {
            let kind = resource.response_kind.as_ref().and_then(|own| own.kind.as_deref()).unwrap_or("");
            resource.resource.as_deref() == Some(name)
                || kind.to_lowercase() == name
                || resource.singular_resource.as_deref() == Some(name)
                || resource.short_names.iter().any(|short| short == name)
        })
    };
    if rest.is_empty() {
        return search(&|_, _| true);
    }
    let versioned = |group: &str, version: &str| {
        rest.strip_prefix(version).is_some_and(|rest| rest.strip_prefix('.').unwrap_or(rest) == group)
    };
    search(&|group, _| group == rest)
        .or_else(|| search(&versioned))
        // kubectl takes the beginning of a group too.
        .or_else(|| search(&|group, _| group.starts_with(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cluster::api::kind::Kind;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn own_types_are_known_by_every_name_in_any_case() {
        for word in ["job", "jobs", "Job", "JOBS", "job.batch", "jobs.batch", "jobs.v1.batch", "Job.v1.batch"]
        {
            assert_eq!(known(word), Some(Resource::job()), "{word}");
        }
        for word in ["po", "pod", "pods", "Pods", "pods.v1", "pods.v1."] {
            assert_eq!(known(word), Some(Resource::pod()), "{word}");
        }
        assert_eq!(known("deploy").map(|found| found.name()), Some("deployments.apps".to_owned()));
        assert_eq!(known("cj").map(|found| found.api_version()), Some("batch/v1".to_owned()));
        for word in ["jobs.volcano.sh", "jobs.v1beta1.batch", "jobset", "", "j", "pods.batch", "jobs.v1"] {
            assert_eq!(known(word), None, "{word}");
        }
    }

    #[test]
    fn no_kind_of_the_table_is_read_as_a_custom_resource() {
        for (resource, _) in read_as_custom() {
            let kind = Kind::from_resource(&resource);
            assert!(kind.is_json(), "{kind:?} is in the table of kinds: remove it from `read_as_custom`");
        }
    }

    #[test]
    fn every_kind_of_the_table_is_known_by_its_short_names() {
        for kind in BuiltInKind::ALL.iter().filter(|kind| can_be_named(**kind)) {
            let resource = Resource::from_kind(*kind);
            for word in kind.info().short_names.iter().chain([&kind.info().plural]) {
                assert_eq!(known(word).as_ref(), Some(&resource), "{word}");
            }
            assert_eq!(known_type(kind.info().api_version, kind.info().name), Some(resource));
        }
    }

    #[test]
    fn types_and_names_are_told_apart() {
        let split = |text| super::split(&words(text)).unwrap();
        let one = |kind: &str, names: &[&str]| {
            (kind.to_owned(), names.iter().map(|&name| name.to_owned()).collect())
        };
        assert_eq!(split("job pi pi2"), [one("job", &["pi", "pi2"])]);
        assert_eq!(split("jobs"), [one("jobs", &[])]);
        assert_eq!(split("job,pod x"), [one("job", &["x"]), one("pod", &["x"])]);
        assert_eq!(split("job/pi pod/x job/e"), [one("job", &["pi", "e"]), one("pod", &["x"])]);
        for wrong in ["", "job/pi e", "job/", "/pi", "job/pi/e", ","] {
            assert_eq!(super::split(&words(wrong)).unwrap_err().kind, ErrorKind::Usage, "{wrong}");
        }
    }

    #[test]
    fn the_servers_types_are_found_as_kubectl_finds_them() {
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
                find(&groups, word).map(|found| found.name()),
                Some("jobsets.jobset.x-k8s.io".to_owned()),
                "{word}"
            );
        }
        assert_eq!(find(&groups, "jobs.batch.volcano.sh").map(|found| found.kind), Some("Job".to_owned()));
        assert_eq!(find(&groups, "nosuch"), None);
        assert_eq!(find(&groups, "jobsets.other"), None);
    }
}
