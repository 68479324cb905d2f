use super::*;

fn config() -> AgentConfig {
    AgentConfig {
        root: Root::at("/"),
        instance: "here".to_owned(),
        interval: Duration::from_secs(15),
        patience: Duration::from_millis(250),
        timeout: Duration::from_secs(10),
        selection: Selection::default(),
        extra_labels: Vec::new(),
    }
}

fn extra(name: &'static str) -> Extra {
    struct Nothing;
    impl Collector for Nothing {
        fn collect(&mut self, _: &Root, _: &mut dyn model::Sink) -> Result<(), host::CollectError> {
            Ok(())
        }
    }
    Extra {
        name,
        job: "test",
        source: "nothing",
        series_cap: 1,
        collector: Box::new(Nothing),
    }
}

fn error(config: &AgentConfig, extras: Vec<Extra>) -> String {
    sources(config, extras).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn rows_run_by_default_unless_told_otherwise() {
    let mut config = config();
    let running = |config: &AgentConfig| -> Vec<&str> {
        let sources = sources(config, vec![extra("own")]).unwrap();
        assert_eq!(sources.len(), ROWS.len() + 1);
        sources
            .iter()
            .filter(|s| s.collector.is_some())
            .map(|s| s.name)
            .collect()
    };
    let default = running(&config);
    let on: Vec<&str> = ROWS
        .iter()
        .filter(|row| row.default == RowDefault::On)
        .map(|row| row.name)
        .chain(["own"])
        .collect();
    assert_eq!(default, on);
    let opt_in = ROWS
        .iter()
        .find(|row| row.default == RowDefault::OptIn)
        .unwrap()
        .name;
    config.selection = Selection {
        opt_in: vec![opt_in.to_owned()],
        disabled: vec!["container".to_owned()],
    };
    let told = running(&config);
    assert!(told.contains(&opt_in) && !told.contains(&"container"));
    assert_eq!(told.len(), default.len());
}

#[test]
fn mistakes_are_named() {
    let mut config = config();
    config.selection.disabled = vec!["nonsense".to_owned()];
    let unknown = error(&config, Vec::new());
    assert!(
        unknown.starts_with("unknown collector \"nonsense\"; known are ") && unknown.contains("container")
    );
    config.selection.disabled.clear();
    assert_eq!(
        error(&config, vec![extra("process")]),
        "two collectors are named \"process\""
    );
    config.extra_labels = vec![("job".to_owned(), "x".to_owned())];
    assert_eq!(error(&config, Vec::new()), "invalid labels for every series");
    config.extra_labels.clear();
    config.patience = config.timeout;
    assert_eq!(
        error(&config, Vec::new()),
        "timeout 10s is not longer than patience 10s"
    );
    config.interval = Duration::ZERO;
    assert_eq!(error(&config, Vec::new()), "interval 0ns is shorter than 10ms");
}
