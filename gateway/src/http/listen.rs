use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

const BACKLOG: i32 = 1_024;

/// `count` listeners on one address, and the address with its real port.
pub(super) fn open(
    address: SocketAddr,
    count: usize,
) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    // A shared port would quietly be shared with another process of the same user too: the first
    // bind is exclusive, so that a second instance is told.
    let exclusive = listener(address, false)?;
    let address = exclusive.local_addr()?;
    if count == 1 {
        return Ok((address, vec![exclusive]));
    }
    drop(exclusive);
    let listeners = (0..count).map(|_| listener(address, true)).collect::<io::Result<_>>()?;
    Ok((address, listeners))
}

fn listener(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn threads_share_the_port_and_other_instances_do_not() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (address, listeners) = open(any, 3).unwrap();
        assert_eq!(listeners.len(), 3);
        assert!(listeners.iter().all(|l| l.local_addr().unwrap() == address));
        assert_eq!(open(address, 1).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(open(address, 2).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
