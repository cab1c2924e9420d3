//! Tests of a replay whose playback the user controls.

use super::*;
use crate::app::run_options::Playback;
use crate::cli::replay::load;
use crate::source::recording;

/// Returns a recording with the observations of a scenario.
pub(crate) fn recording_of(scenario: &str) -> String {
    let file = format!("{}/tests/scenarios/{scenario}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let mut recording =
        "{\"formatVersion\":1,\"kind\":\"Recording\",\"followed\":true}\n{\"mark\":\"synced\"}\n".to_owned();
    let mut end = String::new();
    for line in text.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(received) = json["received"].as_str() {
            end = received.to_owned();
            recording += line;
            recording += "\n";
        }
    }
    recording + &format!("{{\"mark\":\"end\",\"at\":\"{end}\"}}\n")
}

/// Replays the recording of a scenario while `user` operates the terminal.
async fn replay(
    terminal: &VirtualTerminal,
    scenario: &str,
    flags: &str,
    user: impl Future<Output = ()>,
) -> Exit {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), recording_of(scenario)).unwrap();
    let (_, entries, failures) = load(file.path()).unwrap();
    let (feed, controls) = recording::start_playback(entries, Some(1.0));
    let appearance = appearance(flags);
    let streams = Streams::new(appearance.clone());
    let options = RunOptions::new(feed, &appearance, &streams, SEQUENCE)
        .stays_open(true)
        .playback(Some(Playback { controls, failures }))
        .ends_with_feed();
    let console =
        Console { out: Box::new(terminal.clone()), terminal: Box::new(terminal.clone()), interactive: true };
    let (exit, ()) = tokio::join!(follow_on_console(options, console), user);
    exit.unwrap()
}

/// Returns the rows of the Pods. The heading and the verdict are left out, because they may be a second old.
fn rows_on_screen(terminal: &VirtualTerminal) -> Vec<String> {
    let contents = terminal.contents();
    let rows = contents.lines().skip(2).take_while(|line| !line.contains("slot time "));
    rows.map(str::to_owned).collect()
}

/// Returns the progress bar on the screen.
fn bar(terminal: &VirtualTerminal) -> String {
    let contents = terminal.contents();
    let mut lines = contents.lines().rev();
    lines.find(|line| line.contains(" of ") && line.contains('●')).unwrap_or_default().trim().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_replay_can_be_paused_and_moved_and_its_speed_changed() {
    for (columns, rows) in [(80, 24), (120, 40), (40, 10)] {
        let terminal = VirtualTerminal::new(columns, rows);
        let user = async {
            seconds(5).await;
            assert!(
                bar(&terminal).starts_with("▶ 1×") && bar(&terminal).contains("  5s of "),
                "{}",
                terminal.contents()
            );
            assert!(bar(&terminal).contains('✗'), "{}", terminal.contents());
            assert!(!terminal.contents().contains("detach"), "{}", terminal.contents());
            terminal.keys(" ").await;
            seconds(5).await;
            assert!(
                bar(&terminal).starts_with("paused 1×") && bar(&terminal).contains("  5s of "),
                "{}",
                terminal.contents()
            );
            // While time is paused, the arrows move it.
            let before = rows_on_screen(&terminal);
            for _ in 0..4 {
                terminal.press(Code::Right).await;
            }
            assert_ne!(before, rows_on_screen(&terminal));
            for _ in 0..4 {
                terminal.press(Code::Left).await;
            }
            assert_eq!(before, rows_on_screen(&terminal));
            terminal.keys(" >>").await;
            assert!(bar(&terminal).starts_with("▶ 4×"), "{}", terminal.contents());
            terminal.keys("<").await;
            assert!(bar(&terminal).starts_with("▶ 2×"), "{}", terminal.contents());
            seconds(600).await;
            let contents = terminal.contents();
            assert!(contents.contains("ended: failed after"), "{contents}");
            // The user can go back from the end.
            for _ in 0..30 {
                terminal.press(Code::Left).await;
            }
            assert!(!terminal.contents().contains("ended:"), "{}", terminal.contents());
            // With a selection, the arrows select phases.
            terminal.keys(" ").await;
            terminal.press(Code::Right).await;
            terminal.press(Code::Right).await;
            terminal.press(Code::Right).await;
            let position = bar(&terminal);
            terminal.press(Code::Down).await;
            terminal.press(Code::Left).await;
            assert_eq!(bar(&terminal), position);
            terminal.keys(" ").await;
            seconds(600).await;
            terminal.keys("q").await;
        };
        assert_eq!(replay(&terminal, "fail-index", "", user).await, Exit::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_moves_to_the_time_that_the_user_types() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(2).await;
        terminal.keys(" ").await;
        let go_to = async |text: &str| {
            terminal.keys(&format!(":{text}")).await;
            assert!(terminal.contents().contains(&format!(":{text}")), "{}", terminal.contents());
            terminal.press(Code::Enter).await;
        };
        go_to("10").await;
        assert!(bar(&terminal).contains("  10s of "), "{}", terminal.contents());
        let at_ten_seconds = rows_on_screen(&terminal);
        go_to("0:05").await;
        assert!(bar(&terminal).contains("  5s of "), "{}", terminal.contents());
        assert_ne!(rows_on_screen(&terminal), at_ten_seconds);
        go_to("10s").await;
        assert_eq!(rows_on_screen(&terminal), at_ten_seconds);
        go_to("soon").await;
        assert!(terminal.contents().contains("soon is no time of the replay"), "{}", terminal.contents());
        terminal.keys(":3").await;
        terminal.press(Code::Esc).await;
        assert!(bar(&terminal).contains("  10s of "), "{}", terminal.contents());
        terminal.keys(" ").await;
        go_to("100%").await;
        seconds(1).await;
        assert!(terminal.contents().contains("ended: failed after"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(replay(&terminal, "fail-index", "", user).await, Exit::Failed);
}

#[tokio::test(start_paused = true)]
async fn every_scenario_can_be_moved_to_every_position_and_ends_as_it_does_without_a_move() {
    for scenario in ["pi", "retry", "lost-node", "suspend-done"] {
        let mut screens = Vec::new();
        for moves in [0, 20] {
            let terminal = VirtualTerminal::new(120, 40);
            let user = async {
                seconds(1).await;
                for _ in 0..moves {
                    terminal.press(Code::Right).await;
                }
                for _ in 0..moves {
                    terminal.press(Code::Left).await;
                }
                seconds(1200).await;
                screens.push(terminal.contents());
                terminal.keys("q").await;
            };
            replay(&terminal, scenario, "", user).await;
        }
        assert!(screens[0].contains("ended: "), "{}", screens[0]);
        assert_eq!(screens[0], screens[1], "{scenario}");
    }
}
