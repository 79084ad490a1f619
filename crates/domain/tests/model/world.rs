//! What there is: three stores that survive a crash, the handlers that do not, the
//! messages on their way, and how many accidents may still happen.

use std::collections::{BTreeMap, BTreeSet};

use motcua_domain::dossier::{State, Verb};

use super::officer::Officer;

/// How many dossiers there are.
pub(crate) const DOSSIERS: usize = 2;

/// A request's id: each try with a new one is another request.
pub(crate) type Request = u8;

/// What an officer asks, at the versions that the officer saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ask {
    pub(crate) request: Request,
    pub(crate) dossier: usize,
    pub(crate) verb: Verb,
    pub(crate) file_version: u8,
    pub(crate) instance_version: u8,
}

/// What an officer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Told {
    Done,
    /// Somebody was faster, or one's own request did it: read again.
    Stale,
    /// A rule refuses.
    Refused,
}

/// On its way between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    /// Officer to dossier.
    Ask(Ask),
    /// Dossier to workflow, under the incarnation that dossier has met.
    Cross(Ask, u8),
    /// Workflow to dossier: the event, by its place in the log.
    Moved(Request, usize),
    /// Workflow to dossier.
    Refused(Request, Told),
    /// Dossier to officer.
    Told(Request, Told),
}

/// An event of workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Move {
    pub(crate) dossier: usize,
    pub(crate) version: u8,
    pub(crate) verb: Verb,
    /// The state afterwards.
    pub(crate) state: State,
    pub(crate) request: Request,
    /// The version at which the officer decided.
    pub(crate) seen: u8,
}

/// Workflow's store: a row an instance, the log, the record of answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Workflow {
    pub(crate) incarnation: u8,
    pub(crate) state: [State; DOSSIERS],
    pub(crate) version: [u8; DOSSIERS],
    pub(crate) log: Vec<Move>,
    /// How many of the log the sequencer has numbered: what the feed shows.
    pub(crate) numbered: usize,
    pub(crate) answers: BTreeMap<Request, usize>,
}

/// A case file, as dossier projects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct File {
    pub(crate) state: State,
    pub(crate) version: u8,
    pub(crate) instance_version: u8,
    /// The serial of its code.
    pub(crate) code: Option<u8>,
}

/// An event of dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Change {
    pub(crate) dossier: usize,
    pub(crate) file: File,
    /// The request that it carries out; none for a local verb.
    pub(crate) request: Option<Request>,
}

/// Dossier's store, and the handlers that wait for workflow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dossier {
    /// The incarnation of workflow that it has met.
    pub(crate) pinned: u8,
    pub(crate) files: [File; DOSSIERS],
    pub(crate) log: Vec<Change>,
    pub(crate) numbered: usize,
    pub(crate) answers: BTreeSet<Request>,
    /// The last position of workflow's feed that was taken.
    pub(crate) cursor: usize,
    /// The last serial of the unit that both dossiers are of.
    pub(crate) serial: u8,
    /// Gone in a crash.
    pub(crate) handlers: BTreeSet<Ask>,
    /// Requests that were answered as overtaken although the file had them: for the
    /// check alone.
    pub(crate) wronged: BTreeSet<Request>,
}

/// The warehouse's store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Warehouse {
    pub(crate) cursor: usize,
    pub(crate) files: [Option<File>; DOSSIERS],
    /// The positions whose effect is stored, in their order.
    pub(crate) effects: Vec<usize>,
}

/// How many accidents may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) crashes: u8,
    pub(crate) losses: u8,
    pub(crate) copies: u8,
    pub(crate) drafts: u8,
    pub(crate) restores: u8,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) workflow: Workflow,
    pub(crate) dossier: Dossier,
    pub(crate) warehouse: Warehouse,
    pub(crate) officers: Vec<Officer>,
    pub(crate) network: BTreeSet<Message>,
    pub(crate) left: Left,
}

impl World {
    /// Both dossiers are at the counter, and nothing has happened.
    pub(crate) fn new(officers: Vec<Officer>, left: Left) -> Self {
        let file = File {
            state: State::AwaitingReception,
            version: 1,
            instance_version: 1,
            code: None,
        };
        Self {
            workflow: Workflow {
                incarnation: 1,
                state: [file.state; DOSSIERS],
                version: [1; DOSSIERS],
                log: Vec::new(),
                numbered: 0,
                answers: BTreeMap::new(),
            },
            dossier: Dossier {
                pinned: 1,
                files: [file; DOSSIERS],
                log: Vec::new(),
                numbered: 0,
                answers: BTreeSet::new(),
                cursor: 0,
                serial: 0,
                handlers: BTreeSet::new(),
                wronged: BTreeSet::new(),
            },
            warehouse: Warehouse {
                cursor: 0,
                files: [None; DOSSIERS],
                effects: Vec::new(),
            },
            officers,
            network: BTreeSet::new(),
            left,
        }
    }

    /// Whether everything that was numbered or is to be numbered has arrived.
    pub(crate) fn at_rest(&self) -> bool {
        let (w, d) = (&self.workflow, &self.dossier);
        w.numbered == w.log.len()
            && d.numbered == d.log.len()
            && d.cursor == w.numbered
            && self.warehouse.cursor == d.numbered
    }
}
