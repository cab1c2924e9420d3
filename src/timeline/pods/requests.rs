//! The resources that a Pod requests.

use std::collections::BTreeMap;

use crate::observation::{Container, Pod};

/// The requests of a Pod by resource name, in the unit of the resource: CPUs, bytes, devices.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PodRequests(BTreeMap<String, f64>);

impl PodRequests {
    /// The resources that the scheduler reserves for a Pod. For each resource, the larger of two amounts counts: the
    /// sum for all containers that run together, and the highest sum for an init container and the sidecars before the
    /// init container.
    pub(crate) fn from_pod(pod: &Pod) -> Self {
        let mut together = Self::default();
        let mut most = Self::default();
        for init in &pod.spec.init_containers {
            if init.restart_policy == "Always" {
                together.add(init);
            } else {
                let mut during_init = together.clone();
                during_init.add(init);
                most.raise_to(&during_init);
            }
        }
        pod.spec.containers.iter().for_each(|container| together.add(container));
        most.raise_to(&together);
        most
    }

    fn add(&mut self, container: &Container) {
        for (name, quantity) in container.resources.iter().flat_map(|resources| &resources.requests) {
            if let Some(amount) = parse_quantity(&quantity.string) {
                *self.0.entry(name.clone()).or_default() += amount;
            }
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let known = self.0.entry(name.clone()).or_default();
            *known = known.max(*amount);
        }
    }

    /// Each resource with its amount.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), *amount))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The suffixes of quantities with their factors.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// Parses a quantity: `500m`, `1Gi`, `2`, `1e3`. `None` if the text is not a number of at least 0.
fn parse_quantity(text: &str) -> Option<f64> {
    let with_suffix = || {
        let (number, factor) =
            SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)))?;
        Some(number.parse::<f64>().ok()? * factor)
    };
    let amount = text.parse::<f64>().ok().or_else(with_suffix)?;
    (amount.is_finite() && amount >= 0.0).then_some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{PodSpec, Quantity, Resources};

    #[test]
    fn quantities_have_suffixes_and_exponents() {
        let parsed = ["500m", "2", "1Gi", "1e3", "1E", "100k", "-1", "x", "", "NaN"].map(parse_quantity);
        assert_eq!(
            parsed,
            [
                Some(0.5),
                Some(2.0),
                Some(1_073_741_824.0),
                Some(1e3),
                Some(1e18),
                Some(1e5),
                None,
                None,
                None,
                None
            ]
        );
    }

    #[test]
    fn a_pod_reserves_the_most_that_runs_together() {
        let container = |cpu: &str, policy: &str| Container {
            resources: Some(Resources {
                requests: BTreeMap::from([("cpu".to_owned(), Quantity { string: cpu.to_owned() })]),
            }),
            restart_policy: policy.to_owned(),
            ..Container::default()
        };
        let pod = |init: &[(&str, &str)], main: &[&str]| Pod {
            spec: PodSpec {
                init_containers: init.iter().map(|(cpu, policy)| container(cpu, policy)).collect(),
                containers: main.iter().map(|cpu| container(cpu, "")).collect(),
                ..PodSpec::default()
            },
            ..Pod::default()
        };
        let cpus = |pod: &Pod| PodRequests::from_pod(pod).iter().next().map(|(_, amount)| amount);
        assert_eq!(cpus(&pod(&[], &["1", "500m"])), Some(1.5));
        assert_eq!(cpus(&pod(&[("4", "")], &["1"])), Some(4.0));
        assert_eq!(cpus(&pod(&[("1", "Always"), ("2", "")], &["1"])), Some(3.0));
        assert_eq!(cpus(&pod(&[("1", "Always")], &["3"])), Some(4.0));
        assert!(PodRequests::from_pod(&Pod::default()).is_empty());
    }
}
