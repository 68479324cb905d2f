use super::*;

#[test]
fn places_commas_and_closes() {
    let mut out = String::new();
    {
        let mut object = Object::new(&mut out);
        object
            .string("a", "x")
            .integer("b", -3_i64)
            .number("c", 0.5)
            .number("d", f64::NAN);
        object
            .optional_string("e", None)
            .optional_integer("f", None::<i64>);
        object.strings("g", ["1", "2"]);
        object.object("h").count("i", 1);
        let mut list = object.array("j");
        list.object();
        list.object().string("k", "v");
    }
    let expected =
        r#"{"a":"x","b":-3,"c":0.5,"d":null,"e":null,"f":null,"g":["1","2"],"h":{"i":1},"j":[{},{"k":"v"}]}"#;
    assert_eq!(out, expected);
}

#[test]
fn escapes_what_json_must() {
    let mut out = String::new();
    push_string(&mut out, "a\"b\\c\nd\te\r\u{1}\u{1f}é</>");
    assert_eq!(out, "\"a\\\"b\\\\c\\nd\\te\\r\\u0001\\u001fé</>\"");
    let back: String = serde_json::from_str(&out).unwrap();
    assert_eq!(back, "a\"b\\c\nd\te\r\u{1}\u{1f}é</>");
}

#[test]
fn writes_times_as_prometheus_does() {
    let cases = [
        (0, "0"),
        (1, "0.001"),
        (10, "0.010"),
        (100, "0.100"),
        (1_435_781_451_781, "1435781451.781"),
        (1_435_781_451_000, "1435781451"),
        (-1, "-0.001"),
        (-1500, "-1.500"),
    ];
    for (millis, text) in cases {
        let mut out = String::new();
        push_timestamp(&mut out, millis);
        assert_eq!(out, text);
    }
    let mut out = String::new();
    push_point(&mut out, 1500, f64::INFINITY);
    assert_eq!(out, "[1.500,\"+Inf\"]");
}
