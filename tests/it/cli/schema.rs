//! What is exported as JSON, against its schemas.

use serde_json::Value;

use super::{json, run, stderr, stdout, tracking_file};

#[test]
fn the_json_report_follows_its_schema() {
    let case = json(&["audit", "samples/case", "-f", "json"]);
    let german = json(&[
        "audit",
        "samples/case",
        "-f",
        "json",
        "--language",
        "de",
        "--show-values",
        "-q",
    ]);
    let file = tracking_file("schema");
    let small = json(&["audit", &file, "-f", "json"]);
    let schema = json(&["schema"]);
    for report in [&case, &german, &small] {
        assert_follows(report, &schema);
        assert_eq!(report["format"], "phonehome-audit");
        assert_eq!(report["schema_version"], 1);
    }
    let mut broken = small;
    broken["devices"][0]["apps"][0]["risk"] = "much".into();
    assert!(
        violation(&broken, &schema).is_some(),
        "a schema that takes anything proves nothing"
    );
}

#[test]
fn observations_follow_their_schema() {
    let schema = json(&["schema", "observation"]);
    let output = run(&["observe", "samples/case"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = stdout(&output);
    let mut kinds: Vec<String> = Vec::new();
    for line in lines.lines() {
        let observation: Value = serde_json::from_str(line).unwrap();
        let kind = observation["event"]["kind"].as_str().unwrap().to_owned();
        if !kinds.contains(&kind) {
            // The validator takes its time: one line of each kind.
            assert_follows(&observation, &schema);
            kinds.push(kind);
        }
    }
    kinds.sort();
    assert!(kinds.len() >= 4, "{kinds:?}");
}

fn assert_follows(instance: &Value, schema: &Value) {
    assert_eq!(violation(instance, schema), None);
}

fn violation(instance: &Value, schema: &Value) -> Option<String> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("schema.json", schema.clone())
        .unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    schemas
        .validate(instance, index)
        .err()
        .map(|error| error.to_string())
}
