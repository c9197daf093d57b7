//! What the servicer answers. What every server has to survive is in `xtask/methods/tests`.

use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_server::Greeter;
use helloworld::server::GreeterServicer;
use tonic::Request;

#[tokio::test]
async fn greets() -> anyhow::Result<()> {
    for name in ["you", "", "世界"] {
        let request = || Request::new(HelloRequest { name: name.into() });
        let reply = GreeterServicer.say_hello(request()).await?.into_inner();
        assert_eq!(reply.message, format!("Hello, {name}!"));
        let reply = GreeterServicer.say_hello_again(request()).await?.into_inner();
        assert_eq!(reply.message, format!("Hello again, {name}!"));
    }
    Ok(())
}
