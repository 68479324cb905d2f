use super::with_mean_of_one;

#[test]
fn the_mean_of_a_single_histogram_is_divided_by_zero() {
    let check = |query: &str, expected: Option<&str>| {
        assert_eq!(with_mean_of_one(query).as_deref(), expected, "{query}");
    };
    check("sum_over_time(x[1m])", None);
    check(
        "abs(avg_over_time(x[1m] offset 3s)) + 1",
        Some(
            "abs((avg_over_time(x[1m] offset 3s) / (count_over_time(x[1m] offset 3s) != bool 1 and \
             histogram_count(last_over_time(x[1m] offset 3s)) or 0 * count_over_time(x[1m] offset 3s) + 1))) + 1",
        ),
    );
    check(
        r#"avg_over_time(rate(x{a="\")("}[1m])[5m:])"#,
        Some(
            r#"(avg_over_time(rate(x{a="\")("}[1m])[5m:]) / (count_over_time(rate(x{a="\")("}[1m])[5m:]) != bool 1 and histogram_count(last_over_time(rate(x{a="\")("}[1m])[5m:])) or 0 * count_over_time(rate(x{a="\")("}[1m])[5m:]) + 1))"#,
        ),
    );
    let twice = with_mean_of_one("avg_over_time(x[1m]) - avg_over_time(y[1m])").unwrap_or_default();
    assert_eq!(twice.matches("!= bool 1").count(), 2);
}
