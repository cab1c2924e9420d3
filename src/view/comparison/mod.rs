//! Pictures of comparisons: the page of `diff`, and the table of `history`.

pub(crate) mod changed_table;
pub(crate) mod diff_page;
pub(crate) mod history_table;
pub(crate) mod lane;
pub(crate) mod lanes;
pub(crate) mod row_table;
pub(crate) mod slot_delta_table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod verdict_text;
