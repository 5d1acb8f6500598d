#include "tests/sandbox/answer.h"

#include <zlib.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace credbroker::sandbox {
namespace {

constexpr size_t kLongHeader = 9 << 10;
constexpr size_t kLargeBody = 200 << 10;
constexpr size_t kBomb = 10 << 20;
constexpr size_t kLongSalt = 2 << 10;
constexpr int kDepth = 10'000;

std::string SpoiltNonce(const std::string& kind, const std::string& nonce,
                        absl::string_view client_nonce) {
  if (kind == "equal") return std::string(client_nonce);
  if (kind == "foreign") return absl::StrCat("x", nonce);
  if (kind == "comma") return absl::StrCat(nonce, ",m=x");
  if (kind == "control") return absl::StrCat(nonce, "\x01");
  if (kind == "non-ascii") return absl::StrCat(nonce, "\xC3\xA9");
  if (kind == "truncated") return nonce.substr(0, client_nonce.size() / 2);
  return "";
}

// Sets bits of the last character that decode to nothing: "QQ==" -> "QR==".
std::string NonCanonical(std::string base64) {
  const size_t last = base64.find_last_not_of('=');
  if (last != std::string::npos && last + 1 < base64.size()) ++base64[last];
  return base64;
}

std::string SpoiltSalt(const std::string& kind, const std::string& salt) {
  if (kind == "long") return absl::Base64Escape(std::string(kLongSalt, 's'));
  if (kind == "not-base64") return "!" + salt;
  if (kind == "unpadded") return absl::StrCat(absl::StripSuffix(absl::StripSuffix(salt, "="), "="));
  if (kind == "non-canonical") return NonCanonical(salt);
  if (kind == "whitespace") return " " + salt;
  return "";
}

void SpoilSignature(const std::string& kind, nlohmann::json& fields) {
  std::string raw;
  absl::Base64Unescape(fields.value("signature", ""), &raw);
  if (kind == "missing") {
    fields.erase("signature");
  } else if (kind == "flipped") {
    raw.back() = static_cast<char>(raw.back() ^ 1);
    fields["signature"] = absl::Base64Escape(raw);
  } else if (kind == "truncated") {
    fields["signature"] = absl::Base64Escape(raw.substr(0, raw.size() - 1));
  } else {
    fields["signature"] = kind == "empty" ? "" : "!" + absl::Base64Escape(raw);
  }
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  // 15 window bits, and 16 for the gzip format.
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return "";
  }
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Another type for each field; same names.
nlohmann::json WrongTypes(nlohmann::json fields) {
  for (auto& value : fields) {
    if (value.is_string()) {
      value = 12;
    } else if (value.is_number()) {
      value = "12";
    } else {
      value = nlohmann::json::array();
    }
  }
  return fields;
}

// `member` put first into the text of an object.
std::string With(absl::string_view member, const std::string& object) {
  return object == "{}" ? absl::StrCat("{", member, "}")
                        : absl::StrCat("{", member, ",", object.substr(1));
}

std::string SpoiltBody(const std::string& kind, const nlohmann::json& fields) {
  const std::string good = fields.dump();
  if (kind == "empty") return "";
  if (kind == "not-json") return "<html>busy</html>";
  if (kind == "deep") {
    return With(absl::StrCat("\"x\":", std::string(kDepth, '['), std::string(kDepth, ']')), good);
  }
  if (kind == "duplicate-keys") return With(good.substr(1, good.size() - 2), good);
  if (kind == "invalid-utf8") return With("\"x\":\"\xFF\xC0\xAF\"", good);
  if (kind == "wrong-types") return WrongTypes(fields).dump();
  if (kind == "missing-fields") return "{}";
  if (kind == "large" || kind == "large-chunked") {
    return With(absl::StrCat("\"x\":\"", std::string(kLargeBody, 'a'), "\""), good);
  }
  if (kind == "gzip") return Gzip(good);
  if (kind == "gzip-bomb") return Gzip(std::string(kBomb, '\0'));
  return good;
}

Travel TravelOf(const Fault& fault) {
  if (fault.connection == "close-unprocessed" || fault.connection == "close") {
    return Travel::kWithheld;
  }
  if (fault.connection == "reset") return Travel::kReset;
  if (fault.connection == "cut-body") return Travel::kCut;
  if (fault.connection == "drip") return Travel::kDrip;
  if (fault.body == "endless") return Travel::kEndless;
  if (fault.body == "large-chunked") return Travel::kChunked;
  return fault.connection == "close-after" ? Travel::kCloseAfter : Travel::kWhole;
}

void AddTokenHeaders(const std::string& token, const Fault& fault, const Settings& settings,
                     Rendered& rendered) {
  const std::string& kind = fault.token_header;
  if (token.empty() || kind == "missing") return;
  if (kind == "bearer" || (settings.bearer && kind.empty())) {
    rendered.headers.emplace_back("Authorization", absl::StrCat("Bearer ", token));
    return;
  }
  std::string value = token;
  if (kind == "long") value.append(kLongHeader, 'a');
  if (kind == "empty") value.clear();
  rendered.headers.emplace_back(settings.session_header, value);
  if (kind == "twice") rendered.headers.emplace_back(settings.session_header, value);
}

std::string Head(const Rendered& rendered) {
  std::string head = absl::StrCat("HTTP/1.1 ", rendered.status, " Sandbox\r\n");
  for (const auto& [name, value] : rendered.headers)
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  const bool chunked = rendered.travel == Travel::kChunked || rendered.travel == Travel::kEndless;
  // The connection ends with what is sent by hand, and a client that is not told may race that end
  // with its next request.
  absl::StrAppend(&head, "Connection: close\r\nContent-Type: application/json\r\n",
                  chunked ? std::string("Transfer-Encoding: chunked")
                          : absl::StrCat("Content-Length: ", rendered.body.size()),
                  "\r\n\r\n");
  return head;
}

std::string Chunk(absl::string_view text) {
  return absl::StrCat(absl::Hex(text.size()), "\r\n", text, "\r\n");
}

void SendByHand(const Rendered& rendered, Connection& connection, const absl::Notification& stop) {
  const std::string head = Head(rendered);
  const std::string& body = rendered.body;
  switch (rendered.travel) {
    case Travel::kCut:
      connection.Send(head + body.substr(0, body.size() / 2));
      return;
    case Travel::kDrip:
      connection.Send(head);
      for (const char& byte : body) {
        if (stop.WaitForNotificationWithTimeout(rendered.drip)) return;
        if (!connection.Send({&byte, 1})) return;
      }
      return;
    case Travel::kChunked:
      connection.Send(head + Chunk(body) + Chunk(""));
      return;
    case Travel::kEndless:
      if (!connection.Send(head + Chunk("{\"x\":\""))) return;
      for (const std::string more = Chunk(std::string(4096, 'a'));
           !stop.HasBeenNotified() && connection.Send(more);) {
      }
      return;
    default:
      return;
  }
}

}  // namespace

Answer ErrorAnswer(int status, absl::string_view text) {
  return Answer{status, {{"error", std::string(text)}}, ""};
}

bool Rendered::Arrives() const {
  return travel == Travel::kWhole || travel == Travel::kDrip || travel == Travel::kChunked ||
         travel == Travel::kCloseAfter;
}

void SpoilFields(const Fault& fault, absl::string_view client_nonce, Answer& answer) {
  if (answer.status != 200) return;
  nlohmann::json& fields = answer.fields;
  if (fields.contains("salt")) {
    if (!fault.nonce.empty()) {
      fields["nonce"] = SpoiltNonce(fault.nonce, fields.value("nonce", ""), client_nonce);
    }
    if (!fault.salt.empty()) fields["salt"] = SpoiltSalt(fault.salt, fields.value("salt", ""));
    if (fault.iteration_count) fields["iterationCount"] = *fault.iteration_count;
  }
  if (fields.contains("signature") && !fault.signature.empty()) {
    SpoilSignature(fault.signature, fields);
  }
}

Rendered Render(const Answer& answer, const Fault& fault, const Settings& settings) {
  Rendered rendered;
  rendered.status = answer.status;
  rendered.body = SpoiltBody(fault.body, answer.fields);
  rendered.travel = TravelOf(fault);
  rendered.drip = fault.drip;
  if (!fault.date_missing) {
    rendered.headers.emplace_back(
        "Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now() + fault.date_offset,
                                 absl::UTCTimeZone()));
  }
  if (!fault.retry_after.empty()) rendered.headers.emplace_back("Retry-After", fault.retry_after);
  if (!fault.redirect.empty()) rendered.headers.emplace_back("Location", fault.redirect);
  if (fault.body == "gzip" || fault.body == "gzip-bomb") {
    rendered.headers.emplace_back("Content-Encoding", "gzip");
  }
  AddTokenHeaders(answer.token, fault, settings, rendered);
  return rendered;
}

void Send(const Rendered& rendered, httplib::Response& response, Connection& connection,
          const absl::Notification& stop) {
  if (rendered.travel == Travel::kWhole || rendered.travel == Travel::kCloseAfter) {
    response.status = rendered.status;
    for (const auto& [name, value] : rendered.headers) response.headers.emplace(name, value);
    response.set_content(rendered.body, "application/json");
    if (rendered.travel == Travel::kCloseAfter) connection.CloseAfterAnswer();
    return;
  }
  SendByHand(rendered, connection, stop);
  if (rendered.travel == Travel::kReset) connection.ResetOnClose();
  connection.Detach();
}

}  // namespace credbroker::sandbox
