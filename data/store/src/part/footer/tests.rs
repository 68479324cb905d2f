use super::*;
use crate::part::section::Page;

fn footer() -> Footer {
    let section = Section {
        page_size: 16 << 10,
        len: 10,
        pages: vec![Page {
            offset: 16,
            stored: 10,
            compressed: false,
            sum: 7,
        }],
    };
    Footer {
        info: PartInfo {
            n_series: 200,
            ..PartInfo::new(3, 0)
        },
        version: 2,
        base: 0,
        sections: std::array::from_fn(|_| section.clone()),
        series_offsets: vec![0, 900],
        names: vec![Name {
            text: "job".into(),
            n_values: 65,
            blocks: vec![("a".into(), 0), ("b".into(), 4000)],
        }],
    }
}

fn is_read(change: impl FnOnce(&mut Footer)) -> bool {
    let mut footer = footer();
    change(&mut footer);
    Footer::decode(&footer.encode(), (2, 1000)).is_ok()
}

#[test]
fn a_footer_claims_no_more_than_it_lists() {
    assert!(is_read(|_| {}));
    assert!(is_read(|footer| footer.info.n_series = 256));
    assert!(!is_read(|footer| footer.info.n_series = 257));
    assert!(!is_read(|footer| footer.info.n_series = u64::MAX));
    assert!(is_read(|footer| footer.names[0].n_values = 128));
    assert!(!is_read(|footer| footer.names[0].n_values = 129));
    assert!(!is_read(|footer| footer.names[0].n_values = u64::MAX));
    assert!(!is_read(|footer| footer.sections[0].page_size = u32::MAX));
}
