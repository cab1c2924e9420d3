//! The groups and annotations of the CI services.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::app::ci::disarm::disarm_commands;
use crate::app::ci::service::CiService;
use crate::app::ci_report::cause::Cause;
use crate::app::closing_report::FailureEntry;
use crate::terminal::ansi;
use crate::view;
use crate::view::{Line, Stylesheet};

/// Writes text with the markup of one service.
#[derive(Debug)]
pub(crate) struct CiMarkup {
    service: CiService,
    stylesheet: Stylesheet,
    /// The time in the markers of GitLab's sections.
    now: Timestamp,
    /// Number of groups so far.
    groups: usize,
    text: String,
}

impl CiMarkup {
    /// Starts an empty text.
    pub(crate) fn new(service: CiService, stylesheet: Stylesheet, now: Timestamp) -> Self {
        Self { service, stylesheet, now, groups: 0, text: String::new() }
    }

    /// Returns the text so far.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Adds the failures of a closing report. Each log is a collapsed group with the failure as its heading.
    pub(crate) fn add_failures(&mut self, entries: &[FailureEntry], rest: Option<&Line>) {
        for entry in entries {
            if entry.log.is_empty() {
                self.add_line(&entry.heading);
            } else {
                self.open_group(&entry.heading);
                for line in &entry.log {
                    self.add_line(line);
                }
                self.close_group();
            }
            if let Some(others) = &entry.others {
                self.add_line(others);
            }
        }
        if let Some(rest) = rest {
            self.add_line(rest);
        }
    }

    /// Adds a line. The service obeys no command in the line.
    pub(crate) fn add_line(&mut self, line: &Line) {
        let mut text = String::new();
        ansi::render_line(&mut text, line, self.stylesheet);
        self.text.push_str(&disarm_commands(&text, self.service));
        self.text.push('\n');
    }

    /// Adds rendered lines. The service obeys no command in the lines.
    pub(crate) fn add_text(&mut self, text: &str) {
        self.text.push_str(&disarm_commands(text, self.service));
    }

    /// Starts a collapsed group.
    pub(crate) fn open_group(&mut self, heading: &Line) {
        self.groups += 1;
        let heading = self.harmless(&heading.plain());
        // Writing to a string cannot fail.
        let _ = match self.service {
            CiService::GitHub => writeln!(self.text, "::group::{}", escape_github_data(&heading)),
            CiService::Azure => writeln!(self.text, "##[group]{heading}"),
            CiService::Buildkite => writeln!(self.text, "--- {heading}"),
            CiService::GitLab => {
                let (time, name) = (self.now.as_second(), self.section_name());
                writeln!(
                    self.text,
                    "\u{1b}[0Ksection_start:{time}:{name}[collapsed=true]\r\u{1b}[0K{heading}"
                )
            }
        };
    }

    /// Ends the group.
    pub(crate) fn close_group(&mut self) {
        let _ = match self.service {
            CiService::GitHub => writeln!(self.text, "::endgroup::"),
            CiService::Azure => writeln!(self.text, "##[endgroup]"),
            // The next header ends the group.
            CiService::Buildkite => Ok(()),
            CiService::GitLab => {
                let (time, name) = (self.now.as_second(), self.section_name());
                writeln!(self.text, "\u{1b}[0Ksection_end:{time}:{name}\r\u{1b}[0K")
            }
        };
    }

    /// Returns the name of the current section. The name is unique in a CI job, even if the job runs the program
    /// several times.
    fn section_name(&self) -> String {
        format!("kubectl_seq_{}_{}", self.now.as_millisecond(), self.groups)
    }

    /// Adds the causes as annotations. The logs of GitLab and Buildkite have no annotations, so GitLab gets plain lines
    /// and Buildkite gets open groups.
    pub(crate) fn add_causes(&mut self, causes: &[Cause]) {
        for Cause { subject, text } in causes {
            let [subject, text] = [subject, text].map(|text| self.harmless(&view::clean(text)));
            let _ = match self.service {
                CiService::GitHub => {
                    let (title, text) = (escape_github_property(&subject), escape_github_data(&text));
                    writeln!(self.text, "::error title={title}::{text}")
                }
                CiService::Azure => {
                    let text = escape_azure(&format!("{subject}: {text}"));
                    writeln!(self.text, "##vso[task.logissue type=error]{text}")
                }
                CiService::GitLab => writeln!(self.text, "error: {subject}: {text}"),
                CiService::Buildkite => writeln!(self.text, "--- {subject}\n{text}\n^^^ +++"),
            };
        }
    }

    /// Returns the text with the characters that the stylesheet allows, and without a command that the service obeys.
    fn harmless(&self, text: &str) -> String {
        disarm_commands(&self.stylesheet.writable(text), self.service).into_owned()
    }
}

/// Escapes the data of a GitHub command.
fn escape_github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a GitHub command.
fn escape_github_property(text: &str) -> String {
    escape_github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes the data of an Azure command.
fn escape_azure(text: &str) -> String {
    let text = text.replace('%', "%AZP25").replace(';', "%3B").replace(']', "%5D");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Style;

    const ALL: [CiService; 4] =
        [CiService::GitHub, CiService::GitLab, CiService::Azure, CiService::Buildkite];

    /// A report about a Pod whose names, messages and log lines try to give commands to every service.
    fn hostile_report(service: CiService) -> String {
        let text = |text: &str| Line::new(text.to_owned(), Style::Text);
        let commands = [
            "    ::set-output name=a::b",
            "    ::endgroup::",
            "    50 % ##[error]x ##vso[task.complete result=Succeeded]",
            "+++ open",
            "^^^ +++",
            "    section_end:0:kubectl_seq_0_1",
        ];
        let entry = FailureEntry {
            heading: text("X a%0A::error::b, 3: ##vso[task.setvariable variable=x]y failed"),
            log: commands.into_iter().map(text).collect(),
            others: Some(text("  ::warning::the same for 2 more Pods")),
        };
        let without_log = FailureEntry { heading: text("::debug::b"), log: Vec::new(), others: None };
        let mut markup = CiMarkup::new(service, Stylesheet::PLAIN, Timestamp::UNIX_EPOCH);
        markup.add_failures(&[entry, without_log], Some(&text("  and 3 more failed")));
        markup.add_causes(&[Cause {
            subject: "job/pi, a:b".into(),
            text: "50 %; ##vso[x]\r\n::error::y".into(),
        }]);
        markup.into_text()
    }

    #[test]
    fn each_service_gets_its_own_groups_and_annotations() {
        for service in ALL {
            let name = format!("{service:?}").to_lowercase();
            let report = hostile_report(service).replace('\u{1b}', "<ESC>").replace('\r', "<CR>");
            insta::assert_snapshot!(name, report);
        }
    }

    #[test]
    fn a_service_finds_only_the_commands_of_the_program() {
        let github = hostile_report(CiService::GitHub);
        let commands = github.lines().filter(|line| line.trim_start().starts_with("::"));
        let names: Vec<&str> =
            commands.filter_map(|line| line.split("::").nth(1)?.split(' ').next()).collect();
        assert_eq!(names, ["group", "endgroup", "error"]);

        let azure = hostile_report(CiService::Azure);
        let issues = azure.matches("##vso[").count();
        assert_eq!((issues, azure.matches("##[").count()), (1, 2), "{azure}");
    }
}
