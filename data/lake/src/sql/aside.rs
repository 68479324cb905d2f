//! A table that could not be opened: it is known, and says why it has no rows.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

use crate::definition::TableDef;

/// A table that is set aside until the lake is opened again. Nothing of it is read or written.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    /// What the table is.
    pub(crate) def: TableDef,
    /// Why, and what to do.
    pub(crate) reason: Arc<str>,
}

#[async_trait]
impl TableProvider for Aside {
    fn schema(&self) -> SchemaRef {
        self.def.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let reason = format!("table {} is set aside: {}", self.def.name, self.reason);
        Err(DataFusionError::External(reason.into()))
    }
}
