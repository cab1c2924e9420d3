//! The tables of kubectl's flags. The global flags are in [`crate::cli::args::connection`].

use crate::cli::kubectl_flags::flags::{Flag, Takes};

/// A flag of a kubectl command: long name, letter, and how the value is written.
pub(crate) type FlagRow = (&'static str, Option<char>, Takes);

/// The flags of `kubectl apply`, besides the global flags, which [`crate::cli::args::connection`] declares.
const APPLY: &[FlagRow] = &[
    ("all", None, Takes::OptionalValue),
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    // An alpha flag: kubectl has it only if `KUBECTL_APPLYSET` is true.
    ("applyset", None, Takes::Value),
    ("cascade", None, Takes::OptionalValue),
    ("dry-run", None, Takes::OptionalValue),
    ("field-manager", None, Takes::Value),
    ("filename", Some('f'), Takes::Value),
    ("force", None, Takes::OptionalValue),
    ("force-conflicts", None, Takes::OptionalValue),
    ("grace-period", None, Takes::Value),
    ("kustomize", Some('k'), Takes::Value),
    ("openapi-patch", None, Takes::OptionalValue),
    ("output", Some('o'), Takes::Value),
    ("overwrite", None, Takes::OptionalValue),
    ("prune", None, Takes::OptionalValue),
    ("prune-allowlist", None, Takes::Value),
    ("recursive", Some('R'), Takes::OptionalValue),
    ("selector", Some('l'), Takes::Value),
    ("server-side", None, Takes::OptionalValue),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("subresource", None, Takes::Value),
    ("template", None, Takes::Value),
    ("timeout", None, Takes::Value),
    ("validate", None, Takes::OptionalValue),
    ("wait", None, Takes::OptionalValue),
];

/// The flags of `kubectl get`, besides the global flags.
const GET: &[FlagRow] = &[
    ("all-namespaces", Some('A'), Takes::OptionalValue),
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    ("chunk-size", None, Takes::Value),
    ("field-selector", None, Takes::Value),
    ("filename", Some('f'), Takes::Value),
    ("ignore-not-found", None, Takes::OptionalValue),
    ("kustomize", Some('k'), Takes::Value),
    ("label-columns", Some('L'), Takes::Value),
    ("no-headers", None, Takes::OptionalValue),
    ("output", Some('o'), Takes::Value),
    ("output-watch-events", None, Takes::OptionalValue),
    ("raw", None, Takes::Value),
    ("recursive", Some('R'), Takes::OptionalValue),
    ("selector", Some('l'), Takes::Value),
    ("server-print", None, Takes::OptionalValue),
    ("show-kind", None, Takes::OptionalValue),
    ("show-labels", None, Takes::OptionalValue),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("sort-by", None, Takes::Value),
    ("subresource", None, Takes::Value),
    ("template", None, Takes::Value),
    ("watch", Some('w'), Takes::OptionalValue),
    ("watch-only", None, Takes::OptionalValue),
];

/// The flags of `kubectl create` without a subcommand, besides the global flags.
const CREATE: &[FlagRow] = &[
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    ("dry-run", None, Takes::OptionalValue),
    ("edit", None, Takes::OptionalValue),
    ("field-manager", None, Takes::Value),
    ("filename", Some('f'), Takes::Value),
    ("kustomize", Some('k'), Takes::Value),
    ("output", Some('o'), Takes::Value),
    ("raw", None, Takes::Value),
    ("recursive", Some('R'), Takes::OptionalValue),
    ("save-config", None, Takes::OptionalValue),
    ("selector", Some('l'), Takes::Value),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("template", None, Takes::Value),
    ("validate", None, Takes::OptionalValue),
    ("windows-line-endings", None, Takes::OptionalValue),
];

/// The flags of `kubectl create job`, besides the global flags.
const CREATE_JOB: &[FlagRow] = &[
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    ("dry-run", None, Takes::OptionalValue),
    ("field-manager", None, Takes::Value),
    ("from", None, Takes::Value),
    ("image", None, Takes::Value),
    ("output", Some('o'), Takes::Value),
    ("save-config", None, Takes::OptionalValue),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("template", None, Takes::Value),
    ("validate", None, Takes::OptionalValue),
];

/// The flags of `kubectl create deployment`, besides the global flags.
const CREATE_DEPLOYMENT: &[FlagRow] = &[
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    ("dry-run", None, Takes::OptionalValue),
    ("field-manager", None, Takes::Value),
    ("image", None, Takes::Value),
    ("output", Some('o'), Takes::Value),
    ("port", None, Takes::Value),
    ("replicas", Some('r'), Takes::Value),
    ("save-config", None, Takes::OptionalValue),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("template", None, Takes::Value),
    ("validate", None, Takes::OptionalValue),
];

/// The flags of `kubectl create cronjob`, besides the global flags.
const CREATE_CRON_JOB: &[FlagRow] = &[
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    ("dry-run", None, Takes::OptionalValue),
    ("field-manager", None, Takes::Value),
    ("image", None, Takes::Value),
    ("output", Some('o'), Takes::Value),
    ("restart", None, Takes::Value),
    ("save-config", None, Takes::OptionalValue),
    ("schedule", None, Takes::Value),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("template", None, Takes::Value),
    ("validate", None, Takes::OptionalValue),
];

/// The flags of `kubectl replace`, besides the global flags.
const REPLACE: &[FlagRow] = &[
    ("allow-missing-template-keys", None, Takes::OptionalValue),
    ("cascade", None, Takes::OptionalValue),
    ("dry-run", None, Takes::OptionalValue),
    ("field-manager", None, Takes::Value),
    ("filename", Some('f'), Takes::Value),
    ("force", None, Takes::OptionalValue),
    ("grace-period", None, Takes::Value),
    ("kustomize", Some('k'), Takes::Value),
    ("output", Some('o'), Takes::Value),
    ("raw", None, Takes::Value),
    ("recursive", Some('R'), Takes::OptionalValue),
    ("save-config", None, Takes::OptionalValue),
    ("show-managed-fields", None, Takes::OptionalValue),
    ("subresource", None, Takes::Value),
    ("template", None, Takes::Value),
    ("timeout", None, Takes::Value),
    ("validate", None, Takes::OptionalValue),
    ("wait", None, Takes::OptionalValue),
];

/// The commands of kubectl whose flags this program knows, each with its flags besides the global flags.
const COMMANDS: &[(&str, &[FlagRow])] = &[
    ("apply", APPLY),
    ("create", CREATE),
    ("create job", CREATE_JOB),
    ("create deployment", CREATE_DEPLOYMENT),
    ("create cronjob", CREATE_CRON_JOB),
    ("get", GET),
    ("replace", REPLACE),
];

/// Returns the commands of kubectl whose flags this program knows.
pub fn known_commands() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _)| *name)
}

/// Returns the flags of the kubectl command `name`, besides the global flags. Returns an empty list if `name` is not
/// one of [`known_commands`].
pub fn command_flags(name: &str) -> Vec<Flag> {
    let rows = command_flag_rows(name).iter();
    rows.map(|&(long, short, takes)| Flag { long: long.to_owned(), short, takes }).collect()
}

/// Returns the same flags as [`command_flags`], as rows of the table.
pub(crate) fn command_flag_rows(name: &str) -> &'static [FlagRow] {
    COMMANDS.iter().find(|(known, _)| *known == name).map_or(&[], |(_, rows)| rows)
}
