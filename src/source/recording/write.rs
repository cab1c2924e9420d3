//! Writes a recording while the run receives its observations.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::observation::{Observation, Outage};
use crate::platform::private_file::{open_private_file, restrict_to_owner};
use crate::source::Update;
use crate::source::error::{ErrorKind, SourceError, system_error_text};
use crate::source::recording::entry::RecordedObservation;
use crate::source::recording::header::RecordingHeader;
use crate::source::recording::redact::redact;

/// Records the observations of a run.
///
/// The observations of an update are in the file when [`Recorder::record`] returns. If the program is killed, only the
/// last line can be incomplete.
pub struct Recorder {
    out: Box<dyn Write>,
    path: Option<PathBuf>,
    /// The file, until the header is written. The file is truncated immediately before the header is written, so an
    /// existing recording stays unchanged until then.
    file_to_truncate: Option<File>,
    header: RecordingHeader,
    /// Buffer that is reused for each line.
    line: Vec<u8>,
    has_header: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recorder").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Opens a file that only its owner can read and write (mode 0600). `followed` says whether the run follows its
    /// workloads.
    ///
    /// The content of an existing file is replaced when the first line is recorded. Symbolic links are not followed,
    /// because in a folder that other users can write to, a link could point to any file.
    ///
    /// # Errors
    /// Usage: the file cannot be opened for writing, or is a symbolic link.
    pub fn create(path: &Path, followed: bool) -> Result<Self, SourceError> {
        let cannot_record = |why: &str| {
            SourceError::new(ErrorKind::Usage, format!("cannot record to {}: {why}", path.display()))
        };
        let unwritable = |error: io::Error| {
            let error_text = system_error_text(&error);
            cannot_record(&error_text).hint("Name a file that you can write to.").caused_by(error)
        };
        let Some(file) = open_private_file(path).map_err(unwritable)? else {
            return Err(cannot_record("it is a symbolic link").hint("Name the file that it points to."));
        };
        let file_to_truncate = file.try_clone().map_err(unwritable)?;
        Ok(Self {
            path: Some(path.to_owned()),
            file_to_truncate: Some(file_to_truncate),
            ..Self::new(Box::new(io::BufWriter::with_capacity(64 * 1024, file)), followed)
        })
    }

    /// Makes a recorder that writes to `out`.
    pub fn new(out: Box<dyn Write>, followed: bool) -> Self {
        Self {
            out,
            path: None,
            file_to_truncate: None,
            header: RecordingHeader::new(followed),
            line: Vec::new(),
            has_header: false,
        }
    }

    /// Stores the namespace of a command without `-n` in the header. Has no effect after the first line.
    pub(crate) fn set_namespace(&mut self, namespace: Option<String>) {
        self.header.namespace = namespace;
    }

    /// The path of the file, or `None` if the recorder was made by [`Recorder::new`].
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Records an update. Before that, removes from `update` itself the fields that a recording must not contain, so
    /// that the run shows exactly what its replay will show.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub fn record(&mut self, update: &mut Update) -> io::Result<()> {
        match update {
            Update::Observed(observations) => {
                for observation in observations {
                    self.record_observation(observation)?;
                }
            }
            Update::Synced => self.record_synced()?,
            Update::Outages { received, outages } => self.record_outages(*received, outages)?,
            Update::Relisted(relist) => {
                let relist = serde_json::to_string(relist)?;
                self.write_mark(&format!(r#"{{"mark":"relist","relist":{relist}}}"#))?;
            }
            Update::Progress(_)
            | Update::Refreshed
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Missing(_)
            | Update::Failed(_) => return Ok(()),
        }
        self.out.flush()
    }

    /// Writes the mark that follows the objects that existed when the run began.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub fn record_synced(&mut self) -> io::Result<()> {
        self.write_mark(r#"{"mark":"synced"}"#)
    }

    /// Writes the collections that the source cannot read from this time on.
    fn record_outages(&mut self, at: Timestamp, outages: &[Outage]) -> io::Result<()> {
        let outages = serde_json::to_string(outages)?;
        self.write_mark(&format!(r#"{{"mark":"outages","at":"{at}","outages":{outages}}}"#))
    }

    /// Writes the mark at the end of the run, whose last picture and document show the state at `at`.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub fn record_end(&mut self, at: Timestamp) -> io::Result<()> {
        self.write_mark(&format!(r#"{{"mark":"end","at":"{at}"}}"#))?;
        self.out.flush()
    }

    fn record_observation(&mut self, observation: &mut Observation) -> io::Result<()> {
        redact(observation);
        self.write_header()?;
        let managed_fields = std::mem::take(&mut observation.object.metadata_mut().managed_fields);
        let kubelet_wrote = managed_fields.first().and_then(|entry| entry.time);
        self.line.clear();
        let written =
            serde_json::to_writer(&mut self.line, &RecordedObservation { observation, kubelet_wrote });
        observation.object.metadata_mut().managed_fields = managed_fields;
        written?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    fn write_mark(&mut self, mark: &str) -> io::Result<()> {
        self.write_header()?;
        writeln!(self.out, "{mark}")
    }

    /// Writes the header, if it is not written yet.
    fn write_header(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_header, true) {
            return Ok(());
        }
        if let Some(file) = self.file_to_truncate.take()
            && file.metadata()?.is_file()
        {
            restrict_to_owner(&file)?;
            file.set_len(0)?;
        }
        serde_json::to_writer(&mut self.out, &self.header)?;
        self.out.write_all(b"\n")
    }
}
