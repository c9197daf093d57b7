/// Generated gRPC service name
pub const SERVICE_NAME: &str = "Teams";
impl<T> tonic::server::NamedService for TeamsServer<T> {
    const NAME: &'static str = SERVICE_NAME;
}
