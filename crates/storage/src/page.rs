//! Page tokens: where a keyset page ended, opaque, and bound to its filter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// The token is not one of ours, or is of another filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page token does not belong to this list")]
pub struct ForeignToken;

/// Makes a token from the last key of a page and the filter's own words.
pub fn encode<K: Serialize>(filter: &str, last: &K) -> Result<String, serde_json::Error> {
    let body = serde_json::to_vec(&(tag(filter), last))?;
    Ok(URL_SAFE_NO_PAD.encode(body))
}

/// The key in a token; `None` for the empty token of the first page.
pub fn decode<K: DeserializeOwned>(filter: &str, token: &str) -> Result<Option<K>, ForeignToken> {
    if token.is_empty() {
        return Ok(None);
    }
    let body = URL_SAFE_NO_PAD.decode(token).map_err(|_| ForeignToken)?;
    let (made_for, last): (u64, K) = serde_json::from_slice(&body).map_err(|_| ForeignToken)?;
    if made_for == tag(filter) {
        Ok(Some(last))
    } else {
        Err(ForeignToken)
    }
}

fn tag(filter: &str) -> u64 {
    let digest = Sha256::digest(filter.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |sum, b| sum << 8 | u64::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_its_own_list_only() {
        let token = encode("unit=1", &("2026-01-01", 7)).unwrap();
        assert_eq!(
            decode("unit=1", &token),
            Ok(Some(("2026-01-01".to_owned(), 7)))
        );
        assert_eq!(decode::<(String, i32)>("unit=2", &token), Err(ForeignToken));
        assert_eq!(decode::<(String, i32)>("unit=1", "x"), Err(ForeignToken));
        assert_eq!(decode::<(String, i32)>("unit=1", ""), Ok(None));
    }
}
