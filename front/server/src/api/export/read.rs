//! Remote read: samples or chunks of the series that another server asks for.
//!
//! Specification: <https://prometheus.io/docs/specs/remote_read_spec/>. An answer of chunks is written while it is
//! read, series by series in order of labels, so memory holds one series and what the connection has not taken yet.
//! An answer of samples is one message and has to be held whole; it is bounded like a query.

use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use model::{Labels, LabelsBuilder, MatchOp, Matcher, Query, QueryError, SampleBuffer, Selection, SeriesSet};
use tokio::sync::mpsc;
use wire::{
    CONTENT_TYPE_CHUNKS, CONTENT_TYPE_SAMPLES, ReadForm, ReadLimits, ReadRequest, SamplesResponse,
    decode_read_request, push_chunked_series,
};

use super::ExportError;
use crate::api::answer::{ApiError, ErrorKind};
use crate::api::names::storage_error;
use crate::api::params::read_body;
use crate::app::App;
use crate::pool::Stop;

/// Bytes of one frame of chunks, as in Prometheus.
const FRAME_BYTES: usize = 1 << 20;
/// Pieces that wait for the connection to take them.
const WAITING_PIECES: usize = 4;

/// `POST /api/v1/read`.
pub(crate) async fn read(State(app): State<Arc<App>>, request: Request) -> Response {
    match answer(app, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(app: Arc<App>, request: Request) -> Result<Response, ExportError> {
    let limits = ReadLimits::default();
    let body = read_body(request.into_body(), limits.max_decoded_bytes).await?;
    let mut request = decode_read_request(&body, &limits)
        .map_err(|error| ExportError::bad_request(model::with_causes(&error)))?;
    let external = app.external_labels();
    for query in &mut request.queries {
        leave_out_external(&mut query.selection.matchers, &external);
    }
    match request.form {
        ReadForm::Samples => samples(&app, request, external).await,
        ReadForm::StreamedXorChunks => chunks(&app, request, external).await,
    }
}

/// What the answer's labels will have is not in the store: a matcher for it must find series without it.
fn leave_out_external(matchers: &mut [Matcher], external: &Labels) {
    for matcher in matchers {
        if matcher.op() == MatchOp::Equal && external.get(matcher.name()) == Some(matcher.value()) {
            *matcher = Matcher::equal(matcher.name(), "");
        }
    }
}

async fn samples(app: &App, request: ReadRequest, external: Labels) -> Result<Response, ExportError> {
    let query = Arc::clone(&app.sources.query);
    let max_samples = app.config.query.max_samples;
    let work = move |stop: &Stop| {
        let mut response = SamplesResponse::default();
        let mut buffer = SampleBuffer::default();
        for one in &request.queries {
            response.begin_query();
            for (labels, idx, set) in Sorted::select(&*query, &one.selection, stop)?.iter() {
                check(stop)?;
                set.read(idx, &mut buffer).map_err(storage_error)?;
                response.push_series(&with_external(labels, &external), &buffer);
                if response.n_samples() > max_samples {
                    let text = format!("exceeded sample limit ({max_samples})");
                    return Err(ApiError::new(ErrorKind::BadData, text)
                        .hint("ask for chunks, narrow the selector or shorten the range"));
                }
            }
        }
        Ok(response.finish())
    };
    let body = app.pool.run(app.config.query.timeout, work).await?;
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE_SAMPLES));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
    Ok(response)
}

async fn chunks(app: &Arc<App>, request: ReadRequest, external: Labels) -> Result<Response, ExportError> {
    let (pieces, taken) = mpsc::channel::<Result<Bytes, ApiError>>(WAITING_PIECES);
    let app = Arc::clone(app);
    let writer = async move {
        let query = Arc::clone(&app.sources.query);
        let out = pieces.clone();
        let work = move |stop: &Stop| stream_chunks((&*query, &request), &external, (&out, stop));
        if let Err(error) = app.pool.run(app.config.query.timeout, work).await {
            // Whoever waited may be gone, and then nobody needs the reason.
            drop(pieces.send(Err(error)).await);
        }
    };
    let mut pipe = Pipe {
        taken,
        writer: Some(Box::pin(writer)),
    };
    // Errors before the first piece are told with their status.
    let first = match pipe.next().await {
        Some(Err(error)) => return Err(error.into()),
        Some(Ok(piece)) => piece,
        None => Bytes::new(),
    };
    let rest = stream::unfold(pipe, |mut pipe| async move {
        let piece = pipe.next().await?;
        Some((piece.map_err(|error| std::io::Error::other(error.text())), pipe))
    });
    let body = stream::iter([Ok(first)]).chain(rest);
    let mut response = Response::new(Body::from_stream(body));
    let content_type = HeaderValue::from_static(CONTENT_TYPE_CHUNKS);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

/// What was written so far, and who writes on while it is asked for; dropping it ends the writer.
struct Pipe {
    taken: mpsc::Receiver<Result<Bytes, ApiError>>,
    writer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Pipe {
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        if let Some(writer) = &mut self.writer {
            tokio::select! {
                biased;
                piece = self.taken.recv() => return piece,
                () = writer => {}
            }
            self.writer = None;
        }
        self.taken.recv().await
    }
}

/// Writes frames and hands them over as they come; to be called where CPU may be used.
fn stream_chunks(
    (query, request): (&dyn Query, &ReadRequest),
    external: &Labels,
    (out, stop): (&mpsc::Sender<Result<Bytes, ApiError>>, &Stop),
) -> Result<(), ApiError> {
    let mut buffer = SampleBuffer::default();
    let mut piece = Vec::new();
    for (number, one) in request.queries.iter().enumerate() {
        for (labels, idx, set) in Sorted::select(query, &one.selection, stop)?.iter() {
            check(stop)?;
            set.read(idx, &mut buffer).map_err(storage_error)?;
            let labels = with_external(labels, external);
            push_chunked_series(&mut piece, number, (&labels, &buffer), FRAME_BYTES);
            if piece.len() >= FRAME_BYTES {
                hand_over(out, &mut piece)?;
            }
        }
    }
    if piece.is_empty() {
        return Ok(());
    }
    hand_over(out, &mut piece)
}

fn hand_over(out: &mpsc::Sender<Result<Bytes, ApiError>>, piece: &mut Vec<u8>) -> Result<(), ApiError> {
    out.blocking_send(Ok(Bytes::from(std::mem::take(piece))))
        .map_err(|_gone| canceled())
}

fn canceled() -> ApiError {
    ApiError::new(ErrorKind::Canceled, "request was canceled")
}

fn check(stop: &Stop) -> Result<(), ApiError> {
    match stop.interrupt() {
        Some(_) => Err(canceled()),
        None => Ok(()),
    }
}

/// The series of a selection in order of labels.
struct Sorted {
    set: Box<dyn SeriesSet>,
    order: Vec<(Labels, usize)>,
}

impl Sorted {
    fn select(query: &dyn Query, selection: &Selection, stop: &Stop) -> Result<Self, ApiError> {
        let set = query
            .select(selection)
            .map_err(|error: QueryError| storage_error(error))?;
        let mut order = Vec::with_capacity(set.len());
        for idx in 0..set.len() {
            if idx % 4096 == 0 {
                check(stop)?;
            }
            order.push((set.labels(idx), idx));
        }
        order.sort_unstable();
        Ok(Self { set, order })
    }

    fn iter(&self) -> impl Iterator<Item = (&Labels, usize, &dyn SeriesSet)> {
        self.order.iter().map(|(labels, idx)| (labels, *idx, &*self.set))
    }
}

/// Adds the external labels that a series does not have itself.
pub(super) fn with_external(labels: &Labels, external: &Labels) -> Labels {
    if external.is_empty() {
        return labels.clone();
    }
    let mut builder = LabelsBuilder::default();
    for (name, value) in labels.iter() {
        builder.add(name, value);
    }
    for (name, value) in external.iter().filter(|(name, _)| labels.get(name).is_none()) {
        builder.add(name, value);
    }
    // Too long together: the series as it is says more than none.
    builder.build().unwrap_or_else(|_| labels.clone())
}

#[cfg(test)]
mod tests;
