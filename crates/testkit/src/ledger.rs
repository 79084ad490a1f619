//! The ledger of a fault test. Holds the list of acknowledged acts against what the stores hold.

use std::collections::BTreeMap;

use domain::case_file::Fact;
use domain::dossier::Verb;
use motcua::config::Config;
use storage::Db;
use uuid::Uuid;

/// What the driver was told was done.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The dossier.
    pub dossier: Uuid,
    /// The method that was called.
    pub method: String,
    /// The caller's key.
    pub request_id: Uuid,
    /// The officer.
    pub person: String,
}

/// An event of a store.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The dossier, or the instance of the same id.
    pub dossier: Uuid,
    /// The verb, without the service's prefix.
    pub verb: String,
    /// The key that caused it.
    pub request_id: Uuid,
    /// The code that it gave.
    pub code: Option<String>,
}

/// What both stores hold.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    /// The events of dossiers.
    pub dossiers: Vec<Stored>,
    /// The events of instances.
    pub instances: Vec<Stored>,
}

impl Acknowledged {
    /// A line of the driver's list: dossier, method, key, person.
    ///
    /// # Panics
    /// When it is no such line.
    pub fn read(line: &str) -> Self {
        let cells: Vec<&str> = line.split(' ').collect();
        let [dossier, method, request_id, person] =
            <[&str; 4]>::try_from(cells).expect("an acknowledged act has four parts");
        let dossier = dossier.strip_prefix("dossiers/").expect("a dossier");
        Self {
            dossier: dossier.parse().expect("a UUID"),
            method: method.to_owned(),
            request_id: request_id.parse().expect("a UUID"),
            person: person.strip_prefix("people/").expect("a person").to_owned(),
        }
    }

    /// A local verb touches the file alone, under the caller's own key.
    fn local(&self) -> Option<&'static str> {
        match self.method.as_str() {
            "Submit" => Some("submitted"),
            "AttachDraft" => Some("draft_attached"),
            _ => None,
        }
    }

    /// The events that this act must have left: in the dossier store, and in
    /// workflow's if it crossed.
    fn traces(&self) -> (Vec<Trace>, Vec<Trace>) {
        let trace = |verb: &str, key| (self.dossier, verb.to_owned(), key);
        let Some(local) = self.local() else {
            let verb = Verb::ALL.into_iter().map(Verb::name);
            let verb = verb.into_iter().find(|name| camel(name) == self.method);
            let verb = verb.expect("a method is called as its verb is");
            // One key a caller, method and request, as dossier derives it.
            let name = format!("person:{}\0{}\0workflow", self.person, self.method);
            let crossed = trace(verb, Uuid::new_v5(&self.request_id, name.as_bytes()));
            return (vec![crossed.clone()], vec![crossed]);
        };
        let mut file = vec![trace(local, self.request_id)];
        let mut instance = Vec::new();
        if self.method == "Submit" {
            // Opening the instance has a key of its own, from the dossier.
            let key = Uuid::new_v5(&self.dossier, b"open");
            file.push(trace(Verb::SubmitAtCounter.name(), key));
            instance.push(trace("opened", key));
        }
        (file, instance)
    }
}

/// Which dossier, by which verb, under which key.
type Trace = (Uuid, String, Uuid);

/// Everything in which list and stores differ; nothing when each acknowledged act
/// is in each store that it concerns, once, and nothing else is there.
pub fn differences(list: &[Acknowledged], stores: &Stores) -> Vec<String> {
    let mut found = Vec::new();
    let (mut files, mut instances) = (Vec::new(), Vec::new());
    for act in list {
        let (file, instance) = act.traces();
        files.extend(file);
        instances.extend(instance);
    }
    hold("dossier", &files, &stores.dossiers, &mut found);
    hold("workflow", &instances, &stores.instances, &mut found);
    let accepted = list.iter().filter(|act| act.method == "Accept").count();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for code in stores.dossiers.iter().filter_map(|e| e.code.as_deref()) {
        *codes.entry(code).or_default() += 1;
    }
    let given: usize = codes.values().sum();
    if given != accepted {
        found.push(format!("{accepted} accepted, {given} codes given"));
    }
    let twice = codes.iter().filter(|(_, count)| **count > 1);
    found.extend(twice.map(|(code, count)| format!("code {code} was given {count} times")));
    found.extend(holes(codes.keys().copied()));
    found
}

/// One store: what is missing, what is there more than once, what nobody asked.
fn hold(store: &str, expected: &[Trace], stored: &[Stored], found: &mut Vec<String>) {
    let mut counts: BTreeMap<Trace, (usize, usize)> = BTreeMap::new();
    for trace in expected {
        counts.entry(trace.clone()).or_default().0 += 1;
    }
    for event in stored {
        let trace = (event.dossier, event.verb.clone(), event.request_id);
        counts.entry(trace).or_default().1 += 1;
    }
    for ((dossier, verb, key), (told, kept)) in counts {
        let what = match (told, kept) {
            (1, 1) => continue,
            (_, 0) => "acknowledged and missing",
            (0, 1) => "never acknowledged",
            (_, 1) => "acknowledged more than once",
            _ => "doubled",
        };
        found.push(format!("{store}: {verb} of {dossier} under {key}: {what}"));
    }
}

/// Serials of a (unit, day) begin at 1 and have no hole.
fn holes<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut series: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for code in codes {
        let (head, serial) = code.rsplit_once('-').expect("a serial");
        series
            .entry(head)
            .or_default()
            .push(serial.parse().expect("a number"));
    }
    let mut found = Vec::new();
    for (head, mut serials) in series {
        serials.sort_unstable();
        let dense = (1..).zip(&serials).all(|(nth, serial)| nth == *serial);
        if !dense {
            found.push(format!("{head} has serials {serials:?}"));
        }
    }
    found
}

/// `ask_supplement` as the method is called: `AskSupplement`.
fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

/// Reads the stores of a place where nothing runs.
///
/// # Panics
/// When one of them cannot be read.
pub async fn stores(config: &Config) -> Stores {
    Stores {
        dossiers: events(config, "dossier").await,
        instances: events(config, "workflow").await,
    }
}

async fn events(config: &Config, service: &str) -> Vec<Stored> {
    let store = config.store(service).expect("a configuration");
    let db = Db::open(&store).await.expect("a store");
    let mut found = Vec::new();
    let mut seq = 0;
    loop {
        let page = storage::event::scan(db.read(), seq, 500).await;
        let page = page.expect("events are read");
        let Some(last) = page.last() else {
            return found;
        };
        seq = last.seq;
        found.extend(page.iter().filter_map(|event| {
            let envelope = feed::envelope::decode(&event.envelope).expect("an envelope");
            let (kind, verb) = envelope.r#type.split_once('.')?;
            let facts: Vec<Fact> = match kind {
                "dossier" => feed::envelope::facts(&envelope).expect("facts"),
                "instance" => Vec::new(),
                // Catalogue and calendars are not acts on a dossier.
                _ => return None,
            };
            let code = facts.into_iter().find_map(|fact| {
                let Fact::CodeGiven { code } = fact else {
                    return None;
                };
                Some(code)
            });
            Some(Stored {
                dossier: event.aggregate_id,
                verb: verb.to_owned(),
                request_id: envelope.request_id.parse().expect("a UUID"),
                code,
            })
        }));
    }
}
