//! Remote write requests, 1.0 and 2.0, as a sender makes them.
//!
//! Written here a second time on purpose: what the engines under test decode is not made by the code of one of them.
//! Formats: <https://prometheus.io/docs/specs/prw/remote_write_spec/> and
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>.

use super::series::Symbols;

/// Which version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `prometheus.WriteRequest`.
    One,
    /// `io.prometheus.write.v2.Request`.
    Two,
}

impl Protocol {
    /// Returns the headers of a request.
    pub(crate) fn headers(self) -> [(&'static str, &'static str); 3] {
        let (content_type, version) = match self {
            Self::One => ("application/x-protobuf", "0.1.0"),
            Self::Two => (
                "application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "2.0.0",
            ),
        };
        [
            ("Content-Type", content_type),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", version),
        ]
    }

    /// Returns the name that the report uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "remote write 1.0",
            Self::Two => "remote write 2.0",
        }
    }
}

/// Collects series of one request.
pub(crate) struct RequestWriter {
    protocol: Protocol,
    body: Vec<u8>,
    series: Vec<u8>,
    part: Vec<u8>,
    packed: Vec<u8>,
    /// Samples so far.
    pub(crate) samples: usize,
    /// Numbers of the request's symbols by their global numbers; 0 is none. Version 2 only.
    local: Vec<u32>,
    used: Vec<u32>,
}

impl RequestWriter {
    /// Starts an empty request.
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            body: Vec::new(),
            series: Vec::new(),
            part: Vec::new(),
            packed: Vec::new(),
            samples: 0,
            local: Vec::new(),
            used: Vec::new(),
        }
    }

    /// Adds a series: symbols of names and values in turn, sorted by name, and its samples in order of time.
    pub(crate) fn push(&mut self, symbols: &Symbols, labels: &[u32], samples: &[(i64, f64)]) {
        self.series.clear();
        match self.protocol {
            Protocol::One => {
                for pair in labels.as_chunks::<2>().0 {
                    self.part.clear();
                    push_bytes(&mut self.part, 1, symbols.text(pair[0]).as_bytes());
                    push_bytes(&mut self.part, 2, symbols.text(pair[1]).as_bytes());
                    push_bytes(&mut self.series, 1, &self.part);
                }
            }
            Protocol::Two => {
                self.part.clear();
                self.local.resize(symbols.len(), 0);
                for &symbol in labels {
                    let local = &mut self.local[symbol as usize];
                    if *local == 0 {
                        self.used.push(symbol);
                        *local = self.used.len() as u32;
                    }
                    push_varint(&mut self.part, u64::from(*local));
                }
                push_bytes(&mut self.series, 1, &self.part);
            }
        }
        for &(time, value) in samples {
            self.part.clear();
            push_varint(&mut self.part, (1 << 3) | 1);
            self.part.extend_from_slice(&value.to_bits().to_le_bytes());
            push_varint(&mut self.part, 2 << 3);
            push_varint(&mut self.part, time.cast_unsigned());
            push_bytes(&mut self.series, 2, &self.part);
        }
        let field = match self.protocol {
            Protocol::One => 1,
            Protocol::Two => 5,
        };
        push_bytes(&mut self.body, field, &self.series);
        self.samples += samples.len();
    }

    /// Returns the compressed request and starts the next one.
    pub(crate) fn finish(&mut self, symbols: &Symbols) -> anyhow::Result<&[u8]> {
        if self.protocol == Protocol::Two {
            // The empty string comes first, by the specification.
            push_bytes(&mut self.body, 4, b"");
            for symbol in self.used.drain(..) {
                push_bytes(&mut self.body, 4, symbols.text(symbol).as_bytes());
                self.local[symbol as usize] = 0;
            }
        }
        self.packed
            .resize(snap::raw::max_compress_len(self.body.len()), 0);
        let len = snap::raw::Encoder::new().compress(&self.body, &mut self.packed)?;
        self.packed.truncate(len);
        self.body.clear();
        self.samples = 0;
        Ok(&self.packed)
    }
}

fn push_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    push_varint(out, (field << 3) | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests;
