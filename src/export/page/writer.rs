//! Writes the page around its data.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::export::escapes::escape_markup;
use crate::export::page::data::write_page_data;
use crate::timeline::Timeline;

const HEAD: &str = include_str!("head.html");
const BODY: &str = include_str!("body.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The hashes of the style sheet and the script, which the policy of the page allows. A test compares them.
const STYLE_HASH: &str = "D07H1ROKGAKY/nKCRRSnLHP1ylz5iXlgJkUniUysLTE=";
const SCRIPT_HASH: &str = "ilXj1dNk7pnTFcqStcmN9FvxvnksZDqo+wLbUFzEDxg=";

/// Writes the page. Open phases end at `now`.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_html(timeline: &Timeline, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let subjects = timeline.roots().take(3).map(|root| format!("{}/{}", root.kind.to_lowercase(), root.name));
    let title = format!("{} - kubectl seq", subjects.collect::<Vec<_>>().join(", "));
    let head = HEAD.replace("STYLE_HASH", STYLE_HASH).replace("SCRIPT_HASH", SCRIPT_HASH);
    let head = head.replace("PAGE_TITLE", &escape_markup(&title));
    write!(out, "{head}<style>{STYLE}</style>\n{BODY}<script type=\"application/json\" id=\"data\">")?;
    write_page_data(timeline, now, out)?;
    write!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ring::digest::{SHA256, digest};

    use super::*;
    use crate::export::fixture::{at, ended_pod, workload};
    use crate::timeline::{PodKey, TimelinePod, Workload};

    fn page_of(pods: Vec<TimelinePod<'static>>, name: &str) -> String {
        let keys = (0..pods.len()).map(PodKey::from_index).collect();
        let job = Workload { pods: keys, name: name.into(), ..workload() };
        let mut out = Vec::new();
        write_html(&Timeline::from_parts(pods, vec![job]), at(10_000), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_policy_allows_exactly_the_script_and_the_style_sheet_of_the_page() {
        let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        assert_eq!((STYLE_HASH, SCRIPT_HASH), (&*hash(STYLE), &*hash(SCRIPT)));
        let page = page_of(vec![ended_pod()], "pi");
        assert!(page.contains(&format!("default-src 'none'; script-src 'sha256-{SCRIPT_HASH}'")));
        assert_eq!((page.matches("<script>").count(), page.matches("<style>").count()), (1, 1));
        assert!(!page.contains(" style=") && !page.contains(" onclick"), "the policy forbids both");
    }

    #[test]
    fn a_page_loads_nothing() {
        let page = page_of(vec![ended_pod()], "pi");
        for word in
            ["http:", "https:", "src=", "href", "@import", "url(", "fetch(", "XMLHttpRequest", "innerHTML"]
        {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_hostile_name_adds_no_element() {
        let page = page_of(vec![ended_pod()], "</title><script>alert(1)</script>");
        assert_eq!((page.matches("<script").count(), page.matches("</title>").count()), (2, 1));
    }

    #[test]
    fn a_page_about_a_thousand_pods_has_at_most_300_kilobytes() {
        let pods = (0..1_000).map(|number| {
            let mut pod = ended_pod();
            pod.identity.to_mut().name = format!("a-workload-with-a-name-{number:05}-x8k2p").into();
            pod
        });
        let size = page_of(pods.collect(), "pi").len();
        assert!(size <= 300_000, "{size}");
    }
}
