//! The dossier code (*mã hồ sơ*): `<agency>-YYMMDD-NNNN` (NĐ 61/2018 art. 26,
//! TT 01/2018 art. 19).

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

/// A dossier code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DossierCode {
    /// The receiving agency's identifier: groups of `A–Z0–9` joined by dots.
    pub agency: String,
    /// The day of acceptance, in Vietnam.
    pub day: NaiveDate,
    /// The running number of the day, from 1; above 9,999 it widens.
    pub serial: u32,
}

impl DossierCode {
    /// The longest code that other systems keep, in characters.
    pub const LONGEST: usize = 50;

    /// Puts a code together.
    pub fn new(agency: &str, day: NaiveDate, serial: u32) -> Result<Self, CodeError> {
        let code = Self {
            agency: agency.to_owned(),
            day,
            serial,
        };
        if serial == 0 || !is_agency(agency) {
            return Err(CodeError);
        }
        if code.to_string().len() > Self::LONGEST {
            Err(CodeError)
        } else {
            Ok(code)
        }
    }
}

impl fmt::Display for DossierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}-{:04}",
            self.agency,
            self.day.format("%y%m%d"),
            self.serial
        )
    }
}

impl FromStr for DossierCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut parts = text.rsplitn(3, '-');
        let (serial, day, agency) = (parts.next(), parts.next(), parts.next());
        let (Some(serial), Some(day), Some(agency)) = (serial, day, agency) else {
            return Err(CodeError);
        };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !(4..=7).contains(&serial.len()) || !digits(serial) || day.len() != 6 || !digits(day) {
            return Err(CodeError);
        }
        // Two-digit years are of this century: the code exists since 2018.
        let day =
            NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d").map_err(|_| CodeError)?;
        let code = Self::new(agency, day, serial.parse().map_err(|_| CodeError)?)?;
        if code.to_string() == text {
            Ok(code)
        } else {
            Err(CodeError)
        }
    }
}

/// A letter and two digits, then groups of capitals and digits.
fn is_agency(text: &str) -> bool {
    let mut groups = text.split('.');
    let province = groups
        .next()
        .is_some_and(|g| matches!(g.as_bytes(), [b'A'..=b'Y', b'0'..=b'9', b'0'..=b'9']));
    province
        && groups.all(|g| {
            !g.is_empty()
                && g.bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
}

/// Not a dossier code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mã hồ sơ không đúng dạng <mã đơn vị>-NNTTNN-<số thứ tự>")]
pub struct CodeError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_print_and_parse_and_widens() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        for (serial, text) in [
            (12, "H27.TAM.18583-261124-0012"),
            (10_000, "H27.TAM.18583-261124-10000"),
        ] {
            let code = DossierCode::new("H27.TAM.18583", day, serial).unwrap();
            assert_eq!(code.to_string(), text);
            assert_eq!(text.parse(), Ok(code));
        }
    }

    #[test]
    fn what_is_not_a_code_is_refused() {
        for text in [
            "",
            "H27-261124-12",
            "h27-261124-0012",
            "H27-261331-0012",
            "H27..1-261124-0012",
            "H27-261124-00012",
            "H27-261124-0000",
            "27H-261124-0001",
            "H27-26112４-0001",
        ] {
            assert_eq!(text.parse::<DossierCode>(), Err(CodeError), "{text}");
        }
    }
}
