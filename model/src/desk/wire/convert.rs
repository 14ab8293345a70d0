//! How a domain type and its wire form become each other: one trait, its leaves, and two tables
//! for the shapes that repeat (a struct field by field, an enum variant by variant).

use std::time::Duration;

use bytes::Bytes;

use super::DecodeError;
use crate::id::{
    ChannelId, CommandId, ConversationId, EndpointName, GroupId, LaneId, OperationId,
    ProtocolNumber, ShardId, UserId,
};
use crate::people::{AgentRank, Cap};
use crate::time::Timestamp;

/// A domain type that has a wire form. Writing cannot fail; reading checks every value.
pub(super) trait Wire: Sized {
    /// Its form: a protobuf message of `wire.proto`, or a scalar.
    type Form;

    /// As it is written.
    fn to_wire(&self) -> Self::Form;

    /// As it was meant.
    fn from_wire(form: Self::Form) -> Result<Self, DecodeError>;
}

/// A struct whose form has the same fields.
macro_rules! by_field {
    ($domain:ty => $form:ident { $($field:ident),* $(,)? }) => {
        impl Wire for $domain {
            type Form = $form;

            fn to_wire(&self) -> $form {
                $form { $($field: self.$field.to_wire()),* }
            }

            fn from_wire(form: $form) -> Result<Self, DecodeError> {
                Ok(Self { $($field: Wire::from_wire(form.$field)?),* })
            }
        }
    };
}

/// An enum whose form is a message around a oneof with the same variants: those without a value,
/// those with one, and those with fields.
macro_rules! by_variant {
    (
        $domain:ty => $form:ident { kind: $oneof:ident $(, $extra:ident: $default:expr)* }
        units { $($unit:ident),* $(,)? }
        values { $($value:ident),* $(,)? }
        fields { $($fields:ident { $($field:ident),* $(,)? }),* $(,)? }
    ) => {
        impl Wire for $domain {
            type Form = $form;

            fn to_wire(&self) -> $form {
                let kind = match self {
                    $(Self::$unit => $oneof::$unit(Empty {}),)*
                    $(Self::$value(value) => $oneof::$value(value.to_wire()),)*
                    $(Self::$fields { $($field),* } => {
                        $oneof::$fields($fields { $($field: $field.to_wire()),* })
                    })*
                };
                $form { kind: Some(kind) $(, $extra: $default)* }
            }

            fn from_wire(form: $form) -> Result<Self, DecodeError> {
                let newer = DecodeError::Newer { what: stringify!($form) };
                Ok(match form.kind.ok_or(newer)? {
                    $($oneof::$unit(Empty {}) => Self::$unit,)*
                    $($oneof::$value(value) => Self::$value(Wire::from_wire(value)?),)*
                    $($oneof::$fields(form) => {
                        Self::$fields { $($field: Wire::from_wire(form.$field)?),* }
                    })*
                })
            }
        }
    };
}

/// An enum without values, by the numbers `wire.proto` gives it; 0 is never written.
macro_rules! by_number {
    ($domain:ident { $($variant:ident = $number:literal),* $(,)? }) => {
        impl Wire for $domain {
            type Form = i32;

            fn to_wire(&self) -> i32 {
                match self {
                    $(Self::$variant => $number),*
                }
            }

            fn from_wire(form: i32) -> Result<Self, DecodeError> {
                match form {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(DecodeError::Newer { what: stringify!($domain) }),
                }
            }
        }
    };
}

/// A leaf: how it is written and how it is read, which may fail.
macro_rules! leaf {
    ($domain:ty => $form:ty, |$value:ident| $write:expr, |$read_from:ident| $read:expr) => {
        impl Wire for $domain {
            type Form = $form;

            fn to_wire(&self) -> $form {
                let $value = self;
                $write
            }

            fn from_wire($read_from: $form) -> Result<Self, DecodeError> {
                Ok($read)
            }
        }
    };
}

pub(super) use {by_field, by_number, by_variant};

leaf!(u32 => u32, |v| *v, |form| form);
leaf!(u64 => u64, |v| *v, |form| form);
leaf!(i64 => i64, |v| *v, |form| form);
leaf!(bool => bool, |v| *v, |form| form);
leaf!(String => String, |v| v.clone(), |form| form);
leaf!(Bytes => Bytes, |v| v.clone(), |form| form);
leaf!(u8 => u32, |v| u32::from(*v), |form| u8::try_from(form).map_err(too_wide)?);
leaf!(u16 => u32, |v| u32::from(*v), |form| u16::try_from(form).map_err(too_wide)?);
leaf!(u128 => Bytes, |v| Bytes::copy_from_slice(&v.to_be_bytes()), |form| sixteen(&form)?);

leaf!(OperationId => u32, |v| v.0, |form| Self(form));
leaf!(GroupId => u32, |v| v.0, |form| Self(form));
leaf!(UserId => u32, |v| v.0, |form| Self(form));
leaf!(ChannelId => u32, |v| v.0, |form| Self(form));
leaf!(CommandId => Bytes, |v| v.0.to_wire(), |form| Self(u128::from_wire(form)?));
leaf!(ConversationId => u64, |v| v.get(), |form| Self::from_u64(form)?);
leaf!(ShardId => u32, |v| v.get().to_wire(), |form| Self::new(u16::from_wire(form)?)?);
leaf!(LaneId => u32, |v| v.get().to_wire(), |form| Self::new(u8::from_wire(form)?)?);
leaf!(EndpointName => String, |v| v.to_string(), |form| form.parse()?);
leaf!(ProtocolNumber => String, |v| v.to_string(), |form| Self::parse(&form)?);
leaf!(AgentRank => u32, |v| v.0.to_wire(), |form| Self(u16::from_wire(form)?));
leaf!(Cap => u32, |v| v.get().to_wire(), |form| Self::new(form).map_err(DecodeError::malformed)?);

leaf!(Timestamp => i64, |v| v.as_micros(), |form| Self::from_micros(form));
leaf!(Duration => u64, |v| micros(*v), |form| Self::from_micros(form));

impl<T: Wire> Wire for Option<T> {
    type Form = Option<T::Form>;

    fn to_wire(&self) -> Self::Form {
        self.as_ref().map(T::to_wire)
    }

    fn from_wire(form: Self::Form) -> Result<Self, DecodeError> {
        form.map(T::from_wire).transpose()
    }
}

impl<T: Wire> Wire for Vec<T> {
    type Form = Vec<T::Form>;

    fn to_wire(&self) -> Self::Form {
        self.iter().map(T::to_wire).collect()
    }

    fn from_wire(form: Self::Form) -> Result<Self, DecodeError> {
        form.into_iter().map(T::from_wire).collect()
    }
}

/// Whole microseconds, the resolution of [`Timestamp`]; saturates after half a million years.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn sixteen(bytes: &[u8]) -> Result<u128, DecodeError> {
    let array = bytes.try_into().map_err(|_| {
        DecodeError::malformed(format_args!("an id of {} bytes where 16 are due", bytes.len()))
    })?;
    Ok(u128::from_be_bytes(array))
}

fn too_wide(error: std::num::TryFromIntError) -> DecodeError {
    DecodeError::malformed(error)
}
