//! Observations to lives, slots and numbers.

#[cfg(test)]
mod clocks;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod instants;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod order;
mod overviews;
mod owners;
#[cfg(test)]
mod phases;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod special_cases;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod story;
#[cfg(test)]
mod support;
#[cfg(test)]
mod waits;
#[cfg(test)]
mod wordings;
