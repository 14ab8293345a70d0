//! No bytes make a reader panic, and whatever it accepts it can write again.

use bytes::Bytes;
use model::desk::wire;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::strategy;

fn survives(bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let bytes = Bytes::from(bytes);
    if let Ok(event) = wire::decode_event(&bytes) {
        prop_assert_eq!(wire::decode_event(&wire::encode_event(&event)), Ok(event));
    }
    if let Ok(content) = wire::decode_content(&bytes) {
        prop_assert_eq!(wire::decode_content(&wire::encode_content(&content)), Ok(content));
    }
    if let Ok(stamped) = wire::decode(&bytes) {
        prop_assert_eq!(wire::decode(&wire::encode(&stamped)), Ok(stamped));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..256)) {
        survives(bytes)?;
    }

    #[test]
    fn any_body_behind_a_good_header(kind in 1..16_u8, body in vec(any::<u8>(), 0..256)) {
        let mut bytes = vec![1, 1, 0, kind];
        bytes.resize(48, 0);
        bytes.extend(body);
        survives(bytes)?;
    }

    #[test]
    fn a_record_with_bytes_changed_cut_or_added(
        stamped in strategy::stamped(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        tail in vec(any::<u8>(), 0..8),
    ) {
        let mut bytes = wire::encode(&stamped).to_vec();
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        survives(bytes[..cut.index(bytes.len())].to_vec())?;
        bytes.extend(tail);
        survives(bytes)?;
    }
}
