//! Procedure cases by words.

use domain::text::fold;

use super::App;
use crate::data::Case;
use crate::error::Error;
use crate::store::catalogue;

/// How many cases a page has when the caller does not say.
pub const PAGE: u64 = 100;

/// A page of the cases that hold every word of the query, without regard to
/// accents, after a key; with the key of the last one if there are more.
pub async fn run(
    app: &App,
    query: &str,
    after: &str,
    size: u64,
) -> Result<(Vec<Case>, Option<String>), Error> {
    let words: Vec<String> = fold(query)
        .split(' ')
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    let mut cases = catalogue::cases(app.db.read(), &words, after, size + 1).await?;
    let more = u64::try_from(cases.len()).is_ok_and(|n| n > size);
    if more {
        cases.pop();
    }
    let next = cases.last().filter(|_| more).map(|case| case.id.clone());
    Ok((cases, next))
}

/// One case.
pub async fn get(app: &App, id: &str) -> Result<Case, Error> {
    let reference = app.references.now(app.db.read()).await?;
    let case = reference.case(id).ok_or(Error::NotFound("case"))?;
    Ok(Case::clone(&case))
}
