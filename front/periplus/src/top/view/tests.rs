use expect_test::{Expect, expect};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::View;
use crate::client::ClientError;
use crate::screen::{Paint, buffer_text};
use crate::top::controls::{Controls, Lists};
use crate::top::snapshot::{Container, Disk, Filesystem, Network, Process, Snapshot};

fn snapshot() -> Snapshot {
    let map = |pairs: &[(&str, f64)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    };
    Snapshot {
        instance: "node7:9100".to_owned(),
        host: "node7".to_owned(),
        kernel: "6.12.4-amd64".to_owned(),
        time: Some(1_795_317_720.0),
        uptime: Some(273_600.0),
        load: [Some(0.52), Some(0.61), Some(1.0)],
        cpu: map(&[
            ("idle", 2.8),
            ("user", 0.7),
            ("system", 0.3),
            ("iowait", 0.15),
            ("softirq", 0.05),
        ]),
        pressure: map(&[
            ("cpu some", 0.012),
            ("io some", 0.21),
            ("io full", 0.08),
            ("memory some", 0.0),
        ]),
        memory: map(&[
            ("MemTotal", 16e9),
            ("MemFree", 2e9),
            ("MemAvailable", 9e9),
            ("Cached", 6e9),
            ("Buffers", 1e9),
            ("SwapTotal", 2e9),
            ("SwapFree", 1.5e9),
        ]),
        disks: vec![
            Disk {
                device: "sda".to_owned(),
                read: 0.0,
                written: 2048.0,
                busy: 0.02,
            },
            Disk {
                device: "nvme0n1".to_owned(),
                read: 3e6,
                written: 4.2e7,
                busy: 0.97,
            },
        ],
        filesystems: vec![Filesystem {
            mountpoint: "/".to_owned(),
            size: 5e10,
            free: 2e10,
        }],
        networks: vec![Network {
            device: "eth0".to_owned(),
            received: 1.5e6,
            sent: 3e5,
            dropped: 0.0,
        }],
        processes: vec![
            process("1", "systemd", "init.scope", (0.001, 1.2e7)),
            process("4242", "postgres", "postgresql.service", (0.63, 2.1e9)),
            process("", "other", "", (f64::NAN, 4e8)),
        ],
        containers: vec![Container {
            id: "/default/web".to_owned(),
            name: "web".to_owned(),
            image: "registry.example/web:1.4".to_owned(),
            cpu: 0.2,
            throttled: 0.31,
            memory: 6.1e7,
            limit: 67_108_864.0,
            received: 1e4,
            sent: 2e5,
            disk: 0.0,
        }],
    }
}

fn process(pid: &str, command: &str, unit: &str, (cpu, memory): (f64, f64)) -> Process {
    Process {
        pid: pid.to_owned(),
        command: command.to_owned(),
        user: "root".to_owned(),
        unit: unit.to_owned(),
        cpu,
        memory,
        disk: 0.0,
        files: 32.0,
        threads: 4.0,
    }
}

fn draw(view: &View<'_>, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view.render(buffer.area, &mut buffer);
    buffer_text(&buffer, Paint::PLAIN)
}

fn check(lists: Lists, width: u16, height: Option<u16>, expected: &Expect) {
    let (snapshot, controls) = (snapshot(), Controls::new(lists));
    let view = View {
        snapshot: &snapshot,
        controls: &controls,
        trouble: None,
        paused: false,
    };
    let height = height.unwrap_or_else(|| view.height(width, 20));
    expected.assert_eq(&draw(&view, width, height));
}

#[test]
fn on_a_small_terminal() {
    check(
        Lists::One,
        80,
        Some(24),
        &expect![[r#"
        node7  up 3d 4h  load 0.52 0.61 1.00  Linux 6.12.4-amd64            03:22:00 UTC
        CPU     [███▓▓             ]  30.0 % of 4  █user 18  ▓sys 8  ▒wait 4  ░other 1
        Memory  [████████░░░░░░░░  ] 8.38 GiB available  █used 6.52 GiB  ░cache 6.52 GiB
        Swap    [█████             ] 477 MiB of 1.86 GiB used
        Waiting cpu 1.2 %   memory 0.0 %   io 21.0 / 8.0 %   (some / all tasks)

        DISK              READ    WRITTEN  BUSY  FILE SYSTEM        SIZE      FREE  USED
        nvme0n1     2.86 MiB/s 40.1 MiB/s  97 %  /              46.6 GiB  18.6 GiB  60 %
        sda                  0    2 KiB/s   2 %
        NETWORK     RECEIVED       SENT DROPPED
        eth0      1.43 MiB/s  293 KiB/s     0/s

        PID          CPU▾      MEMORY          DISK   FILES  NAME
        4242       63.0 %    1.96 GiB             0      32  postgres
        1           0.1 %    11.4 MiB             0      32  systemd
        ·               –     381 MiB             0      32  other







        q quit  Tab list  c m d f t n sort  r reverse  / filter  Space pause  ? help
    "#]],
    );
}

#[test]
fn on_a_wide_terminal() {
    check(
        Lists::One,
        160,
        Some(30),
        &expect![[r#"
        node7  up 3d 4h  load 0.52 0.61 1.00  Linux 6.12.4-amd64                                                                                            03:22:00 UTC
        CPU     [███████▓▓▓▒▒                            ]  30.0 % of 4  █user 17.5  ▓sys 7.5  ▒wait 3.8  ░other 1.2
        Memory  [██████████████████░░░░░░░░░░░░░░░░░     ] 8.38 GiB available of 14.9 GiB  █used 6.52 GiB  ░cache 6.52 GiB
        Swap    [██████████                              ] 477 MiB of 1.86 GiB used
        Waiting cpu 1.2 %   memory 0.0 %   io 21.0 / 8.0 %   (some / all tasks)

        DISK                           READ    WRITTEN  BUSY  NETWORK                  RECEIVED       SENT DROPPED  FILE SYSTEM                     SIZE      FREE  USED
        nvme0n1                  2.86 MiB/s 40.1 MiB/s  97 %  eth0                   1.43 MiB/s  293 KiB/s     0/s  /                           46.6 GiB  18.6 GiB  60 %
        sda                               0    2 KiB/s   2 %

        PID          CPU▾      MEMORY          DISK   FILES  NAME                        NAME                                     CPU  THROTTLED      MEMORY       LIMIT
        4242       63.0 %    1.96 GiB             0      32  postgres                    web                                   20.0 %     31.0 %    58.2 MiB      64 MiB
        1           0.1 %    11.4 MiB             0      32  systemd
        ·               –     381 MiB             0      32  other















        q quit  Tab list  c m d f t n sort  r reverse  / filter  Space pause  ? help
    "#]],
    );
}

#[test]
fn printed() {
    check(
        Lists::Both,
        80,
        None,
        &expect![[r#"
        node7  up 3d 4h  load 0.52 0.61 1.00  Linux 6.12.4-amd64            03:22:00 UTC
        CPU     [███▓▓             ]  30.0 % of 4  █user 18  ▓sys 8  ▒wait 4  ░other 1
        Memory  [████████░░░░░░░░  ] 8.38 GiB available  █used 6.52 GiB  ░cache 6.52 GiB
        Swap    [█████             ] 477 MiB of 1.86 GiB used
        Waiting cpu 1.2 %   memory 0.0 %   io 21.0 / 8.0 %   (some / all tasks)

        DISK              READ    WRITTEN  BUSY  FILE SYSTEM        SIZE      FREE  USED
        nvme0n1     2.86 MiB/s 40.1 MiB/s  97 %  /              46.6 GiB  18.6 GiB  60 %
        sda                  0    2 KiB/s   2 %
        NETWORK     RECEIVED       SENT DROPPED
        eth0      1.43 MiB/s  293 KiB/s     0/s

        PID          CPU▾      MEMORY          DISK   FILES  NAME
        4242       63.0 %    1.96 GiB             0      32  postgres
        1           0.1 %    11.4 MiB             0      32  systemd
        ·               –     381 MiB             0      32  other

        NAME                                     CPU▾  THROTTLED      MEMORY       LIMIT
        web                                    20.0 %     31.0 %    58.2 MiB      64 MiB
    "#]],
    );
}

#[test]
fn what_is_not_known_is_said_to_be_so() {
    let (snapshot, controls) = (Snapshot::default(), Controls::new(Lists::Both));
    let view = View {
        snapshot: &snapshot,
        controls: &controls,
        trouble: None,
        paused: false,
    };
    expect![[r#"

        CPU     two collections are needed for a rate; they come with time
        Memory  not known
        Swap    not known
        Waiting the kernel does not say (no /proc/pressure)

        DISK              READ    WRITTEN  BUSY  FILE SYSTEM        SIZE      FREE  USED
        NETWORK     RECEIVED       SENT DROPPED

        PID          CPU▾      MEMORY          DISK   FILES  NAME
        none known

        NAME                                     CPU▾  THROTTLED      MEMORY       LIMIT
        none known
    "#]]
    .assert_eq(&draw(&view, 80, view.height(80, 20)));
}

#[test]
fn trouble_leaves_the_old_picture() {
    let (snapshot, controls) = (snapshot(), Controls::new(Lists::One));
    let trouble = ClientError::AnswerTimeout {
        server: "http://x:1".to_owned(),
    };
    let view = View {
        snapshot: &snapshot,
        controls: &controls,
        trouble: Some(&trouble),
        paused: true,
    };
    let text = draw(&view, 80, 24);
    assert!(
        text.contains("postgres") && text.contains("old data: no answer from http://x:1"),
        "{text}"
    );
}

#[test]
fn no_size_is_too_small() {
    let (snapshot, mut controls) = (snapshot(), Controls::new(Lists::One));
    for help in [false, true] {
        controls.help = help;
        for (width, height) in [
            (0, 0),
            (1, 1),
            (5, 40),
            (40, 5),
            (20, 12),
            (131, 9),
            (133, 2),
            (151, 14),
        ] {
            let view = View {
                snapshot: &snapshot,
                controls: &controls,
                trouble: None,
                paused: false,
            };
            let text = draw(&view, width, height);
            assert_eq!(text.lines().count(), usize::from(height));
        }
    }
}
