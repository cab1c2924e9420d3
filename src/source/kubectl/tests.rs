//! Tests of the calls to kubectl. Shell scripts replace kubectl.

use crate::source::kubectl::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

#[test]
fn a_caller_that_is_not_named_kubectl_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, "").unwrap();
        path
    };
    assert_eq!(choose_kubectl(None), Path::new("kubectl"));
    assert_eq!(choose_kubectl(Some(named("kubectl").into())), folder.path().join("kubectl"));
    assert_eq!(choose_kubectl(Some(named("kubectl.exe").into())), folder.path().join("kubectl.exe"));
    assert_eq!(choose_kubectl(Some(named("busybox").into())), Path::new("kubectl"));
    assert_eq!(choose_kubectl(Some(named("kubectl-seq").into())), Path::new("kubectl"));
    assert_eq!(choose_kubectl(Some(folder.path().join("kubectl-none").into())), Path::new("kubectl"));
}

#[cfg(unix)]
mod wrapped {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Creates an executable shell script that replaces kubectl.
    fn kubectl(script: &str) -> (tempfile::TempDir, Kubectl) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("kubectl");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        // A process that another test starts at this moment may have inherited the open file, so the script cannot run
        // yet.
        let busy = |result: io::Result<_>| matches!(result, Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy);
        while busy(std::process::Command::new(&program).stdin(Stdio::null()).stderr(Stdio::null()).status()) {
            std::thread::yield_now();
        }
        (folder, Kubectl { program })
    }

    fn change_arguments(filenames: &[&str]) -> ChangeArguments {
        let filenames = filenames.iter().map(|name| (*name).to_owned()).collect();
        ChangeArguments { filenames, ..ChangeArguments::default() }
    }

    /// Runs a change with captured messages, discards the output of kubectl, and returns the exit code.
    async fn change(kubectl: &Kubectl, arguments: &ChangeArguments, manifests: &Manifests) -> u8 {
        let output = KubectlOutput::Stderr;
        kubectl.change(arguments, manifests, Capture::Messages, output, |_, _| {}).await.unwrap().code
    }

    #[tokio::test]
    async fn the_exit_code_of_kubectl_is_passed_on() {
        let (_folder, kubectl) = kubectl("exit 17");
        let (arguments, manifests) = (ChangeArguments::default(), Manifests::default());
        assert_eq!(change(&kubectl, &arguments, &manifests).await, 17);
        assert_eq!(kubectl.run_unchanged("get", &[]).await.unwrap(), 17);
        let error = kubectl.read_applied(&arguments, &manifests).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Wrapped(17));
    }

    #[tokio::test]
    async fn a_signal_becomes_the_exit_code_that_a_shell_gives_it() {
        let (_folder, kubectl) = kubectl("kill -INT $$");
        assert_eq!(change(&kubectl, &ChangeArguments::default(), &Manifests::default()).await, 130);
    }

    #[tokio::test]
    async fn messages_pass_through_unchanged_and_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        // The script ends only after its first message has been shown. The background process keeps the stream open.
        let (_folder, kubectl) = kubectl(&format!(
            r"[ $# -gt 0 ] || exit 0
printf 'Password: ' >&2
while ! [ -e {} ]; do sleep 0.01; done
printf 'wrong\nerror\n' >&2
sleep 30 > /dev/null & exit 1",
            seen.display()
        ));
        let mut shown = Vec::new();
        let show = |stream, bytes: &[u8]| {
            assert_eq!(stream, KubectlOutput::Stderr);
            std::fs::write(&seen, "").unwrap();
            shown.extend_from_slice(bytes);
        };
        let (arguments, manifests) = (ChangeArguments::default(), Manifests::default());
        let start = std::time::Instant::now();
        let changed =
            kubectl.change(&arguments, &manifests, Capture::Messages, KubectlOutput::Stdout, show).await;
        let changed = changed.unwrap();
        assert!(start.elapsed() < Duration::from_secs(15));
        let messages = "Password: wrong\nerror\n";
        assert_eq!((changed.code, changed.messages.as_str()), (1, messages));
        assert_eq!(shown, messages.as_bytes());
    }

    /// Runs a `create` or `replace`. Returns the result and the texts for standard output and standard error.
    async fn printed(
        kubectl: &Kubectl,
        command: ChangeCommand,
    ) -> (Result<Change, SourceError>, String, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let arguments = ChangeArguments { command, ..change_arguments(&["a"]) };
        let manifests = Manifests::unread(&arguments.filenames);
        let show = |stream, bytes: &[u8]| match stream {
            KubectlOutput::Stdout => stdout.extend_from_slice(bytes),
            KubectlOutput::Stderr => stderr.extend_from_slice(bytes),
        };
        let capture = Capture::MessagesAndObjects;
        let changed = kubectl.change(&arguments, &manifests, capture, KubectlOutput::Stdout, show).await;
        (changed, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    #[tokio::test]
    async fn created_objects_are_printed_as_kubectl_prints_them() {
        let (_folder, kubectl) = kubectl(
            r#"[ "$*" = "create --output=json --show-managed-fields=false --filename=a" ] || exit 9
echo 'Warning: old' >&2
printf '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi-x7","namespace":"ns","uid":"u1"},\n"data":"secret"}\n'
printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns","uid":"u2"}}\n'"#,
        );
        let (changed, stdout, stderr) = printed(&kubectl, ChangeCommand::Create).await;
        assert_eq!(
            stdout,
            "job.batch/pi-x7 created
pod/p created
"
        );
        assert_eq!(
            stderr,
            "Warning: old
"
        );
        let uids: Vec<String> = changed.unwrap().objects.into_iter().map(|object| object.uid).collect();
        assert_eq!(uids, ["u1", "u2"]);
    }

    #[tokio::test]
    async fn the_line_about_a_deleted_object_precedes_the_new_object() {
        let (_folder, kubectl) = kubectl(
            r#"[ $# -gt 0 ] || exit 0
echo 'job.batch "pi" deleted'
echo '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi"}}'
echo '{"apiVersion":"v1","data":"secret'; exit 1"#,
        );
        let (changed, stdout, _) = printed(&kubectl, ChangeCommand::Replace).await;
        assert_eq!(stdout, "job.batch \"pi\" deleted\njob.batch/pi replaced\n");
        assert_eq!(changed.unwrap().code, 1);
    }

    #[tokio::test]
    async fn output_that_is_not_an_object_is_an_error_only_if_kubectl_succeeds() {
        for (script, code) in [("echo '{x}'", None), ("echo '{x}'; exit 3", Some(3)), ("printf '{'", None)] {
            let (_folder, kubectl) = kubectl(&format!("[ $# -gt 0 ] || exit 0\n{script}"));
            let (changed, stdout, _) = printed(&kubectl, ChangeCommand::Create).await;
            assert_eq!((changed.ok().map(|changed| changed.code), stdout.as_str()), (code, ""), "{script}");
        }
    }

    #[tokio::test]
    async fn standard_input_and_pipes_reach_both_kubectl_calls_and_the_applied_objects_are_read_back() {
        // Input and output are longer than the buffer of a pipe.
        let (_folder, kubectl) = kubectl(
            r#"[ $# -gt 0 ] || exit 0
for word; do case $word in --filename=-) n=$n$(wc -c).;; --filename=*) n=$n$(wc -c < "${word#*=}").;; esac; done
[ "$1" = apply ] && [ "$n" = 300000.400000. ] && exit 7
printf '{"kind":"Job","metadata":{"name":"n%s","uid":"%s"},"pad":"' $n "$2$3"
head -c 300000 /dev/zero | tr '\0' x
printf '"}'"#,
        );
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let writer = fifo.clone();
        let write = std::thread::spawn(move || std::fs::write(writer, vec![b'y'; 300_000]));
        let mut manifests = Manifests::read(&[fifo.to_str().unwrap().to_owned()]).unwrap();
        write.join().unwrap().unwrap();
        manifests.add_stdin(vec![b'x'; 400_000]);
        let arguments = ChangeArguments {
            selection: words("--recursive"),
            command_only: words("--server-side"),
            global: words("--namespace=ns"),
            ..ChangeArguments::default()
        };
        assert_eq!(change(&kubectl, &arguments, &manifests).await, 7);
        let applied = kubectl.read_applied(&arguments, &manifests).await.unwrap();
        assert_eq!(
            (applied[0].name.as_str(), applied[0].uid.as_str()),
            ("n300000.400000.", "--recursive--namespace=ns")
        );
    }

    #[tokio::test]
    async fn if_kubectl_does_not_read_its_input_only_its_exit_code_counts() {
        let (_folder, kubectl) = kubectl("exit 1");
        let mut manifests = Manifests::default();
        manifests.add_stdin(vec![0; 1 << 20]);
        assert_eq!(change(&kubectl, &ChangeArguments::default(), &manifests).await, 1);
    }

    #[tokio::test]
    async fn operands_come_after_all_flags() {
        let (_folder, kubectl) = kubectl(r#"[ "$*" = "apply --recursive --filename=a --force -- -x" ]"#);
        let mut arguments = change_arguments(&["a"]);
        arguments.selection = words("--recursive");
        arguments.command_only = words("--force");
        arguments.operands = words("-x");
        let manifests = Manifests::unread(&arguments.filenames);
        assert_eq!(change(&kubectl, &arguments, &manifests).await, 0);
    }

    #[tokio::test]
    async fn a_subcommand_comes_before_all_flags() {
        let (_folder, kubectl) =
            kubectl(r#"[ "$*" = "create job --namespace=ns pi --image=x -- sh -c -n" ]"#);
        let arguments = ChangeArguments {
            command: ChangeCommand::Create,
            subcommand: Some("job".into()),
            global: words("--namespace=ns"),
            command_only: words("pi --image=x"),
            operands: words("sh -c -n"),
            ..ChangeArguments::default()
        };
        assert_eq!(change(&kubectl, &arguments, &Manifests::default()).await, 0);
    }

    #[tokio::test]
    async fn a_missing_kubectl_is_reported_with_a_hint() {
        let kubectl = Kubectl { program: PathBuf::from("/nonexistent/kubectl") };
        let error = kubectl.run_unchanged("get", &[]).await.unwrap_err();
        assert_eq!(error.summary, "kubectl cannot be started: /nonexistent/kubectl was not found");
        assert!(error.hints[0].contains("Install kubectl"));
    }
}
