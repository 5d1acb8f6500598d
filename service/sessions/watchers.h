#ifndef CREDBROKER_SERVICE_SESSIONS_WATCHERS_H_
#define CREDBROKER_SERVICE_SESSIONS_WATCHERS_H_

#include <cstddef>

#include "absl/container/btree_map.h"

#include "service/model/session.h"
#include "service/sessions/session_manager.h"

namespace credbroker {

// An open watch.
struct Watcher {
  SessionManager::OnToken token;
  SessionManager::OnEnd end;
};

// The open watches of one account. Each is told of every new token, and ended once. Lives on the
// loop.
class Watchers {
 public:
  void Add(CallId call, Watcher watcher) { open_.emplace(call, std::move(watcher)); }

  void Push(const SessionPtr& session);

  // The session is gone.
  void EndAll(const WatchEnd& end);
  // False if it is not one of these.
  bool End(CallId call, const absl::Status& status);

  bool empty() const { return open_.empty(); }
  size_t size() const { return open_.size(); }

 private:
  absl::btree_map<CallId, Watcher> open_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_WATCHERS_H_
