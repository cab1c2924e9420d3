//! Tests of the program on the cluster of the current kubeconfig.
//!
//! `cargo test --test cluster -- --ignored` runs all tests. A test that needs objects creates a namespace and deletes
//! it. If `KUBECTL_SEQ_TEST_CLUSTER` is the path of a test cluster's script, the tests also compare the documents with
//! the records of the nodes. Without this variable, the tests print a notice, skip the comparison, and skip the tests
//! in `nodes.rs`. `README.md` in this folder lists the scenarios.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod apply;
mod apply_inputs;
mod bad_day;
mod budget;
mod ci_page;
mod clock_shift;
mod come_and_go;
mod comparison;
mod completion;
mod create;
mod credentials;
mod cron_job;
mod custom;
mod deletions;
mod document;
mod documents;
mod errors;
mod exports;
mod fail_fast;
mod fault_proxy;
mod faults;
mod following;
mod gangs;
mod get;
mod gone;
mod harness;
mod job_rules;
mod kubectl_flags;
mod live;
mod logs;
mod markdown;
mod nodes;
mod overview;
mod pod;
mod private;
mod queues;
mod record;
mod recording;
mod rights;
mod rollouts;
mod secrets;
mod status_column;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "these tests do not need all helpers")]
mod support;
mod truth;
mod usage;
mod version;
mod waiting;
mod what_if;
