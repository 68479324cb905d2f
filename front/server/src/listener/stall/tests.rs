use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_write_that_nobody_reads_fails() {
    let (near, _far) = duplex(16);
    let mut stream = StallTimeout::new(near, TIMEOUT);
    let error = stream.write_all(&[0; 32]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_waited_for() {
    let (near, mut far) = duplex(16);
    let mut stream = StallTimeout::new(near, TIMEOUT);
    let write = async {
        stream.write_all(&[7; 64]).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let read = async {
        let mut piece = [0; 16];
        for _ in 0..4 {
            tokio::time::advance(TIMEOUT / 2).await;
            far.read_exact(&mut piece).await.unwrap();
            assert_eq!(piece, [7; 16]);
        }
    };
    tokio::join!(write, read);
}
