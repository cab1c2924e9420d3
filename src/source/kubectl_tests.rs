//! The wrapped kubectl, played by shell scripts.

use crate::source::kubectl::*;

fn args(words: &str) -> Vec<OsString> {
    words.split_whitespace().map(OsString::from).collect()
}

#[test]
fn only_what_finds_the_objects_is_kept_of_apply() {
    let kept = manifest_args(&args(
        "-f job.yaml --server-side --field-manager me -R -n ns --prune -l app=web --context=c --dry-run=none -fother.yaml",
    ));
    assert_eq!(kept, args("-f job.yaml -R -n ns -l app=web --context=c -fother.yaml"));
}

#[test]
fn a_flag_without_a_value_takes_none() {
    let kept = manifest_args(&args("--insecure-skip-tls-verify -f a.yaml --force --recursive=true"));
    assert_eq!(kept, args("--insecure-skip-tls-verify -f a.yaml --recursive=true"));
}

#[test]
fn one_object_a_list_and_nothing_are_read() {
    let one = br#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi","namespace":"ns","uid":"u","annotations":{"a":"b"}},"spec":{}}"#;
    let pi = Applied {
        api_version: "batch/v1".to_owned(),
        kind: "Job".to_owned(),
        namespace: "ns".to_owned(),
        name: "pi".to_owned(),
        uid: "u".to_owned(),
    };
    assert_eq!(objects(one).unwrap(), std::slice::from_ref(&pi));
    let list =
        [b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[".as_slice(), one, b"],\"metadata\":{}}"]
            .concat();
    assert_eq!(objects(&list).unwrap(), [pi]);
    assert_eq!(objects(b"\n").unwrap(), []);
    assert!(objects(b"error").is_err());
}

#[test]
fn a_caller_of_another_name_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, "").unwrap();
        path
    };
    assert_eq!(program(None), Path::new("kubectl"));
    assert_eq!(program(Some(named("kubectl").into())), folder.path().join("kubectl"));
    assert_eq!(program(Some(named("kubectl.exe").into())), folder.path().join("kubectl.exe"));
    assert_eq!(program(Some(named("busybox").into())), Path::new("kubectl"));
    assert_eq!(program(Some(named("kubectl-seq").into())), Path::new("kubectl"));
    assert_eq!(program(Some(folder.path().join("kubectl-none").into())), Path::new("kubectl"));
}

#[test]
fn too_long_an_input_is_refused() {
    assert_eq!(limited(&b"abc"[..], 3).unwrap(), b"abc");
    assert_eq!(limited(&b"abcd"[..], 3).unwrap_err().kind, ErrorKind::Usage);
}

#[cfg(unix)]
mod wrapped {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn kubectl(script: &str) -> (tempfile::TempDir, Kubectl) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("kubectl");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        // A process that another test is just starting may hold the file open for writing a little longer.
        let busy = |result: io::Result<_>| matches!(result, Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy);
        while busy(std::process::Command::new(&program).stdin(Stdio::null()).stderr(Stdio::null()).status()) {
            std::thread::yield_now();
        }
        (folder, Kubectl { program })
    }

    #[tokio::test]
    async fn its_exit_code_is_passed_on() {
        let (_folder, kubectl) = kubectl("exit 17");
        assert_eq!(kubectl.apply(&[], None, Output::Stderr).await.unwrap(), 17);
        assert_eq!(kubectl.get_raw(&[]).await.unwrap(), 17);
        assert_eq!(kubectl.applied(&[], None).await.unwrap_err().kind, ErrorKind::Wrapped(17));
    }

    #[tokio::test]
    async fn a_signal_is_told_as_a_shell_does() {
        let (_folder, kubectl) = kubectl("kill -INT $$");
        assert_eq!(kubectl.apply(&[], None, Output::Stderr).await.unwrap(), 130);
    }

    #[tokio::test]
    async fn the_input_is_fed_and_the_objects_are_read_back() {
        // More than a pipe holds, both ways.
        let (_folder, kubectl) = kubectl(
            r#"[ "$1" = get ] || exit 3
n=$(wc -c)
printf '{"kind":"Job","metadata":{"name":"n%s","uid":"%s"},"pad":"' $n "$2$3"
head -c 300000 /dev/zero | tr '\0' x
printf '"}'"#,
        );
        let input = vec![b'x'; 300_000];
        let applied = kubectl.applied(&args("-f - --server-side"), Some(&input)).await.unwrap();
        assert_eq!((applied[0].name.as_str(), applied[0].uid.as_str()), ("n300000", "-f-"));
    }

    #[tokio::test]
    async fn a_kubectl_that_does_not_read_its_input_is_no_failure_of_ours() {
        let (_folder, kubectl) = kubectl("exit 1");
        assert_eq!(kubectl.apply(&[], Some(&vec![0; 1 << 20]), Output::Stderr).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_missing_kubectl_is_said_clearly() {
        let kubectl = Kubectl { program: PathBuf::from("/nonexistent/kubectl") };
        let error = kubectl.get_raw(&[]).await.unwrap_err();
        assert_eq!(error.summary, "there is no /nonexistent/kubectl on the search path");
        assert!(error.hints[0].contains("Install kubectl"));
    }
}
