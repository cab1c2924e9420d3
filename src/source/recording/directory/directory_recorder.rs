//! Records each run of a command in its own file of a directory.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::observation::Observation;
use crate::source::Update;
use crate::source::error::{ErrorKind, SourceError, system_error_text};
use crate::source::recording::compression::FrameCompressor;
use crate::source::recording::directory::file_name::{Compression, RecordingName};
use crate::source::recording::directory::run_file::RunFile;
use crate::source::recording::directory::run_router::{RunKey, RunRouter};
use crate::source::recording::header::{RecordedRun, RecordingHeader};
use crate::source::recording::redact::redact;

/// Records the observations of a command, the runs separately.
#[derive(Debug)]
pub(crate) struct DirectoryRecorder {
    folder: PathBuf,
    header: RecordingHeader,
    router: RunRouter,
    files: HashMap<RunKey, RunFile>,
    /// The runs in the order of their first observations.
    order: Vec<RunKey>,
    /// The runs that have lines to write.
    changed: BTreeSet<RunKey>,
    compressor: FrameCompressor,
    is_synced: bool,
    /// The latest outages, which also concern runs that begin later.
    outages: Option<Update>,
}

impl DirectoryRecorder {
    /// Records to a directory, which is created if it does not exist. `followed` says whether the command follows its
    /// workloads.
    ///
    /// # Errors
    /// Usage: the directory cannot be created.
    pub(crate) fn create(folder: &Path, followed: bool) -> Result<Self, SourceError> {
        let unusable = |error: io::Error| {
            let why = system_error_text(&error);
            SourceError::new(ErrorKind::Usage, format!("cannot record to {}: {why}", folder.display()))
                .hint("Name a directory that you can write to.")
                .caused_by(error)
        };
        fs::create_dir_all(folder).map_err(unusable)?;
        Ok(Self {
            folder: folder.to_owned(),
            header: RecordingHeader::new(followed),
            router: RunRouter::default(),
            files: HashMap::new(),
            order: Vec::new(),
            changed: BTreeSet::new(),
            compressor: FrameCompressor::new().map_err(unusable)?,
            is_synced: false,
            outages: None,
        })
    }

    /// Stores the namespace of a command without `-n` in the headers.
    pub(crate) fn set_namespace(&mut self, namespace: Option<String>) {
        self.header.namespace = namespace;
    }

    /// Stores the version of the API server in the header.
    pub(crate) fn set_kubernetes_version(&mut self, version: Option<String>) {
        self.header.kubernetes_version = version;
    }

    /// The directory.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files, in the order of the runs.
    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.order.iter().filter_map(|run| self.files.get(run)).map(RunFile::path)
    }

    /// Records an update. Before that, removes from `update` itself the fields that a recording must not contain.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub(crate) fn record(&mut self, update: &mut Update) -> io::Result<()> {
        let mut routed = Vec::new();
        if let Update::Observed(observations) = update {
            for observation in observations {
                redact(observation);
                self.router.route(observation.clone(), Instant::now(), &mut routed);
            }
        }
        if matches!(update, Update::Synced) {
            self.router.route_all(Instant::now(), &mut routed);
        }
        self.add_observations(routed)?;
        if update.is_recorded_as_mark() {
            for file in self.files.values_mut() {
                file.lines.add_mark(update)?;
            }
            self.changed.extend(self.order.iter().copied());
        }
        self.is_synced |= matches!(update, Update::Synced);
        if let Update::Outages { received, outages } = update {
            self.outages = Some(Update::Outages { received: *received, outages: outages.clone() });
        }
        self.write()
    }

    /// Records the observations that have waited long enough for others.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub(crate) fn record_overdue(&mut self) -> io::Result<()> {
        let mut routed = Vec::new();
        self.router.route_overdue(Instant::now(), &mut routed);
        self.add_observations(routed)?;
        self.write()
    }

    /// Writes the end of all runs, whose last picture and document show the state at `at`. `describe_runs` reads a
    /// recording that has everything but its end, and returns the line of its mark `runs`.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub(crate) fn record_end(
        &mut self,
        at: Timestamp,
        describe_runs: impl Fn(&Path) -> Option<String>,
    ) -> io::Result<()> {
        let mut routed = Vec::new();
        self.router.route_all(Instant::now(), &mut routed);
        self.add_observations(routed)?;
        self.write()?;
        for file in self.files.values_mut() {
            if let Some(line) = describe_runs(&file.path()) {
                file.lines.add_runs(&line);
            }
            file.lines.add_end(at);
        }
        self.changed.extend(self.order.iter().copied());
        self.write()
    }

    fn add_observations(&mut self, routed: Vec<(RunKey, Observation)>) -> io::Result<()> {
        for (run, mut observation) in routed {
            if !self.files.contains_key(&run) {
                let file = self.open_file(&observation)?;
                self.files.insert(run, file);
                self.order.push(run);
            }
            if let Some(file) = self.files.get_mut(&run) {
                file.lines.add_observation(&mut observation)?;
                self.changed.insert(run);
            }
        }
        Ok(())
    }

    /// Opens the file of a run that begins with this observation of its workload.
    fn open_file(&self, first: &Observation) -> io::Result<RunFile> {
        let run = RecordedRun::of_workload(&first.object);
        let start = run.created_at.unwrap_or(first.received);
        let name = RecordingName::new(&run, start, Compression::None);
        let header = RecordingHeader { run: Some(run), ..self.header.clone() };
        let mut file = RunFile::new(&self.folder, name, &header)?;
        if self.is_synced {
            file.lines.add_synced();
        }
        if let Some(outages) = &self.outages {
            file.lines.add_mark(outages)?;
        }
        Ok(file)
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(run) = self.changed.pop_first() {
            if let Some(file) = self.files.get_mut(&run) {
                file.write(&mut self.compressor)?;
            }
        }
        Ok(())
    }
}
