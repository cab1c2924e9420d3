//! Hints after a failed `kubectl apply`, `create` or `replace`: each hint names a command that gets the wanted result.
//!
//! kubectl's messages name the cause of the failure and the object.

use crate::cli::change::changed_workloads::runs_pods;
use crate::cli::change::typed_command::TypedCommand;
use crate::observation::BuiltInKind;
use crate::source::kubectl::{ChangeArguments, ChangeCommand};

/// A kubectl command that has failed.
#[derive(Debug)]
pub(crate) struct FailedChange<'a> {
    pub(crate) arguments: &'a ChangeArguments,
    pub(crate) typed: &'a TypedCommand,
    /// The text that kubectl has written to standard error.
    pub(crate) messages: &'a str,
    /// The flags that select the namespace and the context, as the user gave them.
    pub(crate) scope_flags: Vec<String>,
}

/// An object that kubectl's messages name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NamedObject<'a> {
    kind: BuiltInKind,
    name: &'a str,
}

impl NamedObject<'_> {
    /// Returns the kind and the name as people write them: `Job pi`.
    fn title(&self) -> String {
        format!("{} {}", self.kind.info().name, self.name)
    }

    /// Returns the object as kubectl's arguments name it: `job/pi`.
    fn argument(&self) -> String {
        format!("{}/{}", self.kind.info().name.to_lowercase(), self.name)
    }
}

/// Returns the name of the namespace that does not exist, if kubectl's messages name one.
pub(crate) fn find_missing_namespace(messages: &str) -> Option<&str> {
    let (_, rest) = messages.split_once("namespaces \"")?;
    let (name, rest) = rest.split_once('"')?;
    rest.starts_with(" not found").then_some(name)
}

impl FailedChange<'_> {
    /// Returns the hints: full sentences, each with a command to paste.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hints =
            [self.generated_name(), self.immutable_field(), self.existing_objects(), self.missing_objects()];
        hints.into_iter().flatten().collect()
    }

    /// Only `create` can give an object a generated name.
    fn generated_name(&self) -> Option<String> {
        let cause = match self.arguments.command {
            ChangeCommand::Apply => "cannot use generate name with apply",
            ChangeCommand::Replace => "resource name may not be empty",
            ChangeCommand::Create => return None,
        };
        let command = self.typed.with_command(ChangeCommand::Create, None);
        self.messages
            .contains(cause)
            .then(|| format!("Only `create` can give an object a generated name: `{command}`."))
    }

    fn immutable_field(&self) -> Option<String> {
        let mut objects = Vec::new();
        for (object, rest) in self.objects_before("\" is invalid: ", kind_of_name) {
            let message = rest.split("\" is invalid: ").next().unwrap_or(rest);
            let is_immutable = ["field is immutable", "updates to statefulset spec for fields other than"]
                .iter()
                .any(|text| message.contains(text));
            if is_immutable && !objects.contains(&object) {
                objects.push(object);
            }
        }
        let titles = join_titles(&objects)?;
        let fields = if objects.len() == 1 { "A changed field of" } else { "Changed fields of" };
        let verb = if objects.len() == 1 { "is" } else { "are" };
        let way_out = self.way_to_recreate().unwrap_or_else(|| {
            let command = format!("kubectl delete {}", self.arguments_of(&objects));
            format!("after `{command}`, the same command creates {} again", pronoun(&objects))
        });
        Some(format!("{fields} {titles} {verb} immutable: {way_out}."))
    }

    fn existing_objects(&self) -> Option<String> {
        if self.arguments.command != ChangeCommand::Create {
            return None;
        }
        let objects = self.objects_with_status("\" already exists");
        let titles = join_titles(&objects)?;
        let verb = if objects.len() == 1 { "exists" } else { "exist" };
        let follow =
            format!("`kubectl seq get {} -w` follows {}", self.arguments_of(&objects), pronoun(&objects));
        let ways_out = match self.way_to_recreate() {
            Some(recreate) => format!("{recreate}, and {follow}"),
            None => follow,
        };
        Some(format!("{titles} {verb} already: {ways_out}."))
    }

    fn missing_objects(&self) -> Option<String> {
        if self.arguments.command != ChangeCommand::Replace {
            return None;
        }
        let objects = self.objects_with_status("\" not found");
        let titles = join_titles(&objects)?;
        let verb = if objects.len() == 1 { "does" } else { "do" };
        let command = self.typed.with_command(ChangeCommand::Create, None);
        Some(format!("{titles} {verb} not exist: `{command}` creates {}.", pronoun(&objects)))
    }

    /// Returns the part of a sentence about the command that deletes the objects and creates them again. Returns `None`
    /// if `replace` cannot select the same objects, because `replace` reads only manifests and has no selector.
    fn way_to_recreate(&self) -> Option<String> {
        if self.arguments.subcommand.is_some() || self.typed.has_flag("selector") {
            return None;
        }
        let command = self.typed.with_command(ChangeCommand::Replace, Some("force"));
        Some(format!("`{command}` deletes everything in the manifest and creates it again"))
    }

    /// Returns the objects and the scope flags as arguments of a command: `job/a job/b -n ns`.
    fn arguments_of(&self, objects: &[NamedObject<'_>]) -> String {
        let arguments = objects.iter().map(NamedObject::argument).chain(self.scope_flags.iter().cloned());
        arguments.collect::<Vec<_>>().join(" ")
    }

    /// Returns the objects of lines that end with `status`, such as `jobs.batch "pi" already exists`.
    fn objects_with_status(&self, status: &str) -> Vec<NamedObject<'_>> {
        let found = self.objects_before(status, kind_of_resource).into_iter();
        let ends_line = |rest: &str| rest.is_empty() || rest.starts_with(['\n', '\r']);
        let mut objects: Vec<NamedObject<'_>> = Vec::new();
        for (object, _) in found.filter(|(_, rest)| ends_line(rest)) {
            if !objects.contains(&object) {
                objects.push(object);
            }
        }
        objects
    }

    /// Returns each object whose quoted name comes directly before `text`, and the rest of the messages after `text`.
    /// `find_kind` converts the word before the name into a kind.
    fn objects_before(
        &self,
        text: &str,
        find_kind: impl Fn(&str) -> Option<BuiltInKind>,
    ) -> Vec<(NamedObject<'_>, &str)> {
        let found = self.messages.match_indices(text).filter_map(|(index, _)| {
            let (before, name) = self.messages[..index].rsplit_once(" \"")?;
            let word = before.rsplit([' ', '\n', ':']).next()?;
            Some((NamedObject { kind: find_kind(word)?, name }, &self.messages[index + text.len()..]))
        });
        found.collect()
    }
}

fn pronoun(objects: &[NamedObject<'_>]) -> &'static str {
    if objects.len() == 1 { "it" } else { "them" }
}

/// Joins the titles of objects: `Job a, Job b and Job c`. Returns `None` if there is no object.
fn join_titles(objects: &[NamedObject<'_>]) -> Option<String> {
    let titles: Vec<String> = objects.iter().map(NamedObject::title).collect();
    match titles.split_last() {
        Some((last, [])) => Some(last.clone()),
        Some((last, others)) => Some(format!("{} and {last}", others.join(", "))),
        None => None,
    }
}

/// Returns the kind for the word of an error message, such as `Job` or `Job.batch`. Returns `None` if the kind runs no
/// Pods.
fn kind_of_name(word: &str) -> Option<BuiltInKind> {
    find_kind(|kind| (kind.info().name, kind.info().group()), word, true)
}

/// Returns the kind for the resource of an error message, such as `jobs.batch`. Returns `None` if the kind runs no
/// Pods.
fn kind_of_resource(word: &str) -> Option<BuiltInKind> {
    find_kind(|kind| (kind.info().plural, kind.info().group()), word, false)
}

/// Returns the kind that runs Pods and whose name and group are those in `word`.
fn find_kind(
    name_and_group: impl Fn(BuiltInKind) -> (&'static str, &'static str),
    word: &str,
    may_omit_group: bool,
) -> Option<BuiltInKind> {
    let (name, group) = word.split_once('.').unwrap_or((word, ""));
    let is_same = |kind: &BuiltInKind| {
        let (known_name, known_group) = name_and_group(*kind);
        name == known_name && (group == known_group || may_omit_group && group.is_empty())
    };
    BuiltInKind::ALL.iter().copied().filter(|kind| runs_pods(*kind)).find(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::change::typed_command::split_words;
    use crate::cli::change::words::divide_words;
    use crate::cli::command_line;

    fn hints(command: ChangeCommand, typed: &str, messages: &str) -> String {
        let root = command_line::command();
        let declared = root.find_subcommand(command.name()).unwrap();
        let (_, kubectl) = divide_words(command, declared, &split_words(typed));
        let scope_flags = vec!["-n ns".to_owned()];
        let (arguments, typed) = (&kubectl.arguments, &kubectl.typed);
        FailedChange { arguments, typed, messages, scope_flags }.hints().join("\n")
    }

    #[test]
    fn a_generated_name_needs_create() {
        for (command, typed, messages, suggested) in [
            (
                ChangeCommand::Apply,
                "-n ns -f gen.yaml --server-side --timeout 5m",
                "error: from gen-: cannot use generate name with apply\n",
                "-n ns -f gen.yaml --timeout 5m",
            ),
            (
                ChangeCommand::Replace,
                "--force -f gen.yaml",
                "error when deleting \"gen.yaml\": resource name may not be empty\n",
                "-f gen.yaml",
            ),
        ] {
            let hint = format!(
                "Only `create` can give an object a generated name: `kubectl seq create {suggested}`."
            );
            assert_eq!(hints(command, typed, messages), hint);
        }
    }

    #[test]
    fn an_immutable_field_needs_a_replacement_by_force() {
        let force =
            "`kubectl seq replace --force -f x` deletes everything in the manifest and creates it again.";
        for (command, messages, fields) in [
            (
                ChangeCommand::Apply,
                "The Job \"pi\" is invalid: spec.template: Invalid value: {\"a\":\"b\"}: field is immutable\n",
                "A changed field of Job pi is immutable",
            ),
            (
                ChangeCommand::Replace,
                "The Job \"pi\" is invalid: \n* spec.selector: Required value\n* spec.selector: Invalid value: null: field is immutable\n",
                "A changed field of Job pi is immutable",
            ),
            (
                ChangeCommand::Apply,
                "Error from server (Invalid): error when applying patch:\n{\"a\":\"\\\"b\\\" is invalid: \"}\nfor: \"x\": error when patching \"x\": Deployment.apps \"web\" is invalid: spec.selector: Invalid value: {}: field is immutable\nError from server (Invalid): StatefulSet.apps \"db\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden\n",
                "Changed fields of Deployment web and StatefulSet db are immutable",
            ),
        ] {
            assert_eq!(hints(command, "-f x", messages), format!("{fields}: {force}"), "{messages}");
        }
        for messages in [
            "The Job \"pi\" is invalid: spec.template.spec.restartPolicy: Required value\n",
            "The ConfigMap \"fixed\" is invalid: data: Forbidden: field is immutable when `immutable` is set\n",
            "field is immutable",
        ] {
            assert_eq!(hints(ChangeCommand::Apply, "-f x", messages), "", "{messages}");
        }
    }

    #[test]
    fn a_replacement_would_ignore_the_selector_so_the_object_must_be_deleted() {
        let message = "The Job \"pi\" is invalid: spec.template: Invalid value: {}: field is immutable\n";
        assert_eq!(
            hints(ChangeCommand::Apply, "-f x -l a=b", message),
            "A changed field of Job pi is immutable: after `kubectl delete job/pi -n ns`, the same command creates it again."
        );
    }

    #[test]
    fn an_existing_object_can_be_replaced_or_followed() {
        let from_file = "Error from server (AlreadyExists): error when creating \"x\": jobs.batch \"pi\" already exists\n";
        assert_eq!(
            hints(ChangeCommand::Create, "-f x", from_file),
            "Job pi exists already: `kubectl seq replace --force -f x` deletes everything in the manifest and creates it again, and `kubectl seq get job/pi -n ns -w` follows it."
        );
        let two = format!("{from_file}{from_file}{}", from_file.replace("pi", "rho"));
        let two = hints(ChangeCommand::Create, "-f x", &two);
        assert!(two.starts_with("Job pi and Job rho exist already: "), "{two}");
        assert!(two.ends_with("`kubectl seq get job/pi job/rho -n ns -w` follows them."), "{two}");
        assert_eq!(
            hints(
                ChangeCommand::Create,
                "deploy web --image=x",
                "error: failed to create deployment: deployments.apps \"web\" already exists\n"
            ),
            "Deployment web exists already: `kubectl seq get deployment/web -n ns -w` follows it."
        );
        assert_eq!(
            hints(ChangeCommand::Create, "-f x -l a=b", from_file),
            "Job pi exists already: `kubectl seq get job/pi -n ns -w` follows it."
        );
        let settings = from_file.replace("jobs.batch", "configmaps");
        assert_eq!(hints(ChangeCommand::Create, "-f x", &settings), "");
    }

    #[test]
    fn a_missing_object_can_be_created() {
        let messages =
            "Error from server (NotFound): error when replacing \"x\": jobs.batch \"pi\" not found\n";
        assert_eq!(
            hints(ChangeCommand::Replace, "-f x", messages),
            "Job pi does not exist: `kubectl seq create -f x` creates it."
        );
        assert_eq!(hints(ChangeCommand::Create, "job a --from=cronjob/x", messages), "");
    }
}
