//! `periplus sql`: a query in SQL, its rows in the form a person or a program wants.

mod render;

use crate::cli::{RowsForm, SqlArgs};
use crate::client::{Client, ClientError};
use crate::query::{failure, mistake};
use crate::report::Failure;
use crate::screen::{self, Paint};

/// Asks and prints.
///
/// # Errors
/// The server cannot be reached, or it refuses the query.
pub(crate) async fn run(args: &SqlArgs) -> Result<(), Failure> {
    let mut client = Client::new(args.server.access()?).map_err(failure)?;
    let Some(query) = &args.query else {
        let tables = client.tables().await.map_err(failure)?;
        let text = match args.output {
            RowsForm::Table => render::tables(&tables, Paint::stdout()),
            _ => {
                return Err(Failure::message("the list of tables has one form only")
                    .usage()
                    .hint("information_schema.columns lists them in any form: periplus sql -o csv 'SELECT * FROM information_schema.columns'"));
            }
        };
        return screen::print(&text).map_err(Failure::new);
    };
    let rows = client.sql(query).await.map_err(|error| refusal(error, query))?;
    for note in &rows.notes {
        screen::say(&format!("{} {note}", Paint::stderr().bold("note:")));
    }
    let text = match args.output {
        RowsForm::Table => render::table(&rows, Paint::stdout()),
        RowsForm::Json => format!("{}\n", rows.json),
        RowsForm::Ndjson => render::ndjson(&rows),
        RowsForm::Csv => render::csv(&rows),
    };
    screen::print(&text).map_err(Failure::new)?;
    if rows.rows.is_empty() && args.output == RowsForm::Table {
        screen::say("no rows");
    }
    Ok(())
}

/// Makes a failure of an error; where the server blames a place in the query, the place is shown.
fn refusal(error: ClientError, query: &str) -> Failure {
    let ClientError::Refused { message, hint, .. } = &error else {
        return failure(error);
    };
    let Some(mistake) = mistake::find(message) else {
        return failure(error);
    };
    let failure = Failure::message(mistake.message.clone()).detail(mistake.point_out(query));
    match hint.clone().or(mistake.hint) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests;
