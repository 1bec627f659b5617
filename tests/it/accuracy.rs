//! Detection keeps its precision and recall: a small run of the bench in `examples/leakbench`.

use phonehome::rules::Rules;

#[path = "../../examples/leakbench/bench/mod.rs"]
pub(crate) mod bench;

#[test]
fn planted_data_is_found_and_nothing_else() {
    let measured = bench::run(20_261_127, 400, &Rules::embedded().unwrap());
    let all = measured.known["all"];
    let errors = measured.errors.join("\n");
    assert!(all.hits > 150, "{all:?}");
    assert!(all.recall() >= 0.995, "{all:?}\n{errors}");
    assert!(all.precision() >= 0.999, "{all:?}\n{errors}");
    assert_eq!(measured.shown, Vec::<String>::new());
    for class in ["contacts", "location", "device"] {
        let line = measured.shapes[class];
        assert!(line.hits > 20, "{class}: {line:?}");
        assert!(line.f1() >= 0.97, "{class}: {line:?}\n{errors}");
    }
}
