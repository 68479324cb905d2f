use super::render;
use crate::cli::VersionForm;

#[test]
fn both_forms_say_the_same() {
    let text = render(VersionForm::Text);
    let json: serde_json::Value = serde_json::from_str(&render(VersionForm::Json)).unwrap();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["ui"], cfg!(feature = "ui"));
    let word = |key: &str| json[key].as_str().unwrap().to_owned();
    assert_eq!(
        text,
        format!("periplus {} ({} {})\n", word("version"), word("os"), word("arch"))
    );
}
