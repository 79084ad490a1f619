//! The pages, one file each: fetch by gRPC, render.

pub(crate) mod act;
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

use crate::error::Problem;
use crate::frame::Frame;
use crate::session::same_secret;

/// A rendered page.
type Page = Result<Html<String>, Problem>;

fn render(page: &impl Template) -> Page {
    Ok(Html(page.render()?))
}

/// The fields of a form, by name; the last of two of the same name counts.
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The trimmed text of a field; empty when it is not there.
    fn text(&self, name: &str) -> String {
        self.0
            .get(name)
            .map(|v| v.trim().to_owned())
            .unwrap_or_default()
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
