//! The kubectl commands that change objects, and the arguments of one call.

use std::ffi::{OsStr, OsString};

/// A kubectl command that changes objects and whose objects can then be followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChangeCommand {
    /// `kubectl apply`.
    #[default]
    Apply,
    /// `kubectl create`.
    Create,
    /// `kubectl replace`.
    Replace,
}

impl ChangeCommand {
    /// All commands.
    pub(crate) const ALL: [Self; 3] = [Self::Apply, Self::Create, Self::Replace];

    /// Returns the command with this name.
    pub(crate) fn from_name(name: &OsStr) -> Option<Self> {
        Self::ALL.into_iter().find(|command| name == command.name())
    }

    /// Returns the name that the user types: `apply`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Create => "create",
            Self::Replace => "replace",
        }
    }

    /// Returns the participle of the command: `applied`. kubectl prints the participles of `create` and `replace` after
    /// the name of each object.
    pub(crate) fn participle(self) -> &'static str {
        match self {
            Self::Apply => "applied",
            Self::Create => "created",
            Self::Replace => "replaced",
        }
    }
}

/// The arguments of one [`ChangeCommand`], grouped by the kubectl calls that receive them: the command, and the `get`
/// that reads applied objects back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangeArguments {
    /// The command.
    pub command: ChangeCommand,
    /// The subcommand of `create`, for example `job`.
    pub subcommand: Option<OsString>,
    /// The values of `--filename`. A list such as `a.yaml,b.yaml` is already split.
    pub filenames: Vec<String>,
    /// The other flags that select objects, such as `--kustomize` and `--recursive`. `kubectl get` has the same flags.
    pub selection: Vec<OsString>,
    /// The global flags of kubectl.
    pub global: Vec<OsString>,
    /// Arguments that only the command accepts. The last argument may be a flag without its value. kubectl then reports
    /// the error.
    pub command_only: Vec<OsString>,
    /// The words after `--`.
    pub operands: Vec<OsString>,
}

impl ChangeArguments {
    /// Returns the arguments that must come last on the command line. A flag without its value must come last, because
    /// it would take the next argument as its value. The operands must come last, because kubectl recognizes no flag
    /// after `--`.
    pub(super) fn trailing_arguments(&self) -> Vec<OsString> {
        let mut words = self.command_only.clone();
        if !self.operands.is_empty() {
            words.push("--".into());
            words.extend(self.operands.iter().cloned());
        }
        words
    }
}
