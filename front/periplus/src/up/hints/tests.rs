use std::io;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use server::ServerError;
use store::StoreError;

use crate::screen::Paint;
use crate::up::config::UpConfig;
use crate::up::config::testing::config;

fn check_store(error: StoreError, expected: &Expect) {
    expected.assert_eq(&super::store(error).render(Paint::PLAIN));
}

fn check_server(error: ServerError, config: &UpConfig, expected: &Expect) {
    expected.assert_eq(&super::server(error, config).render(Paint::PLAIN));
}

#[test]
fn store_errors_end_in_the_next_step() {
    let path = || PathBuf::from("/data/store");
    check_store(
        StoreError::Locked { path: path() },
        &expect![[r#"
        error: data folder /data/store is in use by another process
        hint: `periplus up` runs already with this folder: look at its page, stop it, or give this one its own folder with --data DIR and its own port with --listen
    "#]],
    );
    check_store(
        StoreError::NewerFormat {
            path: path(),
            found: 9,
            supported: 1,
        },
        &expect![[r#"
        error: /data/store has format 9, newer than 1, the newest this version reads
        hint: start the newer version that wrote it, or begin afresh with another --data DIR; nothing was changed
    "#]],
    );
    let source = || io::Error::from(io::ErrorKind::PermissionDenied);
    check_store(
        StoreError::Io {
            action: "open",
            path: path(),
            source: source(),
        },
        &expect![[r#"
        error: failed to open /data/store
          cause: permission denied
        hint: choose a folder that this user may write with --data DIR
    "#]],
    );
    let source = io::Error::from(io::ErrorKind::StorageFull);
    check_store(
        StoreError::Io {
            action: "write",
            path: path(),
            source,
        },
        &expect![[r#"
        error: failed to write /data/store
          cause: no storage space
        hint: make room on that disk, or choose another with --data DIR
    "#]],
    );
}

#[test]
fn server_errors_end_in_the_next_step() {
    let config = config(&[]);
    let listen = |kind: io::ErrorKind, address: &str| ServerError::Listen {
        address: address.parse().unwrap(),
        source: io::Error::from(kind),
    };
    check_server(
        listen(io::ErrorKind::AddrInUse, "[::1]:8420"),
        &config,
        &expect![[r#"
        error: failed to listen on [::1]:8420
          cause: address in use
        hint: something listens there already, perhaps another `periplus up`: choose another port, for example --listen [::1]:0 for a free one
    "#]],
    );
    check_server(
        listen(io::ErrorKind::AddrNotAvailable, "192.0.2.1:8420"),
        &config,
        &expect![[r#"
        error: failed to listen on 192.0.2.1:8420
          cause: address not available
        hint: this machine does not have that address: choose one of `ip address`, or --listen 0.0.0.0:8420 for all
    "#]],
    );
    check_server(
        listen(io::ErrorKind::PermissionDenied, "127.0.0.1:80"),
        &config,
        &expect![[r#"
        error: failed to listen on 127.0.0.1:80
          cause: permission denied
        hint: ports below 1024 need root: choose one above with --listen
    "#]],
    );
}
