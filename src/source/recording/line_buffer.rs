//! The lines of a recording that are not written yet.

use std::io;

use jiff::Timestamp;

use crate::observation::{Observation, Outage, Relist, Unwatched};
use crate::source::Update;
use crate::source::recording::entry::RecordedObservation;
use crate::source::recording::header::RecordingHeader;

/// Whole lines of a recording, without compression.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    bytes: Vec<u8>,
}

impl LineBuffer {
    /// The lines, each with its line break.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The length of the lines in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Removes all lines.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Adds lines that were read from a recording.
    pub(crate) fn add_lines(&mut self, lines: &[u8]) {
        self.bytes.extend_from_slice(lines);
    }

    /// Adds the first line of a recording.
    ///
    /// # Errors
    /// The header has no form as JSON. This does not happen.
    pub(crate) fn add_header(&mut self, header: &RecordingHeader) -> io::Result<()> {
        serde_json::to_writer(&mut self.bytes, header)?;
        self.end_line();
        Ok(())
    }

    /// Adds an observation from which the fields that a recording must not contain have been removed.
    ///
    /// # Errors
    /// The observation has no form as JSON, for example because of a time outside of the calendar.
    pub(crate) fn add_observation(&mut self, observation: &mut Observation) -> io::Result<()> {
        let managed_fields = std::mem::take(&mut observation.object.metadata_mut().managed_fields);
        let kubelet_wrote = managed_fields.first().and_then(|entry| entry.time);
        let length = self.bytes.len();
        let added =
            serde_json::to_writer(&mut self.bytes, &RecordedObservation { observation, kubelet_wrote });
        observation.object.metadata_mut().managed_fields = managed_fields;
        if let Err(error) = added {
            self.bytes.truncate(length);
            return Err(error.into());
        }
        self.end_line();
        Ok(())
    }

    /// Adds the mark of an update that is not an observation. Adds nothing for an update that a recording does not keep.
    ///
    /// # Errors
    /// The mark has no form as JSON. This does not happen.
    pub(crate) fn add_mark(&mut self, update: &Update) -> io::Result<()> {
        match update {
            Update::Synced => self.add_synced(),
            Update::Outages { received, outages } => self.add_outages(*received, outages)?,
            Update::Relisted(relist) => self.add_relist(relist)?,
            Update::Unwatched(unwatched) => self.add_unwatched(unwatched)?,
            Update::Observed(_)
            | Update::Progress(_)
            | Update::Refreshed
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Missing(_)
            | Update::Failed(_) => {}
        }
        Ok(())
    }

    /// Adds the mark that follows the objects that existed when the run began.
    pub(crate) fn add_synced(&mut self) {
        self.add_line(r#"{"mark":"synced"}"#);
    }

    /// Adds the collections that the source cannot read from this time on.
    pub(crate) fn add_outages(&mut self, at: Timestamp, outages: &[Outage]) -> io::Result<()> {
        let outages = serde_json::to_string(outages)?;
        self.add_line(&format!(r#"{{"mark":"outages","at":"{at}","outages":{outages}}}"#));
        Ok(())
    }

    fn add_relist(&mut self, relist: &Relist) -> io::Result<()> {
        let relist = serde_json::to_string(relist)?;
        self.add_line(&format!(r#"{{"mark":"relist","relist":{relist}}}"#));
        Ok(())
    }

    /// Adds a time in which nobody watched.
    pub(crate) fn add_unwatched(&mut self, unwatched: &Unwatched) -> io::Result<()> {
        let unwatched = serde_json::to_string(unwatched)?;
        self.add_line(&format!(r#"{{"mark":"unwatched","unwatched":{unwatched}}}"#));
        Ok(())
    }

    /// Adds the line of [`RunsMark`](crate::source::recording::runs_mark::RunsMark).
    pub(crate) fn add_runs(&mut self, line: &str) {
        self.add_line(line);
    }

    /// Adds the mark at the end of the run, whose last picture and document show the state at `at`.
    pub(crate) fn add_end(&mut self, at: Timestamp) {
        self.add_line(&format!(r#"{{"mark":"end","at":"{at}"}}"#));
    }

    fn add_line(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.end_line();
    }

    fn end_line(&mut self) {
        self.bytes.push(b'\n');
    }
}
