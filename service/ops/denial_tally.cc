#include "service/ops/denial_tally.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace credbroker {
namespace {

// A peer without its port.
absl::string_view HostOf(absl::string_view peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

void DenialTally::Note(AuditEvent event) {
  if (!audit_.on()) return;
  const bool is_known = !event.principal.empty();
  std::string host(HostOf(event.peer));
  std::string key =
      is_known ? absl::StrCat("principal ", event.principal) : absl::StrCat("host ", host);
  {
    absl::MutexLock lock(&mutex_);
    const bool is_one_too_many = callers_.size() >= kMostCallers && !callers_.contains(key);
    if (is_one_too_many) key.clear();
    Caller& caller = callers_[std::move(key)];
    if (is_one_too_many || caller.lines == kLinesPerCaller) {
      ++caller.counted;
      caller.sum.outcome = std::move(event.outcome);
      caller.sum.reason = std::move(event.reason);
      if (!is_one_too_many) {
        caller.sum.principal = std::move(event.principal);
        caller.sum.peer = is_known ? "" : std::move(host);
      }
      return;
    }
    ++caller.lines;
  }
  audit_.Append(std::move(event));
}

void DenialTally::SumUp() {
  absl::flat_hash_map<std::string, Caller> callers;
  {
    absl::MutexLock lock(&mutex_);
    callers.swap(callers_);
  }
  for (auto& [key, caller] : callers) {
    if (caller.counted == 0) continue;
    caller.sum.kind = AuditKind::kDenied;
    caller.sum.count = caller.counted;
    audit_.Append(std::move(caller.sum));
  }
}

}  // namespace credbroker
