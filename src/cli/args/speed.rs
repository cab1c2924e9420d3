//! The value of `--speed`.

/// Parses a speed: the number of simulated or recorded seconds per real second, or 0 for no delay.
pub(crate) fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if speed.is_finite() && speed >= 0.0 { Ok(speed) } else { Err("it must be 0 or more".to_owned()) }
}
