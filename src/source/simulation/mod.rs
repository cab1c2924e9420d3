//! A simulated cluster.
use crate::source::{Feed,SourceError};
pub struct Options { pub manifest: Option<std::path::PathBuf>, pub seed: u64, pub nodes: u32 }
pub struct Simulation;
pub fn simulate(_: &Options) -> Result<Simulation, SourceError> { unimplemented!() }
pub fn open(_: Simulation, _speed: f64) -> Feed { unimplemented!() }
