//! The credentials of the user: creates one client for all requests of the program, and renews this client.
//!
//! The client library would run a credential plugin three times for each client, would not run the plugin again if the
//! server refuses the credentials, and would always let the plugin ask the user. So this module runs the plugin itself
//! and gives the result to the library.

pub(crate) mod error;
pub(crate) mod plugin;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use kube::config::AuthInfo;
use kube::{Client, Config};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::source::clock::local_now;
use crate::source::cluster::api::credentials::error::CredentialError;
use crate::source::cluster::api::credentials::plugin::{CredentialPlugin, Interaction};

/// Credentials are renewed this long before they expire, or after nine tenths of their life if that time is later.
const RENEWAL_MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Time after which the files of the user are read again, as in kubectl.
const FILE_PERIOD: SignedDuration = SignedDuration::from_secs(50);

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
    Files(Box<Config>),
    /// A program that prints credentials. The configuration contains no credentials.
    Plugin(Box<Config>, Box<CredentialPlugin>),
}

struct CurrentClient {
    client: Client,
    /// The number of renewals before this client.
    generation: u64,
    /// The time from which the credentials must be renewed. `None` if they do not expire.
    renew_at: Option<Timestamp>,
    /// The content of the user's files, from which the client was created.
    files: Vec<u8>,
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
        Self::new(CredentialSource::Library, client, None, Vec::new())
    }

    fn new(source: CredentialSource, client: Client, renew_at: Option<Timestamp>, files: Vec<u8>) -> Self {
        let current = CurrentClient { client, generation: 0, renew_at, files, failure: None };
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
            if file_paths(&config.auth_info).next().is_none() {
                return Ok(Self::new(CredentialSource::Library, create_client(config)?, None, Vec::new()));
            }
            let files = read_files(&config.auth_info)?;
            let client = create_client_with_files(&config)?;
            let source = CredentialSource::Files(Box::new(config));
            return Ok(Self::new(source, client, next_reading_of_files(), files));
        };
        let (client, renew_at) = run_plugin(&config, &plugin, Interaction::Allowed).await?;
        let source = CredentialSource::Plugin(Box::new(config), Box::new(plugin));
        Ok(Self::new(source, client, renew_at, Vec::new()))
    }

    /// Returns the client. Renews the credentials first if they expire soon.
    ///
    /// # Errors
    ///
    /// The renewal fails.
    pub(crate) async fn lend_client(&self) -> Result<LentClient, Arc<CredentialError>> {
        let mut current = self.current.lock().await;
        if current.renew_at.is_some_and(|at| local_now() >= at)
            && let Err(error) = self.renew(&mut current).await
        {
            match self.source {
                // As in kubectl, the last credentials stay in use if a file can no longer be read.
                CredentialSource::Files(_) => current.renew_at = next_reading_of_files(),
                CredentialSource::Library | CredentialSource::Plugin(..) => return Err(error),
            }
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
        let renewed = LentClient { client: current.client.clone(), generation: current.generation };
        Ok((renewed.generation != refused.generation).then_some(renewed))
    }

    async fn renew(&self, current: &mut CurrentClient) -> Result<(), Arc<CredentialError>> {
        if let Some((at, failure)) = &current.failure
            && at.elapsed() < FAILURE_PAUSE
        {
            return Err(Arc::clone(failure));
        }
        let renewed = match &self.source {
            CredentialSource::Library => return Ok(()),
            CredentialSource::Files(config) => match read_files(&config.auth_info) {
                Ok(files) if files == current.files => {
                    current.renew_at = next_reading_of_files();
                    return Ok(());
                }
                Ok(files) => create_client_with_files(config).map(|client| {
                    current.files = files;
                    (client, next_reading_of_files())
                }),
                Err(error) => Err(error),
            },
            // The user cannot be asked, because the live picture may use the terminal.
            CredentialSource::Plugin(config, plugin) => {
                run_plugin(config, plugin, Interaction::Forbidden).await
            }
        };
        match renewed {
            Ok((client, renew_at)) => {
                let generation = current.generation + 1;
                let files = std::mem::take(&mut current.files);
                *current = CurrentClient { client, generation, renew_at, files, failure: None };
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
    Ok((create_client(config)?, renew_at))
}

/// Returns the paths of the files that hold credentials of the user.
fn file_paths(user: &AuthInfo) -> impl Iterator<Item = PathBuf> {
    [&user.token_file, &user.client_certificate, &user.client_key].into_iter().flatten().map(PathBuf::from)
}

/// Reads all files that hold credentials of the user.
fn read_files(user: &AuthInfo) -> Result<Vec<u8>, CredentialError> {
    let mut contents = Vec::new();
    for path in file_paths(user) {
        contents.extend(fs::read(&path).map_err(|error| CredentialError::UnreadableFile(path, error))?);
    }
    Ok(contents)
}

/// Creates a client with the credentials in the user's files. The client library reads the certificates, but does not
/// remove the line end of a token.
fn create_client_with_files(config: &Config) -> Result<Client, CredentialError> {
    let mut config = config.clone();
    if let Some(path) = config.auth_info.token_file.take() {
        let token = fs::read_to_string(&path)
            .map_err(|error| CredentialError::UnreadableFile(PathBuf::from(path), error))?;
        config.auth_info.token = Some(token.trim().to_owned().into());
    }
    create_client(config)
}

/// Creates a client. The client library panics if the token contains a character that a header cannot contain.
fn create_client(config: Config) -> Result<Client, CredentialError> {
    let user = serde_json::to_value(&config.auth_info).unwrap_or_default();
    match user["token"].as_str() {
        Some(token) if HeaderValue::from_str(token).is_err() => Err(CredentialError::InvalidToken),
        Some(_) | None => Ok(Client::try_from(config)?),
    }
}

/// Returns the time from which the files of the user must be read again.
fn next_reading_of_files() -> Option<Timestamp> {
    local_now().checked_add(FILE_PERIOD).ok()
}

/// Returns the time from which credentials that are obtained now and expire at `expires_at` must be renewed.
fn renewal_time(now: Timestamp, expires_at: Timestamp) -> Timestamp {
    let life = expires_at.duration_since(now).max(SignedDuration::ZERO);
    let margin = (life / 10).min(RENEWAL_MARGIN);
    expires_at.checked_sub(margin).unwrap_or(expires_at)
}

#[cfg(test)]
mod tests;
