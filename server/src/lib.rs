//! The binary `chasqui`, as a library so that its parts can be tested and run in process.
//!
//! This is the only crate that knows every engine and every face: it reads the configuration,
//! wires the rooms together on one page ([`app`]), fills an empty installation ([`bootstrap`]),
//! serves health and metrics ([`admin`]) and, for the curious, runs the whole against simulated
//! customers and agents ([`demo`]). Non-goals: no rule of the product lives here.
//!
//! Reading order: [`cli`], [`config`], [`run`], [`app`], [`bootstrap`], [`admin`], [`demo`],
//! [`sabotage`].

pub mod cli;
pub mod config;
pub mod run;
pub mod app;
pub mod bootstrap;
pub mod admin;
pub mod demo;
pub mod sabotage;
