//! The questions, and who asks them.

use chrono::{Datelike as _, Days};
use domain::clock::Clock as _;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use proto::notification::v1::ListMessagesRequest;
use proto::notification::v1::notification_service_client::NotificationServiceClient;
use proto::warehouse::v1::GetIndicatorsRequest;
use proto::warehouse::v1::warehouse_service_client::WarehouseServiceClient;
use runtime::client::Channel;
use runtime::clock::SystemClock;

use crate::bench::Broken;
use crate::bench::lives::Play;
use crate::operator::Operator;
use crate::trial::cast::Officer;
use crate::trial::driver::bearing;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Get,
    ByCode,
    History,
    List,
    Deep,
    Mine,
    ByName,
    ByPhone,
    Overdue,
    Count,
    Inbox,
    Indicators,
}

/// All of them.
pub(super) const QUESTIONS: [Question; 12] = [
    Question::Get,
    Question::ByCode,
    Question::History,
    Question::List,
    Question::Deep,
    Question::Mine,
    Question::ByName,
    Question::ByPhone,
    Question::Overdue,
    Question::Count,
    Question::Inbox,
    Question::Indicators,
];

/// As many pages are turned to reach a deep one.
const PAGES: usize = 10;

impl Question {
    /// As the table names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "one dossier",
            Self::ByCode => "by code",
            Self::History => "its history",
            Self::List => "list of the unit, 50",
            Self::Deep => "its eleventh page",
            Self::Mine => "list: mine",
            Self::ByName => "list: a name",
            Self::ByPhone => "list: a telephone",
            Self::Overdue => "list: due before now",
            Self::Count => "numbers of the home page",
            Self::Inbox => "inbox",
            Self::Indicators => "indicators of the month, all units",
        }
    }
}

/// An officer at the counter, and the province.
pub(super) struct Asker {
    officer: &'static Officer,
    dossiers: DossierQueryServiceClient<Channel>,
    messages: NotificationServiceClient<Channel>,
    warehouse: WarehouseServiceClient<Channel>,
    name: String,
    code: String,
    words: String,
    phone: String,
    /// Where the eleventh page begins.
    deep: String,
}

impl Asker {
    /// The reception officer of the first commune.
    pub(super) async fn new(
        play: &Play,
        line: &Channel,
        operator: &Operator,
    ) -> Result<Self, Broken> {
        let officer = *play.officers().first().ok_or("no officer")?;
        let mut asker = Self {
            officer,
            dossiers: DossierQueryServiceClient::new(line.clone()),
            messages: NotificationServiceClient::new(line.clone()),
            warehouse: WarehouseServiceClient::new(operator.line("gateway")?),
            name: String::new(),
            code: String::new(),
            words: String::new(),
            phone: String::new(),
            deep: String::new(),
        };
        let mut request = pb::ListDossiersRequest::default();
        for _ in 0..PAGES {
            let page = asker.list(request.clone()).await?;
            if let Some(first) = page.dossiers.iter().find(|d| !d.code.is_empty()) {
                let applicant = first.applicant.clone().unwrap_or_default();
                asker.name.clone_from(&first.name);
                asker.code.clone_from(&first.code);
                asker.words = applicant.full_name;
            }
            request.page_token = page.next_page_token;
        }
        asker.deep = request.page_token;
        let name = asker.name.clone();
        let whole = asker.get(name).await?.dossier.unwrap_or_default();
        asker.phone = whole.applicant.unwrap_or_default().phone;
        Ok(asker)
    }

    async fn list(
        &self,
        request: pb::ListDossiersRequest,
    ) -> Result<pb::ListDossiersResponse, Broken> {
        let request = bearing(&self.officer.access().await?, request)?;
        Ok(self
            .dossiers
            .clone()
            .list_dossiers(request)
            .await?
            .into_inner())
    }

    async fn get(&self, name: String) -> Result<pb::GetDossierResponse, Broken> {
        let request = pb::GetDossierRequest { name };
        let request = bearing(&self.officer.access().await?, request)?;
        Ok(self
            .dossiers
            .clone()
            .get_dossier(request)
            .await?
            .into_inner())
    }

    /// Asks once.
    pub(super) async fn ask(&self, question: Question) -> Result<(), Broken> {
        let all = pb::ListDossiersRequest::default;
        let access = self.officer.access().await?;
        match question {
            Question::Get => {
                self.get(self.name.clone()).await?;
            }
            Question::History => {
                let request = pb::ListHistoryRequest {
                    name: self.name.clone(),
                    ..pb::ListHistoryRequest::default()
                };
                let request = bearing(&access, request)?;
                self.dossiers.clone().list_history(request).await?;
            }
            Question::Count => {
                let request = bearing(&access, pb::CountDossiersRequest::default())?;
                self.dossiers.clone().count_dossiers(request).await?;
            }
            Question::Inbox => {
                let request = bearing(&access, ListMessagesRequest::default())?;
                self.messages.clone().list_messages(request).await?;
            }
            Question::Indicators => {
                let today = SystemClock.now().date_naive();
                let first = today.checked_sub_days(Days::new(u64::from(today.day0())));
                let request = GetIndicatorsRequest {
                    from_day: first.unwrap_or(today).to_string(),
                    to_day: today.to_string(),
                };
                self.warehouse.clone().get_indicators(request).await?;
            }
            Question::List => drop(self.list(all()).await?),
            Question::Deep => drop(self.list(self.deep()).await?),
            Question::Mine => drop(
                self.list(pb::ListDossiersRequest {
                    mine: true,
                    ..all()
                })
                .await?,
            ),
            Question::ByCode => drop(self.list(self.by_code()).await?),
            Question::ByName => drop(self.list(self.by_name()).await?),
            Question::ByPhone => drop(self.list(self.by_phone()).await?),
            Question::Overdue => drop(self.list(overdue()).await?),
        }
        Ok(())
    }

    fn deep(&self) -> pb::ListDossiersRequest {
        pb::ListDossiersRequest {
            page_token: self.deep.clone(),
            ..pb::ListDossiersRequest::default()
        }
    }

    fn by_code(&self) -> pb::ListDossiersRequest {
        pb::ListDossiersRequest {
            code: self.code.clone(),
            ..pb::ListDossiersRequest::default()
        }
    }

    fn by_name(&self) -> pb::ListDossiersRequest {
        pb::ListDossiersRequest {
            applicant_name: self.words.clone(),
            ..pb::ListDossiersRequest::default()
        }
    }

    fn by_phone(&self) -> pb::ListDossiersRequest {
        pb::ListDossiersRequest {
            phone: self.phone.clone(),
            ..pb::ListDossiersRequest::default()
        }
    }
}

fn overdue() -> pb::ListDossiersRequest {
    pb::ListDossiersRequest {
        due_before: Some(prost_types::Timestamp {
            seconds: SystemClock.now().timestamp(),
            nanos: 0,
        }),
        ..pb::ListDossiersRequest::default()
    }
}
