//! The live picture as something to move in: what a key does, what is shown then, and the terminal that it happens on.
//!
//! [`State`] is pure: [`State::input`] takes a key or a click and says what has to be done outside; [`compose`] makes a
//! frame of it. Nothing here asks the cluster: what a page shows beside the timeline is given to it as [`Details`].

mod action;
mod compose;
mod details;
mod input;
mod keys;
mod pages;
mod pointer;
mod stage;
mod state;
mod terminal;
mod yaml;

pub use action::{Action, Effect};
pub use compose::{Scenery, Screen, compose};
pub use details::{Details, LogView};
pub use input::{Code, Input, Key, Keys, Mouse, MouseKind};
pub use keys::{BINDINGS, Binding, Where, help_lines, readme_table};
pub use pages::container_of;
pub use stage::Stage;
pub use state::{Context, Page, State, Tab};
pub use terminal::{CONTINUED, ControllingTerminal, Terminal, terminal_size};
