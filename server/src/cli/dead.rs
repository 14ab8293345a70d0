//! `chasqui dead`: dead letters, told to people and to programs.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::json;
use storage::dead::{Line, Page};
use storage::port::Offset;

use super::{Failure, RunArgs, load, say};
use crate::admin::task::{self, Done, Task, TaskError, civil};

/// What `chasqui dead` does.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum What {
    /// Print a page of letters, oldest first: number, time, reason, origin, size.
    List(ListArgs),
    /// Print one letter: what was wrong, and its bytes.
    Show(ShowArgs),
    /// Have letters handled again: each is put where it came from once more, and marked.
    Replay(ReplayArgs),
}

/// What `chasqui dead list` takes.
#[derive(Clone, Debug, Args)]
pub(super) struct ListArgs {
    /// The first number.
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: Offset,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
    /// Only those of this reason.
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    of: RunArgs,
}

/// What `chasqui dead show` takes.
#[derive(Clone, Debug, Args)]
pub(super) struct ShowArgs {
    /// The letter's number.
    #[arg(value_name = "N")]
    letter: Offset,
    /// One JSON object, with the bytes in hexadecimal.
    #[arg(long, conflicts_with = "raw")]
    json: bool,
    /// The bytes alone, as they are.
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    of: RunArgs,
}

/// What `chasqui dead replay` takes.
#[derive(Clone, Debug, Args)]
pub(super) struct ReplayArgs {
    /// The letters' numbers.
    #[arg(value_name = "N", required = true)]
    letters: Vec<Offset>,
    /// Also those that were replayed before.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    of: RunArgs,
}

/// Bytes of one line in hexadecimal.
const HEX_LINE: usize = 16;

impl What {
    pub(super) fn execute(self) -> Result<(), Failure> {
        match self {
            Self::List(args) => args.list(),
            Self::Show(args) => args.show(),
            Self::Replay(args) => args.replay(),
        }
    }
}

impl ListArgs {
    fn list(self) -> Result<(), Failure> {
        let Self { from, limit, reason, json, of } = self;
        let Done::List(page) = run(&of, Task::List { from, most: limit.into(), reason })? else {
            return Err(TaskError::NoAnswer.into());
        };
        if json { page.lines.iter().try_for_each(say_json) } else { tell(&page) }
    }
}

impl ShowArgs {
    fn show(self) -> Result<(), Failure> {
        let Self { letter, json, raw, of } = self;
        let Done::Show { line, bytes } = run(&of, Task::Show { letter })? else {
            return Err(TaskError::NoAnswer.into());
        };
        if raw {
            let mut out = std::io::stdout().lock();
            return Ok(out.write_all(&bytes).and_then(|()| out.flush())?);
        }
        if json {
            let mut shown = serde_json::to_value(&line).unwrap_or_default();
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("hex".to_owned(), json!(hex(&bytes)));
            }
            return Ok(say(shown.to_string())?);
        }
        say(format!("letter   {}", line.letter))?;
        say(format!("put at   {}", civil(line.at)))?;
        say(format!("reason   {}", line.reason))?;
        say(format!("origin   {}", plain(&line.origin)))?;
        say(format!("detail   {}", plain(&line.detail)))?;
        for replay in &line.replays {
            say(format!("replayed {} to {}", civil(replay.at), replay.to.join(", ")))?;
        }
        say(format!("bytes    {}", line.bytes))?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => text.split('\n').try_for_each(|line| say(plain(line)))?,
            Err(_) => dump(&bytes)?,
        }
        Ok(())
    }
}

impl ReplayArgs {
    /// One after the other; the first that is refused ends it.
    fn replay(self) -> Result<(), Failure> {
        let Self { letters, again, of } = self;
        for letter in letters {
            let Done::Replay { to } = run(&of, Task::Replay { letter, again })? else {
                return Err(TaskError::NoAnswer.into());
            };
            say(format!("dead letter {letter} is replayed to {}", to.join(", ")))?;
        }
        Ok(())
    }
}

fn run(of: &RunArgs, task: Task) -> Result<Done, Failure> {
    Ok(task::run(&load(of)?.config.storage, task)?)
}

fn say_json(line: &Line) -> Result<(), Failure> {
    Ok(say(json!(line).to_string())?)
}

fn tell(page: &Page) -> Result<(), Failure> {
    if page.lines.is_empty() {
        say("no dead letters")?;
    } else {
        say(format!(
            "{:>8}  {:24}  {:15}  {:24}  {:>8}",
            "letter", "put at (UTC)", "reason", "origin", "bytes"
        ))?;
    }
    for line in &page.lines {
        let Line { letter, reason, bytes, .. } = line;
        let (at, origin) = (civil(line.at), plain(&line.origin));
        let replayed = if line.replays.is_empty() { "" } else { "  replayed" };
        say(format!("{letter:>8}  {at:24}  {reason:15}  {origin:24}  {bytes:>8}{replayed}"))?;
    }
    if page.unreadable > 0 {
        say(format!("{} more cannot be read by this release", page.unreadable))?;
    }
    if let Some(next) = page.next {
        say(format!("there are more: --from {next}"))?;
    }
    Ok(())
}

/// Text of others with what a terminal would obey made visible.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_direction(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// What turns the direction of text round (Unicode's bidirectional controls).
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn dump(bytes: &[u8]) -> std::io::Result<()> {
    for (number, line) in bytes.chunks(HEX_LINE).enumerate() {
        let text: String = line
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        let pairs: String = line.iter().map(|byte| format!("{byte:02x} ")).collect();
        say(format!("{:08x}  {pairs:48} {text}", number * HEX_LINE))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(plain("olá\u{1b}[2J\r\u{202e}x"), "olá\\u{1b}[2J\\r\\u{202e}x");
        assert_eq!(hex(b"\0\xff"), "00ff");
    }
}
