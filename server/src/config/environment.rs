use serde::Deserialize;

use super::{Config, Fault, hint, keys};

/// What every variable of ours begins with: `CHASQUI__SECTION__KEY`.
pub const PREFIX: &str = "CHASQUI__";

/// Puts the variables of ours among `variables` over `file`, in the order of their names. Others
/// are not looked at.
pub(super) fn overlay(
    file: toml::Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, Vec<String>), Fault> {
    let mut ours: Vec<_> = variables.into_iter().filter(|(n, _)| n.starts_with(PREFIX)).collect();
    ours.sort();
    let mut table = file;
    let mut config = read(&table, "configuration")?;
    let mut set = Vec::new();
    for (name, text) in ours {
        let key = resolve(&name)?;
        put(&mut table, &key, value(&key, &text));
        config = Config::deserialize(table.clone()).map_err(|error| {
            Fault::named(&name, hint::explain_value(error.message(), &text, &key.value))
        })?;
        set.push(format!("{}.{}", key.section, key.name));
    }
    Ok((config, set))
}

/// The name of the variable that sets a key.
pub(super) fn variable_of(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_uppercase(), key.to_uppercase())
}

fn resolve(name: &str) -> Result<keys::Key, Fault> {
    let known = keys::known();
    let found = known.iter().find(|k| variable_of(&k.section, &k.name) == name);
    if let Some(key) = found {
        return Ok(key.clone());
    }
    let names: Vec<String> = known.iter().map(|k| variable_of(&k.section, &k.name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let message = match hint::closest(name, &names) {
        Some(meant) => format!("no such setting; did you mean `{meant}`?"),
        None => "no such setting; `chasqui config default` lists them all".to_owned(),
    };
    Err(Fault::named(name, message))
}

/// A text setting takes the text as it is; any other is read as TOML writes it.
fn value(key: &keys::Key, text: &str) -> toml::Value {
    if key.value.is_str() {
        return toml::Value::String(text.to_owned());
    }
    let parsed = toml::from_str::<toml::Table>(&format!("v = {text}"));
    let value = parsed.ok().filter(|t| t.len() == 1).and_then(|mut t| t.remove("v"));
    value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

fn put(table: &mut toml::Table, key: &keys::Key, value: toml::Value) {
    let section =
        table.entry(key.section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(section) = section {
        section.insert(key.name.clone(), value);
    }
}

fn read(table: &toml::Table, name: &str) -> Result<Config, Fault> {
    Config::deserialize(table.clone())
        .map_err(|error| Fault::named(name, hint::explain(error.message())))
}
