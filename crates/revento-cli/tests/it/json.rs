//! Reads `--json` outputs, and holds each line against the schema that `revento schema` prints.

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::support::{Ended, run};

/// The lines of a successful `--json` output. `name` is that of its schema.
pub(crate) fn json_lines(name: &str, ended: &Ended) -> Vec<Value> {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    lines_of(name, &ended.stdout)
}

/// The lines of an output of a command that may have failed.
pub(crate) fn lines_of(name: &str, stdout: &str) -> Vec<Value> {
    let lines: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
        .collect();
    lines.iter().for_each(|line| fits(name, line));
    lines
}

/// Fails unless the value fits the schema, and has no member that the schema does not describe.
pub(crate) fn fits(name: &str, value: &Value) {
    if let Err(why) = check(&schema(name), value) {
        panic!("this does not fit the schema {name}: {value}\n{why}");
    }
}

fn schema(name: &str) -> Value {
    let printed = run(&["schema", name]);
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    serde_json::from_str(&printed.stdout).unwrap()
}

fn check(schema: &Value, value: &Value) -> Result<(), String> {
    let mut schema = schema.clone();
    // A script has to bear members of later versions; a test must know all of this one.
    close(&mut schema);
    let id = schema["$id"].as_str().unwrap().to_owned();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource(&id, schema).unwrap();
    let compiled = compiler.compile(&id, &mut schemas).unwrap();
    schemas
        .validate(value, compiled)
        .map_err(|error| format!("{error:#}"))
}

/// Forbids members without a description in every object.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("properties").is_some_and(Value::is_object) && members.contains_key("required") {
                members.entry("additionalProperties").or_insert(false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn l7_every_schema_is_printed_and_valid() {
    let names = run(&["schema"]).stdout;
    assert!(names.lines().count() > 10, "{names}");
    for name in names.lines() {
        let schema = schema(name);
        // Compiling checks the schema itself.
        let _ = check(&schema, &Value::Null);
        assert!(
            schema["title"].as_str().unwrap().starts_with(&format!(
                "revento {} ",
                match name {
                    "quickstart-headless" => "quickstart --headless".to_owned(),
                    "doctor-list" => "doctor --list".to_owned(),
                    "trigger-list" => "trigger --list".to_owned(),
                    name => name.replace('-', " "),
                }
            )),
            "{name}"
        );
    }
    let wrong = run(&["schema", "no-such-command"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.contains("ops-check"),
        "the valid names: {}",
        wrong.stderr
    );
}

#[test]
fn the_check_of_schemas_can_fail() {
    let schema = schema("export-participants");
    let good = serde_json::json!({ "items": 1, "left_out": 0, "out": "f", "pages": 1 });
    assert_eq!(check(&schema, &good), Ok(()));
    for (member, value) in [
        ("items", "1".into()),
        ("left_out", (-1).into()),
        ("more", 1.into()),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert!(check(&schema, &bad).is_err(), "{bad}");
    }
    assert!(check(&schema, &serde_json::json!({ "items": 1 })).is_err());
}
