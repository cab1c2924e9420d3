//! Manifests of the simulation, and the objects that kubectl prints after it has applied a manifest.

use crate::fuzz_tests::choices::Choices;
use crate::source::kubectl::ChangeCommand;
use crate::source::kubectl::printed_objects::{PrintedObjects, parse_objects};
use crate::source::simulation::{ManifestText, SimulationOptions, simulate};
use crate::timeline::Timeline;

/// Maximum number of observations that a target takes from a simulation.
const MAX_OBSERVATIONS: usize = 60;

#[test]
fn any_manifest_is_simulated_or_refused_with_its_name() {
    fuzz!("manifests", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let (seed, nodes) = (u64::from(choices.next_byte()), u32::from(choices.next_byte()));
        let manifest = ManifestText { name: "job.yaml".to_owned(), text: choices.rest_text() };
        match simulate(&SimulationOptions { manifest, seed, nodes }) {
            Err(error) => assert!(error.summary.contains("job.yaml"), "{}", error.summary),
            Ok(mut run) => {
                let mut timeline = Timeline::default();
                run.by_ref().take(MAX_OBSERVATIONS).for_each(|observation| timeline.apply(&observation));
                timeline.recompute();
                run.stuck_reason();
            }
        }
    });
}

#[test]
fn any_output_of_kubectl_is_read_wherever_it_is_split() {
    fuzz!("kubectl_output", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let size = usize::from(choices.next_byte()).max(1);
        let printed = choices.rest();
        let read = |size: usize| {
            let mut objects = PrintedObjects::default();
            let parts = printed.chunks(size).map(|part| objects.read(part, ChangeCommand::Apply));
            let text: Vec<u8> = parts.collect::<Vec<_>>().concat();
            (text, objects.into_objects().ok())
        };
        assert_eq!(read(printed.len().max(1)), read(size), "the parts have {size} bytes");
        _ = parse_objects(printed);
    });
}
