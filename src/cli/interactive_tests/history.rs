//! The table of `history --interactive` on the virtual terminal: Enter opens a run, and the user comes back to the table.

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::console::Console;
use crate::app::exit::Exit;
use crate::app::runs::read_runs::{RunDetail, read_runs};
use crate::app::streams::Streams;
use crate::cli::comparison::history_browser::browse_history;
use crate::cli::interactive_tests::virtual_terminal::VirtualTerminal;
use crate::cli::interactive_tests::{appearance, seconds};
use crate::timeline::comparison::group_by_work;
use crate::tui::input::{Code, Input, Key};

/// Writes three recordings of the same work to the folder: one with its end, one that breaks off, and one that somebody
/// replaces with other text after the table was drawn.
fn write_recordings(folder: &Path) -> Vec<PathBuf> {
    let version_1 = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/version-1.jsonl");
    let text = fs::read_to_string(version_1).unwrap();
    let uid = text.split(r#""uid":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let write = |nth: usize, text: &str| {
        let path = folder.join(format!("run-{nth}.jsonl"));
        fs::write(&path, text.replace(&uid, &format!("{nth}{}", &uid[1..]))).unwrap();
        path
    };
    let cut = text.len() - 200;
    vec![write(1, &text), write(2, &text[..cut]), write(3, &text)]
}

/// Shows the history of these recordings while `user` operates the terminal.
async fn browse(terminal: &VirtualTerminal, paths: &[PathBuf], user: impl Future<Output = ()>) -> Exit {
    let appearance = appearance("");
    let streams = Streams::new(appearance.clone());
    let runs = paths.iter().flat_map(|path| read_runs(path, RunDetail::Row).unwrap()).collect();
    let works = group_by_work(runs, 0.05);
    let new_console = || Console {
        out: Box::new(terminal.clone()),
        terminal: Box::new(terminal.clone()),
        interactive: true,
    };
    let (exit, ()) = tokio::join!(browse_history(&works, None, &appearance, &streams, new_console), user);
    assert!(!terminal.is_raw.get() && !terminal.is_alternate_screen() && !terminal.has_mouse());
    assert!(!terminal.parser.borrow().screen().hide_cursor() && terminal.frame_rows.get() == 0);
    exit.unwrap()
}

/// Asserts that the table is shown, and returns the number of the selected run, counted from 0.
fn selected_run(terminal: &VirtualTerminal) -> usize {
    let contents = terminal.contents();
    // The table that was shown before the program was stopped stays above.
    let contents = contents.rsplit("$ fg").next().unwrap_or_default();
    assert!(contents.contains("job/long in default: 3 runs"), "{contents}");
    assert!(contents.contains("↑↓ select  Enter open  q quit"), "{contents}");
    let rows: Vec<&str> = contents.lines().filter(|line| line.contains("Succeeded")).collect();
    let selected: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].starts_with('▌')).collect();
    assert_eq!((rows.len(), selected.len()), (3, 1), "{contents}");
    selected[0]
}

#[tokio::test(start_paused = true)]
async fn enter_opens_a_run_at_its_end_and_q_and_esc_come_back_to_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_recordings(folder.path());
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(1).await;
        assert_eq!(selected_run(&terminal), 2);
        terminal.press(Code::Home).await;
        assert_eq!(selected_run(&terminal), 0);
        terminal.press(Code::Enter).await;
        seconds(2).await;
        let contents = terminal.contents();
        assert!(contents.contains("POD ") && !contents.contains("3 runs"), "{contents}");
        assert!(contents.contains("ended: succeeded") && contents.contains("q goes back"), "{contents}");
        // Esc undoes a choice, then leads back.
        terminal.keys("t").await;
        terminal.press(Code::Down).await;
        terminal.press(Code::Esc).await;
        assert!(terminal.contents().contains("q goes back"), "{}", terminal.contents());
        terminal.press(Code::Esc).await;
        assert_eq!(selected_run(&terminal), 0);
        // A page of the run uses the alternate screen.
        terminal.press(Code::Enter).await;
        seconds(2).await;
        terminal.press(Code::Down).await;
        terminal.press(Code::Enter).await;
        assert!(terminal.is_alternate_screen());
        terminal.keys("qq").await;
        assert_eq!(selected_run(&terminal), 0);
        // A recording that breaks off is shown up to there.
        terminal.press(Code::Down).await;
        terminal.press(Code::Enter).await;
        seconds(2).await;
        assert!(terminal.contents().contains("POD "), "{}", terminal.contents());
        terminal.keys("q").await;
        assert_eq!(selected_run(&terminal), 1);
        terminal.resize(60, 12).await;
        assert!(terminal.contents().lines().any(|line| line.starts_with('▌')), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(Box::pin(browse(&terminal, &paths, user)).await, Exit::Success);
    // The table is printed to the output of the test. Nothing of the interactive screen stays.
    let contents = terminal.contents();
    assert!(!contents.contains('▌') && !contents.contains("Enter open"), "{contents}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_opened_costs_a_message_and_ctrl_c_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_recordings(folder.path());
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(1).await;
        fs::write(&paths[2], "other text\n").unwrap();
        terminal.press(Code::Enter).await;
        seconds(1).await;
        assert!(terminal.contents().contains("it is not a recording"), "{}", terminal.contents());
        terminal.press(Code::Up).await;
        assert_eq!(selected_run(&terminal), 1);
        terminal.send(Input::Key(Key::ctrl('z')));
        seconds(1).await;
        assert_eq!(terminal.stops.get(), 1);
        assert_eq!(selected_run(&terminal), 1);
        terminal.press(Code::Enter).await;
        seconds(2).await;
        terminal.send(Input::Key(Key::ctrl('c')));
    };
    assert_eq!(Box::pin(browse(&terminal, &paths, user)).await, Exit::Interrupted);
}
