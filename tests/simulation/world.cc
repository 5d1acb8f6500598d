#include "tests/simulation/world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {
namespace {

std::vector<std::shared_ptr<const Tenant>> MakeTenants(const Setting& setting) {
  std::vector<std::shared_ptr<const Tenant>> tenants;
  for (const char* name : {"acme", "bolt"}) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = name;
    tenant->caller_passwords = true;
    tenant->request_timeout = setting.request_timeout;
    for (size_t account = 0; account < kAccounts; ++account) {
      const AccountKey& key = KeyOf(account);
      if (key.tenant != name || key.is_caller_account()) continue;
      tenant->accounts.push_back({key.account, key.account + "@example.com", "", "/nonexistent"});
    }
    tenants.push_back(std::move(tenant));
  }
  return tenants;
}

SessionPolicy PolicyOf(const Setting& setting) {
  SessionPolicy policy;
  policy.refresh_at = setting.refresh_at;
  policy.refresh_concurrency = setting.refresh_concurrency;
  policy.upstream_concurrency = setting.upstream_concurrency;
  policy.max_sessions = setting.max_sessions;
  policy.idle_timeout = setting.idle_timeout;
  return policy;
}

}  // namespace

class World::SeededRandom : public Random {
 public:
  explicit SeededRandom(const Schedule& schedule)
      : jitter_(schedule.setting.jitter),
        fractions_(schedule.seed, Stream::kJitter),
        bytes_(schedule.seed, Stream::kBytes) {}

  std::string Bytes(size_t count) override {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(bytes_.Next());
    return bytes;
  }
  double Fraction() override { return jitter_.has_value() ? *jitter_ : fractions_.Fraction(); }

 private:
  const std::optional<double> jitter_;
  Dice fractions_;
  Dice bytes_;
};

World::World(const Schedule& schedule, Metrics& metrics, Coverage& coverage, Trace& trace)
    : schedule_(schedule),
      coverage_(coverage),
      trace_(trace),
      order_(schedule.seed, Stream::kOrder),
      loop_(std::make_unique<SimulationLoop>()),
      truth_(schedule.setting.lifetime),
      ledger_(new Ledger{*loop_, truth_, schedule.setting, trace, coverage, {}, {}, {}, {}}),
      random_(std::make_unique<SeededRandom>(schedule)),
      upstream_(std::make_unique<SimulatedUpstream>(*loop_, truth_, schedule, *this)),
      tenants_(MakeTenants(schedule.setting)),
      policy_(PolicyOf(schedule.setting)),
      manager_(std::make_unique<SessionManager>(
          SessionManager::Parts{*loop_, *upstream_, *random_, metrics}, policy_,
          TenantDirectory(tenants_))),
      callers_(std::make_unique<Callers>(*manager_, *loop_, tenants_, *this)),
      exchange_rules_(std::make_unique<ExchangeRules>(*ledger_, upstream_->in_flight())),
      failure_rules_(std::make_unique<FailureRules>(*ledger_)),
      session_rules_(std::make_unique<SessionRules>(*ledger_)),
      answer_rules_(std::make_unique<AnswerRules>(*ledger_)),
      waiting_rules_(std::make_unique<WaitingRules>(*ledger_)) {
  Trace::TakeLog(&trace_);
}

World::~World() {
  // Calls that have not ended are no longer anybody's.
  closing_ = true;
  manager_.reset();
  upstream_.reset();
  loop_.reset();
  Trace::TakeLog(nullptr);
}

std::optional<Violation> World::Run() {
  AfterStep();
  for (const Action& action : schedule_.actions) {
    Perform(action);
    if (over()) return ledger_->violation;
  }
  Finish();
  return ledger_->violation;
}

bool World::AnyReady() {
  upstream_->TakeEffect();
  return loop_->HasPosted() || loop_->HasDueTimer() || upstream_->arrived() > 0;
}

// One of what is ready. The order among tasks and among timers is the loop's; all else is open.
void World::RunOne() {
  const size_t answers = upstream_->arrived();
  size_t choice = 0;
  const size_t choices =
      answers + (loop_->HasPosted() ? 1u : 0u) + (loop_->HasDueTimer() ? 1u : 0u);
  if (schedule_.setting.any_order && choices > 1) choice = order_.Below(choices);
  ++steps_;
  if (choice < answers) {
    upstream_->Answer(choice);
  } else if (loop_->HasPosted() && (choice == answers || !loop_->HasDueTimer())) {
    ledger_->step.begun = callers_->NoteRun(loop_->ran() + 1);
    if (Call* const call = ledger_->step.begun; call != nullptr) {
      call->generation_before = ledger_->account(call->account).generation;
    }
    loop_->RunPosted();
  } else {
    loop_->RunTimer();
  }
  AfterStep();
}

void World::RunReady(size_t limit) {
  while (limit-- > 0 && AnyReady() && !over()) RunOne();
}

// Time passes, and all runs at its moment; after `limit` steps the rest is slept through.
void World::AdvanceTo(Instant end, size_t limit) {
  while (!over()) {
    for (; AnyReady() && !over(); --limit) {
      if (limit == 0) return SuspendTo(end);
      RunOne();
    }
    std::optional<Instant> next = loop_->NextTimer();
    const std::optional<Instant> event = upstream_->NextEvent();
    if (event.has_value() && (!next.has_value() || *event < *next)) next = event;
    if (!next.has_value() || *next > end) break;
    SuspendTo(*next);
  }
  SuspendTo(end);
}

void World::SuspendTo(Instant end) {
  if (end <= loop_->Now()) return;
  loop_->MoveTo(end);
  trace_.set_time(loop_->Now().since_boot() - absl::Seconds(1000));
  AfterStep();
}

void World::AfterStep() {
  if (over()) return;
  std::vector<SessionRow> rows;
  loop_->Probe([&] {
    manager_->List("", {}, 100, [&](std::vector<SessionRow> all) { rows = std::move(all); });
  });
  const bool idle = !AnyReady();
  session_rules_->AfterStep(rows, callers_->open());
  answer_rules_->AfterStep();
  exchange_rules_->AfterStep();
  failure_rules_->AfterStep(callers_->open());
  waiting_rules_->AfterStep(callers_->open(), idle);
  for (const size_t account : schedule_.setting.accounts) {
    const AccountModel& model = ledger_->account(account);
    trace_.Mark(model.generation << 8 | static_cast<uint64_t>(model.state));
  }
  ledger_->step = Step();
}

void World::OnRequest(const Request& request) {
  trace_.Mark(static_cast<uint64_t>(absl::ToInt64Nanoseconds(request.sent.since_boot())) ^
              static_cast<uint64_t>(request.kind) << 62);
  exchange_rules_->OnRequest(request, callers_->Find(CallOfDevice(request.device)));
}

void World::OnAnswer(const Request& request) {
  coverage_.NoteAnswer(ledger_->account(request.account).state, request.kind, request.fault);
  exchange_rules_->OnAnswer(request, callers_->Find(CallOfDevice(request.device)));
}

void World::OnToken(Call& call, const Session& session) { answer_rules_->OnToken(call, session); }

void World::OnEnd(Call& call, const absl::Status& status, std::optional<RevokedReason> revoked,
                  bool confirmed) {
  trace_.Mark(static_cast<uint64_t>(call.id) << 8 | static_cast<uint64_t>(status.code()));
  answer_rules_->OnEnd(call, status, revoked, confirmed);
}

void World::OnForgotten(Call& call) {
  if (closing_) return;
  ledger_->Violate(Invariant::kAnsweredOnce, absl::StrCat(NameOfCall(call), " is forgotten"));
}

void World::OnAnsweredTwice(Call& call) {
  ledger_->Violate(Invariant::kAnsweredOnce, absl::StrCat(NameOfCall(call), " is answered twice"));
}

}  // namespace credbroker::simulation
