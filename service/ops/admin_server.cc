#include "service/ops/admin_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "httplib.h"

#include "service/base/clock.h"
#include "service/base/json.h"
#include "service/base/log.h"
#include "service/ops/liveness.h"
#include "service/ops/request_stream.h"

namespace credbroker {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kJson[] = "application/json";

// More than a scraper, some probes and a person with a browser ever need.
constexpr size_t kMaxConnections = 256;
// Request line, headers and whatever follows.
constexpr size_t kMaxRequestBytes = 65536;
// One lost connection may be chance; three in a row ask for a restart.
constexpr int kMaxProbeFailures = 3;

void Answer(httplib::Response& response, int status, const std::string& body,
            const char* type = kText) {
  response.status = status;
  response.set_content(body, type);
}

std::string ReadinessText(const Readiness::Report& report) {
  std::string text;
  for (const Readiness::Condition& condition : report.conditions) {
    if (condition.ok)
      absl::StrAppend(&text, "ok ", condition.name, "\n");
    else
      absl::StrAppend(&text, "fail ", condition.name, ": ", condition.reason, "\n");
  }
  return text;
}

std::string ReadinessJson(const Readiness::Report& report) {
  Json conditions = Json::array();
  for (const Readiness::Condition& condition : report.conditions) {
    conditions.push_back(
        {{"name", condition.name}, {"ok", condition.ok}, {"reason", condition.reason}});
  }
  const Json document = {{"ready", report.ready}, {"conditions", std::move(conditions)}};
  // By default bytes that are not UTF-8 throw.
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

// cpp-httplib reads the request and writes the answer; connections, threads and routes are ours.
class AdminServer::Http : public httplib::Server {
 public:
  Http(const Metrics& metrics, const Readiness& readiness, AdminHooks hooks,
       absl::Duration probe_pause);

  // Answers one request. Throws nothing.
  void Serve(RequestStream& stream);

 private:
  void Route(const httplib::Request& request, httplib::Response& response);
  void GetMetrics(httplib::Response& response) const;
  void GetReadyz(const httplib::Request& request, httplib::Response& response) const;
  void GetLivez(httplib::Response& response);

  const Metrics& metrics_;
  const Readiness& readiness_;
  const std::function<void()> before_scrape_;
  Liveness liveness_;
};

AdminServer::Http::Http(const Metrics& metrics, const Readiness& readiness, AdminHooks hooks,
                        absl::Duration probe_pause)
    : metrics_(metrics),
      readiness_(readiness),
      before_scrape_(std::move(hooks.before_scrape)),
      liveness_(std::move(hooks.probe), probe_pause) {
  set_default_headers({{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}});
  // Before its own routing, which would match regular expressions and serve bodies.
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    Route(request, response);
    return HandlerResponse::Handled;
  });
  // Its own answer would have what() in a header.
  set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
        Answer(response, 500, "internal error\n");
      });
}

void AdminServer::Http::Serve(RequestStream& stream) {
  bool has_body = false;
  bool connection_closed = false;
  const auto before_routing = [&has_body](httplib::Request& request) {
    has_body = request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
    // No parts: a request could ask for the same bytes a thousand times.
    request.ranges.clear();
  };
  try {
    process_request(stream, /*close_connection=*/true, connection_closed, before_routing);
  } catch (const std::exception&) {
    // what() may quote the request.
    Log(LogLevel::kWarning, "admin_request_failed");
    return;
  }
  if (has_body) stream.Drain();
}

void AdminServer::Http::Route(const httplib::Request& request, httplib::Response& response) {
  const std::string& path = request.path;
  if (path != "/metrics" && path != "/readyz" && path != "/livez")
    return Answer(response, 404, "not found\n");
  if (request.method != "GET" && request.method != "HEAD") {
    response.set_header("Allow", "GET, HEAD");
    return Answer(response, 405, "method not allowed\n");
  }
  if (path == "/metrics") return GetMetrics(response);
  if (path == "/readyz") return GetReadyz(request, response);
  GetLivez(response);
}

void AdminServer::Http::GetMetrics(httplib::Response& response) const {
  if (before_scrape_) before_scrape_();
  Answer(response, 200, metrics_.Render(), kPrometheusText);
}

void AdminServer::Http::GetReadyz(const httplib::Request& request,
                                  httplib::Response& response) const {
  const Readiness::Report report = readiness_.Get();
  const int status = report.ready ? 200 : 503;
  response.set_header("Vary", "Accept");
  if (absl::StrContains(absl::AsciiStrToLower(request.get_header_value("Accept")), kJson))
    Answer(response, status, ReadinessJson(report), kJson);
  else
    Answer(response, status, ReadinessText(report));
}

void AdminServer::Http::GetLivez(httplib::Response& response) {
  const int failures = liveness_.FailuresInARow(SystemClock().Steady());
  if (failures == 0)
    Answer(response, 200, "ok\n");
  else if (failures < kMaxProbeFailures)
    Answer(response, 200, absl::StrCat("ok, but ", failures, " failed in a row\n"));
  else
    Answer(response, 503, absl::StrCat("fail: ", failures, " failed in a row\n"));
}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(AdminOptions options,
                                                                const Metrics& metrics,
                                                                const Readiness& readiness,
                                                                AdminHooks hooks) {
  auto listener = TcpListener::Open(options.host, options.port);
  if (!listener.ok()) return listener.status();
  auto http = std::make_unique<Http>(metrics, readiness, std::move(hooks), options.probe_pause);
  return std::unique_ptr<AdminServer>(
      new AdminServer(std::move(options), *std::move(listener), std::move(http)));
}

AdminServer::AdminServer(AdminOptions options, std::unique_ptr<TcpListener> listener,
                         std::unique_ptr<Http> http)
    : options_(std::move(options)),
      port_(listener->port()),
      listener_(std::move(listener)),
      http_(std::move(http)) {
  threads_.emplace_back([this] { AcceptConnections(); });
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { ServeConnections(); });
}

AdminServer::~AdminServer() { Stop(); }

void AdminServer::Stop() {
  if (listener_ == nullptr) return;
  listener_->Stop();
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    // Wakes whoever reads or writes; the descriptors are closed by their threads.
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  // Turns away whoever connected but was not accepted.
  listener_ = nullptr;
}

void AdminServer::AcceptConnections() {
  for (int fd = listener_->Accept(); fd >= 0; fd = listener_->Accept()) {
    absl::MutexLock lock(&mutex_);
    if (stopping_ || open_.size() >= kMaxConnections) {
      close(fd);
      continue;
    }
    open_.insert(fd);
    waiting_.push_back(fd);
  }
}

void AdminServer::ServeConnections() {
  for (int fd = TakeConnection(); fd >= 0; fd = TakeConnection()) {
    RequestStream stream(fd, SystemClock().Steady() + options_.request_timeout, kMaxRequestBytes);
    http_->Serve(stream);
    CloseConnection(fd);
  }
}

// Waits for a connection; -1 once stopping and all are taken.
int AdminServer::TakeConnection() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](AdminServer* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) {
        return self->stopping_ || !self->waiting_.empty();
      },
      this));
  if (waiting_.empty()) return -1;
  const int fd = waiting_.front();
  waiting_.pop_front();
  return fd;
}

void AdminServer::CloseConnection(int fd) {
  absl::MutexLock lock(&mutex_);
  open_.erase(fd);
  close(fd);
}

}  // namespace credbroker
