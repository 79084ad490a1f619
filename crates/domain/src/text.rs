//! Vietnamese text: one spelling at every entrance, and a folded form to
//! search by, in which neither marks nor case nor spacing matter.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The composed form (NFC), in which all text is stored and compared.
///
/// ```
/// assert_eq!(motcua_domain::text::nfc("Ha\u{300} Ti\u{303}nh"), "Hà Tĩnh");
/// ```
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// The form to search by: no marks, `đ` as `d`, lower case, single spaces.
///
/// Old and new tone placement (`hòa`, `hoà`) fold to the same text, since the
/// tone is gone.
///
/// ```
/// assert_eq!(motcua_domain::text::fold("  Đặng  Thị HOÀ "), "dang thi hoa");
/// ```
pub fn fold(text: &str) -> String {
    let bare: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        // Lower case may bring marks of its own: "İ" becomes "i" and a dot.
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{fold, nfc};

    #[test]
    fn composed_and_decomposed_text_meet_in_nfc() {
        assert_eq!(nfc("Nguye\u{302}\u{303}n"), nfc("Nguyễn"));
        assert_eq!(nfc("Nguyễn").chars().count(), 6);
    }

    #[test]
    fn folding_drops_marks_case_and_spacing() {
        assert_eq!(fold("ĐƯỜNG  Lê\u{a0}Lợi\t"), "duong le loi");
        assert_eq!(fold("Nguye\u{302}\u{303}n"), fold("NGUYỄN"));
        assert_eq!(fold(""), "");
    }

    #[test]
    fn tone_placement_variants_fold_to_the_same_text() {
        for (old, new) in [
            ("hòa", "hoà"),
            ("thúy", "thuý"),
            ("khỏe", "khoẻ"),
            ("ủy", "uỷ"),
        ] {
            assert_ne!(old, new);
            assert_eq!(fold(old), fold(new));
        }
    }
}
