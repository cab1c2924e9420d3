"""The platforms of a release, and the folders that all scripts of this folder use."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Platform(NamedTuple):
    """One platform of a release, in the words of Go and krew."""

    os: str
    arch: str

    @property
    def archive(self) -> str:
        return f"kubectl-seq-{self.os}-{self.arch}." + ("zip" if self.os == "windows" else "tar.gz")

    @property
    def binary(self) -> str:
        return "kubectl-seq.exe" if self.os == "windows" else "kubectl-seq"


# Each target of rustc with its platform.
PLATFORMS = {
    "x86_64-unknown-linux-musl": Platform("linux", "amd64"),
    "aarch64-unknown-linux-musl": Platform("linux", "arm64"),
    "x86_64-apple-darwin": Platform("darwin", "amd64"),
    "aarch64-apple-darwin": Platform("darwin", "arm64"),
    "x86_64-pc-windows-gnu": Platform("windows", "amd64"),
}


def package_version() -> str:
    """Returns the version in Cargo.toml."""
    return re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def source_date_epoch() -> int:
    """Returns the time that the files of a release get, in seconds since 1970."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    log = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True)
    return int(log.stdout)
