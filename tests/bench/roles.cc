#include "tests/bench/roles.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"

#include "service/main/process.h"
#include "tests/bench/allocation_count.h"
#include "tests/bench/bare_echo.h"
#include "tests/bench/login_upstream.h"
#include "tests/bench/session_roles.h"
#include "tests/bench/simulated_broker.h"
#include "tests/bench/watcher_role.h"

namespace credbroker {
namespace {

constexpr int kUsage = 2;

void Say(const std::string& line) {
  fputs((line + "\n").c_str(), stdout);
  fflush(stdout);
}

std::string AnswerCount(const std::string& question) {
  static uint64_t before = 0;
  if (question == "count") {
    before = AllocationCount();
    CountAllocations(true);
    return "counting";
  }
  CountAllocations(false);
  return absl::StrCat(AllocationCount() - before);
}

int ServeEcho(EchoKind kind, const std::vector<std::string>& arguments) {
  // The raw echo is what gRPC costs in a process like the broker's.
  if (kind == EchoKind::kRaw) StopLookingForDeadlocks();
  BareEcho echo(kind, static_cast<size_t>(std::atoi(arguments[0].c_str())));
  Say(absl::StrCat("listening on ", echo.address()));
  AnswerLines([&](const std::string& question) -> std::string {
    if (question != "push") return AnswerCount(question);
    echo.Push();
    return "pushed";
  });
  return 0;
}

int Number(const std::string& text) { return std::atoi(text.c_str()); }

int ServeBroker(const std::vector<std::string>& arguments) {
  StopLookingForDeadlocks();
  const SimulatedBroker broker(Number(arguments[0]), Number(arguments[1]));
  Say(absl::StrCat("listening on ", broker.address()));
  AnswerLines(AnswerCount);
  return 0;
}

}  // namespace

void AnswerLines(const std::function<std::string(const std::string&)>& answer) {
  for (std::string line; std::getline(std::cin, line);) Say(answer(line));
}

int PlayRole(const std::string& role, const std::vector<std::string>& arguments) {
  if (role == "broker" && arguments.size() == 2) return ServeBroker(arguments);
  if (role == "typed-echo" && arguments.size() == 1) return ServeEcho(EchoKind::kTyped, arguments);
  if (role == "raw-echo" && arguments.size() == 1) return ServeEcho(EchoKind::kRaw, arguments);
  if (role == "sessions" && arguments.size() == 2) {
    Say(WeighSessions(Number(arguments[0]), Number(arguments[1])).dump());
    return 0;
  }
  if (role == "refreshing" && arguments.size() == 4) {
    Say(RefreshSteadily(Number(arguments[0]), Number(arguments[1]), Number(arguments[2]),
                        arguments[3] == "at-once")
            .dump());
    return 0;
  }
  if (role == "login-upstream" && arguments.size() == 1) {
    const LoginUpstream upstream(absl::Milliseconds(Number(arguments[0])));
    Say(absl::StrCat("listening on ", upstream.address()));
    AnswerLines(AnswerCount);
    return 0;
  }
  if (role == "watchers" && arguments.size() == 3) {
    return PlayWatchers(arguments[0], Number(arguments[1]), Number(arguments[2]));
  }
  fprintf(stderr, "bench: no such role: %s\n", role.c_str());
  return kUsage;
}

}  // namespace credbroker
