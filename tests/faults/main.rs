//! Faults on purpose (`reliability.md`), and mutants: a test that has never failed
//! proves little, so each promise has a product that breaks it.
//!
//! Faults of one statement (T03, T14) are made in a town in the test's process. All
//! others are made by a supervisor that starts the services as processes: `campaign`
//! says how such a test is run, and what it must leave behind.

#[cfg(test)]
mod campaign;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod database;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod load;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod network;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod races;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod supervisor;
#[cfg(test)]
mod warehouse;
