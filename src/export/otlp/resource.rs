//! The resource of a trace: the attributes that all its spans share.

use percent_encoding::percent_decode_str;

use crate::export::otlp::attributes::{object_attributes, pipeline_name};
use crate::export::otlp::message::Attribute;
use crate::timeline::Workload;

/// The user's own attributes of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceSettings {
    /// The name of the service, from `OTEL_SERVICE_NAME`.
    pub(crate) service_name: Option<String>,
    /// Further attributes, from `OTEL_RESOURCE_ATTRIBUTES`.
    pub(crate) attributes: Vec<(String, String)>,
}

impl ResourceSettings {
    /// Reads the settings. `get` returns the value of a variable. A part of the attributes without `=` is ignored, as the
    /// specification demands it.
    pub(crate) fn from_variables(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str| get(name).filter(|value| !value.is_empty());
        let text = read("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let parts = text.split(',').filter_map(|part| part.split_once('='));
        let decode = |value: &str| percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
        let attributes = parts.map(|(key, value)| (key.trim().to_owned(), decode(value)));
        Self {
            service_name: read("OTEL_SERVICE_NAME"),
            attributes: attributes.filter(|(key, _)| !key.is_empty()).collect(),
        }
    }
}

/// Returns the attributes of the resource of a run. `above` is the CronJob or Deployment that the run belongs to. The
/// user's attributes take precedence.
pub(crate) fn resource_attributes(
    root: &Workload,
    above: Option<&Workload>,
    settings: &ResourceSettings,
) -> Vec<Attribute> {
    let pipeline = pipeline_name(root, above);
    let mut attributes = vec![
        Attribute::text("service.name", settings.service_name.as_deref().unwrap_or(pipeline)),
        Attribute::text("k8s.namespace.name", &*root.namespace),
        Attribute::text("cicd.pipeline.name", pipeline),
        Attribute::text("cicd.pipeline.run.id", &*root.uid),
    ];
    attributes.extend(object_attributes(&root.kind, &root.name, &root.uid));
    match (above, &root.parent) {
        (Some(above), _) => attributes.extend(object_attributes(&above.kind, &above.name, &above.uid)),
        (None, Some(parent)) => attributes.extend(object_attributes(&parent.kind, &parent.name, &parent.uid)),
        (None, None) => {}
    }
    let has_name = settings.service_name.is_some();
    for (key, value) in &settings.attributes {
        if key != "service.name" || !has_name {
            attributes.retain(|attribute| attribute.key != *key);
            attributes.push(Attribute::text(key.clone(), value.as_str()));
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_of_the_variables_are_decoded() {
        let settings = ResourceSettings::from_variables(&|name| match name {
            "OTEL_SERVICE_NAME" => Some(String::new()),
            _ => Some("a=1, b = x%2Cy ,c,=d,e=".to_owned()),
        });
        let pairs = [("a", "1"), ("b", "x,y"), ("e", "")];
        let attributes = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        assert_eq!(settings, ResourceSettings { service_name: None, attributes });
    }
}
