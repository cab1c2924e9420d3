//! The overview on the virtual terminal: Enter opens a workload, Esc comes back.

use crate::app::exit::Exit;
use crate::cli::interactive_tests::virtual_terminal::VirtualTerminal;
use crate::cli::interactive_tests::{follow, pi_job, seconds};
use crate::tui::input::Code;

#[tokio::test(start_paused = true)]
async fn enter_opens_a_workload_and_esc_comes_back_to_the_overview() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(9).await;
        terminal.keys("r").await;
        let overview = |is_selected: bool| {
            let contents = terminal.contents();
            let row = contents.lines().find(|line| line.contains("job/pi")).unwrap_or_default();
            assert!(contents.contains("LARGEST LOSS") && !contents.contains("POD "), "{contents}");
            assert_eq!(row.starts_with('▌'), is_selected, "{contents}");
        };
        overview(false);
        // Without a selection, Enter only shows a hint.
        terminal.press(Code::Enter).await;
        assert!(terminal.contents().contains("select a workload first"), "{}", terminal.contents());
        terminal.press(Code::Down).await;
        overview(true);
        terminal.press(Code::Enter).await;
        let contents = terminal.contents();
        assert!(contents.contains("POD ") && !contents.contains("LARGEST LOSS"), "{contents}");
        // Inside the workload, Esc first drops the selected Pod.
        terminal.press(Code::Down).await;
        terminal.press(Code::Esc).await;
        assert!(terminal.contents().contains("POD "), "{}", terminal.contents());
        terminal.press(Code::Esc).await;
        overview(true);
        terminal.press(Code::Esc).await;
        overview(false);
        // A click opens a workload, too.
        terminal.click(5, terminal.row_of("job/pi")).await;
        assert!(terminal.contents().contains("POD "), "{}", terminal.contents());
        terminal.keys("r").await;
        overview(true);
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn the_overview_does_not_describe_the_pod_that_was_selected_before() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(9).await;
        terminal.press(Code::Down).await;
        assert!(terminal.contents().contains("from name of the Started event"), "{}", terminal.contents());
        terminal.keys("r").await;
        assert!(!terminal.contents().contains("from name of"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}
