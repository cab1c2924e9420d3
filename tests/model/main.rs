//! Tests of the model: the life of each Pod, slot time and statistics, derived from observations.

#[cfg(test)]
mod clocks;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod custom_resources;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod describe;
#[cfg(test)]
mod disruptions;
#[cfg(test)]
mod fatal_causes;
#[cfg(test)]
mod fatal_workloads;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod gangs;
#[cfg(test)]
mod gone;
mod gone_stops;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod impossible_values;
#[cfg(test)]
mod instants;
mod intervals;
#[cfg(test)]
mod lines;
mod losses;
#[cfg(test)]
mod many_lines;
#[cfg(test)]
mod odd_pods;
#[cfg(test)]
mod one_pod;
#[cfg(test)]
mod order;
#[cfg(test)]
mod overviews;
#[cfg(test)]
mod owners;
#[cfg(test)]
mod phases;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod quiet_lines;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod recording;
mod relist;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod special_cases;
#[cfg(test)]
mod steps;
mod stops;
#[cfg(test)]
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "these tests do not run the program")]
mod support;
#[cfg(test)]
mod time_left;
#[cfg(test)]
mod troubles;
#[cfg(test)]
mod versions;
mod waits;
mod what_if;
mod what_if_shapes;
#[cfg(test)]
mod wordings;
