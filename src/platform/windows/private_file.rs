//! Files that only their owner can read. On Windows a file inherits the access list of its folder, and the folders of a
//! user are private to this user. Therefore the program changes no access list.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;

/// `FILE_FLAG_OPEN_REPARSE_POINT`: opens a symbolic link itself and not the file that it points to.
const OPEN_LINK_ITSELF: u32 = 0x0020_0000;

/// Opens a file for writing and does not change its content. Creates a missing file. Returns `None` if the path is a
/// symbolic link, because in a folder that other users can write to, a link could point to any file.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn open_private_file(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(OPEN_LINK_ITSELF)
        .open(path)?;
    Ok(if file.metadata()?.is_symlink() { None } else { Some(file) })
}

/// Does nothing, because the file inherits the access list of its folder.
///
/// # Errors
/// Never.
#[expect(clippy::unnecessary_wraps, reason = "the function has the same type on Unix, where it can fail")]
pub(crate) fn restrict_to_owner(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Creates a file and opens it for writing.
///
/// # Errors
/// The file cannot be created, for example because the path exists, also as a symbolic link.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Opens an existing file for writing and does not change its content.
///
/// # Errors
/// The file cannot be opened, for example because it does not exist or is a symbolic link.
pub(crate) fn reopen_private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).custom_flags(OPEN_LINK_ITSELF).open(path)?;
    if file.metadata()?.is_symlink() { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(file) }
}
