use super::*;

#[test]
fn scrapes_are_due_at_their_place_of_the_interval() {
    assert_eq!(next_due(0, 1000, 300), 300);
    assert_eq!(next_due(300, 1000, 300), 300);
    assert_eq!(next_due(301, 1000, 300), 1300);
    assert_eq!(next_due(-5, 1000, 999), -1);
}

#[test]
fn times_are_those_due_unless_the_scrape_is_late() {
    assert_eq!(scrape_time(1000, 1100, 1000), 1000);
    assert_eq!(scrape_time(1000, 1101, 1000), 1101);
    assert_eq!(scrape_time(1000, 999, 1000), 1000);
}
