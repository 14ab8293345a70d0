use std::ops::Range;
use std::path::{Path, PathBuf};

use gateway::secret::{ChannelSecret, EndpointSecrets};
use model::desk::{Entity, SettingsError};
use model::limit;
use model::people::{Group, GroupRules, Membership, Operation, User};
use model::place::Place;
use model::service::{Channel, ChannelKind, Endpoint, Flow, Secret};
use toml::Spanned;

use super::Seed;
use super::row::{ChannelRow, EndpointRow, GroupRow, OperationRow, SettingsFile, UserRow};
use crate::config::{ConfigError, Fault, Source};

/// Reads a settings file for an installation of the size `place`. Files of secrets are looked for
/// beside it.
pub fn read(path: &Path, place: Place) -> Result<Seed, ConfigError> {
    let source = Source::read(path)?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let (seed, spans, ruled) = (Seed::default(), Vec::new(), Vec::new());
    Ok(Reader { source, folder, place, seed, spans, ruled }.read()?)
}

struct Reader {
    source: Source,
    folder: PathBuf,
    place: Place,
    seed: Seed,
    /// Where each entity of the seed stands.
    spans: Vec<Range<usize>>,
    /// Groups with rules, and where these stand.
    ruled: Vec<(Range<usize>, Group)>,
}

impl Reader {
    fn read(mut self) -> Result<Seed, Fault> {
        let file: SettingsFile =
            toml::from_str(self.source.text()).map_err(|error| self.source.toml_fault(&error))?;
        if file.operation.is_empty() {
            return Err(self.source.fault(0..0, "there is no [[operation]]"));
        }
        each(file.operation, |span, row| self.operation(span, row))?;
        each(file.group, |span, row| self.group(span, row))?;
        self.rule();
        each(file.user, |span, row| self.user(span, row))?;
        each(file.endpoint, |span, row| self.endpoint(span, row))?;
        each(file.channel, |span, row| self.channel(span, row))?;
        match self.seed.check() {
            Ok(()) => Ok(self.seed),
            Err((index, error)) => {
                let span = self.spans.get(index).cloned().unwrap_or(0..0);
                Err(self.source.fault(span, shown(&error)))
            }
        }
    }

    fn add(&mut self, span: Range<usize>, entity: Entity) {
        self.spans.push(span);
        self.seed.entities.push(entity);
    }

    fn operation(&mut self, span: Range<usize>, row: OperationRow) -> Result<(), Fault> {
        let shards = self.place.shards();
        if row.shard.get() >= shards {
            let message = format!("shard {} of {shards}: they count from 0", row.shard.get());
            return Err(self.source.fault(span, message));
        }
        let zone = row.zone.get_ref();
        if jiff::tz::TimeZone::get(zone).is_err() {
            let message = format!("`{zone}` is not the IANA name of a time zone");
            return Err(self.source.fault(row.zone.span(), message));
        }
        let (id, name, shard) = (row.id, row.name, row.shard);
        let zone = row.zone.into_inner();
        self.add(span, Entity::Operation(Operation { id, version: 1, name, shard, zone }));
        Ok(())
    }

    fn group(&mut self, span: Range<usize>, row: GroupRow) -> Result<(), Fault> {
        let group = Group {
            id: row.id,
            version: 1,
            operation: row.operation,
            name: row.name,
            active: true,
            policy: row.policy,
            newcomer: row.newcomer,
            head_start: row.head_start.0,
            rules: GroupRules::default(),
        };
        if let Some(rules) = row.rules {
            let (at, rules) = (rules.span(), rules.into_inner().rules());
            let rules = rules.map_err(|wrong| self.source.fault(at.clone(), wrong))?;
            // Rules may name groups that come later: they are in force once all are there.
            self.ruled.push((at, Group { version: 2, rules, ..group.clone() }));
        }
        self.add(span, Entity::Group(group));
        Ok(())
    }

    fn rule(&mut self) {
        for (span, group) in std::mem::take(&mut self.ruled) {
            self.add(span, Entity::Group(group));
        }
    }

    fn user(&mut self, span: Range<usize>, row: UserRow) -> Result<(), Fault> {
        let taken = self.seed.passwords.iter().any(|(login, ..)| *login == row.login);
        if taken {
            return Err(self.source.fault(span, format!("login `{}` is taken", row.login)));
        }
        let given = (row.password, row.password_file);
        let password = self.secret(&span, "password", given)?;
        self.password_rule(&password)?;
        let password = password.into_inner();
        self.seed.passwords.push((row.login.clone(), row.id, password));
        let member = |group| Membership { group, receives: true };
        let user = User {
            id: row.id,
            version: 1,
            operation: row.operation,
            login: row.login,
            name: row.name,
            kind: row.kind,
            active: true,
            groups: row.groups.into_iter().map(member).collect(),
            cap: row.cap,
            rank: row.rank,
        };
        self.add(span, Entity::User(user));
        Ok(())
    }

    fn endpoint(&mut self, span: Range<usize>, row: EndpointRow) -> Result<(), Fault> {
        let kind = *row.kind.get_ref();
        if kind != ChannelKind::Whatsapp {
            let message = format!("`{}` is not supported yet: only `whatsapp` is", kind.name());
            return Err(self.source.fault(row.kind.span(), message));
        }
        let given = (row.verify_token, row.verify_token_file);
        let verify_token = self.secret(&span, "verify_token", given)?.into_inner();
        let given = (row.app_secret, row.app_secret_file);
        let app_secrets = vec![self.secret(&span, "app_secret", given)?.into_inner()];
        let secrets = EndpointSecrets { verify_token, app_secrets };
        self.seed.endpoints.push((row.name.clone(), secrets));
        self.add(span, Entity::Endpoint(Endpoint { name: row.name, version: 1, kind }));
        Ok(())
    }

    fn channel(&mut self, span: Range<usize>, row: ChannelRow) -> Result<(), Fault> {
        let flow = Flow { steps: row.flow };
        if flow.group().is_none() {
            let message = "the flow needs a last step {route = GROUP}";
            return Err(self.source.fault(span, message));
        }
        let same = |entity: &Entity| match entity {
            Entity::Channel(c) => c.endpoint == row.endpoint && c.account == row.account,
            _ => false,
        };
        if self.seed.entities.iter().any(same) {
            let message = format!("account `{}` already has a channel there", row.account);
            return Err(self.source.fault(span, message));
        }
        let provider_url = self.provider_url(&row.provider_url)?;
        let token = self.secret(&span, "token", (row.token, row.token_file))?.into_inner();
        self.seed.channels.push((row.id, ChannelSecret { token }));
        let channel = Channel {
            id: row.id,
            version: 1,
            operation: row.operation,
            kind: ChannelKind::Whatsapp,
            name: row.name,
            account: row.account,
            endpoint: row.endpoint,
            provider_url,
            flow,
        };
        self.add(span, Entity::Channel(channel));
        Ok(())
    }

    fn provider_url(&self, url: &Spanned<String>) -> Result<String, Fault> {
        let text = url.get_ref().trim_end_matches('/');
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        if rest.is_none_or(str::is_empty) {
            let message = format!("`{text}` is not a URL like \"https://graph.facebook.com\"");
            return Err(self.source.fault(url.span(), message));
        }
        Ok(text.to_owned())
    }

    /// The rule that login keeps: better told here than once half is written.
    fn password_rule(&self, password: &Spanned<Secret>) -> Result<(), Fault> {
        let text = password.get_ref().expose();
        let (least, most) = (limit::PASSWORD_CHARACTERS, limit::PASSWORD_BYTES);
        if text.chars().count() < least || text.len() > most {
            let message = format!("a password has {least} characters to {most} bytes");
            return Err(self.source.fault(password.span(), message));
        }
        Ok(())
    }

    /// A secret that is written as `key` or named by `key_file`, and where. It is not empty.
    fn secret(
        &self,
        span: &Range<usize>,
        key: &str,
        given: (Option<Spanned<Secret>>, Option<Spanned<PathBuf>>),
    ) -> Result<Spanned<Secret>, Fault> {
        let secret = match given {
            (Some(secret), None) => Ok(secret),
            (None, Some(file)) => self.secret_file(&file),
            (None, None) => {
                let message = format!("`{key}` or `{key}_file` is missing");
                Err(self.source.fault(span.clone(), message))
            }
            (Some(_), Some(file)) => {
                let message = format!("`{key}` and `{key}_file` are both given");
                Err(self.source.fault(file.span(), message))
            }
        }?;
        if secret.get_ref().expose().is_empty() {
            return Err(self.source.fault(secret.span(), format!("the {key} is empty")));
        }
        Ok(secret)
    }

    fn secret_file(&self, file: &Spanned<PathBuf>) -> Result<Spanned<Secret>, Fault> {
        let path = self.folder.join(file.get_ref());
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let message = format!("{}: {error}", path.display());
            self.source.fault(file.span(), message)
        })?;
        let secret = Secret::new(text.trim_end_matches(['\r', '\n']).to_owned());
        Ok(Spanned::new(file.span(), secret))
    }
}

fn shown(error: &SettingsError) -> String {
    match error {
        SettingsError::Version { what, .. } => format!("{what} is given twice"),
        SettingsError::Missing { .. } => error.to_string(),
    }
}

fn each<T>(
    rows: Vec<Spanned<T>>,
    mut take: impl FnMut(Range<usize>, T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    rows.into_iter().try_for_each(|row| take(row.span(), row.into_inner()))
}
