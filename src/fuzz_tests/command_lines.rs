//! The words that a user or a script types: commands, flags, types, names and selectors.

use std::ffi::OsString;

use crate::cli::command_line;
use crate::cli::kubectl_flags::flags::split_list;
use crate::cli::kubectl_flags::shell_text::quote_for_shell;
use crate::fuzz_tests::choices::Choices;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::request::Query;

#[test]
fn any_command_line_is_parsed_or_refused() {
    fuzz!("command_lines", |input: &[u8]| {
        // Each line is a word.
        let text = Choices::new(input).rest_text();
        let words = std::iter::once("kubectl-seq").chain(text.lines()).map(OsString::from).collect();
        if let Err(error) = command_line::parse(words) {
            assert!(!error.to_string().is_empty());
        }
    });
}

#[test]
fn any_selector_stays_one_parameter_of_the_request() {
    fuzz!("selectors", |input: &[u8]| {
        let text = Choices::new(input).rest_text();
        let (labels, fields) = text.split_once('\n').unwrap_or((&text, ""));
        let query = Query {
            kind: Kind::POD,
            namespace: Some("default".to_owned()),
            labels: Some(labels.to_owned()),
            fields: Some(fields.to_owned()),
        };
        let request = query.list_request(Some(7), None).expect("a request");
        let uri = request.uri();
        assert_eq!(uri.path(), "/api/v1/namespaces/default/pods");
        let names: Vec<&str> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|parameter| Some(parameter.split_once('=')?.0))
            .collect();
        assert!(names.iter().filter(|name| **name == "labelSelector").count() <= 1, "{uri}");
        assert!(names.iter().all(|name| ["labelSelector", "fieldSelector", "limit"].contains(name)), "{uri}");
        query.selects_by_state();
        split_list(&text);
        assert!(!quote_for_shell(&text).is_empty());
    });
}
