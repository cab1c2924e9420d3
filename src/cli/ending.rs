//! How a run ended, in words, and the command that shows it again.

use super::exit::{Exit, Failure};
use super::options::Mode;
use super::session::Session;
use crate::view::{self, Line, Role};

impl Session<'_> {
    /// Says what the last picture does not.
    pub(super) fn say_how(&mut self, exit: Exit) -> Result<(), Failure> {
        let mut said = Vec::new();
        let open: Vec<String> = self
            .timeline
            .roots()
            .filter(|workload| !workload.ended())
            .map(|workload| format!("{}/{}", workload.kind.to_lowercase(), workload.name))
            .collect();
        let is_open = !open.is_empty();
        let open = match open.as_slice() {
            [] => "the workload".to_owned(),
            [first, second, third, _, ..] => {
                format!("{first}, {second}, {third} and {} more", open.len() - 3)
            }
            some => some.join(", "),
        };
        match exit {
            Exit::Timeout => {
                let limit = jiff::SignedDuration::try_from(self.task.timeout).unwrap_or_default();
                said.push(format!("timed out after {limit:#}: {open} had not ended"));
            }
            Exit::Interrupted | Exit::Terminated if self.task.to_the_last => {}
            Exit::Interrupted | Exit::Terminated => {
                said.push(format!("no longer followed: {open} goes on"));
            }
            Exit::Unknown if is_open => {
                said.push(format!("the outcome is not known: {open} had not ended"));
            }
            Exit::Unknown => {
                said.push("the outcome is not known: what was followed went before it ended".to_owned());
            }
            _ => {}
        }
        let is_over = matches!(exit, Exit::Success | Exit::Failed);
        let again = match &self.recording {
            Some(replay) if is_over => replay,
            _ => &self.task.again,
        };
        let is_for_people = self.task.drawing.mode != Mode::Silent && !self.task.format.is_for_machines();
        if !again.is_empty() && exit != Exit::Unknown && (is_for_people || !is_over) {
            let what = if is_over { "to see it again" } else { "to come back" };
            said.push(format!("{what}: {again}"));
        }
        let lines: Vec<Line> = said.iter().map(|said| Line::of(view::clean(said), Role::Text)).collect();
        let live = self.live.as_mut();
        if !live.map_or(Ok(false), |live| live.say_below(&lines))? {
            for said in &said {
                self.task.output.note(said);
            }
        }
        Ok(())
    }
}
