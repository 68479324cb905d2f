use std::sync::Arc;

use super::{KindFilter, KindPattern};
use crate::objects::{CustomKind, Kind};

fn filter(allow: &[&str], deny: &[&str], custom: &[&str]) -> KindFilter {
    let all = |patterns: &[&str]| {
        let patterns = patterns
            .iter()
            .map(|text| KindPattern::parse(text).expect("it is a kind"));
        patterns.collect()
    };
    KindFilter {
        allow: all(allow),
        deny: all(deny),
        custom: all(custom),
    }
}

fn custom(plural: &str, group: &str) -> Kind {
    Kind::Custom(Arc::new(CustomKind {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: "Thing".to_owned(),
        plural: plural.to_owned(),
        namespaced: true,
    }))
}

#[test]
fn kinds_are_named_as_kubectl_names_them() {
    let some = filter(&["pods", "deployments.apps", "*.batch"], &["cronjobs.batch"], &[]);
    assert!(some.takes(&Kind::Pod));
    assert!(some.takes(&Kind::Deployment));
    assert!(some.takes(&Kind::Job));
    assert!(!some.takes(&Kind::CronJob));
    assert!(!some.takes(&Kind::Node));
    assert!(filter(&["deployments"], &[], &[]).takes(&Kind::Deployment));
    assert!(KindFilter::default().takes(&Kind::Secret));
}

#[test]
fn custom_resources_have_their_own_list() {
    let some = filter(
        &[],
        &["rules.example.org"],
        &["*.example.org", "rollouts.argoproj.io"],
    );
    assert!(some.takes(&custom("alerts", "example.org")));
    assert!(!some.takes(&custom("rules", "example.org")));
    assert!(some.takes(&custom("rollouts", "argoproj.io")));
    assert!(!some.takes(&custom("workflows", "argoproj.io")));
}

#[test]
fn what_is_no_kind_is_refused() {
    for text in ["", "Pods", "po ds", "*.apps.*"] {
        let error = KindPattern::parse(text).expect_err("it is no kind");
        assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
    }
}
