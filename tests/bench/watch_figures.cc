// Many watchers of one account: what they weigh, and what a rotation does to them and to hits.

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/bench/child_process.h"
#include "tests/bench/figures.h"
#include "tests/bench/load_client.h"

namespace credbroker {
namespace {

constexpr int kConnections = 10;
constexpr double kKibibyte = 1024;
constexpr double kWantedKibibytes = 24;
constexpr double kWantedSeconds = 1;
constexpr double kWantedP99 = 2;
constexpr LoadShape kHits = {4, 1};

// A server with watchers.
struct Crowd {
  std::unique_ptr<ChildProcess> server;
  std::string address;
  std::unique_ptr<ChildProcess> watchers;
  double bytes_per_stream = 0;
  size_t messages = 1;
};

std::string Request(uint64_t) { return TokenRequestBytes("t0", "a0"); }

size_t StartServer(Crowd& crowd, const std::string& role, const std::string& argument,
                   const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {argument};
  arguments.insert(arguments.end(), more.begin(), more.end());
  crowd.server = std::make_unique<ChildProcess>(RoleCommand(role, arguments));
  crowd.address = crowd.server->Expect("listening on ");
  // Also brings its threads and arenas to life before they are weighed.
  LoadClient client(crowd.address, kHits, MethodPath("GetToken"), Request);
  return client.Run(absl::Milliseconds(200)).answer_bytes;
}

void Gather(Crowd& crowd, const Scale& scale) {
  const size_t before = ResidentBytes(crowd.server->pid());
  crowd.watchers = std::make_unique<ChildProcess>(
      RoleCommand("watchers",
                  {crowd.address, absl::StrCat(kConnections), absl::StrCat(scale.watchers)}),
      "", /*nice=*/true);
  crowd.watchers->Expect("watching");
  crowd.bytes_per_stream = static_cast<double>(ResidentBytes(crowd.server->pid()) - before) /
                           static_cast<double>(scale.watchers);
}

// From asking for the rotation to the last arrival, in seconds.
template <typename Rotate>
double Push(Crowd& crowd, Rotate rotate) {
  const absl::Duration begin = Monotonic();
  rotate();
  const std::string last = crowd.watchers->Ask(absl::StrCat("arrived ", ++crowd.messages));
  return absl::ToDoubleSeconds(absl::Nanoseconds(std::atoll(last.c_str())) - begin);
}

// The hits' latencies while `meanwhile` runs.
template <typename Meanwhile>
Latencies HitsDuring(LoadClient& hits, Meanwhile meanwhile) {
  std::atomic<bool> over = false;
  Latencies latencies;
  std::thread client([&] {
    while (!over) latencies.Merge(hits.Run(absl::Milliseconds(5)).latencies);
  });
  meanwhile();
  over = true;
  client.join();
  return latencies;
}

// What one server made of some rotations.
struct Rotations {
  std::vector<double> seconds;
  Latencies quiet;
  Latencies busy;
};

template <typename Rotate>
void RunRound(Crowd& crowd, LoadClient& hits, Rotations& all, Rotate rotate) {
  double seconds = 0;
  all.busy.Merge(HitsDuring(hits, [&] { seconds = Push(crowd, rotate); }));
  all.seconds.push_back(seconds);
  all.quiet.Merge(hits.Run(absl::Seconds(seconds)).latencies);
}

Figure MemoryFigure(const Scale& scale, const Crowd& broker, const Crowd& echo) {
  Figure figure;
  figure.name = absl::StrCat("memory per idle WatchToken stream, ", scale.watchers, " streams");
  figure.measured = Cell("**%.1f KiB**", broker.bytes_per_stream / kKibibyte);
  figure.baseline = Cell("raw echo's stream %.1f KiB", echo.bytes_per_stream / kKibibyte);
  figure.wanted = Cell("≤ %.0f KiB", kWantedKibibytes);
  figure.met = broker.bytes_per_stream <= kWantedKibibytes * kKibibyte;
  figure.values = {{"bytes", broker.bytes_per_stream}, {"raw_bytes", echo.bytes_per_stream}};
  return figure;
}

Figure PushFigure(const Scale& scale, const Rotations& broker, const Rotations& echo) {
  const double seconds = Median(broker.seconds);
  Figure figure;
  figure.name = absl::StrCat("rotation pushed to ", scale.watchers, " watchers, last one");
  figure.measured = Cell("**%.3f s**", seconds);
  figure.baseline = Cell("raw echo %.3f s", Median(echo.seconds));
  figure.wanted = Cell("≤ %.0f s", kWantedSeconds);
  figure.met = seconds <= kWantedSeconds;
  figure.values = {{"seconds", broker.seconds}, {"raw_seconds", echo.seconds}};
  return figure;
}

Figure HitFigure(const Rotations& broker, const Rotations& echo) {
  const double ratio = broker.busy.P99() / broker.quiet.P99();
  Figure figure;
  figure.name = absl::StrCat("hits' p99 during that push, ", kHits.name());
  figure.measured = absl::StrCat(Cell("%.0f µs, ", broker.busy.P99()), Cell("**%.2f ×**", ratio));
  figure.baseline =
      absl::StrCat(Cell("quiet %.0f µs; ", broker.quiet.P99()),
                   Cell("raw echo %.2f × its own", echo.busy.P99() / echo.quiet.P99()));
  figure.wanted = Cell("≤ %.0f ×", kWantedP99);
  figure.met = ratio <= kWantedP99;
  figure.values = {{"ratio", ratio},
                   {"micros", broker.busy.P99()},
                   {"quiet_micros", broker.quiet.P99()},
                   {"raw_micros", echo.busy.P99()},
                   {"raw_quiet_micros", echo.quiet.P99()},
                   {"samples", broker.busy.size()}};
  return figure;
}

}  // namespace

std::vector<Figure> MeasureWatches(const Scale& scale) {
  Crowd broker, echo;
  const size_t bytes = StartServer(broker, "broker", "1", {"1"});
  StartServer(echo, "raw-echo", absl::StrCat(bytes), {});
  Gather(broker, scale);
  Gather(echo, scale);

  LoadClient broker_hits(broker.address, kHits, MethodPath("GetToken"), Request, 1);
  LoadClient echo_hits(echo.address, kHits, MethodPath("GetToken"), Request, 1);
  LoadClient refresh(broker.address, {1, 1}, MethodPath("Refresh"), Request, 1);
  Rotations of_broker, of_echo;
  for (int round = 0; round < scale.rounds; ++round) {
    RunRound(broker, broker_hits, of_broker, [&] { refresh.Burst(1); });
    RunRound(echo, echo_hits, of_echo, [&] { echo.server->Ask("push"); });
  }
  return {MemoryFigure(scale, broker, echo), PushFigure(scale, of_broker, of_echo),
          HitFigure(of_broker, of_echo)};
}

}  // namespace credbroker
