//! Tests of the end of a run on a terminal: whether the picture stays open, the effects of keys, and the exit codes.

use super::*;

#[tokio::test(start_paused = true)]
async fn q_gives_130_before_the_end_and_the_outcome_after_it_and_ctrl_c_always_gives_130() {
    for (waits, key, exit) in [
        (1, Key::char('q'), Exit::Interrupted),
        (600, Key::char('q'), Exit::Failed),
        (600, Key::ctrl('c'), Exit::Interrupted),
    ] {
        let terminal = VirtualTerminal::new(80, 24);
        let user = async {
            seconds(1).await;
            terminal.press(Code::Down).await;
            seconds(waits).await;
            assert_eq!(terminal.contents().contains("ended: failed after"), waits > 1);
            terminal.send(Input::Key(key));
        };
        assert_eq!(follow(&terminal, job(FAILING_JOB), "", user).await, exit, "{waits} {key:?}");
        // After the end, no work goes on.
        assert_eq!(terminal.contents().contains("the work continues"), waits == 1, "{}", terminal.contents());
    }
}

#[tokio::test(start_paused = true)]
async fn without_keys_the_run_ends_by_itself_unless_it_is_interactive() {
    let terminal = VirtualTerminal::new(80, 24);
    assert_eq!(follow(&terminal, job(FAILING_JOB), "", seconds(0)).await, Exit::Failed);
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(600).await;
        assert!(terminal.contents().contains("ended: failed after"), "{}", terminal.contents());
        assert!(terminal.contents().contains("q quits"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, job(FAILING_JOB), "--interactive", user).await, Exit::Failed);
}

#[tokio::test(start_paused = true)]
async fn q_and_esc_lead_back_step_by_step_and_esc_never_quits() {
    for back in [Code::Char('q'), Code::Esc] {
        let terminal = VirtualTerminal::new(100, 30);
        let user = async {
            seconds(9).await;
            terminal.press(Code::Down).await;
            terminal.keys("e?").await;
            assert!(terminal.contents().contains("q back"), "{}", terminal.contents());
            terminal.press(back).await;
            assert!(terminal.contents().contains("events"), "{}", terminal.contents());
            terminal.press(back).await;
            assert!(terminal.contents().contains("PHASE"), "{}", terminal.contents());
            terminal.press(back).await;
            assert!(!terminal.is_alternate_screen());
            terminal.keys("+/node-1").await;
            terminal.press(Code::Enter).await;
            for word in ["no filter", "no zoom", "deselect"] {
                assert!(
                    terminal.contents().contains(&format!("Esc {word}")),
                    "{word}: {}",
                    terminal.contents()
                );
                terminal.press(Code::Esc).await;
            }
            for _ in 0..3 {
                terminal.press(Code::Esc).await;
            }
            assert!(terminal.contents().contains("q quit"), "{}", terminal.contents());
            terminal.keys("q").await;
        };
        assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_has_pressed_a_key_stays_after_the_end_until_q() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(8).await;
        terminal.press(Code::Down).await;
        terminal.press(Code::Enter).await;
        seconds(600).await;
        assert!(terminal.contents().contains("ended: succeeded after"), "{}", terminal.contents());
        terminal.press(Code::Esc).await;
        assert!(!terminal.is_alternate_screen());
        let status = terminal.contents().lines().last().unwrap().to_owned();
        assert!(status.contains("ended: succeeded after") && status.contains(" · q quits"), "{status}");
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Success);
    assert!(terminal.contents().contains("to see it again: kubectl seq simulate --seed 1"));
}
