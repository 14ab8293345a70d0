use std::io;
use std::sync::Arc;

use super::super::disk::DiskFile;
use super::frame::{self, Frame, Head, NoFrame, Spot};

/// Reads the frames of one segment, one after the other.
pub(crate) struct Reader {
    file: Arc<dyn DiskFile>,
    spot: Spot,
    buffer: Vec<u8>,
    used: usize,
}

/// How much is asked of the file at a time.
const CHUNK_BYTES: usize = 128 * 1024;

impl Reader {
    /// A reader that stands at `spot`, the beginning of a frame.
    pub(crate) const fn new(file: Arc<dyn DiskFile>, spot: Spot) -> Self {
        Self { file, spot, buffer: Vec::new(), used: 0 }
    }

    /// Where it stands.
    pub(crate) const fn spot(&self) -> Spot {
        self.spot
    }

    /// The next frame's head and size, its checksum not looked at.
    pub(crate) fn peek(&mut self) -> io::Result<Result<(Head, usize), NoFrame>> {
        let mut known = frame::peek(self.ahead());
        while let Err(NoFrame::Short(size)) = known {
            if !self.fill(size.min(frame::FRAME_BYTES))? {
                break;
            }
            known = frame::peek(self.ahead());
        }
        Ok(known)
    }

    /// The next frame, verified, and its size.
    pub(crate) fn frame(&mut self) -> io::Result<Result<(Frame<'_>, usize), NoFrame>> {
        while let Err(NoFrame::Short(size)) = frame::whole(self.ahead()) {
            if !self.fill(size)? {
                break;
            }
        }
        let decoded = frame::decode(self.ahead(), self.spot);
        Ok(decoded.map(|frame| (frame, frame::FRAME_BYTES + frame.payload.len())))
    }

    /// Steps over `bytes`: the size of the frame just looked at.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.spot.at += bytes as u64;
        self.used += bytes;
        if self.used >= self.buffer.len() {
            self.buffer.clear();
            self.used = 0;
        }
    }

    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    /// Reads on until `bytes` lie ahead; `false` when the file has no more.
    fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        self.buffer.drain(..self.used);
        self.used = 0;
        while self.buffer.len() < bytes {
            let had = self.buffer.len();
            self.buffer.resize(had + CHUNK_BYTES.max(bytes - had), 0);
            let into = self.buffer.get_mut(had..).unwrap_or_default();
            let got = self.file.read_at(self.spot.at + had as u64, into)?;
            self.buffer.truncate(had + got);
            if got == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
