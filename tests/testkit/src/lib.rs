//! What the tests share: the binary under test, peers, ports, waits.
