use contract::HelloRequest;
use contract::greeter_client::GreeterClient;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let addr = std::env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let mut stub = GreeterClient::connect(format!("http://{addr}")).await?;
    let reply = stub.say_hello(HelloRequest { name: "you".into() }).await?.into_inner();
    println!("{}", reply.message);
    Ok(())
}
