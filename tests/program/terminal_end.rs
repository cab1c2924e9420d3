//! Tests that the program leaves a terminal as it found it, however the program ends.

use std::io::{Read as _, Write as _};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::termios::{LocalModes, tcgetattr};

use super::support::runner::{CLEAN_ENVIRONMENT, wait_or_kill};

/// Maximum time until the screen has the expected contents.
const SCREEN_TIMEOUT: Duration = Duration::from_secs(60);

/// The program on a terminal that shows progress in its tab.
struct Session {
    pty: Arc<Pty>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that the program has written.
    written: Arc<Mutex<Vec<u8>>>,
    child: Child,
    reader: JoinHandle<()>,
}

impl Session {
    fn start(arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_command(
            Command::new(env!("CARGO_BIN_EXE_kubectl-seq"))
                .args(arguments)
                .env_clear()
                .envs(CLEAN_ENVIRONMENT)
                .env("TERM_PROGRAM", "ghostty"),
            columns,
            rows,
        )
    }

    fn start_command(command: Command, columns: u16, rows: u16) -> Self {
        let (pty, pts) = open().expect("a terminal");
        pty.resize(Size::new(rows, columns)).expect("a terminal");
        let child = command.spawn(pts).expect("the program runs");
        let pty = Arc::new(pty);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 5_000)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let (terminal, shown, kept) = (Arc::clone(&pty), Arc::clone(&screen), Arc::clone(&written));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = (&*terminal).read(&mut buffer) {
                kept.lock().expect("no panic").extend_from_slice(&buffer[..length]);
                let mut shown = shown.lock().expect("no panic");
                shown.process(&buffer[..length]);
                // The program asks the terminal for the position of the cursor.
                if buffer[..length].windows(4).any(|bytes| bytes == b"\x1b[6n") {
                    let (row, column) = shown.screen().cursor_position();
                    let _ = write!(&*terminal, "\x1b[{};{}R", row + 1, column + 1);
                }
            }
        });
        Self { pty, screen, written, child, reader }
    }

    fn read_screen<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(self.screen.lock().expect("no panic").screen())
    }

    #[track_caller]
    fn wait_until(&self, expected: &str, is_reached: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_reached() {
            let contents = self.read_screen(vt100::Screen::contents);
            assert!(start.elapsed() < SCREEN_TIMEOUT, "no {expected} in\n{contents}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[track_caller]
    fn wait_for_text(&self, text: &str) {
        self.wait_until(text, || self.read_screen(|screen| screen.contents().contains(text)));
    }

    fn type_in(&self, keys: &[u8]) {
        (&*self.pty).write_all(keys).expect("a terminal");
    }

    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let status = std::process::Command::new("kill").args([&format!("-{name}"), &process]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Whether each key arrives immediately and is not echoed.
    fn is_raw(&self) -> bool {
        let modes = tcgetattr(&*self.pty).expect("a terminal").local_modes;
        !modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO)
    }

    /// Whether the terminal still shows progress in its tab.
    fn has_tab_progress(&self) -> bool {
        let written = String::from_utf8_lossy(&self.written.lock().expect("no panic")).into_owned();
        let states = written.rsplit_once("\u{1b}]9;4;").map(|(_, state)| state.starts_with("0;"));
        states == Some(false)
    }

    /// Waits for the end, and fails unless the terminal is as before.
    #[track_caller]
    fn wait(mut self, context: &str) -> (ExitStatus, String) {
        let status = wait_or_kill(&mut self.child).unwrap_or_else(|| panic!("{context}: it does not end"));
        self.reader.join().expect("no panic");
        let screen = self.screen.lock().expect("no panic");
        let screen = screen.screen();
        let contents = screen.contents();
        assert!(!screen.alternate_screen(), "{context}: the alternate screen is open\n{contents}");
        assert!(!screen.hide_cursor(), "{context}: the cursor is hidden\n{contents}");
        assert!(!screen.bracketed_paste(), "{context}");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{context}");
        (status, contents)
    }
}

fn has_mouse(screen: &vt100::Screen) -> bool {
    screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
}

/// The end of a run, and its exit code.
const ENDS: [(&str, i32); 7] = [
    ("INT", 130),
    ("TERM", 143),
    ("HUP", 129),
    ("\u{3}", 130),
    ("\u{3}\u{3}", 130),
    ("q", 130),
    ("INT INT", 130),
];

fn end(session: &Session, end: &str) {
    if end.starts_with(|char: char| char.is_ascii_uppercase()) {
        end.split(' ').for_each(|signal| session.signal(signal));
    } else {
        session.type_in(end.as_bytes());
    }
}

#[test]
fn every_end_of_a_run_restores_the_terminal_from_the_picture_and_from_a_page() {
    for keys in ["", "\u{1b}[B\r"] {
        for (how, code) in ENDS {
            // `q` closes a page.
            if how == "q" && !keys.is_empty() {
                continue;
            }
            let session = Session::start(&["simulate", "--speed", "1"], 100, 30);
            session.wait_for_text("job/pi");
            session.wait_until("raw mode", || session.is_raw());
            if !keys.is_empty() {
                session.wait_for_text("pi-");
                session.type_in(keys.as_bytes());
                session.wait_until("a page", || session.read_screen(vt100::Screen::alternate_screen));
            }
            session.wait_until("progress", || session.has_tab_progress());
            let (pty, written) = (Arc::clone(&session.pty), Arc::clone(&session.written));
            end(&session, how);
            let context = format!("{how:?} after {keys:?}");
            let (status, contents) = session.wait(&context);
            assert_eq!(status.code(), Some(code), "{context}\n{contents}");
            let modes = tcgetattr(&*pty).expect("a terminal").local_modes;
            assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "{context}");
            let written = String::from_utf8_lossy(&written.lock().expect("no panic")).into_owned();
            let last = written.rsplit_once("\u{1b}]9;4;").expect("progress in the tab").1;
            assert!(last.starts_with("0;"), "{context}: {last:?}");
            assert!(contents.contains("job/pi"), "{context}: the last picture stays\n{contents}");
        }
    }
}

/// Returns the process that the shell has started.
#[cfg(target_os = "linux")]
fn child_of(shell: &Child) -> String {
    let id = shell.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("a process");
    children.split_whitespace().next().expect("a child").to_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_stopped_program_gives_the_terminal_to_the_shell_and_draws_again_when_it_continues() {
    let shell = Command::new("bash")
        .args(["--norc", "--noprofile", "-i"])
        .env_clear()
        .envs(CLEAN_ENVIRONMENT)
        .envs([("PS1", "shell> "), ("PATH", "/usr/bin:/bin")]);
    let session = Session::start_command(shell, 100, 30);
    session.wait_for_text("shell>");
    let line = format!("{} simulate --speed 0.5\r", env!("CARGO_BIN_EXE_kubectl-seq"));
    session.type_in(line.as_bytes());
    for (number, how) in ["\u{1a}", "TSTP"].into_iter().enumerate() {
        session.wait_until("the mouse", || session.read_screen(has_mouse));
        session.wait_for_text("job/pi");
        if how == "TSTP" {
            let program = child_of(&session.child);
            let status = std::process::Command::new("kill").args(["-TSTP", &program]).status();
            assert!(status.expect("kill runs").success());
        } else {
            session.type_in(how.as_bytes());
        }
        session.wait_until("a stopped job", || {
            session.read_screen(|screen| screen.contents().matches("Stopped").count() > number)
        });
        session.wait_until("the state of before", || {
            session.read_screen(|screen| !has_mouse(screen) && !screen.hide_cursor())
        });
        session.type_in(b"fg\r");
    }
    session.wait_until("the mouse", || session.read_screen(has_mouse));
    session.type_in(b"\x03");
    session.wait_until("the state of before", || session.read_screen(|screen| !has_mouse(screen)));
    session.type_in(b"exit $?\r");
    let (status, contents) = session.wait("the shell");
    assert_eq!(status.code(), Some(130), "{contents}");
}

#[test]
fn a_program_that_no_shell_can_continue_does_not_stop() {
    let session = Session::start(&["simulate", "--speed", "20"], 100, 30);
    session.wait_for_text("job/pi");
    session.type_in(b"\x1a");
    session.signal("TSTP");
    session.type_in(b"q");
    let (_, contents) = session.wait("SIGTSTP");
    assert!(contents.contains("job/pi"), "{contents}");
}

#[test]
fn a_program_that_was_stopped_at_once_draws_again_when_it_continues() {
    let session = Session::start(&["simulate", "--speed", "1"], 100, 30);
    session.wait_for_text("job/pi");
    session.signal("STOP");
    session.signal("CONT");
    let before = session.written.lock().expect("no panic").len();
    session.wait_until("a new picture", || session.written.lock().expect("no panic").len() > before);
    session.wait_until("raw mode", || session.is_raw());
    session.signal("TERM");
    let (status, contents) = session.wait("after SIGCONT");
    assert_eq!(status.code(), Some(143), "{contents}");
}

#[test]
fn a_broken_pipe_signal_changes_nothing() {
    let session = Session::start(&["simulate", "--speed", "20"], 100, 30);
    session.wait_for_text("job/pi");
    session.signal("PIPE");
    let (status, contents) = session.wait("SIGPIPE");
    assert_eq!(status.code(), Some(0), "{contents}");
    assert!(contents.contains("Succeeded"), "{contents}");
}

#[test]
fn closed_standard_streams_cause_no_panic() {
    let program = env!("CARGO_BIN_EXE_kubectl-seq");
    for (redirection, code) in
        [(">&-", 0), ("2>&-", 0), (">&- 2>&- <&-", 0), (">/dev/full", 3), ("2>/dev/full", 0)]
    {
        for flags in ["", "--progress lines", "-o json", "-o table"] {
            let script = format!("exec {program} simulate --speed 0 {flags} {redirection}");
            let mut command = std::process::Command::new("sh");
            command.args(["-c", &script]).env_clear().envs(CLEAN_ENVIRONMENT).stdin(Stdio::null());
            let output = command.output().expect("sh runs");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{script}\n{stderr}");
            assert!(!stderr.contains("panicked"), "{script}\n{stderr}");
            let lines = if redirection == ">/dev/full" { 1.. } else { 0.. };
            assert!(lines.contains(&stderr.lines().count()), "{script}\n{stderr}");
        }
    }
}

/// Random bytes, and beginnings of the sequences that keys and the mouse send.
#[test]
fn any_bytes_from_the_keyboard_leave_a_program_that_ends() {
    let mut random = super::support::random::RandomNumbers::from_seed(17);
    let beginnings: [&[u8]; 8] =
        [b"\x1b[", b"\x1b[<0;", b"\x1b[M", b"\x1b]", b"\x1bO", b"\x1b[200~", b"\xf0\x9f", b"\x1b[1;5"];
    for _ in 0..4 {
        let session = Session::start(&["simulate", "--speed", "1"], 90, 24);
        session.wait_for_text("job/pi");
        session.wait_until("raw mode", || session.is_raw());
        for _ in 0..200 {
            let mut bytes: Vec<u8> = random.choose(&beginnings).to_vec();
            for _ in 0..random.next_below(24) {
                // Ctrl-C, Ctrl-Z and `q` would end or stop the program.
                let byte = u8::try_from(random.next_below(256)).expect("a byte");
                bytes.push(if matches!(byte, 3 | 26 | b'q' | b'c' | b'u') { b'j' } else { byte });
            }
            session.type_in(&bytes);
        }
        session.signal("TERM");
        let (status, contents) = session.wait("random bytes");
        assert_eq!(status.code(), Some(143), "{contents}");
    }
}
