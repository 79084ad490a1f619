//! Rows, plain columns.

pub(crate) mod dim_date;
pub(crate) mod dim_procedure;
pub(crate) mod dim_unit;
pub(crate) mod fact_dossier;
pub(crate) mod fact_step;
pub(crate) mod job;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod lookup_gate;
pub(crate) mod lookup_try;
pub(crate) mod trial;
