//! Bytes that are not as they were written: what a start makes of them, and what a check says.

mod check;
mod torn;
