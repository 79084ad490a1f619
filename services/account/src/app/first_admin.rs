//! The first administrator: a one-time link, and no default password anywhere.

use uuid::Uuid;

use super::App;
use super::passwords;
use super::sign_in;
use super::tokens::Issued;
use super::told::Verb;
use crate::error::Error;
use crate::organisation::FIRST_ADMIN;
use crate::store::people;

/// The shortest password that stands alone, in characters.
const SHORTEST: usize = 15;

/// The token of the link; none when the account has been taken up. It derives
/// from the master key, so that a restart shows the same link.
pub(crate) async fn open(app: &App) -> Result<Option<String>, Error> {
    let person = people::by_login(app.db.read(), FIRST_ADMIN).await?;
    let waiting = person.filter(|p| p.password.is_none());
    Ok(waiting.map(|p| app.secrets.derived("first-admin", &p.id.to_string())))
}

/// Takes the account up, once.
pub(crate) async fn claim(
    app: &App,
    request_id: Uuid,
    token: &str,
    password: &str,
) -> Result<Issued, Error> {
    let password = domain::text::nfc(password);
    if password.chars().count() < SHORTEST {
        return Err(Error::Field("password", "phải có ít nhất 15 ký tự"));
    }
    let expected = open(app).await?.ok_or(Error::Credentials)?;
    // Both are 256-bit values; comparing their hashes tells nothing by time.
    if super::secrets::fingerprint(&expected) != super::secrets::fingerprint(token) {
        return Err(Error::Credentials);
    }
    let person = people::by_login(app.db.read(), FIRST_ADMIN)
        .await?
        .ok_or(Error::Credentials)?;
    let hash = app.secrets.hash_password(password.clone()).await?;
    let actor = format!("person:{}", person.id);
    let verb = Verb::new(
        app,
        "person",
        "account.first_admin_claimed",
        &actor,
        request_id,
    );
    if !passwords::set(app, &verb, &person, hash).await? {
        return Err(Error::Credentials);
    }
    sign_in::run(app, FIRST_ADMIN, &password).await
}
