//! The desk: what agents and supervisors work at. [`auth`] knows who they are, [`view`] what is
//! open, [`live`] pushes it, [`api`] takes their commands, and [`console`] is the page they see.

pub mod auth;
pub mod view;
pub mod live;
pub mod api;
pub mod console;
