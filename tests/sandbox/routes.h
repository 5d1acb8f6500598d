#ifndef CREDBROKER_TESTS_SANDBOX_ROUTES_H_
#define CREDBROKER_TESTS_SANDBOX_ROUTES_H_

#include <httplib.h>

#include <string>

#include <nlohmann/json.hpp>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#include "tests/sandbox/answer.h"
#include "tests/sandbox/connection.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/state.h"
#include "tests/sandbox/stats.h"

namespace credbroker::sandbox {

// Settings that may change while others read them. Thread-safe.
class LiveSettings {
 public:
  explicit LiveSettings(Settings settings) : settings_(std::move(settings)) {}
  Settings Get() const {
    absl::ReaderMutexLock lock(&mutex_);
    return settings_;
  }
  void Set(Settings settings) {
    absl::MutexLock lock(&mutex_);
    settings_ = std::move(settings);
  }

 private:
  mutable absl::Mutex mutex_;
  Settings settings_ ABSL_GUARDED_BY(mutex_);
};

// The API under /api. Thread-safe; the referenced objects outlive it.
class Routes {
 public:
  Routes(State& state, Faults& faults, Stats& stats, const LiveSettings& settings,
         const absl::Notification& stop);

  // Answers a request to any path.
  void Handle(const httplib::Request& request, httplib::Response& response, Connection& connection);

 private:
  // A request to one of the four calls, looked through so far as it can be.
  struct Incoming {
    Call call;
    const httplib::Request& http;
    nlohmann::json body;
    std::string platform;
    // The JWT of the request's header.
    std::string token;
    // Empty unless it is an account's.
    std::string account;
  };

  Incoming Receive(Call call, const httplib::Request& request, const Settings& settings) const;
  Answer Unprocessed(const Incoming& incoming, const Fault& fault);
  Answer Process(const Incoming& incoming, const Fault& fault, const Settings& settings);
  Answer Auth(const Incoming& incoming, const Fault& fault, const Settings& settings);
  Answer Login(const Incoming& incoming, const Fault& fault, const Settings& settings);
  Answer Session(const Incoming& incoming, const Fault& fault, const Settings& settings);
  Answer Logout(const Incoming& incoming);

  State& state_;
  Faults& faults_;
  Stats& stats_;
  const LiveSettings& settings_;
  const absl::Notification& stop_;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_ROUTES_H_
