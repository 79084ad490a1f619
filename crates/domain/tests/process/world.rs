//! An instance and who moves it, at a time that the test says.

use chrono::{DateTime, Utc};
use motcua_domain::ids::{DossierId, PersonId, TaskId, UnitId};
use motcua_domain::process::{
    Advanced, Command, Ctx, Definition, Instance, Opening, Refusal, Terms, open,
};
use motcua_domain::working_time::{
    AfterPause, Calendar, Handover, Limit, Mode, national_calendar, parse_instant,
};
use uuid::Uuid;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

pub(crate) fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

/// A world with one process and everybody in it.
pub(crate) struct World {
    pub(crate) calendar: Calendar,
    pub(crate) definition: Definition,
    pub(crate) now: DateTime<Utc>,
    pub(crate) tasks: u128,
    pub(crate) instance: Instance,
    pub(crate) history: Vec<Advanced>,
}

impl World {
    pub(crate) fn new(
        definition: Definition,
        limit: &str,
        receiver: &str,
        decider: &str,
        now: &str,
    ) -> Self {
        let calendar = national_calendar();
        let opening = Opening {
            dossier: DossierId(Uuid::from_u128(1)),
            receiver: UnitId::from(receiver),
            decider: UnitId::from(decider),
            terms: Terms {
                limit: (!limit.is_empty()).then(|| limit.parse::<Limit>().unwrap()),
                mode: Mode::Day,
                supplement: AfterPause::Restart,
                handover: Handover::Paper,
            },
            online: false,
        };
        let now = at(now);
        let ctx = Ctx {
            now,
            person: Some(person(1)),
            task: TaskId(Uuid::from_u128(1000)),
            receiver: &calendar,
            decider: &calendar,
        };
        let (instance, event) = open(&definition, &opening, &ctx);
        Self {
            calendar,
            definition,
            now,
            tasks: 1000,
            instance,
            history: vec![event],
        }
    }

    pub(crate) fn standard(limit: &str, now: &str) -> Self {
        Self::new(Definition::standard(), limit, "18583", "18583", now)
    }

    pub(crate) fn by(&mut self, who: u128, command: &Command) -> Result<(), Refusal> {
        self.tasks += 1;
        let ctx = Ctx {
            now: self.now,
            person: Some(person(who)),
            task: TaskId(Uuid::from_u128(self.tasks)),
            receiver: &self.calendar,
            decider: &self.calendar,
        };
        let event = self.instance.decide(&self.definition, command, &ctx)?;
        self.instance = self.instance.apply(&event);
        self.history.push(event);
        Ok(())
    }

    pub(crate) fn go(&mut self, commands: &[Command]) {
        for (n, command) in (10..).zip(commands) {
            self.by(n, command)
                .unwrap_or_else(|why| panic!("{command:?}: {why}"));
        }
    }

    pub(crate) fn reach_processing(&mut self) {
        self.go(&[
            Command::Accept {},
            Command::Transfer {},
            Command::Receive {},
            Command::Assign { person: person(3) },
        ]);
    }
}

pub(crate) fn digest() -> String {
    "ab".repeat(32)
}

pub(crate) fn finish() -> [Command; 4] {
    [
        Command::SubmitForSignature { digest: digest() },
        Command::Sign { digest: digest() },
        Command::Issue {},
        Command::ReturnResult {},
    ]
}
