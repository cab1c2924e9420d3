//! Tests of the ends of logs, and of the logs of runs that a node has lost.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_final_answer_that_ends_too_early_is_continued() {
    let log = [line(1, "a"), line(2, "b"), line(4, "c"), "2026-01-01T00:00:05Z end".to_owned()].concat();
    for cut in 0..log.len() {
        let (mut server, mut collector) = start(5);
        update(&mut collector, 0, ENDED);
        let serve = async {
            // Each answer ends normally. The second answer repeats less than the first answer.
            for end in [cut, cut / 2, cut + 1].into_iter().chain(std::iter::repeat(log.len())) {
                let call = server.next_call().await;
                let has_since = call.uri.contains("sinceTime=");
                let since = call.uri.split("T00%3A00%3A").nth(1).and_then(|rest| rest[..2].parse().ok());
                let is_visible = |line: &&str| line[17..19].parse::<u32>().unwrap() >= since.unwrap_or(0);
                assert_eq!(has_since, since.is_some(), "{}", call.uri);
                if call.uri.contains("previous=true") {
                    call.answer_error(400, "BadRequest", "previous container not found").await;
                    continue;
                }
                let whole: String = log.split_inclusive('\n').filter(is_visible).collect();
                let hidden = log.len() - whole.len();
                let body = whole[..end.saturating_sub(hidden)].to_owned();
                send(&mut answer_log(call), body).await;
            }
        };
        let read = async {
            let mut texts = Vec::new();
            while !collector.is_complete(0) {
                match collector.next().await {
                    LogUpdate::Lines { lines, .. } => {
                        texts.extend(lines.iter().map(|line| line.text().into_owned()));
                    }
                    LogUpdate::Complete => {}
                    other => panic!("cut at {cut}: {other:?}"),
                }
            }
            texts
        };
        tokio::select! {
            () = serve => {}
            texts = read => {
                // The server also answers twice without any line if the log is empty.
                assert!(texts == ["a", "b", "c", "end"] || cut == 0, "cut at {cut}: {texts:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_whose_last_file_is_empty_ends_with_a_warning() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    update(&mut collector, 0, ENDED);
    let serve = async {
        loop {
            let call = server.next_call().await;
            if call.uri.contains("previous=true") {
                call.answer_error(400, "BadRequest", "previous container not found").await;
            } else {
                drop(answer_log(call));
            }
        }
    };
    tokio::select! {
        () = serve => {}
        texts = next_texts(&mut collector) => assert_eq!(texts, ["0/0 UncertainEnd"]),
    }
    wait_until_complete(&mut collector).await;
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_kubelet_within_an_answer_is_reported_once() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, ENDED);
    send(&mut answer_log(server.next_call().await), line(1, "a") + "failed to read the file\n").await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    for _ in 0..5 {
        let call = next_call(&mut server, &mut collector).await;
        send(&mut answer_log(call), line(1, "a") + "failed to read the file").await;
    }
    let serve = async {
        loop {
            send(&mut answer_log(server.next_call().await), line(1, "a") + "failed to read the file").await;
        }
    };
    let expected = r#"0/0 Refused { is_end: true, reason: "failed to read the file" }"#;
    tokio::select! {
        () = serve => {}
        texts = next_texts(&mut collector) => assert_eq!(texts, [expected]),
    }
    wait_until_complete(&mut collector).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_the_node_has_lost_leaves_one_gap_before_the_next_run() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    // The status says that the first run is lost. It does not say yet that the second run has started.
    let call = next_call(&mut server, &mut collector).await;
    update(
        &mut collector,
        0,
        ContainerProgress { run: 1, has_started: false, is_previous_lost: true, ..RUNNING },
    );
    call.answer_error(500, "InternalError", "connection refused").await;
    for _ in 0..6 {
        let call = next_call(&mut server, &mut collector).await;
        assert!(call.uri.contains("previous=true"), "{}", call.uri);
        call.answer_error(400, "BadRequest", "previous terminated container not found").await;
    }
    let expected = r#"0/0 Refused { is_end: true, reason: "previous terminated container not found" }"#;
    assert_eq!(next_texts(&mut collector).await, [expected]);
    assert!(timeout(Duration::from_secs(60), collector.next()).await.is_err());
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    let call = next_call(&mut server, &mut collector).await;
    assert!(!call.uri.contains("previous=true"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(5, "b")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 b"]);
}

#[tokio::test(start_paused = true)]
async fn lines_of_a_run_that_starts_before_its_status_arrives_are_shown_once() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    // The node has lost the first run, and the second run has started. The status still describes the first run.
    send(&mut answer_log(next_call(&mut server, &mut collector).await), line(5, "b")).await;
    next_call(&mut server, &mut collector).await.answer_error(400, "BadRequest", "not found").await;
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(5, "b") + &line(6, "c")).await;
    assert!(next_texts(&mut collector).await[0].starts_with("0/0 Between("));
    assert_eq!(next_texts(&mut collector).await, ["0/0 b", "0/0 c"]);
    drop(body);
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    for _ in 0..6 {
        let call = next_call(&mut server, &mut collector).await;
        assert!(call.uri.contains("previous=true"), "{}", call.uri);
        call.answer_error(400, "BadRequest", "not found").await;
    }
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(5, "b") + &line(6, "c") + &line(7, "d")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 d"]);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_long_line_without_a_time_is_no_error_of_the_kubelet() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, ENDED);
    send(&mut answer_log(server.next_call().await), line(1, "xxxx") + &line(3, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 xxxx", "0/0 a"]);
    // The long line was written from 00:01 to 00:02, and the request begins at 00:02.
    answer_check(&mut server, &mut collector, &("xx\n".to_owned() + &line(3, "a"))).await;
    wait_until_complete(&mut collector).await;
}

#[tokio::test(start_paused = true)]
async fn lines_between_the_known_lines_and_the_last_lines_are_requested() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, ENDED);
    // The kubelet has stopped in the middle of the answer.
    send(&mut answer_log(server.next_call().await), line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    let lines: Vec<String> = (2..20).map(|second| line(second, "more")).collect();
    answer_check(&mut server, &mut collector, &lines[lines.len() - 8..].concat()).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("sinceTime=") && !call.uri.contains("tailLines="), "{}", call.uri);
    send(&mut answer_log(call), line(1, "a") + &lines.concat()).await;
    assert_eq!(next_texts(&mut collector).await, vec!["0/0 more"; lines.len()]);
    answer_check(&mut server, &mut collector, &lines[lines.len() - 8..].concat()).await;
    wait_until_complete(&mut collector).await;
}

/// The kubelet's answer if it has deleted the log. The answer has status 200, and no line feed.
const DELETED: &str = "unable to retrieve container logs for containerd://0123";

/// Answers the requests for the log of a run that the kubelet has deleted, until the run is given up.
async fn answer_deleted(server: &mut LogServer, collector: &mut LogCollector) {
    for _ in 0..6 {
        let call = next_call(server, collector).await;
        assert!(call.uri.contains("previous=true"), "{}", call.uri);
        send(&mut answer_log(call), DELETED.to_owned()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_deleted_log_of_an_earlier_run_leaves_a_gap_with_the_reason() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(server.next_call().await);
    send(&mut body, line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    next_call(&mut server, &mut collector).await.refuse();
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    answer_deleted(&mut server, &mut collector).await;
    let expected = format!(r#"0/0 Refused {{ is_end: true, reason: "{DELETED}" }}"#);
    assert_eq!(next_texts(&mut collector).await, [expected]);
    let call = next_call(&mut server, &mut collector).await;
    assert!(!call.uri.contains("previous=true"), "{}", call.uri);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_deleted_after_its_end_was_read_leaves_no_gap() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    send(&mut answer_log(next_call(&mut server, &mut collector).await), line(1, "a")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
    answer_deleted(&mut server, &mut collector).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(!call.uri.contains("previous=true"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(5, "b")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 b"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_is_requested_again_soon_after_a_long_outage() {
    let (mut server, mut collector) = start(5);
    update(&mut collector, 0, RUNNING);
    let mut last = tokio::time::Instant::now();
    for _ in 0..50 {
        next_call(&mut server, &mut collector).await.refuse();
        assert!(last.elapsed() <= Duration::from_millis(2100), "{:?}", last.elapsed());
        last = tokio::time::Instant::now();
    }
}

#[tokio::test(start_paused = true)]
async fn containers_whose_logs_cannot_be_read_do_not_keep_the_streams() {
    for code in [400, 500] {
        let (mut server, mut collector) = start(1);
        update(&mut collector, 0, RUNNING);
        update(&mut collector, 1, RUNNING);
        let mut is_reached = false;
        for _ in 0..20 {
            let call = next_call(&mut server, &mut collector).await;
            is_reached |= call.uri.contains("pod-1");
            call.answer_error(code, "Error", "the log cannot be read").await;
        }
        assert!(is_reached, "answers with code {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_read_before_the_next_run_even_if_the_status_does_not_report_the_next_run() {
    let (mut server, mut collector) = start_with_previous(5, line(1, "first run"));
    update(&mut collector, 0, RUNNING);
    let mut body = answer_log(next_call(&mut server, &mut collector).await);
    send(&mut body, line(12, "second run")).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("previous=true") && !call.uri.contains("sinceTime="), "{}", call.uri);
    send(&mut answer_log(call), line(1, "first run")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/0 first run"]);
    answer_check(&mut server, &mut collector, &line(1, "first run")).await;
    let call = next_call(&mut server, &mut collector).await;
    assert!(call.uri.contains("follow=true") && !call.uri.contains("previous=true"), "{}", call.uri);
    let mut body = answer_log(call);
    send(&mut body, line(12, "second run")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 second run"]);
    // The status reports the end of the first run, then the second run. The stream of the second run continues.
    update(&mut collector, 0, ContainerProgress { has_ended: true, ..RUNNING });
    assert!(timeout(Duration::from_secs(60), collector.next()).await.is_err());
    update(&mut collector, 0, ContainerProgress { run: 1, ..RUNNING });
    send(&mut body, line(13, "more")).await;
    assert_eq!(next_texts(&mut collector).await, ["0/1 more"]);
}

#[tokio::test(start_paused = true)]
async fn lines_of_an_unknown_run_wait_for_the_status() {
    // The second run has ended, so the kubelet has deleted the first run. The status still describes the first run.
    for previous in [line(12, "second run"), DELETED.to_owned()] {
        let (mut server, mut collector) = start_with_previous(5, previous);
        update(&mut collector, 0, RUNNING);
        for _ in 0..3 {
            let mut body = answer_log(next_call(&mut server, &mut collector).await);
            send(&mut body, line(12, "second run")).await;
        }
        let call = next_call(&mut server, &mut collector).await;
        update(&mut collector, 0, ContainerProgress { run: 1, has_ended: true, ..RUNNING });
        call.refuse();
        answer_deleted(&mut server, &mut collector).await;
        let expected = format!(r#"0/0 Refused {{ is_end: false, reason: "{DELETED}" }}"#);
        assert_eq!(next_texts(&mut collector).await, [expected]);
        let call = next_call(&mut server, &mut collector).await;
        assert!(!call.uri.contains("previous=true"), "{}", call.uri);
        send(&mut answer_log(call), line(12, "second run")).await;
        assert_eq!(next_texts(&mut collector).await, ["0/1 second run"]);
    }
}

#[tokio::test(start_paused = true)]
async fn lines_of_an_unknown_run_are_shown_if_no_new_status_arrives() {
    let (mut server, mut collector) = start_with_previous(5, line(12, "a"));
    update(&mut collector, 0, RUNNING);
    for _ in 0..61 {
        let mut body = answer_log(next_call(&mut server, &mut collector).await);
        send(&mut body, line(12, "a")).await;
    }
    assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
}

/// An event between the end of a followed stream and the deletion of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbance {
    None,
    NodeRestart,
    /// The API server does not answer.
    RefusedConnection,
    /// The connection is cut after a known line.
    CutAnswer,
    /// The connection is cut after a new line.
    CutAnswerWithNewLine,
    /// The API server does not reach the kubelet.
    StoppedKubelet,
}

#[tokio::test(start_paused = true)]
async fn the_deleted_end_of_a_followed_log_is_missing_only_if_the_stream_may_have_ended_too_early() {
    for (disturbance, has_gap) in [
        (Disturbance::None, false),
        (Disturbance::NodeRestart, true),
        (Disturbance::RefusedConnection, false),
        (Disturbance::CutAnswer, false),
        (Disturbance::CutAnswerWithNewLine, true),
        (Disturbance::StoppedKubelet, true),
    ] {
        let (mut server, mut collector) = start(5);
        update(&mut collector, 0, RUNNING);
        let mut body = answer_log(server.next_call().await);
        send(&mut body, line(1, "a")).await;
        assert_eq!(next_texts(&mut collector).await, ["0/0 a"]);
        // The second run has already ended when the program reads the end of the stream.
        let is_previous_lost = disturbance == Disturbance::NodeRestart;
        update(&mut collector, 0, ContainerProgress { run: 1, is_previous_lost, ..ENDED });
        drop(body);
        match disturbance {
            Disturbance::None | Disturbance::NodeRestart => {}
            Disturbance::RefusedConnection => next_call(&mut server, &mut collector).await.refuse(),
            Disturbance::CutAnswer => {
                let mut body = answer_log(next_call(&mut server, &mut collector).await);
                send(&mut body, line(1, "a")).await;
                body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            }
            Disturbance::CutAnswerWithNewLine => {
                let mut body = answer_log(next_call(&mut server, &mut collector).await);
                send(&mut body, line(1, "a") + &line(2, "b")).await;
                assert_eq!(next_texts(&mut collector).await, ["0/0 b"]);
                body.abort(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            }
            Disturbance::StoppedKubelet => {
                let call = next_call(&mut server, &mut collector).await;
                call.answer_error(500, "InternalError", "dial tcp: connection refused").await;
            }
        }
        answer_deleted(&mut server, &mut collector).await;
        if has_gap {
            let gap = next_texts(&mut collector).await;
            assert!(gap[0].starts_with("0/0 Refused {"), "{disturbance:?}: {gap:?}");
        }
        let mut body = answer_log(next_call(&mut server, &mut collector).await);
        send(&mut body, line(5, "b")).await;
        assert_eq!(next_texts(&mut collector).await, ["0/1 b"], "{disturbance:?}");
    }
}
