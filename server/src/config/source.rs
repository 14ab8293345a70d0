use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use model::limit;

use super::hint;

/// A text a person wrote, and the name it is known by: errors point into it.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
}

/// A mistake in a text, shown as `file:line:column`, the line and a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    message: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Text { name: String, line: usize, column: usize, excerpt: String, width: usize },
    Named(String),
}

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
#[error("{name}: cannot be read")]
pub struct Unreadable {
    name: String,
    #[source]
    source: std::io::Error,
}

impl Source {
    /// A text with the name it is shown under.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// A file of at most [`limit::CONFIG_BYTES`]. What is not UTF-8 is left for the parser to
    /// point at.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        let result = std::fs::File::open(path)
            .and_then(|file| file.take(limit::CONFIG_BYTES + 1).read_to_end(&mut bytes))
            .and_then(|n| within(n as u64));
        match result {
            Ok(()) => Ok(Self { name, text: String::from_utf8_lossy(&bytes).into_owned() }),
            Err(source) => Err(Unreadable { name, source }),
        }
    }

    /// The folder it stands in.
    pub fn folder(&self) -> &Path {
        Path::new(&self.name).parent().unwrap_or(Path::new(""))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A mistake at `span` (bytes of the text).
    pub fn fault(&self, span: Range<usize>, message: impl Into<String>) -> Fault {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.floor_char_boundary(span.end.clamp(start, self.text.len()));
        let (before, after) = self.text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let marked = after.get(..end - start).unwrap_or("");
        let lead = before.get(line_start..).unwrap_or("");
        let rest = after.lines().next().unwrap_or("");
        Fault {
            message: message.into(),
            place: Place::Text {
                name: self.name.clone(),
                line: before.matches('\n').count() + 1,
                column: lead.chars().count() + 1,
                excerpt: format!("{lead}{rest}"),
                width: marked.lines().next().unwrap_or("").chars().count().max(1),
            },
        }
    }

    /// The mistake a TOML parser found, with a guess at what was meant.
    pub fn toml_fault(&self, error: &toml::de::Error) -> Fault {
        self.fault(error.span().unwrap_or(0..0), hint::explain(error.message()))
    }
}

impl Fault {
    /// A mistake in something that is not a text of several lines: a variable, an argument.
    pub fn named(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Place::Named(name.into()) }
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Named(name) => write!(f, "{name}: {}", self.message),
            Place::Text { name, line, column, excerpt, width } => {
                let gutter = " ".repeat(line.to_string().len());
                let indent = indent_of(excerpt, *column);
                let carets = "^".repeat(*width);
                writeln!(f, "{name}:{line}:{column}: {}", self.message)?;
                writeln!(f, "{gutter} |\n{line} | {excerpt}")?;
                write!(f, "{gutter} | {indent}{carets}")
            }
        }
    }
}

/// Blanks as wide as what stands before `column`; a tab stays a tab, so that the caret fits.
fn indent_of(excerpt: &str, column: usize) -> String {
    excerpt.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect()
}

fn within(bytes: u64) -> std::io::Result<()> {
    if bytes > limit::CONFIG_BYTES {
        let what = format!("larger than {} bytes", limit::CONFIG_BYTES);
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_points_at_its_place() {
        let source = Source::new("a.toml", "one = 1\n\tzwölf = 12\n");
        let start = source.text().find("12").unwrap();
        let shown = source.fault(start..start + 2, "too many").to_string();
        assert_eq!(shown, "a.toml:2:10: too many\n  |\n2 | \tzwölf = 12\n  | \t        ^^");
    }

    #[test]
    fn a_fault_past_the_end_points_at_the_end() {
        let source = Source::new("a.toml", "x =");
        assert_eq!(source.fault(3..9, "?").to_string(), "a.toml:1:4: ?\n  |\n1 | x =\n  |    ^");
        assert!(Source::new("e", "").fault(0..0, "?").to_string().starts_with("e:1:1: ?"));
    }
}
