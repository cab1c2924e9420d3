//! The account of slot time below the rows: verdict, bar, findings, and tables by node or image.

pub(crate) mod bar_column;
pub(crate) mod breakdown_table;
pub(crate) mod conclusions;
pub(crate) mod findings;
pub(crate) mod held_sentence;
pub(crate) mod losses;
pub(crate) mod segment;
pub(crate) mod shares;
pub(crate) mod slot_bar;
pub(crate) mod verdict;
