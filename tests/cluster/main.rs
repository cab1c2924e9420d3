//! The program against a real cluster: whatever the current kubeconfig names.
//!
//! `cargo test --test cluster -- --ignored` runs all of it. Each test makes a namespace of its own and deletes it. Where
//! `KUBECTL_SEQ_TEST_CLUSTER` is the path of a test cluster's script, what the program says is also held against what the
//! nodes really did; elsewhere that part is left out, and a line says so. `README.md` beside this lists the scenarios.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod apply;
mod apply_inputs;
mod bad_day;
mod come_and_go;
mod cron_job;
mod custom;
mod deletions;
mod document;
mod errors;
mod following;
mod get;
mod harness;
mod job_rules;
mod kubectl_flags;
mod live;
mod nodes;
mod pod;
mod private;
mod recording;
mod rollouts;
mod truth;
mod waiting;
