//! Looks at accounts, each a task of its own that answers with one input.

use crate::domain::AccountId;
use crate::providers::{self, Check, Http, PATIENCE};

use super::super::effect::Look;
use super::super::input::Input;
use super::{Performer, keys};

impl Performer {
    pub(super) fn look(&mut self, id: u64, look: Look) {
        let places = self.key_places();
        let http = self.http.clone();
        self.spawn("check", async move {
            let (key, state) = match &look.key {
                Some(typed) => (Some(typed.clone()), keys::ready(typed)),
                None => keys::find(&look.account, places).await,
            };
            let http = http.get_or_init(new_http).await;
            let check = Check {
                account: &look.account,
                key: key.as_ref(),
                model: look.model.as_deref(),
                prior: &look.prior,
                paid: look.paid,
                now: look.at,
                patience: PATIENCE,
            };
            let report = Box::new(providers::check(http, check).await);
            Some(Input::Looked { id, report, key: state })
        });
    }

    pub(super) fn ask_gateway(&mut self, session: u64, id: u64, account: AccountId) {
        let Some(client) = self.client() else { return };
        let task = self.spawn("probe", async move {
            let answer = client.probe(&account).await.map_err(|error| error.to_string());
            Some(Input::GatewayAnswered { session, id, account, answer })
        });
        self.connection_tasks.push(task);
    }
}

/// Reading the certificates of the system takes a moment that nobody else should wait for.
async fn new_http() -> Http {
    tokio::task::spawn_blocking(Http::new).await.unwrap_or_default()
}
