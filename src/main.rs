//! `kubectl seq`

fn main() {}
