//! What must hold: after every record, after every turn, and at rest.

pub(crate) mod books;
mod judge;
mod wishes;
mod moves;
pub(crate) mod rest;
