//! The client of the exercise: one product, with gzip and without, and a secret that gzip gives
//! away.

use flate2::{Compression, read::GzEncoder};
use prost::Message;
use secure::pb::product_info_client::ProductInfoClient;
use secure::pb::{Product, ProductId};
use secure::{certificates, connect};
use std::io::{self, Read};
use tonic::codec::CompressionEncoding::Gzip;

/// Adds a product to the catalogue of the server at `addr` (HOST:PORT), and asks for it twice.
/// Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let authority = certificates::authority()?;
    let identity = certificates::identity("ada")?;
    let server = connect::to(addr).tls(|tls| tls.ca_certificate(authority).identity(identity));
    let channel = server.open().await?;
    let mut plain = ProductInfoClient::new(channel.clone());
    let mut gzip = ProductInfoClient::new(channel).send_compressed(Gzip).accept_compressed(Gzip);

    let description = "Boils a litre of water, and another one. ".repeat(100);
    let product = Product { id: "".into(), name: "Kettle".into(), description };
    let id = gzip.add_product(product).await?.into_inner().value;
    for stub in [&mut plain, &mut gzip] {
        let response = stub.get_product(ProductId { value: id.clone() }).await?;
        let encoding = response.metadata().get("grpc-encoding").cloned();
        let message = response.into_inner().encode_to_vec();
        match encoding {
            Some(_) => {
                let short = gzipped(&message)?;
                println!("{} bytes came as gzip, which makes {short} of them", message.len());
            }
            None => println!("{} bytes came as they are", message.len()),
        }
    }

    // If you see how long an encrypted message is, and have a word in it, you can guess what else
    // is in there: what has come before is short.
    let secret = "The secret of this shop is 4711.";
    for guess in ["is 0815", "is 1234", "is 4711"] {
        let length = gzipped(format!("{secret} You asked whether it {guess}.").as_bytes())?;
        println!("guess {guess:?}: {length} bytes");
    }
    Ok(())
}

/// How many bytes gzip makes of `bytes`.
fn gzipped(bytes: &[u8]) -> io::Result<usize> {
    let mut compressed = Vec::new();
    GzEncoder::new(bytes, Compression::default()).read_to_end(&mut compressed)
}
