use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Controls, List, Lists, Reaction};
use crate::top::snapshot::{Process, Snapshot};

fn snapshot() -> Snapshot {
    let process = |pid: &str, command: &str| Process {
        pid: pid.to_owned(),
        command: command.to_owned(),
        ..Process::default()
    };
    Snapshot {
        processes: vec![process("1", "init"), process("2", "sshd"), process("3", "bash")],
        ..Snapshot::default()
    }
}

fn press(controls: &mut Controls, keys: &[KeyCode]) -> Reaction {
    let mut reaction = Reaction::Redraw;
    for key in keys {
        reaction = controls.press(KeyEvent::new(*key, KeyModifiers::NONE), &snapshot());
    }
    reaction
}

fn typed(text: &str) -> Vec<KeyCode> {
    text.chars().map(KeyCode::Char).collect()
}

#[test]
fn ways_out() {
    let mut controls = Controls::new(Lists::One);
    assert_eq!(press(&mut controls, &typed("q")), Reaction::Quit);
    assert_eq!(press(&mut controls, &[KeyCode::Esc]), Reaction::Quit);
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    press(&mut controls, &typed("/"));
    assert_eq!(controls.press(ctrl_c, &snapshot()), Reaction::Quit);
    assert_eq!(press(&mut controls, &[KeyCode::Esc]), Reaction::Redraw);
    assert_eq!(press(&mut controls, &typed(" ")), Reaction::Pause);
}

#[test]
fn the_same_column_again_turns_the_order() {
    let mut controls = Controls::new(Lists::One);
    press(&mut controls, &typed("m"));
    assert_eq!((controls.sort, controls.reversed), ('m', false));
    press(&mut controls, &typed("m"));
    assert_eq!((controls.sort, controls.reversed), ('m', true));
    press(&mut controls, &[KeyCode::Right]);
    assert_eq!((controls.sort, controls.reversed), ('d', false));
    press(&mut controls, &[KeyCode::Left, KeyCode::Left, KeyCode::Left]);
    assert_eq!(controls.sort, 'n');
}

#[test]
fn letters_are_text_while_a_filter_is_typed() {
    let mut controls = Controls::new(Lists::One);
    press(&mut controls, &typed("/qsh"));
    press(
        &mut controls,
        &[KeyCode::Backspace, KeyCode::Backspace, KeyCode::Backspace],
    );
    press(&mut controls, &typed("ss"));
    press(&mut controls, &[KeyCode::Enter]);
    assert_eq!((controls.filter.as_str(), controls.typing), ("ss", false));
    press(&mut controls, &[KeyCode::Esc]);
    assert_eq!(controls.filter, "");
}

#[test]
fn scrolling_ends_at_the_last_row_that_the_filter_leaves() {
    let mut controls = Controls::new(Lists::One);
    press(&mut controls, &[KeyCode::End]);
    assert_eq!(controls.scrolled, 2);
    press(&mut controls, &[KeyCode::PageUp]);
    assert_eq!(controls.scrolled, 0);
    press(&mut controls, &typed("/sh"));
    press(&mut controls, &[KeyCode::Enter, KeyCode::PageDown]);
    assert_eq!(controls.scrolled, 1);
}

#[test]
fn a_list_without_the_column_is_sorted_by_cpu() {
    let mut controls = Controls::new(Lists::One);
    press(&mut controls, &typed("f"));
    press(&mut controls, &[KeyCode::Tab]);
    assert_eq!((controls.list, controls.sort), (List::Containers, 'c'));
    press(&mut controls, &[KeyCode::Tab]);
    assert_eq!(controls.list, List::Processes);
}
