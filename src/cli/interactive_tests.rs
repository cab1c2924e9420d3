//! Tests of the interactive screen. Scripted keys, clicks and resizes go through the real event loop, on a virtual
//! terminal and with paused time.

mod ending;
mod failing;
mod history;
mod links;
mod overview;
mod pages;
#[cfg(unix)]
mod panicking;
mod replaying;
mod scenes;
mod virtual_terminal;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use clap::Parser as _;
use tokio::time::sleep;

use self::virtual_terminal::VirtualTerminal;
use crate::app::appearance::Appearance;
use crate::app::console::Console;
use crate::app::event_loop::follow_on_console;
use crate::app::exit::Exit;
use crate::app::output::Output;
use crate::app::resume_command::ResumeCommand;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::cli::{
    command_line::{Cli, Subcommand},
    environment::Environment,
};
use crate::source::{
    Feed,
    simulation::{self, ManifestText, SimulationOptions},
};
use crate::terminal::full_screen::FullScreen;
use crate::tui::input::{Code, Input, Key, MouseKind};
use crate::view::{Frame, Line, Style, Stylesheet, View};

/// The output of every run in these tests.
const SEQUENCE: Output = Output::Picture(View::Sequence);

fn appearance(flags: &str) -> Appearance {
    let words = ["kubectl-seq", "simulate"].into_iter().chain(flags.split_whitespace());
    let Subcommand::Simulate(args) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
    let terminal =
        Environment { stdout_terminal: true, stderr_terminal: true, utf8: true, ..Environment::default() };
    Appearance::resolve(&args.draw, &args.follow, SEQUENCE, &terminal).unwrap()
}

/// Returns the feed of Kubernetes' pi Job on a simulated cluster, in real time.
fn pi_job() -> Feed {
    simulation::start_feed(simulation::simulate(&SimulationOptions::default()).unwrap(), 1.0)
}

fn job(manifest: &str) -> Feed {
    let manifest = ManifestText { text: manifest.to_owned(), ..ManifestText::default() };
    simulation::start_feed(
        simulation::simulate(&SimulationOptions { manifest, ..SimulationOptions::default() }).unwrap(),
        1.0,
    )
}

/// Follows a feed while `user` operates the terminal. Checks that the terminal is restored at the end.
async fn follow(terminal: &VirtualTerminal, feed: Feed, flags: &str, user: impl Future<Output = ()>) -> Exit {
    let command = ResumeCommand::RepeatSimulation("kubectl seq simulate --seed 1".into());
    follow_with_hint(terminal, feed, flags, command, user).await
}

/// Follows a feed as [`follow`] does. `command` is the command with which the user can return.
async fn follow_with_hint(
    terminal: &VirtualTerminal,
    feed: Feed,
    flags: &str,
    command: ResumeCommand,
    user: impl Future<Output = ()>,
) -> Exit {
    let appearance = appearance(flags);
    let streams = Streams::new(appearance.clone());
    let options = RunOptions::new(feed, &appearance, &streams, SEQUENCE)
        .tail_lines(20)
        .stays_open(flags.contains("--interactive"))
        .resume_command(Some(command));
    let console =
        Console { out: Box::new(terminal.clone()), terminal: Box::new(terminal.clone()), interactive: true };
    let (exit, ()) = tokio::join!(follow_on_console(options, console), user);
    assert!(
        !terminal.is_raw.get() && !terminal.is_alternate_screen() && !terminal.has_mouse(),
        "the terminal is restored"
    );
    assert!(
        !terminal.parser.borrow().screen().hide_cursor() && terminal.frame_rows.get() == 0,
        "the cursor is shown below the frame"
    );
    exit.unwrap()
}

/// A Job whose Pod fails with exit code 3 after a second.
const FAILING_JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: bad}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: busybox, command: [sh, -c, 'sleep 1; exit 3']}
";

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

/// Uses most keys, one after the other, and returns the captured screens as text.
async fn story(columns: u16, rows: u16, flags: &str) -> String {
    let terminal = VirtualTerminal::new(columns, rows);
    let text = Rc::new(RefCell::new(String::new()));
    let capture = |title: &str| {
        let full = if terminal.is_alternate_screen() { " (whole screen)" } else { "" };
        let _ = writeln!(text.borrow_mut(), "=== {title}{full}\n{}", terminal.contents());
    };
    let user = async {
        seconds(1).await;
        capture("after a second");
        seconds(13).await;
        capture("after 14 seconds");
        terminal.press(Code::Down).await;
        terminal.press(Code::Down).await;
        capture("down, down: the second Pod");
        terminal.press(Code::Left).await;
        terminal.press(Code::Left).await;
        capture("left, left: an earlier phase");
        terminal.press(Code::Enter).await;
        capture("Enter: the Pod");
        terminal.press(Code::PageDown).await;
        capture("PageDown");
        terminal.keys("e").await;
        capture("e: events");
        terminal.keys("w").await;
        capture("w: wrapped");
        terminal.keys("y").await;
        capture("y: YAML");
        terminal.press(Code::Esc).await;
        terminal.press(Code::Esc).await;
        capture("Esc, Esc: back");
        terminal.keys("g").await;
        capture("g: grid");
        terminal.press(Code::Right).await;
        capture("right: the next cell");
        terminal.keys("t").await;
        capture("t: table");
        terminal.keys("s/node-1").await;
        capture("/node-1: a filter is typed");
        terminal.press(Code::Enter).await;
        terminal.keys("o").await;
        capture("Enter, o: filtered, by end");
        terminal.press(Code::Esc).await;
        terminal.keys("ooooan").await;
        capture("aligned by creation, grouped by node");
        terminal.keys("aan++").await;
        capture("zoomed");
        terminal.keys("-").await;
        terminal.keys("-").await;
        terminal.keys("u").await;
        capture("unfolded");
        terminal.press(Code::End).await;
        capture("End");
        terminal.keys("f ").await;
        capture("followed, then held");
        seconds(3).await;
        capture("three seconds later: the same");
        terminal.keys(" ?").await;
        capture("?: the keys");
        terminal.press(Code::Esc).await;
        terminal.resize(columns / 2 + 20, rows).await;
        capture("another width");
        terminal.resize(columns, rows).await;
        capture("the first width");
        seconds(60).await;
        capture("a minute later: ended");
        terminal.keys("q").await;
    };
    let exit = follow(&terminal, pi_job(), flags, user).await;
    capture("the end");
    assert_eq!(exit, Exit::Success);
    text.take()
}

#[tokio::test(start_paused = true)]
async fn story_80x24() {
    insta::assert_snapshot!(story(80, 24, "").await);
}

#[tokio::test(start_paused = true)]
async fn story_120x40() {
    insta::assert_snapshot!(story(120, 40, "").await);
}

#[tokio::test(start_paused = true)]
async fn story_40x10() {
    insta::assert_snapshot!(story(40, 10, "").await);
}

#[tokio::test(start_paused = true)]
async fn story_ascii() {
    let story = story(80, 24, "--ascii").await;
    assert!(story.is_ascii(), "{story}");
}

#[tokio::test(start_paused = true)]
async fn a_click_opens_a_pod_and_a_click_on_the_path_returns() {
    let terminal = VirtualTerminal::new(100, 30);
    let user = async {
        seconds(9).await;
        assert!(terminal.has_mouse());
        let before = terminal.contents();
        let row = terminal.row_of("NODE") + 3;
        let name = before.lines().nth(row).unwrap().split_whitespace().next().unwrap().to_owned();
        terminal.click(40, row).await;
        assert!(terminal.is_alternate_screen());
        assert_eq!(terminal.row_of(&format!("pod/{name}")), 0);
        terminal.keys("e").await;
        assert!(terminal.contents().contains("Scheduled"), "{}", terminal.contents());
        // The first click on the path returns to the Pod, the second one to all Pods.
        terminal.click(terminal.column_of("pod/") + 2, 0).await;
        assert!(terminal.contents().contains("PHASE"));
        terminal.click(2, 0).await;
        assert!(!terminal.is_alternate_screen());
        let contents = terminal.contents();
        let selected = contents.lines().find(|line| line.starts_with('▌')).unwrap();
        assert!(selected.contains(&name), "{selected}");
        // The phase under the mouse is described.
        let column = terminal.column_of("▒▒") + 1;
        terminal.mouse(MouseKind::Move, column, row).await;
        assert!(terminal.contents().contains("▒ Pulling"), "{}", terminal.contents());
        // In the grid, a click on a cell opens its Pod.
        terminal.keys("g").await;
        terminal.click(5, terminal.row_of("job/pi") + 1).await;
        assert!(terminal.is_alternate_screen());
        terminal.press(Code::Esc).await;
        // A drag over the bars zooms.
        terminal.keys("s").await;
        terminal.mouse(MouseKind::Press, 40, row).await;
        terminal.mouse(MouseKind::Drag, 45, row).await;
        terminal.mouse(MouseKind::Release, 50, row).await;
        assert!(terminal.contents().contains("zoomed"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_click_hits_its_row_after_a_scroll_and_after_a_resize() {
    let terminal = VirtualTerminal::new(80, 12);
    terminal.parser.borrow_mut().process(b"one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\neight\r\n");
    let user = async {
        seconds(9).await;
        let row = terminal.row_of("node-2");
        let contents = terminal.contents();
        let name = contents.lines().nth(row).unwrap().split_whitespace().next().unwrap();
        terminal.click(5, row).await;
        assert!(terminal.contents().contains(&format!("pod/{name}")), "{}", terminal.contents());
        terminal.press(Code::Esc).await;
        terminal.resize(90, 20).await;
        let row = terminal.row_of("node-2");
        terminal.click(5, row).await;
        assert!(terminal.contents().contains(&format!("pod/{name}")), "{}", terminal.contents());
        terminal.press(Code::Esc).await;
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn the_hint_at_the_end_names_a_command_that_finds_the_job() {
    for (ttl, has_hint) in [("", true), ("  ttlSecondsAfterFinished: 0\n", false)] {
        let manifest = format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: quick}}\nspec:\n{ttl}  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {{name: main, image: busybox, command: [sleep, '1']}}\n"
        );
        let terminal = VirtualTerminal::new(80, 24);
        let command = ResumeCommand::ShowObjects("kubectl seq get job/quick".into());
        let exit = follow_with_hint(&terminal, job(&manifest), "", command, seconds(0)).await;
        assert_eq!(exit, Exit::Success);
        let contents = terminal.contents();
        assert_eq!(contents.contains("to see it again: kubectl seq get job/quick"), has_hint, "{contents}");
        // The Job has ended, so there is nothing to follow.
        assert!(!contents.contains("--watch"), "{contents}");
    }
}

#[tokio::test(start_paused = true)]
async fn ctrl_z_stops_the_program_and_fg_continues_it() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(8).await;
        terminal.send(Input::Key(Key::ctrl('z')));
        sleep(Duration::from_millis(200)).await;
        assert_eq!(terminal.stops.get(), 1);
        assert!(terminal.is_raw.get(), "the program reads keys again");
        let contents = terminal.contents();
        let (stopped, after) = contents.split_once("$ fg").unwrap();
        assert!(stopped.contains("Stopped") && after.contains("job/pi"), "{contents}");
        terminal.send(Input::Key(Key::ctrl('c')));
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
    assert!(
        terminal.contents().contains("no longer following job/pi; the work continues"),
        "{}",
        terminal.contents()
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_can_be_copied_and_the_mouse_can_be_left_to_the_terminal() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(8).await;
        terminal.keys("c").await;
        assert!(terminal.contents().contains("select a Pod first"));
        terminal.press(Code::Down).await;
        terminal.keys("c").await;
        assert!(terminal.contents().contains("copied: pi-"), "{}", terminal.contents());
        terminal.keys("C").await;
        assert!(terminal.contents().contains("copied: kubectl get pod"), "{}", terminal.contents());
        terminal.keys("m").await;
        assert!(!terminal.has_mouse());
        terminal.keys("m").await;
        assert!(terminal.has_mouse());
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn every_view_and_page_can_be_drawn_in_every_size() {
    let terminal = VirtualTerminal::new(80, 24);
    let user = async {
        seconds(7).await;
        for keys in ["s", "t", "g", "su", "n", "a"] {
            terminal.keys(keys).await;
            for (columns, rows) in [(40, 10), (300, 100), (21, 4), (80, 24), (1, 1), (120, 40)] {
                terminal.resize(columns, rows).await;
            }
            terminal.press(Code::Down).await;
            terminal.press(Code::Enter).await;
            for (columns, rows) in [(40, 10), (300, 100), (2, 2), (80, 24)] {
                terminal.resize(columns, rows).await;
            }
            terminal.press(Code::Esc).await;
        }
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, job(LONG_JOB), "", user).await, Exit::Interrupted);
}

/// A Job of 120 Pods that all run for an hour.
const LONG_JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: steady}
spec:
  completions: 120
  parallelism: 120
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: busybox, command: [sleep, '3600']}
";

#[tokio::test(start_paused = true)]
async fn frames_that_differ_only_in_time_need_few_bytes() {
    for (columns, rows) in [(80, 24), (120, 40), (300, 100)] {
        let terminal = VirtualTerminal::new(columns, rows);
        let user = async {
            seconds(60).await;
            let before = terminal.bytes.get();
            seconds(60).await;
            let bytes = (terminal.bytes.get() - before) / 60;
            assert!(bytes > 0 && bytes <= 4096, "{bytes} bytes a second at {columns}x{rows}");
            terminal.keys("q").await;
        };
        follow(&terminal, job(LONG_JOB), "--color=always", user).await;
    }
}

#[test]
fn a_dropped_full_screen_restores_the_terminal() {
    let terminal = VirtualTerminal::new(80, 24);
    let mut screen =
        FullScreen::new(Box::new(terminal.clone()), Stylesheet::PLAIN, Box::new(terminal.clone()));
    let frame = Frame { lines: vec![Line::new("one", Style::Text)] };
    assert!(screen.enter().unwrap());
    screen.show_frame(&frame, true, true).unwrap();
    assert!(terminal.is_raw.get() && terminal.is_alternate_screen() && terminal.has_mouse());
    // A panic also drops the screen while it unwinds.
    drop(screen);
    assert!(!terminal.is_raw.get() && !terminal.is_alternate_screen() && !terminal.has_mouse());
    assert!(!terminal.parser.borrow().screen().hide_cursor());
}

#[tokio::test(start_paused = true)]
async fn rows_do_not_move_with_the_mouse_and_at_the_end() {
    let terminal = VirtualTerminal::new(80, 24);
    let heading_of = |contents: &str| {
        let line = contents.lines().find(|line| line.contains("NODE")).unwrap();
        (line.find("POD").unwrap(), line.find("0s").unwrap(), line.find("RUN").unwrap())
    };
    let row_lines = |contents: &str| -> Vec<String> {
        contents
            .lines()
            .map(|line| line.chars().take(17).collect())
            .filter(|line: &String| line.contains("node-"))
            .collect()
    };
    let live = std::cell::Cell::new((0, 0, 0));
    let user = async {
        seconds(12).await;
        let before = terminal.contents();
        let row = terminal.row_of("NODE") + 2;
        terminal.mouse(MouseKind::Move, terminal.column_of("▒▒") + 1, row).await;
        let hovered = terminal.contents();
        assert!(hovered.contains("Pulling"), "{hovered}");
        assert_eq!(row_lines(&before), row_lines(&hovered));
        live.set(heading_of(&before));
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Success);
    assert_eq!(heading_of(&terminal.contents()), live.get(), "{}", terminal.contents());
}

#[tokio::test(start_paused = true)]
async fn the_last_picture_ignores_the_filter_and_the_zoom() {
    let terminal = VirtualTerminal::new(100, 40);
    let user = async {
        seconds(9).await;
        terminal.keys("/node-1").await;
        terminal.press(Code::Enter).await;
        terminal.keys("+").await;
        seconds(600).await;
        terminal.keys("q").await;
    };
    assert_eq!(follow(&terminal, pi_job(), "", user).await, Exit::Success);
    let contents = terminal.contents();
    assert!(contents.contains("node-2") && !contents.contains("zoomed"), "{contents}");
    assert_eq!(contents.lines().filter(|line| line.starts_with(" pi-")).count(), 21, "{contents}");
}
