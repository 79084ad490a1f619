//! One input of a form, with its label, its hint and what is wrong with it.

use std::collections::BTreeMap;

/// A heading and what may be chosen below it, as (value, text).
pub(crate) struct Group {
    pub(crate) label: &'static str,
    pub(crate) options: Vec<(String, String)>,
}

/// What an input looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line of text.
    Line,
    /// Several lines.
    Area,
    /// An instant.
    Instant,
    /// One of some.
    Choice,
    /// Told, not asked: the value goes with the form, the text is shown.
    Fact,
}

/// An input.
pub(crate) struct Input {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) kind: Kind,
    pub(crate) value: String,
    /// What stands there for people, where that is not the value.
    pub(crate) text: String,
    pub(crate) error: Option<String>,
    pub(crate) required: bool,
    pub(crate) focus: bool,
    pub(crate) wide: bool,
    /// Which keys a tablet shows.
    pub(crate) keys: &'static str,
    pub(crate) most: u32,
    pub(crate) groups: Vec<Group>,
}

impl Input {
    /// A required line of text.
    pub(crate) fn line(name: &'static str, label: &'static str) -> Self {
        Self {
            id: name.to_owned(),
            name,
            label,
            hint: "",
            kind: Kind::Line,
            value: String::new(),
            text: String::new(),
            error: None,
            required: true,
            focus: false,
            wide: false,
            keys: "text",
            most: 2000,
            groups: Vec::new(),
        }
    }

    /// Several lines.
    pub(crate) fn area(name: &'static str, label: &'static str) -> Self {
        Self {
            kind: Kind::Area,
            ..Self::line(name, label)
        }
    }

    /// One of some.
    pub(crate) fn choice(name: &'static str, label: &'static str, groups: Vec<Group>) -> Self {
        Self {
            kind: Kind::Choice,
            groups,
            ..Self::line(name, label)
        }
    }

    /// A value that the person sees and does not type.
    pub(crate) fn fact(
        name: &'static str,
        label: &'static str,
        value: String,
        text: String,
    ) -> Self {
        Self {
            kind: Kind::Fact,
            value,
            text,
            ..Self::line(name, label)
        }
    }

    #[must_use]
    pub(crate) fn optional(self) -> Self {
        Self {
            required: false,
            ..self
        }
    }

    #[must_use]
    pub(crate) fn with(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }

    #[must_use]
    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    #[must_use]
    pub(crate) fn keys(self, keys: &'static str, most: u32) -> Self {
        Self { keys, most, ..self }
    }

    #[must_use]
    pub(crate) fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// The ids of what describes it, for those who do not see it.
    pub(crate) fn described(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-goi-y", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-loi", self.id));
        let both: Vec<_> = error.into_iter().chain(hint).collect();
        both.join(" ")
    }
}

/// Puts what is wrong beside its input and the cursor into the first such one;
/// answers what belongs to no input of this form.
pub(crate) fn mark(inputs: &mut [Input], wrong: &BTreeMap<String, String>) -> Vec<String> {
    let mut focused = false;
    for input in inputs.iter_mut() {
        input.error = wrong.get(input.name).cloned();
        input.focus = input.error.is_some() && !focused;
        focused |= input.focus;
    }
    wrong
        .iter()
        .filter(|(name, _)| !inputs.iter().any(|i| i.name == *name))
        .map(|(_, message)| message.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_input_gets_the_cursor_and_nothing_is_left_unsaid() {
        let mut inputs = [
            Input::line("full_name", "Họ và tên"),
            Input::line("phone", "Điện thoại"),
            Input::line("email", "Thư điện tử"),
        ];
        let wrong = [("email", "sai"), ("phone", "thiếu"), ("parts", "trống")]
            .map(|(name, why)| (name.to_owned(), why.to_owned()));
        let left = mark(&mut inputs, &wrong.into());
        assert_eq!(left, ["trống"]);
        assert!(inputs[1].focus && !inputs[2].focus);
        assert_eq!(inputs[2].error.as_deref(), Some("sai"));
        assert_eq!(inputs[1].described(), "phone-loi");
    }
}
