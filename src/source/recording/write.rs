//! Writing, as the observations come.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};

use super::Header;
use super::keep;
use super::line::Line;
use crate::observation::Observation;
use crate::source::Update;
use crate::source::error::{ErrorKind, SourceError};

/// A file only for its owner.
const MODE: u32 = 0o600;

/// Takes down what a run observes.
///
/// What has been written is in the file after each update, so that of a run that is cut off all but the last line is kept.
pub struct Recorder {
    out: Box<dyn Write>,
    path: Option<PathBuf>,
    /// Until something is written, a recording that is there already stays as it is.
    fresh: Option<File>,
    header: Header,
    line: Vec<u8>,
    begun: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recorder").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Opens a file for its owner alone (mode 0600); `followed` if the run follows its workloads.
    ///
    /// A recording that is there is replaced once there is something to write. A symbolic link is not followed: in a
    /// folder that others may write to it could point anywhere.
    ///
    /// # Errors
    /// Usage: the file cannot be opened for writing, or is a symbolic link.
    pub fn create(path: &Path, followed: bool) -> Result<Self, SourceError> {
        let wrong = |why: &str| {
            SourceError::new(ErrorKind::Usage, format!("cannot record to {}: {why}", path.display()))
        };
        let unwritable = |error: io::Error| wrong(&super::reason(&error)).caused_by(error);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::LOOP) => {
                return Err(wrong("it is a symbolic link").hint("Name the file that it points to."));
            }
            Err(error) => return Err(unwritable(error.into())),
        };
        let copy = file.try_clone().map_err(unwritable)?;
        Ok(Self {
            path: Some(path.to_owned()),
            fresh: Some(copy),
            ..Self::new(Box::new(io::BufWriter::with_capacity(64 * 1024, file)), followed)
        })
    }

    /// Writes to anything.
    pub fn new(out: Box<dyn Write>, followed: bool) -> Self {
        Self { out, path: None, fresh: None, header: Header::new(followed), line: Vec::new(), begun: false }
    }

    /// The file that it writes.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Writes down what an update tells, and takes out of it what may not be told.
    ///
    /// # Errors
    /// When writing fails.
    pub fn take(&mut self, update: &mut Update) -> io::Result<()> {
        match update {
            Update::Observed(observations) => {
                for observation in observations {
                    self.observe(observation)?;
                }
            }
            Update::Synced => self.synced()?,
            Update::Progress(_)
            | Update::Lost(_)
            | Update::Restored
            | Update::Notice(_)
            | Update::Failed(_) => return Ok(()),
        }
        self.out.flush()
    }

    /// All that existed at the beginning has been told.
    ///
    /// # Errors
    /// When writing fails.
    pub fn synced(&mut self) -> io::Result<()> {
        self.mark(r#"{"mark":"synced"}"#)
    }

    /// The run has ended, and its last picture is of that time.
    ///
    /// # Errors
    /// When writing fails.
    pub fn end(&mut self, at: Timestamp) -> io::Result<()> {
        self.mark(&format!(r#"{{"mark":"end","at":"{at}"}}"#))?;
        self.out.flush()
    }

    fn observe(&mut self, observation: &mut Observation) -> io::Result<()> {
        keep::keep(observation);
        self.begin()?;
        let entries = std::mem::take(&mut observation.object.metadata_mut().managed_fields);
        let kubelet_wrote = entries.first().and_then(|entry| entry.time);
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, &Line { observation, kubelet_wrote });
        observation.object.metadata_mut().managed_fields = entries;
        written?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    fn mark(&mut self, mark: &str) -> io::Result<()> {
        self.begin()?;
        writeln!(self.out, "{mark}")
    }

    /// The header, before anything else.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        if let Some(file) = self.fresh.take()
            && file.metadata()?.is_file()
        {
            file.set_permissions(std::fs::Permissions::from_mode(MODE))?;
            file.set_len(0)?;
        }
        serde_json::to_writer(&mut self.out, &self.header)?;
        self.out.write_all(b"\n")
    }
}
