//! The jobs are such that scraping takes them, and no secret is printed.

use std::path::Path;

use scrape::Config;
use serde_json::{Map, json};

use super::{BuiltIn, TargetOptions};
use crate::discovery::credentials::Credentials;

fn credentials() -> Credentials {
    let mut tls = Map::new();
    tls.insert("ca".to_owned(), json!("an authority"));
    tls.insert("cert".to_owned(), json!("a certificate"));
    tls.insert("key".to_owned(), json!("a-key-nobody-sees"));
    Credentials {
        tls,
        authorization: None,
    }
}

fn names(options: &TargetOptions) -> Vec<String> {
    let config = Config::parse("", Path::new("/")).expect("nothing is no mistake");
    let credentials = credentials();
    let built_in = BuiltIn {
        cluster: "a",
        credentials: &credentials,
        options,
    };
    let jobs = built_in.jobs().into_iter().map(|offered| {
        let job = config
            .make_job(&offered)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(!job.printed.contains("a-key-nobody-sees"), "{}", job.printed);
        job.name.clone()
    });
    jobs.collect()
}

#[test]
fn every_job_is_one_that_scraping_takes() {
    assert_eq!(
        names(&TargetOptions::default()),
        [
            "a/kubelet",
            "a/kubelet/metrics/cadvisor",
            "a/kubelet/metrics/resource",
            "a/kubelet/metrics/probes",
            "a/apiserver",
            "a/kube-scheduler",
            "a/kube-controller-manager",
            "a/kube-etcd",
            "a/kube-dns",
            "a/kube-proxy",
            "a/kubernetes-pods",
            "a/kubernetes-service-endpoints",
        ]
    );
}

#[test]
fn jobs_are_left_out_by_name_and_given_addresses_by_name() {
    let jobs = ["kubelet", "apiserver", "kube-dns", "kubernetes-pods"];
    let mut options = TargetOptions {
        leave_out: jobs.map(str::to_owned).to_vec(),
        ..TargetOptions::default()
    };
    options
        .addresses
        .insert("kube-etcd".to_owned(), vec!["10.0.0.1:2381".to_owned()]);
    assert_eq!(
        names(&options),
        [
            "a/kube-scheduler",
            "a/kube-controller-manager",
            "a/kube-etcd",
            "a/kube-proxy",
            "a/kubernetes-service-endpoints",
        ]
    );
}
