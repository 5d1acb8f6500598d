#ifndef CREDBROKER_SERVICE_API_CREDENTIAL_BROKER_SERVICE_H_
#define CREDBROKER_SERVICE_API_CREDENTIAL_BROKER_SERVICE_H_

#include "credbroker/v1/credential_broker.grpc.pb.h"

#include "service/api/admission.h"
#include "service/api/watch_stream.h"

namespace credbroker {

// The API of proto/credbroker/v1/credential_broker.proto, on gRPC's callback threads.
class CredentialBrokerService : public v1::CredentialBroker::CallbackService {
 public:
  // Both outlive the service.
  CredentialBrokerService(const ApiParts& parts, WatchRegistry& watches)
      : parts_(parts), watches_(watches) {}

  grpc::ServerUnaryReactor* GetToken(grpc::CallbackServerContext* context,
                                     const v1::GetTokenRequest* request,
                                     v1::GetTokenResponse* response) override;
  grpc::ServerUnaryReactor* Login(grpc::CallbackServerContext* context,
                                  const v1::LoginRequest* request,
                                  v1::LoginResponse* response) override;
  grpc::ServerUnaryReactor* Refresh(grpc::CallbackServerContext* context,
                                    const v1::RefreshRequest* request,
                                    v1::RefreshResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchTokenResponse>* WatchToken(
      grpc::CallbackServerContext* context, const v1::WatchTokenRequest* request) override;
  grpc::ServerUnaryReactor* Logout(grpc::CallbackServerContext* context,
                                   const v1::LogoutRequest* request,
                                   v1::LogoutResponse* response) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const v1::ListSessionsRequest* request,
                                         v1::ListSessionsResponse* response) override;

 private:
  const ApiParts& parts_;
  WatchRegistry& watches_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_CREDENTIAL_BROKER_SERVICE_H_
