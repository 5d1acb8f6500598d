#include "tests/sandbox/control.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

absl::Status Bad(absl::string_view member) {
  return absl::InvalidArgumentError(absl::StrCat("'", member, "' is not understood"));
}

// True if `value` is of the type and was stored.
bool Store(const json& value, std::optional<bool>& out) {
  if (!value.is_boolean()) return false;
  out = value.get<bool>();
  return true;
}

bool Store(const json& value, std::optional<std::string>& out) {
  if (!value.is_string()) return false;
  out = value.get<std::string>();
  return true;
}

bool StoreOrNull(const json& value, std::optional<std::string>& out) {
  if (!value.is_null()) return Store(value, out);
  out.reset();
  return true;
}

bool Store(const json& value, std::optional<unsigned>& out) {
  if (!value.is_number_integer() || value < 1 || value > std::numeric_limits<int>::max()) {
    return false;
  }
  out = value.get<unsigned>();
  return true;
}

bool Store(const json& value, absl::Duration& out) {
  if (!value.is_number_integer() || value < 0 || value > int64_t{1} << 40) return false;
  out = absl::Milliseconds(value.get<int64_t>());
  return true;
}

bool StoreHeaderName(const json& value, std::string& out) {
  std::optional<std::string> text;
  if (!Store(value, text) || text->empty()) return false;
  if (text->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
      std::string::npos) {
    return false;
  }
  out = *std::move(text);
  return true;
}

bool StoreMember(const std::string& name, const json& value, AccountChange& change) {
  if (name == "password") return Store(value, change.password);
  if (name == "forbidden") return Store(value, change.forbidden);
  if (name == "locked") return Store(value, change.locked);
  if (name == "iterations") return Store(value, change.iterations);
  if (name == "rotate_salt" && value.is_boolean()) {
    change.rotate_salt = value.get<bool>();
    return true;
  }
  if (name != "email" || !value.is_string()) return false;
  change.email = value.get<std::string>();
  return true;
}

bool StoreMember(const std::string& name, const json& value, Settings& settings) {
  if (name == "session_header") return StoreHeaderName(value, settings.session_header);
  if (name == "token_lifetime_ms") return Store(value, settings.token_lifetime);
  if (name == "challenge_lifetime_ms") return Store(value, settings.challenge_lifetime);
  if (name == "latency_ms") return Store(value, settings.latency);
  if (name == "keep_alive_ms") return Store(value, settings.keep_alive);
  if (name == "sendbird_session_token") return StoreOrNull(value, settings.sendbird_session_token);
  if (name == "redirect_project_id") return StoreOrNull(value, settings.redirect_project_id);
  if (name != "bearer" || !value.is_boolean()) return false;
  settings.bearer = value.get<bool>();
  return true;
}

int StatusCode(const absl::Status& status) {
  if (absl::IsNotFound(status)) return 404;
  return absl::IsUnauthenticated(status) ? 401 : 400;
}

}  // namespace

Control::Control(State& state, Faults& faults, Stats& stats, LiveSettings& settings)
    : state_(state), faults_(faults), stats_(stats), settings_(settings) {}

void Control::Handle(const httplib::Request& request, httplib::Response& response) {
  auto answer = Answer(request);
  response.status = answer.ok() ? 200 : StatusCode(answer.status());
  if (!answer.ok()) answer = json{{"error", std::string(answer.status().message())}};
  // Headers that were seen may hold any bytes.
  response.set_content(answer->dump(-1, ' ', false, json::error_handler_t::replace),
                       "application/json");
}

absl::StatusOr<json> Control::Answer(const httplib::Request& request) {
  const std::string call = request.method + " " + request.path;
  if (request.method == "PUT") return Put(request);
  if (call == "GET /_sandbox/stats") return GetStats();
  if (call == "GET /_sandbox/faults") return faults_.ToJson();
  if (call == "GET /_sandbox/secrets") return state_.Secrets();
  if (call == "GET /_sandbox/whoami") return WhoAmI(request);
  if (call == "POST /_sandbox/revoke") return Revoke(request);
  if (call == "DELETE /_sandbox/faults") {
    faults_.Clear();
    return json::object();
  }
  if (call == "DELETE /_sandbox/stats") {
    stats_.Reset();
    state_.ResetCounters();
    return json::object();
  }
  return absl::NotFoundError("no such call");
}

absl::StatusOr<json> Control::Put(const httplib::Request& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (body.is_discarded()) return absl::InvalidArgumentError("the body is not JSON");
  if (request.path == "/_sandbox/accounts") return PutAccounts(body);
  if (request.path == "/_sandbox/settings") return PutSettings(body);
  if (request.path != "/_sandbox/faults") return absl::NotFoundError("no such call");
  const auto count = faults_.Replace(body);
  if (!count.ok()) return count.status();
  return json{{"armed", *count}};
}

absl::StatusOr<json> Control::PutAccounts(const json& body) {
  std::vector<AccountChange> changes;
  for (const json& item : body.is_array() ? body : json::array({body})) {
    if (!item.is_object()) return absl::InvalidArgumentError("an account is a JSON object");
    AccountChange& change = changes.emplace_back();
    for (const auto& [name, value] : item.items()) {
      if (!StoreMember(name, value, change)) return Bad(name);
    }
  }
  for (const AccountChange& change : changes) {
    if (absl::Status status = state_.PutAccount(change); !status.ok()) return status;
  }
  return json{{"accounts", changes.size()}};
}

absl::StatusOr<json> Control::PutSettings(const json& body) {
  if (!body.is_object()) return absl::InvalidArgumentError("settings are a JSON object");
  Settings settings = settings_.Get();
  for (const auto& [name, value] : body.items()) {
    if (!StoreMember(name, value, settings)) return Bad(name);
  }
  settings_.Set(std::move(settings));
  return json::object();
}

absl::StatusOr<json> Control::Revoke(const httplib::Request& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) return absl::InvalidArgumentError("the body is not a JSON object");
  std::optional<std::string> email, what;
  for (const auto& [name, value] : body.items()) {
    const bool known = name == "email" || name == "what";
    if (!known || !Store(value, name == "email" ? email : what)) return Bad(name);
  }
  if (what != "jwt" && what != "refresh" && what != "all") return Bad("what");
  if (email && !state_.HasAccount(*email)) return Bad("email");
  const size_t count = state_.Revoke(email.value_or(""), *what != "refresh", *what != "jwt");
  return json{{"sessions", count}};
}

absl::StatusOr<json> Control::WhoAmI(const httplib::Request& request) const {
  const auto owner = state_.WhoIs(request.get_header_value(settings_.Get().session_header));
  if (!owner.ok()) return owner.status();
  return json{{"email", owner->email}, {"device_id", owner->device_id}, {"jti", owner->jti}};
}

json Control::GetStats() const {
  json stats = state_.ToJson();
  stats_.AddTo(stats);
  return stats;
}

}  // namespace credbroker::sandbox
