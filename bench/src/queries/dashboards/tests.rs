use super::*;

#[test]
fn variables_are_filled_in_as_grafana_does() {
    let pod = ExamplePod {
        namespace: "team-02".to_owned(),
        pod: "service-1-a".to_owned(),
        workload: "service-1".to_owned(),
        node: "ip-10-0-0-1.a".to_owned(),
    };
    let check = |expression: &str, expected: &str| assert_eq!(fill_in(expression, &pod), expected);
    check(
        "rate(x{instance=~\"$instance\",\n  cluster=\"$cluster\"}[$__rate_interval])",
        "rate(x{instance=~\".+\", cluster=\"production\"}[4m])",
    );
    check("x{instance=\"$instance\"}", "x{instance=\"10.0.0.0:9100\"}");
    check(
        "x{namespace=\"$namespace\",pod=\"$pod\",workload=~\"$workload\",node=~\"$node\"}",
        "x{namespace=\"team-02\",pod=\"service-1-a\",workload=~\"service-1\",node=~\"ip-10-0-0-1.a\"}",
    );
}
