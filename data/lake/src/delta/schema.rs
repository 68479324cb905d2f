//! The schema of a table as the transaction log has it.

use serde_json::{Map, Value, json};

use crate::definition::{Column, Kind, TableDef};

/// Returns the schema as the JSON text that a `metaData` action holds.
pub(super) fn schema_string(def: &TableDef) -> String {
    let fields: Vec<Value> = def.columns.iter().map(|column| field(def, column)).collect();
    json!({ "type": "struct", "fields": fields }).to_string()
}

fn field(def: &TableDef, column: &Column) -> Value {
    let mut metadata = Map::new();
    metadata.insert("comment".to_owned(), column.about.into());
    if !column.unit.is_empty() {
        metadata.insert("unit".to_owned(), column.unit.into());
    }
    let kind = match column.kind {
        Kind::Text => json!("string"),
        Kind::Integer => json!("long"),
        Kind::Float => json!("double"),
        Kind::Time => json!("timestamp"),
        Kind::Attributes => json!({
            "type": "map", "keyType": "string", "valueType": "string", "valueContainsNull": false
        }),
    };
    json!({
        "name": column.name, "type": kind, "nullable": column.name != def.time, "metadata": metadata
    })
}
