#ifndef CREDBROKER_SERVICE_API_CREDENTIAL_BROKER_SERVICE_H_
#define CREDBROKER_SERVICE_API_CREDENTIAL_BROKER_SERVICE_H_

#include "credbroker/v1/credential_broker.grpc.pb.h"

#include "service/api/admission.h"
#include "service/api/watch_stream.h"

namespace credbroker {

// Every method gets and gives bytes, see wire_message.h.
template <typename Service>
using WithRawCallbackMethods = v1::CredentialBroker::WithRawCallbackMethod_GetToken<
    v1::CredentialBroker::WithRawCallbackMethod_Login<
        v1::CredentialBroker::WithRawCallbackMethod_Refresh<
            v1::CredentialBroker::WithRawCallbackMethod_WatchToken<
                v1::CredentialBroker::WithRawCallbackMethod_Logout<
                    v1::CredentialBroker::WithRawCallbackMethod_ListSessions<Service>>>>>>;

// The API of proto/credbroker/v1/credential_broker.proto, on gRPC's callback threads.
class CredentialBrokerService : public WithRawCallbackMethods<v1::CredentialBroker::Service> {
 public:
  // Both outlive the service.
  CredentialBrokerService(const ApiParts& parts, WatchRegistry& watches)
      : parts_(parts), watches_(watches) {}

  grpc::ServerUnaryReactor* GetToken(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Login(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Refresh(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchToken(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* Logout(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;

 private:
  const ApiParts& parts_;
  WatchRegistry& watches_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_CREDENTIAL_BROKER_SERVICE_H_
