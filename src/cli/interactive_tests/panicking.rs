//! Tests that a panic restores the terminal. The test starts its own binary on a pseudo-terminal, where the real event
//! loop runs until a signal makes it panic.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, panic, process, thread};

use pty_process::Size;
use pty_process::blocking::{Command, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::{SEQUENCE, appearance, pi_job};
use crate::app::appearance::Appearance;
use crate::app::console::Console;
use crate::app::event_loop::follow_on_console;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;

const MESSAGE: &str = "a fault of the program";

/// Maximum time until the terminal has the expected state.
const TIMEOUT: Duration = Duration::from_secs(60);

#[test]
#[ignore = "needs a terminal of its own: a_panic_restores_the_terminal starts it there"]
fn panic_at_a_signal() {
    // As in a release, the process ends after the message: nothing is dropped, so only the panic hook restores the
    // terminal.
    let print_message = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        print_message(panic);
        process::abort();
    }));
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut order = signal(SignalKind::user_defined1()).unwrap();
        let appearance = Appearance { tab_progress: true, ..appearance("") };
        let streams = Streams::new(appearance.clone());
        let options = RunOptions::new(pi_job(), &appearance, &streams, SEQUENCE).stays_open(true);
        let console = Console::from_process(&appearance, &streams);
        let fault = async {
            order.recv().await;
            panic!("{MESSAGE}");
        };
        let (result, ()) = tokio::join!(follow_on_console(options, console), fault);
        panic!("the run has ended: {result:?}");
    });
}

#[test]
fn a_panic_restores_the_terminal() {
    for keys in ["", "\u{1b}[B\r"] {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(30, 100)).unwrap();
        let test = "cli::interactive_tests::panicking::panic_at_a_signal";
        let command = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture", "--quiet"])
            .env_clear()
            .envs([("LANG", "C.UTF-8"), ("TERM", "xterm")]);
        let mut child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let shown = Arc::new(Mutex::new((vt100::Parser::new(30, 100, 100), Vec::new())));
        let (terminal, written) = (Arc::clone(&pty), Arc::clone(&shown));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = (&*terminal).read(&mut buffer) {
                let mut written = written.lock().unwrap();
                written.0.process(&buffer[..length]);
                written.1.extend_from_slice(&buffer[..length]);
                if buffer[..length].windows(4).any(|bytes| bytes == b"\x1b[6n") {
                    let (row, column) = written.0.screen().cursor_position();
                    let _ = write!(&*terminal, "\x1b[{};{}R", row + 1, column + 1);
                }
            }
        });
        let wait_until = |is_reached: &dyn Fn(&vt100::Screen) -> bool| {
            let start = Instant::now();
            while !is_reached(shown.lock().unwrap().0.screen()) {
                let contents = shown.lock().unwrap().0.screen().contents();
                assert!(start.elapsed() < TIMEOUT, "the screen stays at\n{contents}");
                thread::sleep(Duration::from_millis(10));
            }
        };
        wait_until(&|screen| screen.contents().contains("pi-") && screen.hide_cursor());
        if !keys.is_empty() {
            (&*pty).write_all(keys.as_bytes()).unwrap();
            wait_until(&|screen| screen.alternate_screen() && screen.contents().contains("pi-"));
        }
        wait_until(&|screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None);
        let is_raw = || !tcgetattr(&*pty).unwrap().local_modes.contains(LocalModes::ICANON);
        assert!(is_raw());
        let process = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        kill_process(process, Signal::USR1).unwrap();
        let status = child.wait().unwrap();
        reader.join().unwrap();
        let shown = shown.lock().unwrap();
        let (screen, written) = (shown.0.screen(), String::from_utf8_lossy(&shown.1));
        let contents = screen.contents();
        assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{contents}");
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{contents}");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{contents}");
        assert!(written.rfind("\u{1b}[?7h") > written.rfind("\u{1b}[?7l"), "{written:?}");
        assert!(written.rsplit_once("\u{1b}]9;4;").unwrap().1.starts_with("0;"), "{written:?}");
        assert!(!is_raw());
        assert_eq!(contents.matches(MESSAGE).count(), 1, "{contents}");
        // Below the picture, which stays. A page on the alternate screen has replaced the picture.
        let (heading, message) = (contents.find("job/pi"), contents.find(MESSAGE));
        assert!(!keys.is_empty() || (heading.is_some() && contents.contains("q quit")), "{contents}");
        assert!(heading < message, "{contents}");
    }
}
