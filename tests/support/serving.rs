//! A test's application on a port of this machine, for what only a browser can ask.

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::TestApp;

/// An application that answers on a port until this goes.
pub struct Served {
    /// Where it is, without a path.
    pub url: String,
    serving: JoinHandle<()>,
}

impl TestApp {
    /// Answers on a free port of the loopback address.
    pub async fn serve(&self) -> Served {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let router = self.router.clone();
        let serving = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("it serves until it is told to end");
        });
        Served {
            url: format!("http://{address}"),
            serving,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
