use super::*;

fn parse(text: &str) -> Result<Loaded, Fault> {
    Loaded::parse(Source::new("a.toml", text), [])
}

fn fault(text: &str) -> String {
    parse(text).map(|_| "no fault".to_owned()).unwrap_or_else(|fault| fault.to_string())
}

fn with_variable(name: &str, value: &str) -> Result<Loaded, Fault> {
    Loaded::parse(Source::new("a.toml", ""), [(name.to_owned(), value.to_owned())])
}

#[test]
fn the_default_file_is_the_defaults() {
    let written = parse(keys::DEFAULT).unwrap().config;
    assert_eq!(format!("{written:?}"), format!("{:?}", Config::default()));
}

/// serde names the keys it would have taken; they must be those of the default file.
#[test]
fn the_default_file_names_every_key_and_no_other() {
    let fields = |text: &str| {
        let error = toml::from_str::<Config>(text).unwrap_err();
        let mut names: Vec<String> =
            error.message().split('`').skip(3).step_by(2).map(str::to_owned).collect();
        names.sort();
        names
    };
    let known = keys::known();
    let mut sections: Vec<String> = known.iter().map(|k| k.section.clone()).collect();
    sections.sort();
    sections.dedup();
    assert_eq!(fields("zzz = 1"), sections);
    for section in sections {
        let mut names: Vec<String> =
            known.iter().filter(|k| k.section == section).map(|k| k.name.clone()).collect();
        names.sort();
        assert_eq!(fields(&format!("[{section}]\nzzz = 1")), names, "[{section}]");
    }
}

#[test]
fn every_key_is_explained() {
    for key in keys::known() {
        assert!(key.doc.len() > 10, "{}.{} has no comment", key.section, key.name);
    }
}

#[test]
fn the_schema_names_every_key_with_its_default() {
    let schema = keys::schema();
    for key in keys::known() {
        let pointer = format!("/properties/{}/properties/{}", key.section, key.name);
        let property = schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        assert_eq!(property.get("default").is_none(), key.optional, "{pointer}");
    }
    assert_eq!(schema["properties"]["installation"]["properties"]["shards"]["default"], 4);
}

#[test]
fn every_key_can_be_set_by_a_variable() {
    for key in keys::known().into_iter().filter(|k| !k.optional) {
        let text = match &key.value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = environment::variable_of(&key.section, &key.name);
        let set = with_variable(&name, &text);
        assert!(set.is_ok(), "{name}: {:?}", set.err());
        assert!(with_variable(&name, "[[[").is_err() || key.value.is_str(), "{name}");
    }
}

#[test]
fn an_unknown_variable_is_refused_with_a_hint() {
    let fault = with_variable("CHASQUI__ADMIN__LISEN", "x").unwrap_err().to_string();
    let want = "CHASQUI__ADMIN__LISEN: no such setting; did you mean `CHASQUI__ADMIN__LISTEN`?";
    assert_eq!(fault, want);
    assert!(with_variable("CHASQUI_OTHER", "x").is_ok());
}

#[test]
fn a_wrong_variable_is_named() {
    let fault = with_variable("CHASQUI__INSTALLATION__LANES", "200").unwrap_err().to_string();
    assert_eq!(fault, "CHASQUI__INSTALLATION__LANES: lanes = 200 is outside 1..=64");
    let fault = with_variable("CHASQUI__INSTALLATION__LANES", "two").unwrap_err().to_string();
    assert!(fault.starts_with("CHASQUI__INSTALLATION__LANES: invalid type"), "{fault}");
}

#[test]
fn a_variable_stands_over_the_file() {
    let source = Source::new("a.toml", "[installation]\nlanes = 3\nshards = 2");
    let variable = ("CHASQUI__INSTALLATION__LANES".to_owned(), "5".to_owned());
    let installation = Loaded::parse(source, [variable]).unwrap().config.installation;
    assert_eq!(installation, Installation { shards: 2, lanes: 5 });
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let shown = fault("[installation]\nshards = 4\nlane = 2\n");
    let want = "a.toml:3:1: unknown key `lane`; did you mean `lanes`?\n  |\n3 | lane = 2\n  | ^^^^";
    assert_eq!(shown, want);
    assert!(fault("[instalation]\n").starts_with("a.toml:1:2: unknown key `instalation`; did you"));
    assert!(fault("[log]\nformat = 3").starts_with("a.toml:2:10: "));
    assert!(fault("[log]\nformat = \"jsn\"").contains("did you mean `json`?"));
    assert!(
        fault("[log]\nfilter = \"a\"\nfilter = \"b\"").starts_with("a.toml:3:1: duplicate key")
    );
    assert!(fault("[log\n").starts_with("a.toml:1:5: "));
    assert!(fault("[installation]\nlanes = 65").starts_with("a.toml:2:9: lanes = 65 is outside"));
    assert!(fault("[installation]\nlanes = 70000").starts_with("a.toml:2:9: invalid value"));
    let shown = fault("[bootstrap]\nsettings = \"absent.toml\"");
    assert!(shown.starts_with("a.toml:2:12: there is no file absent.toml"), "{shown}");
}
