//! Tests of the decoders of lists and watches in both encodings. The bodies arrive in parts of every size.

use prost::Message;

use crate::observation::ObjectMeta;
use crate::source::cluster::api::decoding::decode::*;
use crate::source::cluster::api::decoding::protobuf::encode;
use crate::source::cluster::api::fake;

fn names(objects: &[Object]) -> Vec<&str> {
    objects.iter().map(|object| object.metadata().name.as_str()).collect()
}

/// Decodes a list that arrives in parts of `size` bytes.
fn decode_list(encoding: Encoding, body: &[u8], size: usize) -> Result<(Vec<Object>, ListMeta), DecodeError> {
    let mut items = Vec::new();
    let mut decoder = ListDecoder::new(encoding, Kind::POD);
    for part in body.chunks(size) {
        decoder.push(part, |object| items.push(object))?;
    }
    Ok((items, decoder.finish()?))
}

#[test]
fn a_protobuf_list_is_decoded_wherever_it_is_split() {
    let body = encode::list("42", &[fake::pod("a", 1), fake::pod("b", 2), fake::pod("c", 3)]);
    for size in 1..=body.len() {
        let (items, meta) = decode_list(Encoding::Protobuf, &body, size).unwrap();
        assert_eq!((names(&items), meta.resource_version.as_str()), (vec!["a", "b", "c"], "42"));
    }
}

#[test]
fn a_list_that_ends_early_is_an_error() {
    let body = encode::list("42", &[fake::pod("a", 1), fake::pod("b", 2)]);
    for length in 0..body.len() - 5 {
        assert!(decode_list(Encoding::Protobuf, &body[..length], 7).is_err(), "{length} of {}", body.len());
    }
}

const JSON: &str = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"42","continue":"m\"}ore","remainingItemCount":7},
"other":[{"items":[{"metadata":{"name":"no"}}]}],"items":[
 {"metadata":{"name":"a","annotations":{"x":"}]{[\\\"","batch.kubernetes.io/job-completion-index":"3"}},"spec":{"containers":null}},
 {"metadata":{"name":"b \u00e4 ä"},"items":[{}]}]}
"#;

#[test]
fn a_json_list_is_decoded_wherever_it_is_split() {
    for size in 1..=JSON.len() {
        let (items, meta) = decode_list(Encoding::Json, JSON.as_bytes(), size).unwrap();
        assert_eq!(names(&items), ["a", "b ä ä"]);
        assert_eq!((meta.resource_version.as_str(), meta.r#continue.as_str()), ("42", "m\"}ore"));
        assert_eq!(meta.remaining_item_count, Some(7));
        assert_eq!(items[0].metadata().annotations.len(), 1, "annotations that may be secret are dropped");
    }
    assert!(decode_list(Encoding::Json, &JSON.as_bytes()[..JSON.len() - 4], 9).is_err());
    assert!(decode_list(Encoding::Json, b"<html>", 9).is_err());
}

/// Decodes a watch that arrives in parts of `size` bytes.
fn decode_watch(encoding: Encoding, body: &[u8], size: usize) -> Vec<WatchEvent> {
    let mut events = Vec::new();
    let mut decoder = WatchDecoder::new(encoding, Kind::POD);
    for part in body.chunks(size) {
        decoder.push(part);
        while let Some(event) = decoder.next().unwrap() {
            events.push(event);
        }
    }
    events
}

/// The events in the bodies of both watch tests.
fn expected_events() -> Vec<WatchEvent> {
    let pod = |name, version| Kind::POD.decode_protobuf(&fake::pod(name, version)).unwrap();
    let status =
        Status { message: "too old".to_owned(), reason: "Expired".to_owned(), details: None, code: 410 };
    vec![
        WatchEvent::Added(pod("a", 1)),
        WatchEvent::Modified(pod("a", 2)),
        WatchEvent::Deleted(pod("a", 3)),
        WatchEvent::Bookmark("9".to_owned()),
        WatchEvent::Error(status),
    ]
}

#[test]
fn a_protobuf_watch_is_decoded_wherever_it_is_split() {
    let bookmark =
        Kind::POD.with_metadata(ObjectMeta { resource_version: "9".to_owned(), ..ObjectMeta::default() });
    let Object::Pod(bookmark) = bookmark else { panic!() };
    let status =
        Status { message: "too old".to_owned(), reason: "Expired".to_owned(), details: None, code: 410 };
    let mut body = encode::event("ADDED", &fake::pod("a", 1));
    body.extend(encode::event("MODIFIED", &fake::pod("a", 2)));
    body.extend(encode::event("DELETED", &fake::pod("a", 3)));
    body.extend(encode::event("BOOKMARK", &bookmark.encode_to_vec()));
    body.extend(encode::event("ERROR", &status.encode_to_vec()));
    for size in 1..=body.len() {
        assert_eq!(decode_watch(Encoding::Protobuf, &body, size), expected_events());
    }
}

#[test]
fn a_json_watch_is_decoded_wherever_it_is_split() {
    let body = br#"{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a","uid":"uid-of-a","resourceVersion":"1"}}}
{"type":"MODIFIED","object":{"metadata":{"name":"a","uid":"uid-of-a","resourceVersion":"2"}}}

{"type":"DELETED","object":{"metadata":{"name":"a","uid":"uid-of-a","resourceVersion":"3"}}}
{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","creationTimestamp":null}}}
{"type":"ERROR","object":{"kind":"Status","message":"too old","reason":"Expired","code":410}}
"#;
    for size in 1..=body.len() {
        assert_eq!(decode_watch(Encoding::Json, body, size), expected_events());
    }
}

/// Pushes parts without an end to a decoder, until it fails. Returns the error and the number of bytes.
fn push_without_end(mut push: impl FnMut(&[u8]) -> Result<(), DecodeError>) -> (DecodeError, usize) {
    let part = vec![b'x'; 64 << 10];
    for number in 1_usize.. {
        if let Err(error) = push(&part) {
            return (error, number * part.len());
        }
        assert!(number * part.len() < 32 << 20, "no error after 32 MiB");
    }
    unreachable!()
}

#[test]
fn an_object_or_event_without_end_is_an_error_after_eight_mebibytes() {
    for start in [r#"{"items":[{"metadata":{"name":""#, r#"{"metadata":{"resourceVersion":""#, r#"{"kind":""#]
    {
        let mut list = ListDecoder::new(Encoding::Json, Kind::POD);
        list.push(start.as_bytes(), |_| ()).unwrap();
        let (error, bytes) = push_without_end(|part| list.push(part, |_| ()));
        assert_eq!(
            (error.to_string().as_str(), bytes >> 20),
            ("an object of its answer is longer than 8 MiB", 8)
        );
    }
    let mut watch = WatchDecoder::new(Encoding::Json, Kind::POD);
    let (error, bytes) = push_without_end(|part| {
        watch.push(part);
        watch.next().map(|_| ())
    });
    assert_eq!((error.to_string().as_str(), bytes >> 20), ("an event of its answer is longer than 8 MiB", 8));
    // A protobuf answer announces the length of its parts.
    let mut watch = WatchDecoder::new(Encoding::Protobuf, Kind::POD);
    watch.push(&(9_u32 << 20).to_be_bytes());
    assert!(matches!(watch.next(), Err(DecodeError::TooLong("an event"))));
}

#[test]
fn a_corrupt_body_never_causes_a_panic() {
    for seed in 0..2000_u64 {
        let mut value = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut noise = || {
            value ^= value << 13;
            value ^= value >> 7;
            value ^= value << 17;
            value.to_le_bytes()[0]
        };
        let mut body = encode::list("42", &[fake::pod("a", 1), fake::pod("b", 2)]);
        let at = usize::from(noise()) % body.len();
        body[at] = noise();
        let _ = decode_list(Encoding::Protobuf, &body, 1 + usize::from(noise()));
        let mut watch = WatchDecoder::new(Encoding::Protobuf, Kind::POD);
        watch.push(&body[at..]);
        let _ = watch.next();
    }
}
