//! Workloads: the reports of their controllers, the rules that end them, and the tree that they form.

pub(crate) mod bare_pod;
pub(crate) mod change_times;
pub(crate) mod controller;
pub(crate) mod cron_job;
pub(crate) mod custom_status;
pub(crate) mod gang_demand;
pub(crate) mod hold;
pub(crate) mod job;
pub(crate) mod job_events;
pub(crate) mod job_failures;
pub(crate) mod owner_records;
pub(crate) mod refusal;
pub(crate) mod rollout;
pub(crate) mod suspension;
pub(crate) mod tree;
pub(crate) mod workload;
pub(crate) mod workload_rules;
