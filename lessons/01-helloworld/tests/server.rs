//! What the server answers. What every server has to survive is in `xtask/methods/tests`.

use std::future::pending;

use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_client::GreeterClient;
use helloworld::server;
use testing::net::listen;

#[tokio::test]
async fn greets() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = GreeterClient::new(channel);
    for name in ["you", "", "世界"] {
        let request = HelloRequest { name: name.into() };
        let reply = stub.say_hello(request.clone()).await?.into_inner();
        assert_eq!(reply.message, format!("Hello, {name}!"));
        let reply = stub.say_hello_again(request).await?.into_inner();
        assert_eq!(reply.message, format!("Hello again, {name}!"));
    }
    Ok(())
}
