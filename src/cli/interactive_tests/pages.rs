//! Tests of the pages of text: search, scrolling, the log of a container that has not started, help and notices.

use super::*;

/// Returns the last line of the screen.
fn status(terminal: &VirtualTerminal) -> String {
    terminal.contents().lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_text_can_be_searched_for_on_every_page() {
    for (columns, rows) in [(80, 24), (120, 40), (40, 10)] {
        let terminal = VirtualTerminal::new(columns, rows);
        let user = async {
            seconds(9).await;
            terminal.keys("?/zoom").await;
            assert!(status(&terminal).starts_with("/zoom"), "{}", terminal.contents());
            terminal.press(Code::Enter).await;
            assert!(status(&terminal).contains("/zoom: 1 of "), "{}", terminal.contents());
            assert!(terminal.contents().contains("zoom in on"), "{}", terminal.contents());
            terminal.keys("n").await;
            assert!(status(&terminal).contains("/zoom: 2 of "), "{}", terminal.contents());
            terminal.keys("N").await;
            assert!(status(&terminal).contains("/zoom: 1 of "), "{}", terminal.contents());
            terminal.keys("N").await;
            assert!(terminal.contents().contains("the search continues"), "{}", terminal.contents());
            terminal.keys("/nowhere").await;
            terminal.press(Code::Enter).await;
            assert!(status(&terminal).contains("/nowhere: not found"), "{}", terminal.contents());
            terminal.keys("q").await;
            // The Events of a Pod can be searched too.
            terminal.press(Code::Down).await;
            terminal.keys("e/pulling").await;
            terminal.press(Code::Enter).await;
            assert!(terminal.contents().contains("Pulling image"), "{}", terminal.contents());
            seconds(4).await;
            let wanted = if columns > 40 { "/pulling: 1 of " } else { " · f follows · /pulling" };
            assert!(status(&terminal).contains(wanted), "{}", terminal.contents());
            // The search ends with its page.
            terminal.keys("y").await;
            assert!(!status(&terminal).contains("/pulling"), "{}", terminal.contents());
            terminal.keys("qqq").await;
        };
        assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
    }
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_less_move_in_pages_and_a_held_page_says_so() {
    let terminal = VirtualTerminal::new(40, 10);
    let user = async {
        seconds(20).await;
        terminal.press(Code::Down).await;
        terminal.keys("e").await;
        assert!(status(&terminal).starts_with("following"), "{}", terminal.contents());
        terminal.keys("g").await;
        assert!(status(&terminal).starts_with("held at line 1 · f follows"), "{}", terminal.contents());
        for (key, line) in [('d', 4), ('u', 1)] {
            terminal.keys(&key.to_string()).await;
            assert!(
                status(&terminal).starts_with(&format!("held at line {line} ")),
                "{key}: {}",
                terminal.contents()
            );
        }
        for (key, line) in [('f', "held at line 7 "), ('b', "held at line 1 ")] {
            terminal.send(Input::Key(Key::ctrl(key)));
            seconds(1).await;
            assert!(status(&terminal).starts_with(line), "{key}: {}", terminal.contents());
        }
        terminal.keys("G").await;
        assert!(status(&terminal).starts_with("following"), "{}", terminal.contents());
        terminal.keys("gf").await;
        assert!(status(&terminal).starts_with("following"), "{}", terminal.contents());
        terminal.keys("qqq").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn the_log_page_shows_the_events_until_the_container_starts() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(3).await;
        terminal.press(Code::Down).await;
        terminal.keys("l").await;
        let contents = terminal.contents();
        assert!(contents.contains("the container has not started"), "{contents}");
        assert!(contents.contains("Pulling image"), "{contents}");
        seconds(10).await;
        let contents = terminal.contents();
        assert!(contents.contains("not available without a cluster"), "{contents}");
        assert!(!contents.contains("Pulling image"), "{contents}");
        terminal.keys("qqq").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_reported_once_and_notices_vanish() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(3).await;
        terminal.keys("x").await;
        assert!(status(&terminal).contains("x does nothing here"), "{}", terminal.contents());
        seconds(2).await;
        assert!(status(&terminal).contains("x does nothing here"), "{}", terminal.contents());
        seconds(2).await;
        assert!(!terminal.contents().contains("does nothing"), "{}", terminal.contents());
        terminal.keys("x").await;
        assert!(!terminal.contents().contains("does nothing"), "{}", terminal.contents());
        terminal.keys("Xq").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn the_filter_and_the_modes_are_shown_in_words() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(9).await;
        terminal.keys("/node-1").await;
        terminal.press(Code::Enter).await;
        terminal.keys("no").await;
        let contents = terminal.contents();
        assert!(contents.contains(" filter: node-1 · 2 of 4 Pods\n"), "{contents}");
        assert!(status(&terminal).contains("grouped by node · sorted by end"), "{contents}");
        // A click still hits its row below the line about the filter.
        let row = terminal.row_of("pi-");
        let name = contents.lines().nth(row).unwrap().split_whitespace().next().unwrap().to_owned();
        terminal.click(40, row).await;
        assert_eq!(terminal.row_of(&format!("pod/{name}")), 0);
        terminal.keys("qq").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_does_not_answer_gets_no_blank_lines_above_the_picture() {
    let terminal = VirtualTerminal::new(80, 24);
    terminal.answers_cursor.set(false);
    let user = async {
        seconds(9).await;
        assert_eq!(terminal.row_of("job/pi"), 1, "{}", terminal.contents());
        terminal.press(Code::Down).await;
        terminal.press(Code::Enter).await;
        terminal.press(Code::Esc).await;
        assert_eq!(terminal.row_of("job/pi"), 1, "{}", terminal.contents());
        terminal.resize(100, 24).await;
        assert_eq!(terminal.row_of("job/pi"), 1, "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_frame_follows_each_key_within_30_ms() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(9).await;
        for (number, pause) in [0, 7, 13, 29, 50, 86, 93, 99, 3, 41].into_iter().enumerate() {
            sleep(Duration::from_millis(pause)).await;
            terminal.send(Input::Key(Key::char(if number % 2 == 0 { 't' } else { 's' })));
            let before = terminal.contents();
            sleep(Duration::from_millis(30)).await;
            assert_ne!(before, terminal.contents(), "{pause}");
        }
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn enter_opens_the_first_failure_and_then_its_node() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(600).await;
        assert!(terminal.contents().contains("ended: failed after"), "{}", terminal.contents());
        terminal.press(Code::Enter).await;
        let contents = terminal.contents();
        assert!(contents.starts_with("job/bad › pod/bad-") && contents.contains("exit code 3"), "{contents}");
        terminal.press(Code::Enter).await;
        let contents = terminal.contents();
        assert!(
            contents.contains(" filter: node/node-") && contents.contains("grouped by node"),
            "{contents}"
        );
        terminal.press(Code::Esc).await;
        // A selected phase is described with its evidence and the interval of its instants.
        terminal.press(Code::Down).await;
        terminal.press(Code::Left).await;
        let contents = terminal.contents();
        assert!(contents.contains(" from ") && contents.contains("ms)"), "{contents}");
        // A click on the heading of a node shows its Pods.
        terminal.click(3, terminal.row_of(" node/node-")).await;
        assert!(terminal.contents().contains(" filter: node/node-"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, job(FAILING_JOB), "--interactive", user).await, Exit::Failed);
}

#[tokio::test(start_paused = true)]
async fn the_arrow_keys_do_not_shift_a_page_that_fits() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(9).await;
        terminal.keys("?").await;
        for _ in 0..3 {
            terminal.press(Code::Right).await;
        }
        assert!(terminal.contents().contains("\nThe picture"), "{}", terminal.contents());
        terminal.keys("qq").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}
