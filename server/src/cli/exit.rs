//! Exit codes, as in the BSD header `sysexits.h`.

/// The command line is wrong.
pub const USAGE: u8 = 64;
/// What was read is not as it must be.
pub const DATAERR: u8 = 65;
/// What was to be read is not there.
pub const NOINPUT: u8 = 66;
/// Something that is needed is not available.
pub const UNAVAILABLE: u8 = 69;
/// A defect of ours.
pub const SOFTWARE: u8 = 70;
/// What was to be made cannot be.
pub const CANTCREAT: u8 = 73;
/// The disk refused.
pub const IOERR: u8 = 74;
/// The configuration is wrong.
pub const CONFIG: u8 = 78;
