//! The final report leaves the rows in trouble on the screen.

use super::*;

/// Renders the end of a scenario with logs and returns the lines of the screen.
async fn final_screen(scenario: &'static str, size: (u16, u16)) -> Vec<String> {
    let scene = recorded(scenario).with_logs().stage(Stage::Final);
    scene.capture(&scene.observations(), size, "--color never").await.lines
}

#[tokio::test(start_paused = true)]
async fn a_log_never_takes_the_room_of_a_row_in_trouble() {
    for (scenario, pods) in [("fail-index", ["0-6v842", "1-jr4ft"]), ("retry", ["srjd2", "9l5kk"])] {
        for size in [(80, 24), (120, 40), (200, 50), (40, 10), (80, 14)] {
            let lines = final_screen(scenario, size).await;
            let screen = lines.join("\n");
            let heading = lines.iter().position(|line| line.contains(&format!("job/{scenario}")));
            assert!(heading.is_some(), "{size:?}\n{screen}");
            for pod in pods {
                let row = lines.iter().position(|line| line.starts_with(' ') && line.contains(pod));
                assert!(row > heading, "{pod} at {size:?}\n{screen}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_is_as_long_as_the_screen_allows() {
    for (size, log) in [((80, 24), "    main, last 5 lines"), ((200, 50), "    main, last 5 lines")] {
        let lines = final_screen("retry", size).await;
        assert!(lines.iter().any(|line| line == log), "{size:?}\n{}", lines.join("\n"));
    }
    let lines = final_screen("retry", (80, 18)).await;
    let log = lines.iter().position(|line| line.starts_with("    main, last ")).unwrap();
    // The end of a log is kept, because it is more useful than the start.
    assert!(
        lines[log..].contains(&"    Traceback (most recent call last)".to_owned()),
        "{}",
        lines.join("\n")
    );
    assert!(!lines[log..].iter().any(|line| line.contains("loading")), "{}", lines.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn the_live_picture_shows_no_log() {
    for size in SIZES {
        let scene = recorded("retry").with_logs();
        let screen = scene.capture(&scene.observations(), size, "--color never").await;
        assert!(!screen.text().contains("epoch"), "{}", screen.text());
    }
}
