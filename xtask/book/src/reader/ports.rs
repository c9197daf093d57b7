//! Ports: a reader may be using those that a page shows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpListener;

/// Which free port stands for which one that a page shows.
#[derive(Default)]
pub struct Ports(RefCell<BTreeMap<u16, u16>>);

impl Ports {
    /// From now on, others stand for them.
    pub fn forget(&self) {
        self.0.take();
    }

    /// What is `shown`, with a free port in each HOST:PORT, if it is one or several joined by commas.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub fn elsewhere(&self, shown: &str) -> anyhow::Result<String> {
        let mut addrs = Vec::new();
        for addr in shown.split(',') {
            addrs.push(match addr.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
                Some((host, Ok(port))) if port > 0 => format!("{host}:{}", self.free(port)?),
                _ => addr.to_owned(),
            });
        }
        Ok(addrs.join(","))
    }

    /// The free port that stands for `shown`.
    fn free(&self, shown: u16) -> anyhow::Result<u16> {
        let mut ports = self.0.borrow_mut();
        if let Some(port) = ports.get(&shown) {
            return Ok(*port);
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        ports.insert(shown, port);
        Ok(port)
    }

    /// `output`, with the ports that a reader sees.
    pub fn as_shown(&self, output: &str) -> String {
        let mut output = output.to_owned();
        for (shown, port) in self.0.borrow().iter() {
            output = output.replace(&format!(":{port}"), &format!(":{shown}"));
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;

    #[test]
    fn each_of_several_addresses_has_a_free_port() -> anyhow::Result<()> {
        let ports = Ports::default();
        let one = ports.elsewhere("127.0.0.1:50051")?;
        let three = ports.elsewhere("127.0.0.1:50051,127.0.0.1:50052,localhost:50053")?;
        let addrs: Vec<_> = three.split(',').collect();
        assert_eq!(addrs[0], one);
        assert!(addrs[1] != "127.0.0.1:50052" && addrs[2].starts_with("localhost:"), "{three}");
        let shown = "127.0.0.1:50051,127.0.0.1:50052,localhost:50053";
        assert_eq!(ports.as_shown(&three), shown);
        assert_eq!(ports.elsewhere("a, b")?, "a, b");
        Ok(())
    }
}
