#include "service/api/token_answer.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "credbroker/v1/credential_broker.pb.h"

#include "service/api/messages.h"
#include "service/api/wire_message.h"
#include "service/base/secret.h"

namespace credbroker {
namespace {

constexpr int kTokenField = v1::GetTokenResponse::kTokenFieldNumber;
static_assert(kTokenField == v1::RefreshResponse::kTokenFieldNumber &&
                  kTokenField == v1::WatchTokenResponse::kTokenFieldNumber &&
                  kTokenField == v1::LoginResponse::kTokenFieldNumber,
              "one serialised form stands for all four");

struct TokenForm : SessionForm {
  explicit TokenForm(grpc::Slice bytes) : slice(std::move(bytes)) {}
  const grpc::Slice slice;
};

// A slice that wipes its bytes.
grpc::Slice SliceOf(Secret secret) {
  auto* const owner = new Secret(std::move(secret));
  const absl::string_view bytes = owner->RevealSecret();
  return grpc::Slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      +[](void* ended) { delete static_cast<Secret*>(ended); }, owner);
}

grpc::Slice MakeAnswer(const Session& session) {
  v1::GetTokenResponse response;
  ToProto(session, *response.mutable_token());
  Secret bytes = Secret::Fill(response.ByteSizeLong(), [&](absl::Span<uint8_t> out) {
    response.SerializeWithCachedSizesToArray(out.data());
  });
  Wipe(*response.mutable_token()->mutable_access_token());
  Wipe(*response.mutable_token()->mutable_sendbird_session_token());
  return SliceOf(std::move(bytes));
}

}  // namespace

grpc::Slice TokenAnswer(const Session& session) {
  const SessionForm* form = session.form.get();
  if (form == nullptr) {
    form = &session.form.Keep(std::make_unique<const TokenForm>(MakeAnswer(session)));
  }
  return static_cast<const TokenForm*>(form)->slice;
}

}  // namespace credbroker
