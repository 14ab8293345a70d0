//! Rows of the matrix of faults, each a test that begins with its number.

mod crowd;
mod newer;
mod repeats;
mod steps;
