//! Tests of the live picture on a pseudo-terminal: keys, pages, the last screen and a signal.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use crate::harness::{Namespace, manifest, wait_or_kill};

/// Maximum time until the screen has the expected contents.
const SCREEN_TIMEOUT: Duration = Duration::from_secs(60);

/// The program on a pseudo-terminal.
pub(crate) struct Screen {
    pty: Arc<Pty>,
    parser: Arc<Mutex<vt100::Parser>>,
    child: Child,
}

impl Screen {
    pub(crate) fn start(columns: u16, rows: u16, command: &std::process::Command) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let command =
            Command::new(command.get_program()).args(command.get_args()).env_clear().envs(variables);
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 500)));
        let (reader, shown) = (Arc::clone(&pty), Arc::clone(&parser));
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                let mut parser = shown.lock().unwrap();
                parser.process(&buffer[..length]);
                // The program asks the terminal for the position of the cursor.
                if buffer[..length].windows(4).any(|bytes| bytes == b"\x1b[6n") {
                    let (row, column) = parser.screen().cursor_position();
                    let _ = write!(&*reader, "\x1b[{};{}R", row + 1, column + 1);
                }
            }
        });
        Self { pty, parser, child }
    }

    pub(crate) fn type_in(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Kills the program.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn read_screen<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(self.parser.lock().unwrap().screen())
    }

    #[track_caller]
    pub(crate) fn wait_until(&self, expected: &str, shows: impl Fn(&vt100::Screen) -> bool) {
        let start = Instant::now();
        while !self.read_screen(&shows) {
            assert!(
                start.elapsed() < SCREEN_TIMEOUT,
                "no {expected} in\n{}",
                self.read_screen(vt100::Screen::contents)
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }
}

#[test]
#[ignore = "needs a cluster"]
fn keys_switch_views_open_a_pod_and_return() {
    let namespace = Namespace::new("live");
    let command = namespace.command(&["apply", "-f", &manifest("live.yaml")]);
    let mut screen = Screen::start(110, 30, &command);
    screen.wait_for_text("2 running");

    screen.type_in("t");
    screen.wait_for_text("STATUS");
    screen.type_in("g");
    screen.wait_until("grid", |screen| !screen.contents().contains("STATUS"));
    screen.type_in("s");
    screen.wait_for_text("▶ now");
    // Terminals send this code for the Down key.
    screen.type_in("\x1b[B");
    screen.wait_until("selection", |screen| screen.contents().contains('▌'));
    let selected = screen.read_screen(|screen| {
        let contents = screen.contents();
        let line = contents.lines().find(|line| line.starts_with('▌')).unwrap();
        line.split_whitespace().find(|word| word.starts_with("live-")).unwrap().to_owned()
    });

    screen.type_in("\r");
    screen.wait_until("Pod", |screen| screen.alternate_screen() && screen.contents().contains("PHASE"));
    screen.wait_for_text(&format!("pod/{selected}"));
    screen.type_in("e");
    screen.wait_for_text("Successfully assigned");
    screen.type_in("l");
    screen.wait_for_text("working on 0");
    screen.type_in("y");
    screen.wait_for_text("kind: Pod");
    screen.type_in("\x1b");
    screen.wait_for_text("PHASE");
    screen.type_in("\x1b");
    screen.wait_until("picture", |screen| !screen.alternate_screen());
    screen.wait_until(&format!("{selected} selected"), |screen| {
        screen.contents().lines().any(|line| line.starts_with('▌') && line.contains(&selected))
    });

    // The picture stays open after the end, because the user has pressed a key.
    screen.wait_for_text("ended: failed after");
    screen.type_in("q");
    let code = wait_or_kill(&mut screen.child).and_then(|status| status.code());
    screen.wait_for_text("to see it again: kubectl seq get job/live");
    let contents = screen.read_screen(vt100::Screen::contents);
    assert_eq!(code, Some(1), "{contents}");
    let heading = format!("job/live in {}  Failed", namespace.name);
    for text in [heading.as_str(), "failed: exit code 3", "cannot open the input"] {
        assert!(contents.contains(text), "no {text:?} in\n{contents}");
    }
    screen.read_screen(|screen| {
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{contents}");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    });
}

#[test]
#[ignore = "needs a cluster"]
fn a_signal_restores_the_terminal() {
    let namespace = Namespace::new("live-term");
    namespace.kubectl(&["apply", "-f", &manifest("sleeping.yaml")]).succeeds();
    let mut screen = Screen::start(80, 24, &namespace.command(&["get", "job", "sleeping", "--watch"]));
    screen.wait_for_text("1 running");
    screen.type_in("\x1b[B\r");
    screen.wait_until("Pod", vt100::Screen::alternate_screen);
    let process = screen.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    assert_eq!(wait_or_kill(&mut screen.child).and_then(|status| status.code()), Some(143));
    screen.wait_for_text("no longer following job/sleeping; the work continues");
    screen.read_screen(|screen| {
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    });
}
