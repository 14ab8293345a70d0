use model::desk::Receipt;
use model::id::MessageId;
use model::service::ReceiptStatus;
use serde_json::value::RawValue;

use super::json::{self, Failure, Status};
use super::{Context, Trouble, message};

/// One element of `statuses`.
pub(super) fn read(context: &Context<'_>, piece: &RawValue) -> Result<Receipt, Trouble> {
    let status: Status<'_> = json::read(piece.get())?;
    let address = status.recipient_user_id.or(status.recipient_id).filter(|a| !a.is_empty());
    let echoed = status.biz_opaque_callback_data.as_deref();
    let failures = status.errors.unwrap_or_default();
    Ok(Receipt {
        channel: context.channel,
        message: echoed.and_then(|text| text.parse::<MessageId>().ok()),
        address: address.map(|text| message::canonical(&text)).transpose()?.unwrap_or_default(),
        status: reached(&status.status)?,
        at: json::timestamp(status.timestamp).unwrap_or(context.source.received_at),
        code: failures.iter().find_map(|f| json::read::<Failure>(f.get()).ok()).map(|f| f.code),
        provider_id: message::id(status.id)?,
    })
}

/// `played` is a voice message that was read with the ears.
fn reached(status: &str) -> Result<ReceiptStatus, Trouble> {
    match status {
        "sent" => Ok(ReceiptStatus::Sent),
        "delivered" => Ok(ReceiptStatus::Delivered),
        "read" | "played" => Ok(ReceiptStatus::Read),
        "failed" => Ok(ReceiptStatus::Failed),
        other => Err(format!("status `{other:.64}` is not known")),
    }
}
