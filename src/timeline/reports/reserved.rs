//! Reserved resources: the requests of Pods, from their scheduling to the start of their work.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// A requested resource of a workload, multiplied by the time for which it was reserved.
#[derive(Clone, Debug, PartialEq)]
pub struct ReservedResource {
    /// The name of the resource: `cpu`, `memory`, `nvidia.com/gpu`.
    pub resource: String,
    /// The amount multiplied by the milliseconds before the work began.
    before_work: f64,
    /// The amount multiplied by all milliseconds from the scheduling to the end.
    whole: f64,
}

impl ReservedResource {
    /// The reservation before the work began: the amount in the unit of the resource, multiplied by milliseconds.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond the range becomes the largest integer"
    )]
    pub fn amount_millis(&self) -> i64 {
        self.before_work.round() as i64
    }

    /// The reservation before the work began, as a part of the whole reservation.
    pub(crate) fn share(&self) -> f64 {
        if self.whole > 0.0 { (self.before_work / self.whole).min(1.0) } else { 0.0 }
    }

    /// Whether the resource is an accelerator or another device, and was reserved before the work began. The name of a
    /// device has a domain.
    pub(crate) fn is_accelerator(&self) -> bool {
        self.resource.contains('/') && self.before_work > 0.0
    }

    /// Whether a sentence names the resource. A sentence names no reservation below one unit for one second, and no
    /// memory, because memory is reserved together with CPUs.
    pub(crate) fn is_named(&self) -> bool {
        (self.resource == "cpu" || self.is_accelerator()) && self.before_work >= MILLIS_PER_SECOND
    }
}

const MILLIS_PER_SECOND: f64 = 1_000.0;

/// Writes the reservations before the work began, as parts of the whole reservations: `2.3 of 9.2 GPU-hours and 410
/// of 1600 CPU-minutes`.
pub(crate) fn format_reserved(reserved: &[ReservedResource]) -> String {
    let named = reserved.iter().filter(|resource| resource.is_named());
    named.map(format_amounts).collect::<Vec<_>>().join(" and ")
}

fn format_amounts(reserved: &ReservedResource) -> String {
    let name = reserved.resource.rsplit('/').next().unwrap_or_default();
    let name = if name.len() <= 3 { name.to_uppercase() } else { name.to_owned() };
    let seconds = reserved.before_work / MILLIS_PER_SECOND;
    let (divisor, unit) = match seconds {
        3_600.0.. => (3_600.0, "hours"),
        60.0.. => (60.0, "minutes"),
        _ => (1.0, "seconds"),
    };
    let amount = format_amount(seconds / divisor);
    let whole = format_amount(reserved.whole / MILLIS_PER_SECOND / divisor);
    format!("{amount} of {whole} {name}-{unit}")
}

fn format_amount(amount: f64) -> String {
    if amount < 10.0 { format!("{amount:.1}") } else { format!("{amount:.0}") }
}

impl Timeline {
    /// The resources that the Pods of a workload reserved, with the Pods of the workloads below it. Accelerators come
    /// first, then CPUs. Pods whose requests are unknown are left out.
    pub fn reserved_resources(&self, workload: &Workload, now: Timestamp) -> Vec<ReservedResource> {
        let mut by_name: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for key in self.pods_below(workload) {
            let record = self.store.record(key);
            let Some(requests) = &record.requests else { continue };
            let overview = &record.overview;
            let cold_start = overview.cold_start_so_far(now).unwrap_or(0);
            let until = overview.last_known_millis(now.as_millisecond());
            let since = overview.scheduled().map(Timestamp::as_millisecond);
            let whole = until.zip(since).map_or(0, |(until, since)| until - since).max(cold_start);
            for (name, amount) in requests.iter() {
                let (before_work, all) = by_name.entry(name).or_default();
                *before_work += amount * to_float(cold_start);
                *all += amount * to_float(whole);
            }
        }
        let to_resource = |(name, (before_work, whole)): (&str, (f64, f64))| ReservedResource {
            resource: name.to_owned(),
            before_work,
            whole,
        };
        let mut reserved: Vec<ReservedResource> = by_name.into_iter().map(to_resource).collect();
        reserved.sort_by_key(|reserved| (!reserved.is_accelerator(), reserved.resource != "cpu"));
        reserved
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn to_float(millis: i64) -> f64 {
    millis as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_written_in_the_largest_unit_that_they_fill() {
        let reserved = |resource: &str, seconds: f64| ReservedResource {
            resource: resource.to_owned(),
            before_work: seconds * 1_000.0,
            whole: seconds * 4_000.0,
        };
        let all = [
            reserved("nvidia.com/gpu", 8_280.0),
            reserved("cpu", 24_600.0),
            reserved("memory", 1e12),
            reserved("example.com/fpga", 0.2),
        ];
        assert_eq!(format_reserved(&all), "2.3 of 9.2 GPU-hours and 6.8 of 27 CPU-hours");
        assert_eq!(format_reserved(&all[1..2]), "6.8 of 27 CPU-hours");
        assert_eq!((all[0].amount_millis(), all[0].share()), (8_280_000, 0.25));
        assert_eq!(format_amounts(&reserved("cpu", 599.0)), "10.0 of 40 CPU-minutes");
    }
}
