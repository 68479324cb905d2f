//! Protobuf messages field by field, so that a test can also write what no sender should, and read what is answered.
//! Fields of remote write 2.0: `prompb/io/prometheus/write/v2/types.proto`.

/// Bytes of a protobuf message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    pub(crate) fn varint(&mut self, number: u64, value: u64) -> &mut Self {
        self.push(number << 3);
        self.push(value);
        self
    }

    pub(crate) fn double(&mut self, number: u64, value: f64) -> &mut Self {
        self.push(number << 3 | 1);
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
        self
    }

    pub(crate) fn fixed64(&mut self, number: u64, value: u64) -> &mut Self {
        self.push(number << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, number: u64, value: &[u8]) -> &mut Self {
        self.push(number << 3 | 2);
        self.push(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    pub(crate) fn message(&mut self, number: u64, write: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(number, &inner.0)
    }

    pub(crate) fn packed(&mut self, number: u64, values: &[u64]) -> &mut Self {
        let mut inner = Self::default();
        values.iter().for_each(|value| inner.push(*value));
        self.bytes(number, &inner.0)
    }

    pub(crate) fn doubles(&mut self, number: u64, values: &[f64]) -> &mut Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_bits().to_le_bytes())
            .collect();
        self.bytes(number, &bytes)
    }

    fn push(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// Zigzag, as `sint32` and `sint64` are written.
pub(crate) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) symbols: Vec<String>,
    series: Vec<Message>,
}

impl Request {
    pub(crate) fn new() -> Self {
        Self {
            symbols: vec![String::new()],
            series: Vec::new(),
        }
    }

    /// Returns the reference of a symbol.
    pub(crate) fn symbol(&mut self, text: &str) -> u64 {
        let known = self.symbols.iter().position(|symbol| symbol == text);
        known.unwrap_or_else(|| {
            self.symbols.push(text.to_owned());
            self.symbols.len() - 1
        }) as u64
    }

    pub(crate) fn references(&mut self, labels: &[(&str, &str)]) -> Vec<u64> {
        let pairs = labels.iter().flat_map(|(name, value)| [*name, *value]);
        pairs.map(|text| self.symbol(text)).collect()
    }

    /// Adds a series with labels; `write` adds the rest.
    pub(crate) fn series(
        &mut self,
        labels: &[(&str, &str)],
        write: impl FnOnce(&mut Self, &mut Message),
    ) -> &mut Self {
        let mut series = Message::default();
        let references = self.references(labels);
        series.packed(1, &references);
        write(self, &mut series);
        self.series.push(series);
        self
    }

    /// Adds a series as it is.
    pub(crate) fn raw_series(&mut self, series: Message) -> &mut Self {
        self.series.push(series);
        self
    }

    /// Returns the snappy block.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut body = Message::default();
        for symbol in &self.symbols {
            body.bytes(4, symbol.as_bytes());
        }
        for series in &self.series {
            body.bytes(5, &series.0);
        }
        snap::raw::Encoder::new().compress_vec(&body.0).unwrap()
    }
}

pub(crate) fn sample(series: &mut Message, value: f64, timestamp: i64) {
    series.message(2, |sample| {
        sample.double(1, value).varint(2, timestamp.cast_unsigned());
    });
}

pub(crate) fn exemplar(
    request: &mut Request,
    series: &mut Message,
    labels: &[(&str, &str)],
    (value, timestamp): (f64, i64),
) {
    let references = request.references(labels);
    series.message(4, |exemplar| {
        exemplar
            .packed(1, &references)
            .double(2, value)
            .varint(3, timestamp.cast_unsigned());
    });
}

pub(crate) fn metadata(request: &mut Request, series: &mut Message, (kind, help, unit): (u64, &str, &str)) {
    let (help, unit) = (request.symbol(help), request.symbol(unit));
    series.message(5, |metadata| {
        metadata.varint(1, kind).varint(3, help).varint(4, unit);
    });
}

/// An integer histogram: 1 in the zero bucket, 2 and 3 in the buckets 0 and 1 above zero.
pub(crate) fn integer_histogram(series: &mut Message, timestamp: i64) {
    series.message(3, |histogram| {
        histogram
            .varint(1, 6)
            .double(3, 7.5)
            .varint(4, zigzag(0))
            .double(5, 0.001)
            .varint(6, 1);
        histogram.message(11, |span| {
            span.varint(1, zigzag(0)).varint(2, 2);
        });
        histogram
            .packed(12, &[zigzag(2), zigzag(1)])
            .varint(15, timestamp.cast_unsigned());
    });
}

/// A float histogram with the same buckets, halved.
pub(crate) fn float_histogram(series: &mut Message, timestamp: i64) {
    series.message(3, |histogram| {
        histogram
            .double(2, 3.0)
            .double(3, 3.75)
            .varint(4, zigzag(0))
            .double(5, 0.001)
            .double(7, 0.5);
        histogram.message(11, |span| {
            span.varint(1, zigzag(0)).varint(2, 2);
        });
        histogram
            .doubles(13, &[1.0, 1.5])
            .varint(15, timestamp.cast_unsigned());
    });
}

/// A histogram with the bounds 0.5 and 1 listed.
pub(crate) fn custom_histogram(series: &mut Message, timestamp: i64) {
    series.message(3, |histogram| {
        histogram
            .varint(1, 5)
            .double(3, 4.0)
            .varint(4, zigzag(-53))
            .varint(6, 0);
        histogram.message(11, |span| {
            span.varint(1, zigzag(0)).varint(2, 3);
        });
        histogram
            .packed(12, &[zigzag(2), zigzag(0), zigzag(-1)])
            .doubles(16, &[0.5, 1.0]);
        histogram.varint(15, timestamp.cast_unsigned());
    });
}

/// What a field holds: a number, or bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Held<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Takes a varint off the front.
pub(crate) fn take_varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().expect("a varint ends");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

/// The fields of a message in order.
pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u64, Held<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = take_varint(&mut bytes);
        let held = match tag & 7 {
            0 => Held::Number(take_varint(&mut bytes)),
            1 => {
                let (value, rest) = bytes.split_first_chunk().expect("eight bytes");
                bytes = rest;
                Held::Number(u64::from_le_bytes(*value))
            }
            2 => {
                let len = take_varint(&mut bytes) as usize;
                let (value, rest) = bytes.split_at(len);
                bytes = rest;
                Held::Bytes(value)
            }
            other => panic!("wire type {other}"),
        };
        found.push((tag >> 3, held));
    }
    found
}

/// The inner messages or texts of one field.
pub(crate) fn inner(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let wanted = fields(bytes).into_iter().filter(|(n, _)| *n == number);
    let bytes = wanted.filter_map(|(_, held)| match held {
        Held::Bytes(bytes) => Some(bytes),
        Held::Number(_) => None,
    });
    bytes.collect()
}
