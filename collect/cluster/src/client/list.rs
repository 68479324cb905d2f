//! Lists, page by page.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::resource::{ListOrWatch, escape};
use super::{Client, Encoding, RequestError, Resource};

/// Bytes of one page.
const MAX_PAGE: usize = 256 << 20;

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest<'a> {
    /// Objects at most.
    pub(crate) limit: usize,
    /// Where the page before ended; `None` for the first.
    pub(crate) from: Option<&'a str>,
}

/// A page, not yet taken apart.
#[derive(Debug)]
pub(crate) struct Page(Bytes);

#[derive(Deserialize)]
struct RawList<'a> {
    #[serde(default)]
    metadata: RawListMeta,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    rows: Option<Vec<RawRow<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawListMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

/// A row of a table.
#[derive(Deserialize)]
pub(super) struct RawRow<'a> {
    #[serde(borrow)]
    cells: Vec<&'a RawValue>,
    #[serde(borrow)]
    object: RawRowObject<'a>,
}

#[derive(Deserialize)]
struct RawRowObject<'a> {
    #[serde(borrow)]
    metadata: &'a RawValue,
}

/// What a page says beside its objects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PageEnd {
    /// Version of the whole list.
    pub(crate) version: String,
    /// Where the next page begins; empty at the end.
    pub(crate) next: String,
}

impl Client {
    /// Reads a page of a list. The first page is of the newest version, not of the server's cache.
    ///
    /// # Errors
    /// The server cannot be reached, refuses (410 if the list has become too old), or answers too much.
    pub(crate) async fn page(
        &self,
        resource: &Resource,
        request: PageRequest<'_>,
    ) -> Result<Page, RequestError> {
        let mut path = format!("{}?limit={}", resource.path, request.limit);
        if let Some(from) = request.from {
            path.push_str("&continue=");
            path.push_str(&escape(from));
        }
        let accept = resource.accept(ListOrWatch::List);
        let answer = self.ask(&path, accept, Encoding::Gzip).await?;
        answer.read(MAX_PAGE).await.map(Page)
    }
}

impl Page {
    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Hands over each object's JSON.
    ///
    /// # Errors
    /// The page is no list.
    pub(crate) fn each(&self, mut take: impl FnMut(&str)) -> Result<PageEnd, RequestError> {
        let list: RawList<'_> = serde_json::from_slice(&self.0).map_err(RequestError::Malformed)?;
        for item in list.items.into_iter().flatten() {
            take(item.get());
        }
        for row in list.rows.into_iter().flatten() {
            take(&row.to_object());
        }
        Ok(PageEnd {
            version: list.metadata.resource_version,
            next: list.metadata.next,
        })
    }
}

/// Returns the object of a table with one row.
pub(super) fn only_row(table: &[u8]) -> Result<Vec<u8>, RequestError> {
    let list: RawList<'_> = serde_json::from_slice(table).map_err(RequestError::Malformed)?;
    let row = list.rows.into_iter().flatten().next();
    Ok(row.map_or_else(Vec::new, |row| row.to_object().into_owned().into_bytes()))
}

impl RawRow<'_> {
    /// Writes the row of a secret as the object that it stands for, without data.
    pub(super) fn to_object(&self) -> Cow<'static, str> {
        let metadata = self.object.metadata.get();
        let secret_type = self.cells.get(1).map_or("\"\"", |cell| cell.get());
        Cow::Owned(format!("{{\"metadata\":{metadata},\"type\":{secret_type}}}"))
    }
}
