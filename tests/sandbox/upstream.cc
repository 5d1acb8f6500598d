#include "tests/sandbox/upstream.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace credbroker::sandbox {

Upstream::Upstream(const UpstreamOptions& options)
    : settings_(options.settings),
      state_(options.mechanism, options.iterations, options.lock_after),
      routes_(state_, faults_, stats_, settings_, stop_),
      control_(state_, faults_, stats_, settings_) {}

absl::StatusOr<std::unique_ptr<Upstream>> Upstream::Start(const UpstreamOptions& options) {
  std::unique_ptr<Upstream> upstream(new Upstream(options));
  for (const auto& [email, password] : options.accounts) {
    AccountChange change;
    change.email = email;
    change.password = password;
    if (absl::Status status = upstream->state_.PutAccount(change); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("account ", email, ": ", status.message()));
    }
  }
  const Server::Options server_options = {
      options.host, options.port, options.certificate, options.key,
      [raw = upstream.get()] { return raw->settings_.Get().keep_alive; }};
  auto server = Server::Start(
      server_options,
      [raw = upstream.get()](const httplib::Request& request, httplib::Response& response,
                             Connection& connection) {
        if (absl::StartsWith(request.path, "/_sandbox/")) {
          raw->control_.Handle(request, response);
        } else {
          raw->routes_.Handle(request, response, connection);
        }
      },
      upstream->stats_);
  if (!server.ok()) return server.status();
  upstream->server_ = *std::move(server);
  return upstream;
}

Upstream::~Upstream() {
  // Wakes the calls that wait out a latency, before their threads are waited for.
  stop_.Notify();
  server_.reset();
}

}  // namespace credbroker::sandbox
