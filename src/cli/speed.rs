//! The value of `--speed`.

/// Reads how many seconds pass in one.
pub(crate) fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if speed.is_finite() && speed >= 0.0 { Ok(speed) } else { Err("it is no speed".to_owned()) }
}
