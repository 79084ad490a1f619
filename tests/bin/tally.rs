//! Prints what the fault tests have recorded, added up over their runs.

use std::io::{self, Write as _};

use testkit::tally;

fn main() -> io::Result<()> {
    let table = tally::table(&tally::file());
    io::stdout().lock().write_all(table.as_bytes())
}
