#include "service/sessions/watchers.h"

#include <utility>

namespace credbroker {

void Watchers::Push(const SessionPtr& session) {
  for (auto& [call, watcher] : open_) watcher.token(session);
}

void Watchers::EndAll(const WatchEnd& end) {
  absl::btree_map<CallId, Watcher> ending;
  ending.swap(open_);
  for (auto& [call, watcher] : ending) watcher.end(end);
}

bool Watchers::End(CallId call, const absl::Status& status) {
  auto ending = open_.extract(call);
  if (ending.empty()) return false;
  ending.mapped().end(WatchEnd{std::nullopt, status});
  return true;
}

}  // namespace credbroker
