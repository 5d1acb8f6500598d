#ifndef CREDBROKER_SERVICE_OPS_AUDIT_EVENT_H_
#define CREDBROKER_SERVICE_OPS_AUDIT_EVENT_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace credbroker {

// The values of the field `event`; see "Audit log" in the README.
enum class AuditKind {
  kTokenIssued,
  kTokenReissued,
  kLogin,
  kRefresh,
  kLogout,
  kDenied,
  kHeldBack,
  kUntrustedUpstream,
  kReload
};

// What happened, without secrets. A field that does not apply is empty, or 0.
struct AuditEvent {
  AuditKind kind = AuditKind::kTokenIssued;
  // Whose doing it was; empty: the broker's own.
  std::string principal;
  std::string peer;
  std::string rpc;
  std::string tenant;
  // As DisplayName writes it.
  std::string account;
  uint64_t generation = 0;
  // See TokenFingerprint.
  std::string token_fingerprint;
  // "ok", "failed", "refused"; for kHeldBack "held" or "released".
  std::string outcome;
  // The name of a Reason; for kReload, what was loaded: "config", "tls", "secret" or "jwks".
  std::string reason;
  std::string trace_id;
  // How many events the line stands for.
  uint64_t count = 1;
};

// The event as one line of JSON, with its end: every field is there, in the contract's order. Bytes
// that are not UTF-8 are replaced.
std::string AuditLine(const AuditEvent& event, absl::Time time);

// Where events go. Thread-safe; no call blocks.
class AuditSink {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;
  virtual ~AuditSink() = default;

  // Whether anything is recorded.
  virtual bool on() const = 0;

  // Records `event`. `done` is called once, from any thread, perhaps before Append returns: with OK
  // when the line has been written (or nothing is recorded at all), with AUDIT_UNAVAILABLE if it
  // has not been; it must not block. Without `done` the line is written as soon as possible, and
  // lost if it cannot be kept until then.
  virtual void Append(AuditEvent event, Done done) = 0;
  void Append(AuditEvent event) { Append(std::move(event), nullptr); }
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_AUDIT_EVENT_H_
