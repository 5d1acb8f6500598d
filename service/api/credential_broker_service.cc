#include "service/api/credential_broker_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "service/api/field_check.h"
#include "service/api/messages.h"
#include "service/api/page_token.h"
#include "service/api/unary_call.h"

namespace credbroker {
namespace {

constexpr size_t kDefaultPage = 100;
constexpr size_t kLargestPage = 1000;

// Answers with the session's token, or fails, off the loop.
template <typename Response>
SessionManager::Done AnswerWithToken(std::shared_ptr<UnaryCall> call, Response* response) {
  return [call = std::move(call), response](absl::StatusOr<SessionPtr> session) {
    call->Respond([call, response, session = std::move(session)] {
      if (session.ok()) ToProto(**session, *response->mutable_token());
      call->Finish(session.status());
    });
  };
}

void FillPage(const std::vector<SessionRow>& rows, size_t page, absl::string_view tenant,
              v1::ListSessionsResponse& response) {
  const size_t shown = std::min(rows.size(), page);
  for (size_t i = 0; i < shown; ++i) ToProto(rows[i], *response.add_sessions());
  if (rows.size() > page) response.set_next_page_token(EncodePageToken(rows[page - 1].key, tenant));
}

}  // namespace

grpc::ServerUnaryReactor* CredentialBrokerService::GetToken(grpc::CallbackServerContext* context,
                                                            const v1::GetTokenRequest* request,
                                                            v1::GetTokenResponse* response) {
  const auto call =
      StartUnaryCall(parts_, Rpc::kGetToken, {request->tenant(), request->account(), ""});
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  auto admission =
      call->Admit(*context, {Rpc::kGetToken, request->tenant(), request->account(), false, false},
                  CheckFields(*request));
  if (!admission.ok()) return reactor;
  const absl::Duration min_remaining = FromProto(request->min_remaining_lifetime());
  if (const SessionPtr hit =
          parts_.sessions.Peek(admission->target.key, min_remaining, admission->options)) {
    ToProto(*hit, *response->mutable_token());
    call->Finish(absl::OkStatus());
    return reactor;
  }
  call->WaitsFor(parts_.sessions.GetToken(std::move(admission->target), min_remaining,
                                          std::move(admission->options),
                                          AnswerWithToken(call, response)));
  return reactor;
}

grpc::ServerUnaryReactor* CredentialBrokerService::Login(grpc::CallbackServerContext* context,
                                                         const v1::LoginRequest* request,
                                                         v1::LoginResponse* response) {
  const auto call =
      StartUnaryCall(parts_, Rpc::kLogin, {request->tenant(), request->account(), ""});
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  auto admission = call->Admit(*context,
                               {Rpc::kLogin, request->tenant(), request->account(),
                                request->has_password(), request->release_hold()},
                               CheckFields(*request));
  if (!admission.ok()) return reactor;
  SessionManager::LoginOptions login;
  login.force_new = request->force_new();
  login.release_hold = request->release_hold();
  login.device = FromProto(request->device());
  if (request->has_password()) login.password = Secret::Copy(request->password());
  call->WaitsFor(parts_.sessions.Login(
      std::move(admission->target), std::move(login), std::move(admission->options),
      [call, response](absl::StatusOr<SessionManager::LoginResult> result) {
        call->Respond([call, response, result = std::move(result)] {
          if (result.ok()) ToProto(*result->session, *response->mutable_token());
          if (result.ok()) response->set_reused(result->reused);
          call->Finish(result.status());
        });
      }));
  return reactor;
}

grpc::ServerUnaryReactor* CredentialBrokerService::Refresh(grpc::CallbackServerContext* context,
                                                           const v1::RefreshRequest* request,
                                                           v1::RefreshResponse* response) {
  const auto call =
      StartUnaryCall(parts_, Rpc::kRefresh, {request->tenant(), request->account(), ""});
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  auto admission =
      call->Admit(*context, {Rpc::kRefresh, request->tenant(), request->account(), false, false},
                  CheckFields(*request));
  if (!admission.ok()) return reactor;
  std::optional<uint64_t> if_generation;
  if (request->has_if_generation()) if_generation = request->if_generation();
  call->WaitsFor(parts_.sessions.Refresh(std::move(admission->target), if_generation,
                                         std::move(admission->options),
                                         AnswerWithToken(call, response)));
  return reactor;
}

grpc::ServerWriteReactor<v1::WatchTokenResponse>* CredentialBrokerService::WatchToken(
    grpc::CallbackServerContext* context, const v1::WatchTokenRequest* request) {
  return OpenWatch(parts_, watches_, *context, *request);
}

grpc::ServerUnaryReactor* CredentialBrokerService::Logout(grpc::CallbackServerContext* context,
                                                          const v1::LogoutRequest* request,
                                                          v1::LogoutResponse* response) {
  const auto call =
      StartUnaryCall(parts_, Rpc::kLogout, {request->tenant(), request->account(), ""});
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  auto admission =
      call->Admit(*context, {Rpc::kLogout, request->tenant(), request->account(), false, false},
                  CheckFields(*request));
  if (!admission.ok()) return reactor;
  call->WaitsFor(parts_.sessions.Logout(std::move(admission->target), std::move(admission->options),
                                        [call, response](absl::StatusOr<bool> confirmed) {
                                          call->Respond([call, response, confirmed] {
                                            response->set_revoked_upstream(confirmed.ok() &&
                                                                           *confirmed);
                                            call->Finish(confirmed.status());
                                          });
                                        }));
  return reactor;
}

grpc::ServerUnaryReactor* CredentialBrokerService::ListSessions(
    grpc::CallbackServerContext* context, const v1::ListSessionsRequest* request,
    v1::ListSessionsResponse* response) {
  const auto call = StartUnaryCall(parts_, Rpc::kListSessions, {request->tenant(), "", ""});
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  auto after = DecodePageToken(request->page_token(), request->tenant());
  absl::Status fields = CheckFields(*request);
  fields.Update(after.status());
  auto admission =
      call->Admit(*context, {Rpc::kListSessions, request->tenant(), "", false, false}, fields);
  if (!admission.ok()) return reactor;
  const size_t page = request->page_size() == 0
                          ? kDefaultPage
                          : std::min(static_cast<size_t>(request->page_size()), kLargestPage);
  parts_.sessions.List(
      request->tenant(), *std::move(after), page + 1,
      [call, response, page, tenant = request->tenant()](std::vector<SessionRow> rows) {
        call->Respond([call, response, page, tenant, rows = std::move(rows)] {
          FillPage(rows, page, tenant, *response);
          call->Finish(absl::OkStatus());
        });
      });
  return reactor;
}

}  // namespace credbroker
