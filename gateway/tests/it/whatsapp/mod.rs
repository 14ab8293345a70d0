//! The WhatsApp connector: bodies into elements.

mod again;
mod element;
mod property;

use bytes::Bytes;
use gateway::connector::Element;
use gateway::connector::whatsapp::{Source, parse};
use model::time::Timestamp;

use crate::installation::{name, settings};

/// When the test's webhooks are taken.
const RECEIVED_AT: Timestamp = Timestamp::from_seconds(1_751_247_600);

/// The elements of a body called at `starter`.
fn elements(body: &[u8]) -> Vec<Element> {
    let (settings, endpoint) = (settings("http://127.0.0.1:9"), name("starter"));
    let source = Source { settings: &settings, endpoint: &endpoint, received_at: RECEIVED_AT };
    parse(&source, &Bytes::copy_from_slice(body))
}

/// A body with this text as the value of its only change, for account 111.
fn value(rest: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"111"}},{rest}}}}}]}}]}}"#
    )
}
