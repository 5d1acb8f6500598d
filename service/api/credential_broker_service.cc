#include "service/api/credential_broker_service.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "service/api/audited_call.h"
#include "service/api/messages.h"
#include "service/api/page_token.h"
#include "service/api/token_answer.h"
#include "service/api/token_hit.h"
#include "service/api/unary_call.h"
#include "service/api/wire_message.h"

namespace credbroker {
namespace {

using Call = std::shared_ptr<UnaryCall>;

constexpr size_t kDefaultPage = 100;
constexpr size_t kLargestPage = 1000;
constexpr CallId kAnswered = 0;

grpc::ByteBuffer LoginAnswer(const SessionManager::LoginResult& result) {
  v1::LoginResponse rest;
  rest.set_reused(result.reused);
  const std::array slices = {TokenAnswer(*result.session), Serialise(rest)};
  return grpc::ByteBuffer(slices.data(), slices.size());
}

v1::ListSessionsResponse PageOf(const std::vector<SessionRow>& rows, size_t page,
                                absl::string_view tenant) {
  v1::ListSessionsResponse response;
  const size_t shown = std::min(rows.size(), page);
  for (size_t i = 0; i < shown; ++i) ToProto(rows[i], *response.add_sessions());
  if (rows.size() > page) {
    response.set_next_page_token(EncodePageToken(rows[page - 1].key, tenant));
  }
  return response;
}

// What the sessions call in the end: answers with the bytes that `serialise` makes of the result,
// or fails, off the loop.
template <typename Serialise>
auto Answer(Call call, Serialise serialise) {
  return [call = std::move(call), serialise](auto result) {
    call->Respond([call, serialise, result = std::move(result)] {
      if (result.ok()) {
        call->Succeed(serialise(*result));
      } else {
        call->Fail(result.status());
      }
    });
  };
}

grpc::ByteBuffer TokenBytes(const SessionPtr& session) { return BytesOf(TokenAnswer(*session)); }

const SessionPtr& SessionOf(const SessionPtr& session) { return session; }
const SessionPtr& SessionOf(const SessionManager::LoginResult& result) { return result.session; }

// The same for a result with a session, whose token `recipient` gets.
template <typename Serialise>
auto HandOut(const ApiParts& parts, Call call, Recipient recipient, Serialise serialise) {
  return
      [&parts, call = std::move(call), recipient = std::move(recipient), serialise](auto result) {
        call->Respond([&parts, call, recipient, serialise, result = std::move(result)] {
          if (!result.ok()) {
            call->Fail(result.status());
            return;
          }
          Deliver(parts, call, SessionOf(*result), recipient,
                  [serialise, value = *result] { return serialise(value); });
        });
      };
}

}  // namespace

grpc::ServerUnaryReactor* CredentialBrokerService::GetToken(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request,
                                                            grpc::ByteBuffer* response) {
  UnrecordedHit unrecorded;
  if (auto* const hit = AnswerTokenHit(parts_, *context, *request, *response, unrecorded)) {
    return hit;
  }
  return ServeUnary<v1::GetTokenRequest>(
      parts_, Rpc::kGetToken, *context, *request, *response,
      [this, &unrecorded](const Call& call, const v1::GetTokenRequest& asked, Admission admission) {
        const absl::Duration min_remaining = FromProto(asked.min_remaining_lifetime());
        SessionPtr hit;
        // The rules may have changed since it was found.
        if (unrecorded.target.tenant == admission.target.tenant &&
            unrecorded.target.key == admission.target.key) {
          hit = std::move(unrecorded.session);
        }
        if (hit == nullptr) {
          hit = parts_.sessions.Peek(admission.target, min_remaining, admission.options.principals);
        }
        if (hit != nullptr) {
          Deliver(parts_, call, hit, std::move(admission.recipient),
                  [hit] { return TokenBytes(hit); });
          return kAnswered;
        }
        return parts_.sessions.GetToken(
            std::move(admission.target), min_remaining, std::move(admission.options),
            HandOut(parts_, call, std::move(admission.recipient), TokenBytes));
      });
}

grpc::ServerUnaryReactor* CredentialBrokerService::Login(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request,
                                                         grpc::ByteBuffer* response) {
  return ServeUnary<v1::LoginRequest>(
      parts_, Rpc::kLogin, *context, *request, *response,
      [this](const Call& call, const v1::LoginRequest& asked, Admission admission) {
        SessionManager::LoginOptions login;
        login.force_new = asked.force_new();
        login.release_hold = asked.release_hold();
        login.device = FromProto(asked.device());
        if (asked.has_password())
          login.password = Secret::Copy(asked.password(), Secret::Place::kSecureHeap);
        return parts_.sessions.Login(
            std::move(admission.target), std::move(login), std::move(admission.options),
            HandOut(parts_, call, std::move(admission.recipient), LoginAnswer));
      });
}

grpc::ServerUnaryReactor* CredentialBrokerService::Refresh(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  return ServeUnary<v1::RefreshRequest>(
      parts_, Rpc::kRefresh, *context, *request, *response,
      [this](const Call& call, const v1::RefreshRequest& asked, Admission admission) {
        std::optional<uint64_t> if_generation;
        if (asked.has_if_generation()) if_generation = asked.if_generation();
        return parts_.sessions.Refresh(
            std::move(admission.target), if_generation, std::move(admission.options),
            HandOut(parts_, call, std::move(admission.recipient), TokenBytes));
      });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* CredentialBrokerService::WatchToken(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return OpenWatch(parts_, watches_, *context, *request);
}

grpc::ServerUnaryReactor* CredentialBrokerService::Logout(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request,
                                                          grpc::ByteBuffer* response) {
  return ServeUnary<v1::LogoutRequest>(
      parts_, Rpc::kLogout, *context, *request, *response,
      [this](const Call& call, const v1::LogoutRequest&, Admission admission) {
        return parts_.sessions.Logout(std::move(admission.target), std::move(admission.options),
                                      Answer(call, [](bool revoked_upstream) {
                                        v1::LogoutResponse answer;
                                        answer.set_revoked_upstream(revoked_upstream);
                                        return BytesOf(Serialise(answer));
                                      }));
      });
}

grpc::ServerUnaryReactor* CredentialBrokerService::ListSessions(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  return ServeUnary<v1::ListSessionsRequest>(
      parts_, Rpc::kListSessions, *context, *request, *response,
      [this](const Call& call, const v1::ListSessionsRequest& asked, const Admission&) {
        auto after = DecodePageToken(asked.page_token(), asked.tenant());
        if (!after.ok()) {
          call->Fail(after.status());
          return kAnswered;
        }
        const size_t page = asked.page_size() == 0
                                ? kDefaultPage
                                : std::min(static_cast<size_t>(asked.page_size()), kLargestPage);
        const auto serialise = [page,
                                tenant = asked.tenant()](const std::vector<SessionRow>& rows) {
          return BytesOf(Serialise(PageOf(rows, page, tenant)));
        };
        parts_.sessions.List(asked.tenant(), *std::move(after), page + 1,
                             [answer = Answer(call, serialise)](std::vector<SessionRow> rows) {
                               answer(absl::StatusOr<std::vector<SessionRow>>(std::move(rows)));
                             });
        return kAnswered;
      });
}

}  // namespace credbroker
