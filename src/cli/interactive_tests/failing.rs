//! Tests of runs that end at the first failure, warn of failures, or end with the exit code of a container.

use jiff::SignedDuration;

use super::*;
use crate::app::failure_rules::FailureRules;

/// Follows a feed with these rules about failures.
async fn follow_with_rules(terminal: &VirtualTerminal, feed: Feed, flags: &str, rules: FailureRules) -> Exit {
    let appearance = appearance(flags);
    let streams = Streams::new(appearance.clone());
    let options = RunOptions::new(feed, &appearance, &streams, SEQUENCE)
        .timeout(Duration::from_secs(300))
        .failure_rules(rules);
    let console =
        Console { out: Box::new(terminal.clone()), terminal: Box::new(terminal.clone()), interactive: true };
    follow_on_console(options, console).await.unwrap()
}

fn rules(fails_fast: bool) -> FailureRules {
    FailureRules {
        fails_fast,
        patience: SignedDuration::from_secs(60),
        uses_pod_exit_code: false,
        connection_flags: vec!["--context test".to_owned()],
    }
}

/// A Job whose container fails and is started again.
const CRASHING_JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: loop}
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - {name: main, image: busybox, command: [sh, -c, 'sleep 1; exit 42']}
";

#[tokio::test(start_paused = true)]
async fn fail_fast_ends_the_run_with_the_cause_and_the_command_to_type_next() {
    let terminal = VirtualTerminal::new(120, 40);
    assert_eq!(follow_with_rules(&terminal, job(CRASHING_JOB), "", rules(true)).await, Exit::Failed);
    let contents = terminal.contents();
    let ending: Vec<&str> = contents.lines().rev().take(2).collect();
    let [command, cause] = ending[..] else { panic!("{contents}") };
    assert!(cause.starts_with("stopped following: loop-"), "{contents}");
    assert!(cause.ends_with(" ends again and again: exit code 42, 3 restarts"), "{contents}");
    assert!(command.starts_with("to see why: kubectl seq pod loop-"), "{contents}");
    assert!(command.ends_with(" -n default --context test"), "{contents}");
    assert!(!contents.contains("warning"), "{contents}");
}

#[tokio::test(start_paused = true)]
async fn without_fail_fast_the_same_sentence_is_a_warning_that_is_printed_once() {
    let terminal = VirtualTerminal::new(120, 40);
    // The Job ends after its fourth restart.
    assert_eq!(follow_with_rules(&terminal, job(CRASHING_JOB), "", rules(false)).await, Exit::Failed);
    let contents = terminal.contents();
    let warning = " ends again and again: exit code 42, 3 restarts";
    assert_eq!(contents.matches(warning).count(), 1, "{contents}");
    let line = contents.lines().find(|line| line.contains(warning)).unwrap();
    assert!(line.starts_with("warning: loop-"), "{contents}");
}

#[tokio::test(start_paused = true)]
async fn an_open_picture_says_that_the_run_stopped_at_a_failure() {
    let terminal = VirtualTerminal::new(120, 40);
    let user = async {
        seconds(1).await;
        terminal.press(Code::Down).await;
        seconds(200).await;
        assert!(terminal.contents().contains("stopped at the first failure"), "{}", terminal.contents());
        terminal.keys("q").await;
    };
    let run = follow_with_rules(&terminal, job(CRASHING_JOB), "", rules(true));
    assert_eq!(tokio::join!(run, user).0, Exit::Failed);
}

#[tokio::test(start_paused = true)]
async fn the_exit_code_is_that_of_the_container_if_the_user_asks_for_it() {
    let with_exit_code = |fails_fast| FailureRules { uses_pod_exit_code: true, ..rules(fails_fast) };
    for fails_fast in [false, true] {
        let terminal = VirtualTerminal::new(120, 40);
        let exit = follow_with_rules(&terminal, job(FAILING_JOB), "", with_exit_code(fails_fast)).await;
        assert_eq!(exit, Exit::FailedContainer(3));
        assert_eq!(exit.code(), 3);
    }
    let terminal = VirtualTerminal::new(120, 40);
    let exit = follow_with_rules(&terminal, job(CRASHING_JOB), "", with_exit_code(false)).await;
    assert_eq!(exit, Exit::FailedContainer(42), "a container that failed until the limit of restarts");
    // No container has failed if the deadline of the Job has passed.
    let late =
        FAILING_JOB.replace("backoffLimit: 0", "activeDeadlineSeconds: 5").replace("sleep 1", "sleep 99");
    let terminal = VirtualTerminal::new(120, 40);
    let exit = follow_with_rules(&terminal, job(&late), "", with_exit_code(false)).await;
    assert_eq!(exit, Exit::Failed);
}
