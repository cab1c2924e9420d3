//! Durations as text. The model writes them too, so the code is in `lifecycle`.

pub(crate) use crate::lifecycle::{
    MAX_DURATION_WIDTH as MAX_WIDTH, USUAL_DURATION_WIDTH as USUAL_WIDTH, format_elapsed,
    format_elapsed_millis, format_exact, format_ranged,
};
