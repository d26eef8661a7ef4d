//! The road from X to the service, which can be closed.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes connections on to the service, while it is open.
pub(crate) struct Road {
    pub(crate) address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Road {
    /// A road that is open, to that address.
    pub(crate) async fn to(service: SocketAddr) -> Road {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let state = state.clone();
                tokio::spawn(pass(from, service, state));
            }
        });
        Road { address, open }
    }

    /// Opens or closes the road; what is on its way is cut off.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }
}

async fn pass(mut from: TcpStream, service: SocketAddr, mut state: watch::Receiver<bool>) {
    if !*state.borrow() {
        return;
    }
    let passed = async {
        let mut to = TcpStream::connect(service).await?;
        tokio::io::copy_bidirectional(&mut from, &mut to).await
    };
    tokio::select! {
        _ = passed => {}
        _ = state.wait_for(|open| !open) => {}
    }
}
