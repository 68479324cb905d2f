//! `periplus query`: one expression, one answer, in the form a person or a program wants.

mod caption;
mod chart;
pub(crate) mod csv;
pub(crate) mod mistake;
mod sparkline;
mod table;
mod unit;

use model::{Clock, Millis};
use service::SystemClock;

use crate::cli::{OutputForm, QueryArgs};
use crate::client::{Answer, Client, ClientError, Data, Span};
use crate::report::Failure;
use crate::screen::{self, Paint};

/// Points that fit on a wide terminal; a step is chosen so that there are not many more.
const CHART_POINTS: Millis = 240;
/// Where a range begins that is given no beginning.
const DEFAULT_RANGE_MS: Millis = 3_600_000;

/// When an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Once; `None` is the server's present.
    At(Option<Millis>),
    /// At every step of a span.
    Over(Span),
}

/// Evaluates the expression and prints the answer.
///
/// # Errors
/// The command line is wrong, the server cannot be reached, or it refuses the expression.
pub(crate) async fn run(args: &QueryArgs) -> Result<(), Failure> {
    let when = when(args, SystemClock.now())?;
    let access = args.server.access()?;
    let mut client = Client::new(access).map_err(failure)?;
    let answer = match when {
        When::At(time) => client.query(&args.expr, time).await,
        When::Over(span) => client.query_range(&args.expr, span).await,
    };
    let answer = answer.map_err(|error| refusal(error, &args.expr))?;
    for note in &answer.notes {
        screen::say(&format!("{} {note}", Paint::stderr().bold("note:")));
    }
    let text = render(&answer, args, when);
    screen::print(&text).map_err(Failure::new)?;
    if is_empty(&answer.data) {
        screen::say(
            "no series match; `periplus query 'count by (__name__) ({job!=\"\"})'` lists all metrics",
        );
    }
    Ok(())
}

fn is_empty(data: &Data) -> bool {
    matches!(data, Data::Vector(series) | Data::Matrix(series) if series.is_empty())
}

fn render(answer: &Answer, args: &QueryArgs, when: When) -> String {
    let form = args.output.unwrap_or(match answer.data {
        Data::Matrix(_) if matches!(when, When::Over(_)) => OutputForm::Chart,
        _ => OutputForm::Table,
    });
    let units = unit::of_expression(&args.expr);
    match form {
        OutputForm::Json => format!("{}\n", answer.json),
        OutputForm::Csv => csv::render(&answer.data),
        OutputForm::Table => table::render(&answer.data, units, Paint::stdout()),
        OutputForm::Chart => {
            let size = chart::Size {
                width: screen::stdout_width(),
                height: chart::HEIGHT,
            };
            chart::render(&answer.data, units, size, Paint::stdout())
        }
    }
}

/// Decides when to evaluate; a range begins where `--from` or `--last` say, else an hour before its end.
fn when(args: &QueryArgs, now: Millis) -> Result<When, Failure> {
    let time = |option: &str, text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        crate::time::parse_time(text, now).map(Some).map_err(|expected| {
            Failure::message(format!("{option} {text:?} is not a time"))
                .usage()
                .hint(expected)
        })
    };
    let (at, from, to) = (
        time("--at", &args.at)?,
        time("--from", &args.from)?,
        time("--to", &args.to)?,
    );
    if from.is_none() && to.is_none() && args.last.is_none() && args.step.is_none() {
        return Ok(When::At(at));
    }
    let end = to.unwrap_or(now);
    let millis =
        |duration: std::time::Duration| Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
    let length = args.last.map_or(DEFAULT_RANGE_MS, millis);
    let start = from.unwrap_or_else(|| end.saturating_sub(length));
    if start > end {
        return Err(Failure::message("the range ends before it begins")
            .usage()
            .hint("swap --from and --to"));
    }
    let step = args.step.map_or_else(|| default_step(end - start), millis);
    if step == 0 {
        return Err(Failure::message("a step of zero never ends")
            .usage()
            .hint("try --step 15s"));
    }
    Ok(When::Over(Span { start, end, step }))
}

/// Chooses a round step for which a range has about as many points as a terminal can show.
fn default_step(length: Millis) -> Millis {
    const ROUND_SECONDS: [Millis; 16] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200,
    ];
    let least = length / CHART_POINTS;
    let round = ROUND_SECONDS
        .iter()
        .map(|seconds| seconds * 1000)
        .find(|step| *step >= least);
    round.unwrap_or_else(|| {
        least
            .div_euclid(86_400_000)
            .saturating_add(1)
            .saturating_mul(86_400_000)
    })
}

/// Makes a failure of an error of the client, with its hint.
pub(crate) fn failure(error: ClientError) -> Failure {
    let hint = error.hint();
    let failure = Failure::new(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// As [`failure`]; where the server blames a place in the expression, the place is shown.
fn refusal(error: ClientError, expr: &str) -> Failure {
    if let ClientError::Refused { kind, message, hint } = &error
        && kind == "bad_data"
        && let Some(mistake) = mistake::find(message)
    {
        let failure = Failure::message(mistake.message.clone()).detail(mistake.point_out(expr));
        let known = hint
            .clone()
            .or(mistake.hint)
            .or_else(|| mistake::local_hint(expr));
        return match known {
            Some(hint) => failure.hint(hint),
            None => failure,
        };
    }
    failure(error)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
