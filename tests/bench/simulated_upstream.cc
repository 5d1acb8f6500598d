#include "tests/bench/simulated_upstream.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker {

void SimulatedUpstream::Login(const UpstreamAccount&, std::shared_ptr<const Credential>,
                              const Device&, LoginDone done) {
  ++logins_;
  LoginGrant grant;
  grant.token = MakeToken();
  grant.refresh_token = Secret::Copy(std::string(options_.refresh_token_bytes, 'r'));
  Later([done = std::move(done), grant = std::move(grant)]() mutable { done(std::move(grant)); });
}

void SimulatedUpstream::Refresh(const UpstreamAccount&, const Secret&, RefreshDone done) {
  ++refreshes_;
  ++by_second_[absl::ToInt64Seconds(loop_.Now().since_boot())];
  Later([done = std::move(done), token = MakeToken()]() mutable { done(std::move(token)); });
}

void SimulatedUpstream::Logout(const UpstreamAccount&, const Secret&, LogoutDone done) {
  Later([done = std::move(done)]() mutable { done(absl::OkStatus()); });
}

void SimulatedUpstream::HasCredentialChanged(const AccountKey&, std::shared_ptr<const Credential>,
                                             CredentialDone done) {
  loop_.Post([done = std::move(done)]() mutable { done(false); });
}

IssuedToken SimulatedUpstream::MakeToken() {
  IssuedToken token;
  std::string text = absl::StrCat("jwt-", ++tokens_, ".");
  text.resize(options_.token_bytes, 'x');
  token.access_token = Secret::Copy(text);
  token.device_id = "0b9dfc46-4a43-4bd5-8d0e-6f3a7e6a1c55";
  token.sent = loop_.Now();
  token.sent_wall = loop_.WallNow();
  token.lifetime = options_.lifetime;
  return token;
}

void SimulatedUpstream::Later(Loop::Task answer) {
  if (options_.latency > absl::ZeroDuration()) {
    loop_.After(options_.latency, std::move(answer));
  } else {
    loop_.Post(std::move(answer));
  }
}

}  // namespace credbroker
