//! Synthetic applicants. Their citizen numbers begin with 003, which no province
//! has, so that a strict check tells them from real people.

use proto::dossier::v1::Applicant;
use serde::Deserialize;

const NAMES: &str = include_str!("../../data/names.csv");

#[derive(Deserialize)]
struct Row {
    part: String,
    name: String,
    gender: String,
    weight: u32,
}

/// Name parts, drawn by weight.
pub(crate) struct People {
    surnames: Vec<(String, u32)>,
    middles: Vec<(String, String, u32)>,
    givens: Vec<(String, String, u32)>,
}

impl People {
    /// Reads the embedded name parts.
    pub(crate) fn load() -> Result<Self, csv::Error> {
        let mut people = Self {
            surnames: Vec::new(),
            middles: Vec::new(),
            givens: Vec::new(),
        };
        for row in csv::Reader::from_reader(NAMES.as_bytes()).deserialize() {
            let row: Row = row?;
            match row.part.as_str() {
                "surname" => people.surnames.push((row.name, row.weight)),
                "middle" => people.middles.push((row.name, row.gender, row.weight)),
                _ => people.givens.push((row.name, row.gender, row.weight)),
            }
        }
        Ok(people)
    }

    /// The same number always gives the same person.
    pub(crate) fn person(&self, number: u64) -> Applicant {
        let mut draw = Draw(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let female = draw.below(2) == 1;
        let gender = if female { "f" } else { "m" };
        let fits = |g: &str| g.is_empty() || g.to_lowercase().starts_with(gender);
        let surname = draw.by_weight(self.surnames.iter().map(|(n, w)| (n, *w)));
        let middle = draw.by_weight(
            self.middles
                .iter()
                .filter(|(_, g, _)| fits(g))
                .map(|(n, _, w)| (n, *w)),
        );
        let given = draw.by_weight(
            self.givens
                .iter()
                .filter(|(_, g, _)| fits(g))
                .map(|(n, _, w)| (n, *w)),
        );
        let year = 1955 + draw.below(45);
        let century = u64::from(year >= 2000) * 2 + u64::from(female);
        Applicant {
            full_name: [surname, middle, given].join(" ").trim().to_owned(),
            id_number: format!("003{century}{:02}{:06}", year % 100, number % 1_000_000),
            birth_date: format!("{year}-{:02}-{:02}", 1 + draw.below(12), 1 + draw.below(28)),
            phone: format!("09{:08}", draw.below(100_000_000)),
            email: String::new(),
            address: "Thôn Vận Hành, xã Thử Nghiệm".to_owned(),
        }
    }
}

/// A small reproducible generator (xorshift): names, not secrets.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.checked_rem(n).unwrap_or(0)
    }

    fn by_weight<'a>(&mut self, items: impl Iterator<Item = (&'a String, u32)> + Clone) -> &'a str {
        let total: u64 = items.clone().map(|(_, w)| u64::from(w)).sum();
        let mut left = self.below(total.max(1));
        for (name, weight) in items {
            let weight = u64::from(weight);
            if left < weight {
                return name;
            }
            left -= weight;
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_always_means_the_same_person_and_nobody_real() {
        let people = People::load().unwrap();
        let one = people.person(42);
        assert_eq!(one, people.person(42));
        assert_eq!(one.id_number.len(), 12);
        assert!(one.id_number.starts_with("003"));
        assert!(one.full_name.split(' ').count() >= 2, "{}", one.full_name);
    }
}
