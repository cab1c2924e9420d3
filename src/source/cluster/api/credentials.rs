//! The credentials of the user: one client for all requests of the program, and its renewal.
//!
//! The client library would run a credential plugin three times for each client, would not run it again if the server
//! refuses the credentials, and would always ask the user. So this module runs the plugin itself and gives the result
//! to the library.

pub(crate) mod error;
pub(crate) mod plugin;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::{Client, Config};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::source::clock::local_now;
use crate::source::cluster::api::credentials::error::CredentialError;
use crate::source::cluster::api::credentials::plugin::{CredentialPlugin, Interaction};

/// Credentials are renewed this long before they expire, or after nine tenths of their life if that is later.
const RENEWAL_MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Minimum time between two failed renewals. Every watch repeats its requests, and each request needs credentials.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// The client of a cluster with the current credentials of the user.
pub(crate) struct Credentials {
    source: CredentialSource,
    /// The lock is held during a renewal, so that a plugin never runs twice at the same time.
    current: Mutex<CurrentClient>,
}

/// The origin of the credentials, which decides how they are renewed.
enum CredentialSource {
    /// The client library handles the credentials, or they never change.
    Library,
    /// Files that another program may replace: a token, or a certificate and its key.
    Files(Config),
    /// A program that prints credentials. The configuration contains no credentials.
    Plugin(Config, CredentialPlugin),
}

struct CurrentClient {
    client: Client,
    /// The number of renewals before this client.
    generation: u64,
    /// The time from which the credentials must be renewed. `None` if they do not expire.
    renew_at: Option<Timestamp>,
    /// The last renewal, if it failed.
    failure: Option<(Instant, Arc<CredentialError>)>,
}

/// A client for one request.
pub(crate) struct LentClient {
    pub(crate) client: Client,
    generation: u64,
}

impl Credentials {
    /// Returns credentials that never change.
    #[cfg(test)]
    pub(crate) fn of_client(client: Client) -> Self {
        Self::new(CredentialSource::Library, client, None)
    }

    fn new(source: CredentialSource, client: Client, renew_at: Option<Timestamp>) -> Self {
        let current = CurrentClient { client, generation: 0, renew_at, failure: None };
        Self { source, current: Mutex::new(current) }
    }

    /// Creates the first client. Runs the credential plugin, if there is one. The plugin may ask the user.
    ///
    /// # Errors
    ///
    /// The plugin provides no credentials, or no client can be created with the credentials.
    pub(crate) async fn obtain(
        config: Config,
        plugin: Option<CredentialPlugin>,
    ) -> Result<Self, CredentialError> {
        let Some(plugin) = plugin else {
            let client = Client::try_from(config.clone())?;
            let user = &config.auth_info;
            let has_files =
                user.token_file.is_some() || user.client_certificate.is_some() || user.client_key.is_some();
            let source = if has_files { CredentialSource::Files(config) } else { CredentialSource::Library };
            return Ok(Self::new(source, client, None));
        };
        let (client, renew_at) = run_plugin(&config, &plugin, Interaction::Allowed).await?;
        Ok(Self::new(CredentialSource::Plugin(config, plugin), client, renew_at))
    }

    /// Returns the client. Renews the credentials first if they expire soon.
    ///
    /// # Errors
    ///
    /// The renewal fails.
    pub(crate) async fn lend_client(&self) -> Result<LentClient, Arc<CredentialError>> {
        let mut current = self.current.lock().await;
        if current.renew_at.is_some_and(|at| local_now() >= at) {
            self.renew(&mut current).await?;
        }
        Ok(LentClient { client: current.client.clone(), generation: current.generation })
    }

    /// Returns a client with newer credentials than `refused`, whose request the server has answered with 401. Returns
    /// `None` if these credentials cannot be renewed.
    ///
    /// # Errors
    ///
    /// The renewal fails.
    pub(crate) async fn replace_client(
        &self,
        refused: &LentClient,
    ) -> Result<Option<LentClient>, Arc<CredentialError>> {
        if matches!(self.source, CredentialSource::Library) {
            return Ok(None);
        }
        let mut current = self.current.lock().await;
        // Another request may have renewed the credentials already.
        if current.generation == refused.generation {
            self.renew(&mut current).await?;
        }
        Ok(Some(LentClient { client: current.client.clone(), generation: current.generation }))
    }

    async fn renew(&self, current: &mut CurrentClient) -> Result<(), Arc<CredentialError>> {
        if let Some((at, failure)) = &current.failure
            && at.elapsed() < FAILURE_PAUSE
        {
            return Err(Arc::clone(failure));
        }
        let renewed = match &self.source {
            CredentialSource::Library => return Ok(()),
            // The library reads the files when it creates a client.
            CredentialSource::Files(config) => {
                Client::try_from(config.clone()).map(|client| (client, None)).map_err(CredentialError::from)
            }
            // The user cannot be asked, because the live picture may use the terminal.
            CredentialSource::Plugin(config, plugin) => {
                run_plugin(config, plugin, Interaction::Forbidden).await
            }
        };
        match renewed {
            Ok((client, renew_at)) => {
                let generation = current.generation + 1;
                *current = CurrentClient { client, generation, renew_at, failure: None };
                Ok(())
            }
            Err(error) => {
                let error = Arc::new(error);
                current.failure = Some((Instant::now(), Arc::clone(&error)));
                Err(error)
            }
        }
    }
}

/// Runs the plugin and creates a client with its credentials. Returns the client, and the time of the next renewal.
async fn run_plugin(
    config: &Config,
    plugin: &CredentialPlugin,
    interaction: Interaction,
) -> Result<(Client, Option<Timestamp>), CredentialError> {
    let obtained = plugin.run(interaction).await?;
    let mut config = config.clone();
    config.auth_info.token = obtained.user.token;
    config.auth_info.client_certificate_data = obtained.user.client_certificate_data;
    config.auth_info.client_key_data = obtained.user.client_key_data;
    let renew_at = obtained.expires_at.map(|at| renewal_time(local_now(), at));
    Ok((Client::try_from(config)?, renew_at))
}

/// Returns the time from which credentials that are obtained now and expire at `expires_at` must be renewed.
fn renewal_time(now: Timestamp, expires_at: Timestamp) -> Timestamp {
    let life = expires_at.duration_since(now).max(SignedDuration::ZERO);
    let margin = (life / 10).min(RENEWAL_MARGIN);
    expires_at.checked_sub(margin).unwrap_or(expires_at)
}

#[cfg(test)]
mod tests;
