//! The rehearsal (*vận hành thử nghiệm*): whole lives of dossiers for every unit,
//! through the public contract, signed in with the officers' own credentials.

pub(crate) mod driver;
pub(crate) mod kinds;
pub(crate) mod people;
pub(crate) mod report;
