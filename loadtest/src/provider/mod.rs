//! Provider simulators: what the product talks to instead of Meta.

pub mod whatsapp;
