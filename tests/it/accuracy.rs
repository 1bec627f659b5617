//! Detection keeps its precision and recall: small runs of the bench in `examples/leakbench`, with each of its generators.

use phonehome::rules::Rules;

#[path = "../../examples/leakbench/bench/mod.rs"]
pub(crate) mod bench;

/// Runs a generator and holds it to the least recall, precision and F1.
fn holds(generator: usize, seed: u64, cases: usize, recall: f64) {
    let (name, draw) = bench::GENERATORS[generator];
    let measured = bench::run(seed, cases, draw, None, &Rules::embedded());
    let all = measured.known["all"];
    let errors = measured.errors.join("\n");
    assert!(all.hits > 150, "{name}: {all:?}");
    assert!(all.recall() >= recall, "{name}: {all:?}\n{errors}");
    assert!(all.precision() >= 0.999, "{name}: {all:?}\n{errors}");
    assert_eq!(measured.shown, Vec::<String>::new());
    for class in ["contacts", "location", "device"] {
        let line = measured.shapes[class];
        assert!(line.hits > 20, "{name}: {class}: {line:?}");
        assert!(line.f1() >= 0.97, "{name}: {class}: {line:?}\n{errors}");
    }
}

#[test]
fn planted_data_is_found_and_nothing_else() {
    holds(0, 20_261_127, 400, 0.995);
}

/// Of another hand, with national numbers of ten digits that stand alone, which chance may write as well.
#[test]
fn planted_data_of_another_hand_is_found_and_nothing_else() {
    holds(1, 20_261_128, 500, 0.99);
}

/// Of a third hand: payloads as SDKs and services of contacts and positions send them, also over `WebSocket` and MQTT.
#[test]
fn planted_data_of_a_third_hand_is_found_and_nothing_else() {
    holds(2, 20_261_129, 500, 0.99);
}
