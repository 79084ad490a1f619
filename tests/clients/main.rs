//! Foreign clients: programs that know the contract and nothing else of us.

#[cfg(test)]
mod python;
