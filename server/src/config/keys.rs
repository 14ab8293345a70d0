//! The table of known keys, read from the default file.

use serde_json::{Map, json};

/// The whole default configuration, commented: what `chasqui config default` prints.
///
/// It is also the table of known keys. A line `key = value` gives a key with its default; a line
/// `#key = value` (no blank after the `#`) gives one that is absent by default, with an example.
pub const DEFAULT: &str = include_str!("default.toml");

/// One key of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The section it stands in.
    pub section: String,
    /// Its name.
    pub name: String,
    /// The comment above it.
    pub doc: String,
    /// Its default, or an example when it is absent by default.
    pub value: toml::Value,
    /// Whether it is absent by default.
    pub optional: bool,
}

/// Every key, in the order of the default file.
pub fn known() -> Vec<Key> {
    let (mut section, mut doc, mut keys) = (String::new(), String::new(), Vec::new());
    for line in DEFAULT.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.to_owned();
            doc.clear();
        } else if let Some((name, value, optional)) = setting(line) {
            let doc = std::mem::take(&mut doc);
            keys.push(Key { section: section.clone(), name, doc, value, optional });
        } else if let Some(comment) = line.strip_prefix("# ") {
            doc.push_str(if doc.is_empty() { "" } else { " " });
            doc.push_str(comment);
        } else {
            doc.clear();
        }
    }
    keys
}

/// The JSON schema (draft 2020-12) of the configuration file, for editors.
pub fn schema() -> serde_json::Value {
    let mut sections = Map::new();
    for key in known() {
        let section = sections.entry(key.section.clone()).or_insert_with(
            || json!({"type": "object", "additionalProperties": false, "properties": {}}),
        );
        if let Some(properties) = section.pointer_mut("/properties").and_then(|p| p.as_object_mut())
        {
            properties.insert(key.name.clone(), property(&key));
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of Chasqui",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    })
}

fn property(key: &Key) -> serde_json::Value {
    let kind = match &key.value {
        toml::Value::Integer(_) => "integer",
        toml::Value::Float(_) => "number",
        toml::Value::Boolean(_) => "boolean",
        toml::Value::Array(_) => "array",
        toml::Value::Table(_) => "object",
        toml::Value::String(_) | toml::Value::Datetime(_) => "string",
    };
    let label = if key.optional { "examples" } else { "default" };
    let value = serde_json::to_value(&key.value).unwrap_or_default();
    let value = if key.optional { json!([value]) } else { value };
    json!({"type": kind, "description": key.doc, label: value})
}

fn setting(line: &str) -> Option<(String, toml::Value, bool)> {
    let (text, optional) = match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => (rest, true),
        Some(_) => return None,
        None => (line, false),
    };
    let table: toml::Table = toml::from_str(text).ok()?;
    let (name, value) = table.into_iter().next()?;
    Some((name, value, optional))
}
