#include "service/ops/audit_event.h"

#include "nlohmann/json.hpp"

namespace credbroker {
namespace {

const char* Name(AuditKind kind) {
  switch (kind) {
    case AuditKind::kTokenIssued:
      return "token_issued";
    case AuditKind::kTokenReissued:
      return "token_reissued";
    case AuditKind::kLogin:
      return "login";
    case AuditKind::kRefresh:
      return "refresh";
    case AuditKind::kLogout:
      return "logout";
    case AuditKind::kDenied:
      return "denied";
    case AuditKind::kHeldBack:
      return "held_back";
    case AuditKind::kUntrustedUpstream:
      return "untrusted_upstream";
    case AuditKind::kReload:
      return "reload";
  }
  return "";
}

}  // namespace

std::string AuditLine(const AuditEvent& event, absl::Time time) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", time, absl::UTCTimeZone());
  line["event"] = Name(event.kind);
  line["principal"] = event.principal;
  line["peer"] = event.peer;
  line["rpc"] = event.rpc;
  line["tenant"] = event.tenant;
  line["account"] = event.account;
  line["generation"] = event.generation;
  line["token_fingerprint"] = event.token_fingerprint;
  line["outcome"] = event.outcome;
  line["reason"] = event.reason;
  line["trace_id"] = event.trace_id;
  line["count"] = event.count;
  return line.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace credbroker
