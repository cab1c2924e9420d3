//! Reads the conditions of budgets. The grammar is too small for a parser library: a measure, a comparison and a bound.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use crate::timeline::budget::condition::{
    BudgetCondition, BudgetUnit, Comparison, Measure, PodTime, SlotUse, Statistic,
};

/// Why a text is not a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct ConditionError {
    text: String,
    /// The position of the error, in bytes.
    at: usize,
    problem: String,
}

impl Display for ConditionError {
    /// Writes the problem, the condition, and a mark under the character that is wrong.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let column = self.text[..self.at].chars().count();
        writeln!(formatter, "{}", self.problem)?;
        writeln!(formatter, "  {}", self.text)?;
        write!(formatter, "  {:column$}^", "")
    }
}

impl FromStr for BudgetCondition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        // A line feed would separate the condition from the mark below it.
        let text = text.replace(char::is_control, " ");
        let text = text.trim();
        let mut parser = Parser { text, at: 0 };
        let measure = parser.measure()?;
        let comparison = parser.comparison()?;
        let bound = parser.bound(measure.unit())?;
        parser.skip_blanks();
        if parser.at < text.len() {
            return Err(parser.error("unexpected text after the bound"));
        }
        Ok(Self { text: text.to_owned(), measure, comparison, bound })
    }
}

/// The text, and the position up to which it has been read.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn measure(&mut self) -> Result<Measure, ConditionError> {
        let (at, name) = self.word();
        match name {
            "wall" => return Ok(Measure::Wall),
            "lostWork" => return Ok(Measure::LostWork),
            "share" => {
                let slot_use = self.argument(SlotUse::all(), |slot_use| slot_use.name())?;
                return Ok(Measure::Share(slot_use));
            }
            _ => {}
        }
        let Some(statistic) = Statistic::ALL.into_iter().find(|statistic| statistic.name() == name) else {
            let statistics = Statistic::ALL.map(Statistic::name).join(", ");
            return Err(self.error_at(
                at,
                format!("expected wall, lostWork, share(…), or one of these with a value in parentheses: {statistics}"),
            ));
        };
        Ok(Measure::OverPods(statistic, self.argument(PodTime::all(), |time| time.name())?))
    }

    /// Reads a name in parentheses that is one of `values`.
    fn argument<T: Copy>(
        &mut self,
        values: impl Iterator<Item = T>,
        name_of: impl Fn(&T) -> String,
    ) -> Result<T, ConditionError> {
        let named: Vec<(String, T)> = values.map(|value| (name_of(&value), value)).collect();
        self.expect('(', "expected a value in parentheses, for example `p95(coldStart)` or `share(idle)`")?;
        let (at, word) = self.word();
        let Some((_, value)) = named.iter().find(|(name, _)| name == word) else {
            let known: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
            return Err(self.error_at(at, format!("expected one of {}", known.join(", "))));
        };
        self.expect(')', "expected `)`")?;
        Ok(*value)
    }

    fn comparison(&mut self) -> Result<Comparison, ConditionError> {
        self.skip_blanks();
        let comparisons = [
            (">=", Comparison::GreaterOrEqual),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
        ];
        let rest = self.rest();
        let found = comparisons.into_iter().find(|(sign, _)| rest.starts_with(sign));
        let Some((sign, comparison)) = found else { return Err(self.error("expected >, >=, < or <=")) };
        self.at += sign.len();
        Ok(comparison)
    }

    /// Reads a bound in this unit. A time may have several parts: `1m30s`.
    fn bound(&mut self, unit: BudgetUnit) -> Result<f64, ConditionError> {
        let mut bound = 0.0;
        self.skip_blanks();
        loop {
            let number = self.number()?;
            let number_end = self.at;
            let (at, suffix) = self.unit_word();
            match (unit, suffix, time_unit_millis(suffix)) {
                (BudgetUnit::Millis, _, Some(millis)) => bound += number * millis,
                (BudgetUnit::Millis, ..) => {
                    return Err(self.error_at(at, "expected a unit of time: ms, s, m or h"));
                }
                (BudgetUnit::Share, "%", _) => return Ok(number / 100.0),
                (BudgetUnit::Share, ..) => return Err(self.error_at(at, "expected %")),
                (BudgetUnit::Count, "", _) => {
                    self.at = number_end;
                    return Ok(number);
                }
                (BudgetUnit::Count, ..) => {
                    return Err(self.error_at(at, "a number of Pods has no unit"));
                }
            }
            if !self.rest().starts_with(|next: char| next.is_ascii_digit()) {
                return Ok(bound);
            }
        }
    }

    fn number(&mut self) -> Result<f64, ConditionError> {
        let digits = self.take_while(|next| next.is_ascii_digit() || next == '.');
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) | Err(_) => {
                self.at -= digits.len();
                Err(self.error("expected a number, for example 30s, 1.5m, 10%, or 20 for a count"))
            }
        }
    }

    /// Reads a unit, which may follow its number after blanks. Returns its position too.
    fn unit_word(&mut self) -> (usize, &'a str) {
        self.skip_blanks();
        let at = self.at;
        let unit = if self.rest().starts_with('%') {
            self.at += 1;
            "%"
        } else {
            self.take_while(char::is_alphabetic)
        };
        (at, unit)
    }

    /// Reads a word and returns its position too. The word is empty if another character follows.
    fn word(&mut self) -> (usize, &'a str) {
        self.skip_blanks();
        (self.at, self.take_while(char::is_alphanumeric))
    }

    fn expect(&mut self, sign: char, problem: &str) -> Result<(), ConditionError> {
        self.skip_blanks();
        if !self.rest().starts_with(sign) {
            return Err(self.error(problem));
        }
        self.at += sign.len_utf8();
        Ok(())
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, problem: impl Into<String>) -> ConditionError {
        self.error_at(self.at, problem)
    }

    fn error_at(&self, at: usize, problem: impl Into<String>) -> ConditionError {
        ConditionError { text: self.text.to_owned(), at, problem: problem.into() }
    }
}

/// The milliseconds of a unit of time.
fn time_unit_millis(unit: &str) -> Option<f64> {
    match unit {
        "ms" => Some(1.0),
        "s" => Some(1_000.0),
        "m" => Some(60_000.0),
        "h" => Some(3_600_000.0),
        _ => None,
    }
}
