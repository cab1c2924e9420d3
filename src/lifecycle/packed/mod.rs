//! A compact encoding of evidence, which needs a fifth of the memory. The evidence about ended Pods is packed,
//! because ended Pods rarely change. Late in a large Job, nearly all Pods have ended.
//!
//! Times are stored as the difference to the previous time, and texts as their number in the [`Interner`]. A run of
//! zeros is stored as a zero and the length of the run, because most optional facts are unknown. The bytes never
//! leave the process, so the encoding has no version. Bytes that no `pack` can have written are a mistake in this
//! program, so unpacking such bytes panics.

pub(crate) mod interner;
mod macros;
mod packed_value;
mod packer;
mod values;

pub(crate) use macros::{pack_foreign_enum, packed_enum, packed_struct};
pub(crate) use packed_value::Packed;
pub(crate) use packer::{Pack, Packer, Unpacker, panic_unknown, variant_at};
