//! Tests of the calls to kubectl. Shell scripts replace kubectl.

use crate::source::kubectl::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

#[test]
fn one_object_a_list_and_empty_output_are_parsed() {
    let one = br#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi","namespace":"ns","uid":"u","annotations":{"a":"b"}},"spec":{}}"#;
    let pi = AppliedObject {
        api_version: "batch/v1".to_owned(),
        kind: "Job".to_owned(),
        namespace: "ns".to_owned(),
        name: "pi".to_owned(),
        uid: "u".to_owned(),
    };
    assert_eq!(parse_objects(one).unwrap(), std::slice::from_ref(&pi));
    let list =
        [b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[".as_slice(), one, b"],\"metadata\":{}}"]
            .concat();
    assert_eq!(parse_objects(&list).unwrap(), [pi]);
    assert_eq!(parse_objects(b"\n").unwrap(), []);
    assert!(parse_objects(b"error").is_err());
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

    fn apply_arguments(filenames: &[&str]) -> ApplyArguments {
        let filenames = filenames.iter().map(|name| (*name).to_owned()).collect();
        ApplyArguments { filenames, ..ApplyArguments::default() }
    }

    #[tokio::test]
    async fn the_exit_code_of_kubectl_is_passed_on() {
        let (_folder, kubectl) = kubectl("exit 17");
        let (arguments, manifests) = (ApplyArguments::default(), Manifests::default());
        assert_eq!(kubectl.apply(&arguments, &manifests, KubectlOutput::Stderr).await.unwrap(), 17);
        assert_eq!(kubectl.get_raw(&[]).await.unwrap(), 17);
        let error = kubectl.read_applied(&arguments, &manifests).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Wrapped(17));
    }

    #[tokio::test]
    async fn a_signal_becomes_the_exit_code_that_a_shell_gives_it() {
        let (_folder, kubectl) = kubectl("kill -INT $$");
        let applied =
            kubectl.apply(&ApplyArguments::default(), &Manifests::default(), KubectlOutput::Stderr).await;
        assert_eq!(applied.unwrap(), 130);
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
        let arguments = ApplyArguments {
            selection: words("--recursive"),
            apply_only: words("--server-side"),
            global: words("--namespace=ns"),
            ..ApplyArguments::default()
        };
        assert_eq!(kubectl.apply(&arguments, &manifests, KubectlOutput::Stderr).await.unwrap(), 7);
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
        let applied = kubectl.apply(&ApplyArguments::default(), &manifests, KubectlOutput::Stderr).await;
        assert_eq!(applied.unwrap(), 1);
    }

    #[tokio::test]
    async fn operands_come_after_all_flags() {
        let (_folder, kubectl) = kubectl(r#"[ "$*" = "apply --recursive --filename=a --force -- -x" ]"#);
        let mut arguments = apply_arguments(&["a"]);
        arguments.selection = words("--recursive");
        arguments.apply_only = words("--force");
        arguments.operands = words("-x");
        let manifests = Manifests::unread(&arguments.filenames);
        assert_eq!(kubectl.apply(&arguments, &manifests, KubectlOutput::Stderr).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_missing_kubectl_is_reported_with_a_hint() {
        let kubectl = Kubectl { program: PathBuf::from("/nonexistent/kubectl") };
        let error = kubectl.get_raw(&[]).await.unwrap_err();
        assert_eq!(error.summary, "kubectl cannot be started: /nonexistent/kubectl was not found");
        assert!(error.hints[0].contains("Install kubectl"));
    }
}
