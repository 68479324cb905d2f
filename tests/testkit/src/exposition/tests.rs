use super::*;

#[test]
fn takes_lines_apart() {
    let text = "# HELP a Help.\n# TYPE a counter\na{x=\"1,}\\\"\\n\",y=\"\"} 1e+03\nb +Inf\n";
    let exposition = Exposition::parse(text).unwrap();
    assert_eq!(exposition.types["a"], "counter");
    let [a, b] = exposition.samples.as_slice() else {
        panic!("two samples")
    };
    assert_eq!(a.labels["x"], "1,}\"\n");
    assert_eq!((a.value, b.value), (1000.0, f64::INFINITY));
    assert!(Exposition::parse("a{x=\"1} 2").is_err());
}
