//! Mistakes in the configuration: exit 78, and a message that says where and what was meant.
//! Each case is a folder of text: what is written, and what the binary answers, letter by letter.

use std::net::TcpListener;

use crate::process::output;

/// The configuration, and what `chasqui check` says of it on standard error.
const MISTAKES: [(&str, &str, &str); 15] = [
    (
        "unknown key",
        "[ingest]\nlisen = \"127.0.0.1:8080\"\n",
        "c.toml:2:1: unknown key `lisen`; did you mean `listen`?\n  |\n\
         2 | lisen = \"127.0.0.1:8080\"\n  | ^^^^^\n",
    ),
    (
        "unknown section",
        "[storge]\n",
        "c.toml:1:2: unknown key `storge`; did you mean `storage`?\n  |\n\
         1 | [storge]\n  |  ^^^^^^\n",
    ),
    (
        "wrong unit",
        "[ingest]\nhead_wait = \"10sec\"\n",
        "c.toml:2:13: `10sec` is not a length of time: write a whole number and one of us, ms, s, \
         m, h, d, like \"30s\"\n  |\n\
         2 | head_wait = \"10sec\"\n  |             ^^^^^^^\n",
    ),
    (
        "no unit",
        "[storage]\nsegment_bytes = \"64\"\n",
        "c.toml:2:17: `64` is not a number of bytes: write a whole number and one of B, KiB, MiB, \
         GiB, like \"64KiB\"\n  |\n\
         2 | segment_bytes = \"64\"\n  |                 ^^^^\n",
    ),
    (
        "wrong type",
        "[installation]\nshards = \"four\"\n",
        "c.toml:2:10: invalid type: string \"four\", expected u16\n  |\n\
         2 | shards = \"four\"\n  |          ^^^^^^\n",
    ),
    (
        "duplicate",
        "[log]\nfilter = \"info\"\nfilter = \"warn\"\n",
        "c.toml:3:1: duplicate key\n  |\n3 | filter = \"warn\"\n  | ^^^^^^\n",
    ),
    (
        "bad TOML",
        "[log\nfilter = \"info\"\n",
        "c.toml:1:5: unclosed table, expected `]`\n  |\n1 | [log\n  |     ^\n",
    ),
    (
        "unknown engine",
        "[storage]\nengine = \"embeded\"\n",
        "c.toml:2:10: unknown value `embeded`; did you mean `embedded`?\n  |\n\
         2 | engine = \"embeded\"\n  |          ^^^^^^^^^\n",
    ),
    (
        "too many lanes",
        "[installation]\nlanes = 65\n",
        "c.toml:2:9: lanes = 65 is outside 1..=64\n  |\n2 | lanes = 65\n  |         ^^\n",
    ),
    (
        "no shard",
        "[installation]\nshards = 0\n",
        "c.toml:2:10: shards = 0 is outside 1..=1024\n  |\n2 | shards = 0\n  |          ^\n",
    ),
    (
        "a number for a length of time",
        "[ingest]\nhead_wait = 10\n",
        "c.toml:2:13: `10` is not a length of time: write a whole number and one of us, ms, s, \
         m, h, d, like \"30s\"\n  |\n\
         2 | head_wait = 10\n  |             ^^\n",
    ),
    (
        "a name for an address",
        "[desk]\nlisten = \"localhost:8081\"\n",
        "c.toml:2:10: `localhost:8081` is not an address with its port, like `127.0.0.1:8081`\n  \
         |\n2 | listen = \"localhost:8081\"\n  |          ^^^^^^^^^^^^^^^^\n",
    ),
    (
        "a long linger",
        "[storage]\nlinger = \"3ms\"\n",
        "c.toml:2:10: 3ms is more than 2ms\n  |\n\
         2 | linger = \"3ms\"\n  |          ^^^^^\n",
    ),
    (
        "a small segment",
        "[storage]\nsegment_bytes = \"1KiB\"\n",
        "c.toml:2:17: 1KiB is less than 64KiB\n  |\n\
         2 | segment_bytes = \"1KiB\"\n  |                 ^^^^^^\n",
    ),
    (
        "two on one port",
        "[admin]\nlisten = \"0.0.0.0:8081\"\n",
        "c.toml:2:10: 0.0.0.0:8081 is already taken by desk.listen\n  |\n\
         2 | listen = \"0.0.0.0:8081\"\n  |          ^^^^^^^^^^^^^^\n",
    ),
];

fn answer(config: &str, settings: &str, args: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("c.toml"), config).unwrap();
    std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
    let output = output(folder.path(), args);
    let created = folder.path().join("chasqui-data").exists();
    assert!(!created, "a start with a mistake began to write data");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn f49_each_mistake_is_shown_where_it_stands() {
    for (name, config, want) in MISTAKES {
        for args in [["check", "--config", "c.toml"], ["run", "--config", "c.toml"]] {
            let (code, said) = answer(config, "", &args);
            assert_eq!(said, format!("chasqui: {want}"), "{name}");
            assert_eq!(code, Some(78), "{name}");
        }
    }
}

#[test]
fn f49_a_missing_secret_file_is_named() {
    let settings = "[[operation]]\nid = 1\nname = \"A\"\nshard = 0\n\
                    [[endpoint]]\nname = \"main\"\nkind = \"whatsapp\"\n\
                    verify_token = \"v\"\napp_secret_file = \"app.secret\"\n";
    let config = "[bootstrap]\nsettings = \"settings.toml\"\n";
    let (code, said) = answer(config, settings, &["check", "--config", "c.toml"]);
    let want = "chasqui: settings.toml:9:19: app.secret: No such file or directory (os error 2)\n";
    assert!(said.starts_with(want), "{said}");
    assert_eq!(code, Some(78));
}

#[test]
fn f49_settings_that_contradict_themselves_are_refused() {
    let operation = "[[operation]]\nid = 1\nname = \"A\"\nshard = 0\n";
    let group = "[[group]]\nid = 1\noperation = 2\nname = \"G\"\npolicy = \"circular\"\n";
    let cases = [
        (String::new(), "settings.toml:1:1: there is no [[operation]]"),
        (format!("{operation}{operation}"), "settings.toml:5:1: operation 1 is given twice"),
        (
            format!("{operation}{group}"),
            "settings.toml:5:1: group 1 names operation 2, which does not exist",
        ),
        (operation.replace("0", "4"), "settings.toml:1:1: shard 4 of 4: they count from 0"),
        (
            format!("{operation}zone = \"Mars/Base\"\n"),
            "settings.toml:5:8: `Mars/Base` is not the IANA name of a time zone",
        ),
        (
            format!("{operation}{}", group.replace("circular", "circlar")),
            "settings.toml:9:10: unknown value `circlar`; did you mean `circular`?",
        ),
    ];
    for (settings, want) in cases {
        let config = "[bootstrap]\nsettings = \"settings.toml\"\n";
        let (code, said) = answer(config, &settings, &["check", "--config", "c.toml"]);
        assert!(said.starts_with(&format!("chasqui: {want}\n")), "{said}");
        assert_eq!(code, Some(78));
    }
}

const WHOLE: &str = r#"[[operation]]
id = 1
name = "A"
shard = 0
[[group]]
id = 1
operation = 1
name = "G"
policy = "circular"
[[user]]
id = 1
operation = 1
login = "ana"
name = "Ana"
kind = "agent"
password = "long enough"
[[endpoint]]
name = "main"
kind = "whatsapp"
verify_token = "v"
app_secret = "s"
[[channel]]
id = 1
operation = 1
endpoint = "main"
name = "W"
account = "1"
provider_url = "https://graph.facebook.com"
token = "t"
flow = [{ route = 1 }]
"#;

/// Rules that name a group that comes later, and one of its own.
const RULED: &str = r#""circular"
[group.rules]
on_absence = "redirect"
grace = "45s"
queue_limit = 300
overflow = 2
transfer_to = [2]
takes_transfers = false
note_required = true
pending_after = "10m"
running = { limit = "24h", warn_percent = 80, warn_text = "Still there?", silence = "both" }
queued = { limit = "2h" }
[[group]]
id = 2
operation = 1
name = "H"
policy = "random"
rules = { overflow = 1 }
"#;
const LOUD: &str = "\"circular\"\nrules = { running = { limit = \"1h\", warn_percent = 100 } }";
const NOWHERE: &str = "\"circular\"\nrules = { overflow = 7 }";

#[test]
fn settings_that_could_never_work_are_refused_before_anything_is_written() {
    let cases = [
        ("\"whatsapp\"", "\"telegram\"", "19:8: `telegram` is not supported yet"),
        ("https://graph", "graph", "28:16: `graph.facebook.com` is not a URL like"),
        ("https://graph.facebook.com", "http://", "28:16: `http:` is not a URL like"),
        ("app_secret = \"s\"", "app_secret = \"\"", "21:14: the app_secret is empty"),
        ("verify_token = \"v\"", "verify_token = \"\"", "20:16: the verify_token is empty"),
        ("long enough", "short", "16:12: a password has 8 characters to 1024 bytes"),
        ("\"circular\"", LOUD, "10:9: a warning has `warn_percent`, 1 to 99, and `warn_text`"),
        (
            "\"circular\"",
            NOWHERE,
            "10:9: group 1 names group 7 of operation 1, which does not exist",
        ),
    ];
    let config = "[bootstrap]\nsettings = \"settings.toml\"\n";
    let check = ["check", "--config", "c.toml"];
    assert_eq!(answer(config, WHOLE, &check), (Some(0), String::new()));
    let ruled = WHOLE.replace("\"circular\"", RULED);
    assert_eq!(answer(config, &ruled, &check), (Some(0), String::new()));
    for (right, wrong, want) in cases {
        for args in [check, ["run", "--config", "c.toml"]] {
            let (code, said) = answer(config, &WHOLE.replace(right, wrong), &args);
            assert!(said.starts_with(&format!("chasqui: settings.toml:{want}")), "{said}");
            assert_eq!(code, Some(78));
        }
    }
}

#[test]
fn f49_a_port_in_use_is_named_where_it_was_chosen() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = format!("[ingest]\nlisten = \"127.0.0.1:0\"\n[desk]\nlisten = \"{address}\"\n");
    let (code, said) = answer(&config, "", &["run", "--config", "c.toml"]);
    let want = format!("chasqui: c.toml:4:10: cannot listen on {address}: Address already in use");
    assert!(said.starts_with(&want), "{said}");
    assert!(said.contains("another chasqui may be running"), "{said}");
    assert_eq!(code, Some(78));
}

#[test]
fn a_filter_that_cannot_be_read_is_refused_by_check_too() {
    let config = "[log]\nfilter = \"gateway=loud\"\n";
    for command in ["check", "run"] {
        let (code, said) = answer(config, "", &[command, "--config", "c.toml"]);
        assert!(said.starts_with("chasqui: c.toml:2:10: "), "{said}");
        assert_eq!(code, Some(78));
    }
}

#[test]
fn a_file_that_is_not_there_and_a_wrong_argument_have_their_codes() {
    let (code, said) = answer("", "", &["--config", "absent.toml"]);
    assert!(said.starts_with("chasqui: absent.toml: cannot be read"), "{said}");
    assert_eq!(code, Some(78));
    let (code, _) = answer("", "", &["--colour"]);
    assert_eq!(code, Some(64));
}

#[test]
fn the_default_file_and_the_schema_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let default = output(folder.path(), &["config", "default"]);
    std::fs::write(folder.path().join("c.toml"), &default.stdout).unwrap();
    let check = output(folder.path(), &["check", "--config", "c.toml"]);
    assert_eq!(String::from_utf8(check.stdout).unwrap(), "c.toml is valid\n");
    let schema = output(folder.path(), &["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["properties"]["desk"]["properties"]["listen"]["type"], "string");
}
