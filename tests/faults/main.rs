//! Faults on purpose (`reliability.md` T03), and mutants: a test that has never
//! failed proves little, so each promise has a product that breaks it.

#[cfg(test)]
mod mutants;
#[cfg(test)]
mod races;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod statements;
