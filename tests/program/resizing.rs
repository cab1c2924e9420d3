//! Tests that a terminal that changes its size keeps no rows of an earlier picture, neither on the screen nor in the
//! scrollback. The terminal is tmux, which wraps the lines of its scrollback anew. Without tmux, these tests check
//! nothing.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::support::runner::CLEAN_ENVIRONMENT;

/// Maximum time until the screen has the expected contents.
const SCREEN_TIMEOUT: Duration = Duration::from_secs(60);

/// Lines that stand above the picture.
const LINES_ABOVE: [&str; 5] = ["above 1", "above 2", "above 3", "above 4", "above 5"];

/// A tmux server with one window, in which the program runs below [`LINES_ABOVE`].
struct Window {
    folder: TempDir,
}

impl Window {
    /// Returns `None` if tmux is not installed.
    fn open(columns: u16, rows: u16, arguments: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_err() {
            return None;
        }
        let window = Self { folder: tempfile::tempdir().expect("a folder") };
        let lines = LINES_ABOVE.join("\\n");
        let script =
            format!("printf '{lines}\\n'; exec {} simulate {arguments}", env!("CARGO_BIN_EXE_kubectl-seq"));
        let (columns, rows) = (columns.to_string(), rows.to_string());
        window.run(&["new-session", "-d", "-x", &columns, "-y", &rows, "sleep 600"]);
        window.run(&["set-option", "-g", "window-size", "manual"]);
        window.run(&["set-option", "-g", "remain-on-exit", "on"]);
        window.run(&["respawn-pane", "-k", &script]);
        Some(window)
    }

    fn run(&self, arguments: &[&str]) -> String {
        let socket = self.folder.path().join("socket");
        let output = Command::new("tmux")
            .args(["-f", "/dev/null", "-S", socket.to_str().expect("UTF-8")])
            .args(arguments)
            .env_clear()
            .envs(CLEAN_ENVIRONMENT)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
            .output()
            .expect("tmux runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn resize(&self, columns: usize, rows: usize) {
        self.run(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Returns the text of the scrollback and of the screen.
    fn all_lines(&self) -> String {
        self.run(&["capture-pane", "-p", "-S", "-"])
    }

    #[track_caller]
    fn wait_for_screen(&self, expected: &str, is_expected: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let contents = self.run(&["capture-pane", "-p"]);
            if is_expected(&contents) {
                return;
            }
            assert!(start.elapsed() < SCREEN_TIMEOUT, "no {expected} in\n{contents}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn assert_one_picture(&self, context: &str) {
        let all = self.all_lines();
        let count = |text: &str| all.matches(text).count();
        assert!(count("job/pi") <= 1, "{context}: rows of an earlier picture stayed in\n{all}");
        assert_eq!(count("q quit"), 1, "{context}: rows of an earlier picture stayed in\n{all}");
        for line in LINES_ABOVE {
            assert_eq!(count(line), 1, "{context}: {line} in\n{all}");
        }
        let blank = all.trim_end().lines().filter(|line| line.trim().is_empty()).count();
        assert_eq!(blank, 0, "{context}: blank lines in\n{all}");
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn fifty_resizes_in_a_row_leave_one_picture_in_the_scrollback_of_tmux() {
    let Some(window) = Window::open(100, 30, "--speed 1") else { return };
    window.wait_for_screen("picture", |screen| screen.contains("q quit"));
    for step in 1..=50 {
        window.resize(30 + step * 37 % 120, 8 + step * 13 % 35);
        thread::sleep(Duration::from_millis(80));
    }
    window.resize(100, 30);
    window.wait_for_screen("picture", |screen| screen.contains("COLD    RUN") && screen.contains("q quit"));
    window.assert_one_picture("after 51 resizes");
    window.run(&["send-keys", "q"]);
    window.wait_for_screen("end", |screen| screen.contains("to follow again"));
    let all = window.all_lines();
    assert_eq!(all.matches("COLD    RUN").count(), 1, "{all}");
}

#[test]
fn resizes_half_a_second_apart_leave_at_most_one_earlier_picture_in_the_scrollback_of_tmux() {
    let Some(window) = Window::open(100, 30, "--speed 1") else { return };
    window.wait_for_screen("picture", |screen| screen.contains("q quit"));
    // tmux wraps the first picture before the program knows the new size. All later pictures wait for the last size.
    for step in 1..=12 {
        window.resize(30 + step * 37 % 120, 8 + step * 13 % 35);
        thread::sleep(Duration::from_millis(500));
    }
    window.resize(100, 30);
    window.wait_for_screen("picture", |screen| screen.contains("COLD    RUN") && screen.contains("q quit"));
    let all = window.all_lines();
    assert!(all.matches("job/pi").count() <= 2, "{all}");
}

#[test]
fn each_of_a_few_slow_resizes_leaves_one_picture_in_the_scrollback_of_tmux() {
    let Some(window) = Window::open(100, 30, "--speed 1") else { return };
    window.wait_for_screen("picture", |screen| screen.contains("q quit"));
    // No size is narrower than the one before, because tmux then pushes rows of the picture into the scrollback before
    // the program knows the new size.
    for (columns, rows) in [(100, 14), (100, 40), (120, 40), (150, 20), (150, 10), (150, 50), (170, 30)] {
        window.resize(columns, rows);
        // The picture is erased before it is drawn in the new size.
        thread::sleep(Duration::from_millis(300));
        window.wait_for_screen("picture", |screen| screen.contains("q quit"));
        window.assert_one_picture(&format!("{columns} columns, {rows} rows"));
    }
}

#[test]
fn a_resize_while_a_page_is_open_leaves_one_picture_in_the_scrollback_of_tmux() {
    let Some(window) = Window::open(100, 30, "--speed 1") else { return };
    window.wait_for_screen("Pod", |screen| screen.contains("pi-") && screen.contains("q quit"));
    window.run(&["send-keys", "Down", "Enter"]);
    window.wait_for_screen("page", |screen| screen.contains("q back"));
    for (columns, rows) in [(40, 12), (130, 40), (50, 10), (100, 30)] {
        window.resize(columns, rows);
        thread::sleep(Duration::from_millis(300));
    }
    window.wait_for_screen("page", |screen| screen.contains("q back"));
    window.run(&["send-keys", "q"]);
    window.wait_for_screen("picture", |screen| screen.contains("q quit"));
    window.assert_one_picture("after the page");
}
