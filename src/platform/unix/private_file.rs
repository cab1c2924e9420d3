//! Files that only their owner can read.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Mode of a file that only its owner can read and write.
const OWNER_ONLY: u32 = 0o600;

/// Opens a file for writing and does not change its content. Creates a missing file with mode 0600. Returns `None` if
/// the path is a symbolic link, because in a folder that other users can write to, a link could point to any file.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn open_private_file(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(rustix::io::Errno::LOOP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that only the owner of an existing file can read and write it.
///
/// # Errors
/// The mode of the file cannot be changed.
pub(crate) fn restrict_to_owner(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))
}

/// Creates a file with mode 0600 and opens it for writing.
///
/// # Errors
/// The file cannot be created, for example because the path exists, also as a symbolic link.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?))
}

/// Opens an existing file for writing and does not change its content.
///
/// # Errors
/// The file cannot be opened, for example because it does not exist or is a symbolic link.
pub(crate) fn reopen_private_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}
