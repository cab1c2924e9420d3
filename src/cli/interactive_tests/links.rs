//! Tests of the lines that name a failure, a node or a workload: keys and clicks select and open them.

use crate::app::exit::Exit;
use crate::cli::interactive_tests::virtual_terminal::VirtualTerminal;
use crate::cli::interactive_tests::{FAILING_JOB, follow, job, pi_job, seconds};
use crate::tui::input::Code;

/// Two Jobs that fail with different exit codes.
fn two_failing_jobs() -> String {
    let other = FAILING_JOB.replace("name: bad", "name: worse").replace("exit 3", "exit 4");
    format!("{FAILING_JOB}---\n{other}")
}

/// Returns the selected line: the only line with the mark of the selection. Checks that its text is in reverse video.
fn selected_line(terminal: &VirtualTerminal) -> String {
    let contents = terminal.contents();
    let marked: Vec<&str> = contents.lines().filter(|line| line.starts_with('▌')).collect();
    let [line] = marked[..] else { panic!("{} lines are marked:\n{contents}", marked.len()) };
    let parser = terminal.parser.borrow();
    let row = u16::try_from(terminal.row_of(line)).unwrap();
    let is_inverse = |column| parser.screen().cell(row, column).is_some_and(vt100::Cell::inverse);
    assert!(is_inverse(1) && is_inverse(3), "{contents}");
    line.trim_start_matches('▌').to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_failure_can_be_selected_and_enter_opens_its_pod() {
    for (columns, rows) in [(100, 30), (80, 24), (60, 14)] {
        let terminal = VirtualTerminal::new(columns, rows);
        let user = async {
            seconds(600).await;
            terminal.press(Code::Tab).await;
            while !selected_line(&terminal).starts_with("✗ 1 of 1 Pod failed: exit code 4") {
                terminal.press(Code::Tab).await;
            }
            if columns >= 80 {
                assert!(terminal.contents().contains("Esc deselect"), "{}", terminal.contents());
            }
            terminal.press(Code::Enter).await;
            let contents = terminal.contents();
            assert!(contents.contains("› pod/worse-") && contents.contains("exit code 4"), "{contents}");
            terminal.press(Code::Esc).await;
            // The failure is still selected, and its log can be opened directly.
            assert!(selected_line(&terminal).starts_with("✗ 1 of 1 Pod failed: exit code 4"));
            terminal.keys("l").await;
            assert!(terminal.contents().contains("pod/worse-"), "{}", terminal.contents());
            terminal.keys("qq").await;
            // The arrows move from the failure to the row of its Pod and back.
            terminal.press(Code::Down).await;
            let row = selected_line(&terminal);
            assert!(!row.contains("failed:") && row.contains('█') || row.contains('▓'), "{row}");
            terminal.press(Code::Up).await;
            assert!(selected_line(&terminal).starts_with("✗ 1 of 1 Pod failed: exit code 4"));
            terminal.press(Code::Esc).await;
            assert!(!terminal.contents().contains('▌'), "{}", terminal.contents());
            terminal.keys("q").await;
        };
        assert_eq!(follow(&terminal, job(&two_failing_jobs()), "--interactive", user).await, Exit::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn the_failures_of_the_final_report_are_listed_and_open_their_pods() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(600).await;
        let row = terminal.row_of("✗ worse-");
        let line = terminal.contents().lines().nth(row).unwrap().to_owned();
        assert!(line.contains(" failed: exit code 4, after 1"), "{line}");
        terminal.press(Code::Tab).await;
        while selected_line(&terminal) != line.trim_start() {
            terminal.press(Code::Tab).await;
        }
        terminal.press(Code::Enter).await;
        assert!(terminal.contents().contains("› pod/worse-"), "{}", terminal.contents());
        terminal.press(Code::Esc).await;
        // A click opens the Pod, too.
        terminal.click(3, terminal.row_of("✗ bad-")).await;
        assert!(terminal.contents().contains("› pod/bad-"), "{}", terminal.contents());
        terminal.keys("qq").await;
    };
    assert_eq!(follow(&terminal, job(&two_failing_jobs()), "--interactive", user).await, Exit::Failed);
    // The report that stays on the screen lists each failure once.
    assert_eq!(terminal.contents().matches("✗ worse-").count(), 1, "{}", terminal.contents());
}

#[tokio::test(start_paused = true)]
async fn a_node_can_be_selected_in_every_view_and_enter_shows_its_pods() {
    let text = "
apiVersion: batch/v1
kind: Job
metadata: {name: wide}
spec:
  completions: 24
  parallelism: 24
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox, command: [sleep, '5']}]
";
    for view in ['s', 't', 'g'] {
        let terminal = VirtualTerminal::new(100, 40);
        let user = async {
            seconds(600).await;
            terminal.keys("n").await;
            terminal.keys(&view.to_string()).await;
            terminal.press(Code::Tab).await;
            while !selected_line(&terminal).starts_with("node/node-1 ") {
                terminal.press(Code::Tab).await;
            }
            terminal.press(Code::Enter).await;
            let contents = terminal.contents();
            assert!(contents.contains(" filter: node/node-1 · "), "{contents}");
            assert!(!contents.contains("node/node-2"), "{contents}");
            terminal.press(Code::Esc).await;
            assert!(terminal.contents().contains("node/node-2"), "{}", terminal.contents());
            terminal.keys("q").await;
        };
        assert_eq!(follow(&terminal, job(text), "--interactive", user).await, Exit::Success);
    }
}

#[tokio::test(start_paused = true)]
async fn the_arrows_pass_the_heading_of_each_node() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(9).await;
        terminal.keys("n").await;
        terminal.press(Code::Down).await;
        let mut passed = Vec::new();
        for _ in 0..30 {
            terminal.press(Code::Down).await;
            passed.push(selected_line(&terminal));
        }
        assert!(passed.iter().any(|line| line.starts_with("node/node-2")), "{passed:#?}");
        for _ in 0..30 {
            terminal.press(Code::Up).await;
        }
        assert!(selected_line(&terminal).starts_with("node/node-1"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_workload_among_others_can_be_opened_in_the_sequence() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(600).await;
        terminal.press(Code::Tab).await;
        while !selected_line(&terminal).starts_with("job/worse") {
            terminal.press(Code::Tab).await;
        }
        terminal.press(Code::Enter).await;
        let contents = terminal.contents();
        assert!(contents.contains("job/worse") && !contents.contains("job/bad"), "{contents}");
        terminal.press(Code::Esc).await;
        assert!(terminal.contents().contains("job/bad"), "{}", terminal.contents());
        assert!(selected_line(&terminal).starts_with("job/worse"));
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, job(&two_failing_jobs()), "--interactive", user).await, Exit::Failed);
}
