#include "tests/simulation/callers.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace credbroker::simulation {

namespace {
constexpr absl::string_view kDevice = "call-";
}  // namespace

// Lives in a callback, and notices if it is called twice, or goes without having been called.
class Callers::Receipt {
 public:
  Receipt(Callers& callers, Call& call) : callers_(&callers), call_(&call) {}
  Receipt(Receipt&& other) noexcept
      : callers_(std::exchange(other.callers_, nullptr)), call_(other.call_), used_(other.used_) {}
  Receipt& operator=(Receipt&&) = delete;
  ~Receipt() {
    if (callers_ != nullptr && !used_) callers_->observer_.OnForgotten(*call_);
  }

  Call& Use() {
    if (std::exchange(used_, true)) callers_->observer_.OnAnsweredTwice(*call_);
    return *call_;
  }

 private:
  Callers* callers_;
  Call* call_;
  bool used_ = false;
};

Callers::Callers(SessionManager& manager, SimulationLoop& loop,
                 std::vector<std::shared_ptr<const Tenant>> tenants, Observer& observer)
    : manager_(manager), loop_(loop), tenants_(std::move(tenants)), observer_(observer) {}

Target Callers::TargetOf(size_t account) const {
  const AccountKey& key = KeyOf(account);
  for (const auto& tenant : tenants_) {
    if (tenant->name == key.tenant) {
      return {tenant, key, key.is_caller_account() ? key.account : ""};
    }
  }
  std::abort();
}

Call& Callers::Start(Call description) {
  calls_.push_back(std::move(description));
  Call& call = calls_.back();
  call.id = static_cast<int>(calls_.size());
  call.task = loop_.posted() + 1;
  open_.push_back(&call);
  Target target = TargetOf(call.account);
  switch (call.kind) {
    case CallKind::kGetToken:
      call.handle =
          manager_.GetToken(std::move(target), call.min_remaining, call.options, DoneOf(call));
      break;
    case CallKind::kRefresh:
      call.handle =
          manager_.Refresh(std::move(target), call.if_generation, call.options, DoneOf(call));
      break;
    case CallKind::kLogin:
      StartLogin(call);
      break;
    case CallKind::kWatch:
      StartWatch(call);
      break;
    case CallKind::kLogout:
      StartLogout(call);
      break;
    case CallKind::kList:
      manager_.List(target.key.tenant, {}, 100,
                    [done = QuestionDone(call)](auto) mutable { done(); });
      break;
    case CallKind::kMeasure:
      manager_.Measure([done = QuestionDone(call)](auto) mutable { done(); });
      break;
  }
  return call;
}

SessionManager::Done Callers::DoneOf(Call& call) {
  return [this, receipt = Receipt(*this, call)](
             absl::StatusOr<SessionManager::SessionPtr> session) mutable {
    Call& mine = receipt.Use();
    if (session.ok()) observer_.OnToken(mine, **session);
    End(mine, session.status());
  };
}

void Callers::StartLogin(Call& call) {
  SessionManager::LoginOptions login;
  login.force_new = call.force_new;
  login.release_hold = call.release_hold;
  login.device.device_name = DeviceOf(call);
  if (!call.password.empty()) login.password = Secret::Copy(call.password);
  call.handle = manager_.Login(TargetOf(call.account), std::move(login), call.options,
                               [this, receipt = Receipt(*this, call)](
                                   absl::StatusOr<SessionManager::LoginResult> result) mutable {
                                 Call& mine = receipt.Use();
                                 if (result.ok()) observer_.OnToken(mine, *result->session);
                                 End(mine, result.status());
                               });
}

void Callers::StartLogout(Call& call) {
  call.handle = manager_.Logout(
      TargetOf(call.account), call.options,
      [this, receipt = Receipt(*this, call)](absl::StatusOr<bool> confirmed) mutable {
        End(receipt.Use(), confirmed.status(), std::nullopt, confirmed.ok() && *confirmed);
      });
}

absl::AnyInvocable<void()> Callers::QuestionDone(Call& call) {
  return [this, receipt = Receipt(*this, call)]() mutable { End(receipt.Use(), absl::OkStatus()); };
}

void Callers::StartWatch(Call& call) {
  call.handle = manager_.Watch(
      TargetOf(call.account), call.options,
      [this, &call](const SessionManager::SessionPtr& session) {
        if (call.ended) observer_.OnAnsweredTwice(call);
        observer_.OnToken(call, *session);
        call.watching = true;
      },
      [this, receipt = Receipt(*this, call)](WatchEnd end) mutable {
        End(receipt.Use(), end.status, end.revoked);
      });
}

void Callers::End(Call& call, const absl::Status& status, std::optional<RevokedReason> revoked,
                  bool confirmed) {
  call.ended = true;
  std::erase(open_, &call);
  observer_.OnEnd(call, status, revoked, confirmed);
}

void Callers::Cancel(Call& call) {
  call.cancel_task = loop_.posted() + 1;
  manager_.Cancel(call.handle);
}

Call* Callers::Find(int id) {
  return id > 0 && static_cast<size_t>(id) <= calls_.size() ? &calls_[static_cast<size_t>(id) - 1]
                                                            : nullptr;
}

Call* Callers::NoteRun(uint64_t task) {
  // An ended call's task may be the one, too: most end as they begin.
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    if (call->task < task) return nullptr;
    if (call->task != task) continue;
    call->begun = true;
    call->begun_at = loop_.Now();
    return &*call;
  }
  return nullptr;
}

std::string DeviceOf(const Call& call) { return absl::StrCat(kDevice, call.id); }

int CallOfDevice(const std::string& device) {
  absl::string_view text = device;
  int id = 0;
  return absl::ConsumePrefix(&text, kDevice) && absl::SimpleAtoi(text, &id) ? id : 0;
}

}  // namespace credbroker::simulation
