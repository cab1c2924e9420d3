//! Lists and watches in both encodings, as an API server or a proxy may send them.

use std::sync::Arc;

use crate::fuzz_tests::choices::Choices;
use crate::observation::{BuiltInKind, Object};
use crate::source::cluster::api::decoding::decode::{Encoding, ListDecoder, WatchDecoder};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::decoding::message::{ListMeta, WatchEvent};
use crate::source::cluster::api::resource::Resource;

/// The first byte chooses the kind. The last choice is a custom resource.
fn choose_kind(choices: &mut Choices<'_>) -> Kind {
    let kinds: Vec<Kind> = BuiltInKind::ALL.iter().copied().map(Kind::BuiltIn).collect();
    let custom = Kind::Custom(Arc::new(Resource::node()));
    choices.pick(&[kinds, vec![custom]].concat())
}

/// Decodes a list that arrives in parts of `size` bytes. Returns the items up to the first error.
fn decode_list(encoding: Encoding, kind: &Kind, body: &[u8], size: usize) -> (Vec<Object>, Option<ListMeta>) {
    let mut items = Vec::new();
    let mut decoder = ListDecoder::new(encoding, kind.clone());
    for part in body.chunks(size) {
        if decoder.push(part, |object| items.push(object)).is_err() {
            return (items, None);
        }
    }
    (items, decoder.finish().ok())
}

/// Decodes a watch that arrives in parts of `size` bytes. Returns the events up to the first error, and whether there
/// was an error.
fn decode_watch(encoding: Encoding, kind: &Kind, body: &[u8], size: usize) -> (Vec<WatchEvent>, bool) {
    let mut events = Vec::new();
    let mut decoder = WatchDecoder::new(encoding, kind.clone());
    for part in body.chunks(size) {
        decoder.push(part);
        loop {
            match decoder.next() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return (events, true),
            }
        }
    }
    (events, false)
}

/// The second byte chooses the size of the parts. The rest is the body.
fn check_list(encoding: Encoding, input: &[u8]) {
    let mut choices = Choices::new(input);
    let (kind, size) = (choose_kind(&mut choices), usize::from(choices.next_byte()).max(1));
    let body = choices.rest();
    let whole = decode_list(encoding, &kind, body, body.len().max(1));
    assert_eq!(whole, decode_list(encoding, &kind, body, size), "the parts have {size} bytes");
}

fn check_watch(encoding: Encoding, input: &[u8]) {
    let mut choices = Choices::new(input);
    let (kind, size) = (choose_kind(&mut choices), usize::from(choices.next_byte()).max(1));
    let body = choices.rest();
    let whole = decode_watch(encoding, &kind, body, body.len().max(1));
    assert_eq!(whole, decode_watch(encoding, &kind, body, size), "the parts have {size} bytes");
}

#[test]
fn json_lists_are_decoded_wherever_they_are_split() {
    fuzz!("json_lists", |input: &[u8]| check_list(Encoding::Json, input));
}

#[test]
fn protobuf_lists_are_decoded_wherever_they_are_split() {
    fuzz!("protobuf_lists", |input: &[u8]| check_list(Encoding::Protobuf, input));
}

#[test]
fn json_watches_are_decoded_wherever_they_are_split() {
    fuzz!("json_watches", |input: &[u8]| check_watch(Encoding::Json, input));
}

#[test]
fn protobuf_watches_are_decoded_wherever_they_are_split() {
    fuzz!("protobuf_watches", |input: &[u8]| check_watch(Encoding::Protobuf, input));
}
