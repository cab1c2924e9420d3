//! Observations to lives, slots and numbers.

mod clocks;
mod deletion;
mod instants;
mod order;
mod phases;
mod scenarios;
mod slots;
mod special_cases;
mod story;
mod support;
