#include "tests/sandbox/routes.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

constexpr size_t kMaxEmail = 254;
constexpr size_t kMaxNonce = 256;

std::optional<Call> CallOfPath(absl::string_view path) {
  if (path == "/api/auth/auth") return Call::kAuth;
  if (path == "/api/auth/login") return Call::kLogin;
  if (path == "/api/auth/session") return Call::kSession;
  if (path == "/api/auth/logout") return Call::kLogout;
  return std::nullopt;
}

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kOutOfRange:
      return 416;
    default:
      return 500;
  }
}

Answer Refusal(const absl::Status& status) {
  return ErrorAnswer(HttpStatusOf(status), absl::string_view(status.message()));
}

// "" unless the member is there and a string.
std::string StringIn(const json& body, const char* name) {
  if (!body.is_object()) return "";
  const auto found = body.find(name);
  return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

// Exactly these members: the strings all there, the nullable ones there or not, string or null.
absl::Status CheckMembers(const json& body, const std::vector<absl::string_view>& strings,
                          const std::vector<absl::string_view>& nullable) {
  if (!body.is_object()) return absl::InvalidArgumentError("the body is not a JSON object");
  size_t found = 0;
  for (const auto& [name, value] : body.items()) {
    const bool required = std::find(strings.begin(), strings.end(), name) != strings.end();
    const bool optional = std::find(nullable.begin(), nullable.end(), name) != nullable.end();
    if (!required && !optional) return absl::InvalidArgumentError("a member is not documented");
    if (!value.is_string() && !(optional && value.is_null())) {
      return absl::InvalidArgumentError(absl::StrCat(name, " has the wrong type"));
    }
    found += required ? 1 : 0;
  }
  if (found != strings.size()) return absl::InvalidArgumentError("a member is missing");
  return absl::OkStatus();
}

// RFC 5802 section 7: printable, without comma.
bool IsNonce(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNonce &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

bool IsBase64(const std::string& text) {
  std::string raw;
  return !text.empty() && absl::Base64Unescape(text, &raw) && absl::Base64Escape(raw) == text;
}

// The e-mail must come prepared: preparing it once more changes nothing.
bool IsEmail(const std::string& text) {
  if (text.empty() || text.size() > kMaxEmail) return false;
  const auto prepared = SaslPrep(text);
  return prepared.ok() && *prepared == text;
}

std::string ClientFirstMessage(const std::string& email, const std::string& nonce) {
  return absl::StrCat("n,,n=", absl::StrReplaceAll(email, {{"=", "=3D"}, {",", "=2C"}}),
                      ",r=", nonce);
}

// The value of one attribute of a message; a nonce has no comma, so that splitting is safe.
std::string Attribute(absl::string_view message, char name) {
  for (absl::string_view attribute : absl::StrSplit(message, ',')) {
    if (attribute.size() >= 2 && attribute[0] == name && attribute[1] == '=') {
      return std::string(attribute.substr(2));
    }
  }
  return "";
}

TokenKind KindOf(const Fault& fault) {
  if (fault.token == "expired") return TokenKind::kExpired;
  if (fault.token == "far-future") return TokenKind::kFarFuture;
  if (fault.token == "no-exp") return TokenKind::kNoExp;
  if (fault.token == "no-claims") return TokenKind::kNoClaims;
  return fault.token == "not-jwt" ? TokenKind::kNotJwt : TokenKind::kGood;
}

json OrNull(const std::optional<std::string>& text) { return text ? json(*text) : json(nullptr); }

}  // namespace

Routes::Routes(State& state, Faults& faults, Stats& stats, const LiveSettings& settings,
               const absl::Notification& stop)
    : state_(state), faults_(faults), stats_(stats), settings_(settings), stop_(stop) {}

void Routes::Handle(const httplib::Request& request, httplib::Response& response,
                    Connection& connection) {
  const Settings settings = settings_.Get();
  const std::optional<Call> call = CallOfPath(request.path);
  if (!call || request.method != (*call == Call::kLogout ? "GET" : "POST")) {
    const Answer answer = ErrorAnswer(call ? 405 : 404, "no such call");
    Send(Render(answer, Fault(), settings), response, connection, stop_);
    return;
  }
  const Incoming incoming = Receive(*call, request, settings);
  stats_.Begin(*call, incoming.account, incoming.platform);
  if (*call == Call::kSession) state_.CountPresented(StringIn(incoming.body, "refreshToken"));
  const std::optional<Fault> armed = faults_.Take(*call, incoming.account);
  const Fault fault = armed.value_or(Fault());
  const absl::Duration latency = settings.latency + fault.latency;
  if (latency > absl::ZeroDuration()) stop_.WaitForNotificationWithTimeout(latency);
  const Answer answer =
      fault.Unprocessed() ? Unprocessed(incoming, fault) : Process(incoming, fault, settings);
  const Rendered rendered = Render(answer, fault, settings);
  stats_.End(*call, incoming.account, rendered.Arrives() ? rendered.status : 0, armed.has_value());
  Send(rendered, response, connection, stop_);
}

Routes::Incoming Routes::Receive(Call call, const httplib::Request& request,
                                 const Settings& settings) const {
  Incoming incoming = {call,
                       request,
                       json::parse(request.body, nullptr, false),
                       request.get_header_value("Platform"),
                       request.get_header_value(settings.session_header),
                       ""};
  std::string email;
  if (call == Call::kSession) {
    email = state_.EmailOfRefreshToken(StringIn(incoming.body, "refreshToken"));
  } else if (call == Call::kLogout) {
    email = state_.EmailOfToken(incoming.token);
  } else {
    email = StringIn(incoming.body, "email");
  }
  if (state_.HasAccount(email)) incoming.account = email;
  return incoming;
}

Answer Routes::Unprocessed(const Incoming& incoming, const Fault& fault) {
  const int status = fault.status.value_or(fault.redirect.empty() ? 500 : 302);
  if (incoming.call == Call::kSession && status == 416) {
    state_.Retire(StringIn(incoming.body, "refreshToken"));
  }
  return ErrorAnswer(status, "a fault is switched on");
}

Answer Routes::Process(const Incoming& incoming, const Fault& fault, const Settings& settings) {
  if (incoming.call == Call::kLogout) return Logout(incoming);
  const std::string content_type = incoming.http.get_header_value("Content-Type");
  if (!absl::StartsWithIgnoreCase(content_type, "application/json")) {
    return ErrorAnswer(400, "the Content-Type is not application/json");
  }
  Answer answer = incoming.call == Call::kAuth    ? Auth(incoming, fault, settings)
                  : incoming.call == Call::kLogin ? Login(incoming, fault, settings)
                                                  : Session(incoming, fault, settings);
  SpoilFields(fault, StringIn(incoming.body, "nonce"), answer);
  return answer;
}

Answer Routes::Auth(const Incoming& incoming, const Fault& fault, const Settings& settings) {
  const absl::Status members = CheckMembers(incoming.body, {"email", "nonce"}, {});
  if (!members.ok()) return Refusal(members);
  const std::string email = StringIn(incoming.body, "email");
  const std::string client_nonce = StringIn(incoming.body, "nonce");
  if (!IsEmail(email)) return ErrorAnswer(400, "the email is malformed or not prepared");
  if (!IsNonce(client_nonce)) return ErrorAnswer(400, "the nonce is malformed");

  const auto keys = state_.KeysOf(email);
  if (!keys.ok()) return Refusal(keys.status());
  auto server = NewScramServer(state_.mechanism(), *keys);
  if (!server.ok()) return Refusal(server.status());
  const auto server_first = (*server)->First(ClientFirstMessage(email, client_nonce));
  if (!server_first.ok()) return Refusal(server_first.status());

  const std::string nonce = Attribute(*server_first, 'r');
  const absl::Duration lifetime =
      fault.expires_in ? absl::Seconds(*fault.expires_in) : settings.challenge_lifetime;
  const absl::Time expiry = absl::Now() + lifetime;
  state_.AddChallenge(nonce, Challenge{email, incoming.platform, expiry, *std::move(server)});
  return Answer{200,
                {{"expires", absl::ToDoubleSeconds(expiry - absl::UnixEpoch())},
                 {"iterationCount", static_cast<double>(keys->iteration_count)},
                 {"nonce", nonce},
                 {"salt", Attribute(*server_first, 's')}},
                ""};
}

Answer Routes::Login(const Incoming& incoming, const Fault& fault, const Settings& settings) {
  const absl::Status members = CheckMembers(
      incoming.body, {"email", "nonce", "proof", "os", "osVersion"}, {"deviceName", "browser"});
  if (!members.ok()) return Refusal(members);
  const std::string email = StringIn(incoming.body, "email");
  const std::string nonce = StringIn(incoming.body, "nonce");
  const std::string proof = StringIn(incoming.body, "proof");
  if (!IsBase64(proof)) return ErrorAnswer(400, "the proof is not base64");
  state_.NoteProof(proof);
  auto challenge = state_.TakeChallenge(nonce);
  if (!challenge || challenge->email != email) return ErrorAnswer(400, "no such challenge");
  if (challenge->platform != incoming.platform) {
    return ErrorAnswer(400, "Platform differs from the first message's");
  }
  if (absl::Now() >= challenge->expiry) return ErrorAnswer(400, "the challenge has lapsed");

  const auto server_final =
      challenge->server->Final(absl::StrCat("c=biws,r=", nonce, ",p=", proof));
  if (absl::IsInvalidArgument(server_final.status())) {
    return ErrorAnswer(400, "the proof is malformed");
  }
  if (!server_final.ok()) return Refusal(state_.RejectLogin(email));
  const auto login = state_.AcceptLogin(email, KindOf(fault), settings);
  if (!login.ok()) return Refusal(login.status());
  return Answer{200,
                {{"deviceId", login->device_id},
                 {"refreshToken", login->refresh_token},
                 {"signature", Attribute(*server_final, 'v')},
                 {"redirectProjectId", OrNull(settings.redirect_project_id)},
                 {"sendbirdSessionToken", OrNull(settings.sendbird_session_token)}},
                login->token};
}

Answer Routes::Session(const Incoming& incoming, const Fault& fault, const Settings& settings) {
  const absl::Status members = CheckMembers(incoming.body, {"refreshToken"}, {});
  if (!members.ok()) return Refusal(members);
  const auto refreshed =
      state_.Refresh(StringIn(incoming.body, "refreshToken"), KindOf(fault), settings);
  if (!refreshed.ok()) return Refusal(refreshed.status());
  return Answer{200,
                {{"deviceId", refreshed->device_id},
                 {"sendbirdSessionToken", OrNull(settings.sendbird_session_token)}},
                refreshed->token};
}

Answer Routes::Logout(const Incoming& incoming) {
  const absl::Status status = state_.Logout(incoming.token);
  if (!status.ok()) return Refusal(status);
  return Answer{200, {{"status", "ok"}}, ""};
}

}  // namespace credbroker::sandbox
