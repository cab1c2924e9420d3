//! Tests of the feed, which delivers observations at the pace of virtual time or immediately.

use crate::source::Update;
use crate::source::simulation::tests::*;

#[test]
fn a_paced_feed_keeps_to_virtual_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let begun = tokio::time::Instant::now();
        let mut feed = start_feed(simulate(&SimulationOptions::default()).unwrap(), 10.0);
        let Some(Update::Observed(first)) = feed.updates.recv().await else { panic!("the Job first") };
        assert!(matches!(first[0].object, Object::Job(_)) && first.len() == 1);
        assert!(matches!(feed.updates.recv().await, Some(Update::Synced)));
        let mut last = START;
        while let Some(update) = feed.updates.recv().await {
            let Update::Observed(observations) = update else { panic!("{update:?}") };
            last = observations.last().unwrap().received;
            let late = feed.clock.now().duration_since(last);
            assert!((0.0..0.02).contains(&secs(late)), "{late:?}");
        }
        let passed = begun.elapsed().as_secs_f64() * 10.0;
        let virtual_time = secs(last.duration_since(START));
        assert!((passed - virtual_time).abs() < 0.05, "{passed} {virtual_time}");
    });
}

#[test]
fn an_immediate_feed_has_the_same_observations_and_its_clock_shows_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let mut feed = start_feed(simulate(&SimulationOptions::default()).unwrap(), 0.0);
        let mut observations = Vec::new();
        while let Some(update) = feed.updates.recv().await {
            if let Update::Observed(batch) = update {
                observations.extend(batch);
            }
        }
        let whole: Vec<Observation> = simulate(&SimulationOptions::default()).unwrap().collect();
        assert_eq!(feed.clock.now(), whole.last().unwrap().received);
        assert_eq!(observations, whole);
    });
}

#[test]
fn a_feed_has_notices_about_jobs_that_do_not_end_and_parts_that_are_not_simulated() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let text = format!(
            "{}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings",
            job("suspend: true", "Never", "true", "")
        );
        let manifest = ManifestText { name: "job.yaml".to_owned(), text };
        let mut feed = start_feed(
            simulate(&SimulationOptions { manifest, ..SimulationOptions::default() }).unwrap(),
            1.0,
        );
        let mut notices = Vec::new();
        while let Some(update) = feed.updates.recv().await {
            if let Update::Notice(notice) = update {
                notices.push(notice);
            }
        }
        assert_eq!(notices.len(), 2);
        assert_eq!(notices[0], "ConfigMap \"settings\" is not simulated, only Jobs are");
        assert!(notices[1].contains("job \"j\" is suspended"), "{}", notices[1]);
        drop(start_feed(simulate(&SimulationOptions::default()).unwrap(), 1.0));
    });
}
