#ifndef CREDBROKER_TESTS_API_API_FIXTURE_H_
#define CREDBROKER_TESTS_API_API_FIXTURE_H_

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "credbroker/v1/credential_broker.grpc.pb.h"

#include "service/api/grpc_server.h"
#include "service/base/event_loop.h"
#include "service/model/failure.h"
#include "service/ops/metrics.h"
#include "service/sessions/session_manager.h"
#include "tests/api/remote_call.h"
#include "tests/fakes/fake_audit.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_upstream.h"
#include "tests/fakes/stepping_clock.h"

namespace credbroker {

// A server on a free port, with sessions on a real loop and an upstream that the test decides
// about. Tenant "acme" has the accounts "one" and "two" and allows caller passwords, "beta" has
// "main" and does not. Tokens live for 5 minutes.
class ApiFixture : public testing::Test {
 protected:
  using Kind = FakeUpstream::Kind;
  using Stub = v1::CredentialBroker::Stub;

  ApiFixture();
  ~ApiFixture() override;

  // Replaces the server.
  void Serve(const GrpcServerOptions& options, const AccessPolicy& access = {});

  // Over a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const;
  std::unique_ptr<Stub> NewStub() const { return v1::CredentialBroker::NewStub(NewChannel()); }

  static v1::GetTokenRequest TokenRequest(const std::string& tenant = "acme",
                                          const std::string& account = "one");
  // Each waits for the answer.
  Outcome<v1::GetTokenResponse> GetToken(const v1::GetTokenRequest& request = TokenRequest());
  Outcome<v1::LoginResponse> Login(const v1::LoginRequest& request);
  Outcome<v1::RefreshResponse> Refresh(const v1::RefreshRequest& request);
  Outcome<v1::LogoutResponse> Logout(const v1::LogoutRequest& request);
  Outcome<v1::ListSessionsResponse> ListSessions(const v1::ListSessionsRequest& request);
  // Does not wait.
  using PendingToken = PendingCall<v1::GetTokenResponse>;
  std::unique_ptr<PendingToken> StartGetToken(Stub& stub,
                                              const v1::GetTokenRequest& request = TokenRequest(),
                                              absl::Duration timeout = absl::InfiniteDuration());
  // Sends `bytes` to a method, named by its path or, if it is ours, by its name.
  using PendingBytes = PendingCall<grpc::ByteBuffer>;
  std::unique_ptr<PendingBytes> StartRaw(const std::string& method, const std::string& bytes);
  Outcome<grpc::ByteBuffer> CallRaw(const std::string& method, const std::string& bytes) {
    return StartRaw(method, bytes)->Wait();
  }

  // Time passes for the sessions and for watches; the wall clock stands where it is.
  void Step(absl::Duration duration);

  // Waits until `met`, but not for ever; whether it is. Each try takes a turn of the loop.
  bool Eventually(absl::FunctionRef<bool()> met);
  void RunOnLoop(absl::FunctionRef<void()> task);

  // credbroker_rpcs_total.
  int Counted(const std::string& rpc, const std::string& code) const;

  SteppingClock clock_;
  EventLoop loop_{clock_, "sessions"};
  FakeUpstream upstream_{loop_};
  FakeRandom random_;
  Metrics metrics_{{"acme", "beta"}};
  FakeAudit audit_;
  AuditTrail trail_{audit_};
  CallerQuotas quotas_;
  const std::shared_ptr<const TenantDirectory> tenants_;
  Snapshot<AccessRules> access_;
  SessionManager sessions_;
  // What the next server goes by; null: tokens do not count.
  const BearerTokens* bearer_tokens_ = nullptr;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_API_API_FIXTURE_H_
