#include "tests/simulation/simulated_upstream.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/simulation/draw.h"
#include "tests/simulation/judge.h"

namespace credbroker::simulation {
namespace {

// Upstream's answer if nothing else is drawn.
constexpr absl::Duration kUsualLatency = absl::Milliseconds(40);

}  // namespace

size_t AccountOf(const AccountKey& key) {
  for (size_t i = 0; i < kAccounts; ++i) {
    if (KeyOf(i) == key) return i;
  }
  std::abort();
}

SimulatedUpstream::SimulatedUpstream(SimulationLoop& loop, Truth& truth, const Schedule& schedule,
                                     Observer& observer)
    : loop_(loop), truth_(truth), schedule_(schedule), observer_(observer) {}

absl::Duration SimulatedUpstream::DrawLatency(const Request& request, uint64_t index) {
  const absl::Duration timeout = schedule_.setting.request_timeout;
  if (request.fault == Fault::kSlow) return timeout * 0.9;
  if (request.fault == Fault::kLostAnswer) return timeout;
  if (!schedule_.setting.any_latency) return kUsualLatency;
  const std::array kLatencies = {
      absl::ZeroDuration(),   absl::Milliseconds(1),   kUsualLatency,
      absl::Milliseconds(40), absl::Milliseconds(300), timeout * 0.5,
  };
  const uint64_t draw =
      Draw(schedule_.seed, Stream::kLatency,
           index << 8 | static_cast<uint64_t>(request.kind) << 4 | request.account);
  return kLatencies[draw % kLatencies.size()];
}

Request& SimulatedUpstream::Send(RequestKind kind, const AccountKey& key) {
  auto made = std::make_unique<Request>();
  Request& request = *made;
  request.id = ++last_id_;
  request.kind = kind;
  request.account = AccountOf(key);
  Truth::Account& account = truth_.account(request.account);
  if (account.fault_kind.value_or(kind) == kind) {
    request.fault = account.fault_in_force();
    if (kind != RequestKind::kCheck && account.fault_left > 0) --account.fault_left;
  }
  request.sent = loop_.Now();
  request.sent_wall = loop_.WallNow();
  const uint64_t index = counts_[static_cast<size_t>(kind)][request.account]++;
  const absl::Duration latency = DrawLatency(request, index);
  request.effective = request.sent + latency / 2;
  request.arrival = request.sent + latency;
  in_flight_.push_back(std::move(made));
  return request;
}

void SimulatedUpstream::Login(const UpstreamAccount& account,
                              std::shared_ptr<const Credential> credential, const Device& device,
                              LoginDone done) {
  Request& request = Send(RequestKind::kLogin, account.key);
  // A configured account's credential is a file, and the simulation has none.
  request.password = account.key.is_caller_account()
                         ? std::string(credential->Read()->RevealSecret())
                         : truth_.account(request.account).file;
  request.device = device.device_name.value_or("");
  request.login_done = std::move(done);
  observer_.OnRequest(request);
}

void SimulatedUpstream::Refresh(const UpstreamAccount& account, const Secret& refresh_token,
                                RefreshDone done) {
  Request& request = Send(RequestKind::kRefresh, account.key);
  request.session = truth_.FindSession(refresh_token.RevealSecret());
  request.refresh_done = std::move(done);
  observer_.OnRequest(request);
}

void SimulatedUpstream::Logout(const UpstreamAccount& account, const Secret& access_token,
                               LogoutDone done) {
  Request& request = Send(RequestKind::kLogout, account.key);
  request.token = truth_.FindToken(access_token.RevealSecret());
  if (request.token >= 0) request.session = truth_.token(request.token).session;
  request.logout_done = std::move(done);
  observer_.OnRequest(request);
}

void SimulatedUpstream::HasCredentialChanged(const AccountKey& key,
                                             std::shared_ptr<const Credential>,
                                             CredentialDone done) {
  Request& request = Send(RequestKind::kCheck, key);
  request.check_done = std::move(done);
  observer_.OnRequest(request);
}

std::optional<Instant> SimulatedUpstream::NextEvent() const {
  std::optional<Instant> next;
  for (const auto& request : in_flight_) {
    const Instant event = request->took_effect ? request->arrival : request->effective;
    if (!next.has_value() || event < *next) next = event;
  }
  return next;
}

void SimulatedUpstream::TakeEffect() {
  // In the order of their moments: a logout may meet a refresh.
  while (true) {
    Request* next = nullptr;
    for (const auto& request : in_flight_) {
      if (request->took_effect || request->effective > loop_.Now()) continue;
      if (next == nullptr || request->effective < next->effective) next = request.get();
    }
    if (next == nullptr) return;
    next->took_effect = true;
    Judge(truth_, *next);
  }
}

size_t SimulatedUpstream::arrived() const {
  return static_cast<size_t>(
      std::count_if(in_flight_.begin(), in_flight_.end(), [this](const auto& request) {
        return request->took_effect && request->arrival <= loop_.Now();
      }));
}

IssuedToken SimulatedUpstream::Issued(const Request& request) const {
  const TrueToken& token = truth_.token(request.token);
  IssuedToken issued;
  issued.access_token = Secret::Copy(Truth::AccessToken(request.token));
  issued.device_id = "device";
  issued.sent = token.sent;
  issued.sent_wall = token.sent_wall;
  issued.lifetime = token.lifetime;
  return issued;
}

void SimulatedUpstream::Answer(size_t which) {
  auto place = in_flight_.begin();
  for (size_t seen = 0;; ++place) {
    if (!(*place)->took_effect || (*place)->arrival > loop_.Now()) continue;
    if (seen++ == which) break;
  }
  const std::unique_ptr<Request> request = std::move(*place);
  in_flight_.erase(place);
  observer_.OnAnswer(*request);
  switch (request->kind) {
    case RequestKind::kLogin:
      if (!request->status.ok()) return request->login_done(request->status);
      return request->login_done(LoginGrant{
          Issued(*request), Secret::Copy(Truth::RefreshToken(request->session)), std::nullopt});
    case RequestKind::kRefresh:
      if (!request->status.ok()) return request->refresh_done(request->status);
      return request->refresh_done(Issued(*request));
    case RequestKind::kLogout:
      return request->logout_done(request->status);
    case RequestKind::kCheck:
      return request->check_done(request->changed);
  }
}

}  // namespace credbroker::simulation
