//! The pages, one file each: fetch by gRPC, render.

pub(crate) mod act;
pub(crate) mod amend;
pub(crate) mod dossier;
pub(crate) mod first_admin;
pub(crate) mod home;
pub(crate) mod inbox;
pub(crate) mod intake;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod slip;

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Html;

use crate::App;
use crate::error::Problem;
use crate::frame::Frame;
use crate::session::{Notice, same_secret};

/// A rendered page.
type Page = Result<Html<String>, Problem>;

/// What the last act left to say, as (it was done, text).
fn notice(app: &App, frame: &Frame) -> Option<(bool, String)> {
    Some(match app.sessions.take_notice(&frame.key)? {
        Notice::Done(text) => (true, text),
        Notice::Undone(text) => (false, text),
    })
}

fn render(page: &impl Template) -> Page {
    Ok(Html(page.render()?))
}

/// The fields of a form, by name; the last of two of the same name counts.
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The trimmed text of a field; empty when it is not there. Browsers end the
    /// lines of a form with two characters, of which the services know one.
    fn text(&self, name: &str) -> String {
        self.0
            .get(name)
            .map(|v| v.trim().replace("\r\n", "\n"))
            .unwrap_or_default()
    }

    /// As it was sent, to be sent again.
    fn resend(self) -> Vec<(String, String)> {
        self.0.into_iter().collect()
    }

    /// Only a form of this session's page may act.
    fn of_frame(&self, frame: &Frame) -> Result<(), Problem> {
        self.of_secret(&frame.csrf)
    }

    fn of_secret(&self, secret: &str) -> Result<(), Problem> {
        if same_secret(&self.text("csrf"), secret) {
            Ok(())
        } else {
            Err(Problem::ForeignForm)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_form_end_as_the_services_know_them() {
        let fields = Fields::of(vec![("note".to_owned(), " một\r\nhai\r\n".to_owned())]);
        assert_eq!(fields.text("note"), "một\nhai");
    }
}
