#include "tests/sandbox/stats.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker::sandbox {

void Stats::ConnectionOpened() {
  absl::MutexLock lock(&mutex_);
  ++connections_;
  ++connections_open_;
}

void Stats::ConnectionClosed() {
  absl::MutexLock lock(&mutex_);
  --connections_open_;
}

void Stats::TlsFailed() {
  absl::MutexLock lock(&mutex_);
  ++tls_failures_;
}

void Stats::Begin(Call call, const std::string& email, const std::string& platform) {
  const auto index = static_cast<size_t>(call);
  absl::MutexLock lock(&mutex_);
  ++calls_[index].total;
  ++platforms_[platform];
  if (email.empty()) return;
  AccountCounts& account = accounts_[email];
  ++account.calls[index];
  ++account.concurrent;
  account.max_concurrent = std::max(account.max_concurrent, account.concurrent);
}

void Stats::End(Call call, const std::string& email, int status, bool faulted) {
  absl::MutexLock lock(&mutex_);
  CallCounts& counts = calls_[static_cast<size_t>(call)];
  counts.faulted += faulted ? 1 : 0;
  if (status == 0) {
    ++counts.lost;
  } else {
    ++counts.by_status[status];
  }
  if (!email.empty()) --accounts_[email].concurrent;
}

void Stats::AddTo(nlohmann::json& json) const {
  absl::MutexLock lock(&mutex_);
  json["connections"] = connections_;
  json["connections_open"] = connections_open_;
  json["tls_failures"] = tls_failures_;
  json["platforms"] = platforms_;
  for (size_t i = 0; i < kCallNames.size(); ++i) {
    const std::string name(kCallNames[i]);
    auto by_status = nlohmann::json::object();
    for (const auto& [status, count] : calls_[i].by_status) {
      by_status[absl::StrCat(status)] = count;
    }
    json["calls"][name] = {{"total", calls_[i].total},
                           {"lost", calls_[i].lost},
                           {"faulted", calls_[i].faulted},
                           {"by_status", std::move(by_status)}};
    for (auto& [email, account] : json["accounts"].items()) {
      const auto found = accounts_.find(email);
      const AccountCounts counts = found == accounts_.end() ? AccountCounts{} : found->second;
      account["calls"][name] = counts.calls[i];
      account["max_concurrent"] = counts.max_concurrent;
    }
  }
}

void Stats::Reset() {
  absl::MutexLock lock(&mutex_);
  connections_ = connections_open_;
  tls_failures_ = 0;
  calls_ = {};
  platforms_.clear();
  for (auto& [email, account] : accounts_) {
    account.calls = {};
    account.max_concurrent = account.concurrent;
  }
}

}  // namespace credbroker::sandbox
