//! Queries as trees that can be made smaller.

/// Type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Type {
    Scalar,
    Vector,
    Matrix,
}

/// An expression: text with places for others.
#[derive(Clone, Debug)]
pub(in super::super) struct Query {
    pub(in super::super) returns: Type,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Part(Query),
}

impl Query {
    pub(super) fn new(returns: Type) -> Self {
        Self {
            returns,
            pieces: Vec::new(),
        }
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    pub(super) fn part(mut self, part: Self) -> Self {
        self.pieces.push(Piece::Part(part));
        self
    }

    /// Returns the text of the query.
    pub(in super::super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Part(part) => part.write(out),
            }
        }
    }

    /// Returns smaller queries, the smallest first: parts alone, and the whole with a part made simple.
    pub(in super::super) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        self.collect_parts(&mut all);
        for (idx, piece) in self.pieces.iter().enumerate() {
            let Piece::Part(part) = piece else {
                continue;
            };
            for simple in part.simpler() {
                let mut whole = self.clone();
                whole.pieces[idx] = Piece::Part(simple);
                all.push(whole);
            }
        }
        let length = self.to_text().len();
        all.retain(|query| query.to_text().len() < length);
        all.sort_by_key(|query| query.to_text().len());
        all
    }

    fn collect_parts(&self, all: &mut Vec<Self>) {
        for piece in &self.pieces {
            if let Piece::Part(part) = piece {
                all.push(part.clone());
                part.collect_parts(all);
            }
        }
    }

    /// Returns what could stand in the place of this part.
    fn simpler(&self) -> Vec<Self> {
        let mut all = self.smaller();
        all.retain(|query| query.returns == self.returns);
        match self.returns {
            Type::Scalar => all.push(Self::new(Type::Scalar).text("1")),
            Type::Vector => all.push(Self::new(Type::Vector).text("vector(1)")),
            Type::Matrix => {}
        }
        all
    }

    /// Whether the query is a sort, the order of whose result means something.
    pub(in super::super) fn is_sorted(&self) -> bool {
        self.to_text().starts_with("sort")
    }
}
