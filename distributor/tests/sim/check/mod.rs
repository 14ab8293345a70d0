//! What must hold: after every record, after every turn, and at rest.

mod answered;
pub(crate) mod books;
pub(crate) mod hours;
mod judge;
mod wishes;
mod moves;
mod name;
pub(crate) mod rest;
