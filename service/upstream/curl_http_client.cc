#include "service/upstream/curl_http_client.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "service/model/failure.h"
#include "service/upstream/curl_status.h"

namespace credbroker {
namespace {

// Kept open per tenant: as many as refreshes run at once by default.
constexpr long kIdleConnections = 64;

int ToCurlMask(uint32_t events) {
  int mask = 0;
  if ((events & (EPOLLIN | EPOLLHUP)) != 0) mask |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
  return mask;  // 0, e.g. for EPOLLERR: libcurl looks for itself.
}

uint32_t ToEpollEvents(int what) {
  uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  return events;
}

// Whether the failure looks like a kept connection that upstream had closed.
bool LooksLikeDeadConnection(CURLcode code) {
  return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
         code == CURLE_SEND_FAIL_REWIND || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

}  // namespace

// One tenant's connections and transfers: a curl multi handle.
class CurlHttpClient::Pool {
 public:
  explicit Pool(CurlHttpClient& client);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void Send(std::shared_ptr<const Tenant> tenant, HttpRequest request, Done done);

 private:
  // A request under way, over one or two transfers.
  struct Flight {
    std::shared_ptr<const Tenant> tenant;
    HttpRequest request;
    Done done;
    Instant deadline;
    bool retried = false;
    std::unique_ptr<CurlTransfer> transfer;
    // Watches the speed of the response.
    TimerId speed_timer = 0;
  };

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);

  bool Begin(Flight& flight, CurlTransfer::Connection connection);
  void Drive(curl_socket_t fd, int mask);
  void CollectFinished();
  void OnFinished(CURL* easy, CURLcode code);
  bool ShouldRetry(const Flight& flight, CURLcode code) const;
  void WatchSpeed(Flight& flight);
  void Finish(std::unique_ptr<Flight> flight, HttpResult result);
  void Detach(Flight& flight);

  CurlHttpClient& client_;
  EventLoop& loop_;
  CURLM* const multi_;
  TimerId timer_ = 0;
  absl::flat_hash_map<CURL*, std::unique_ptr<Flight>> flights_;
};

CurlHttpClient::Pool::Pool(CurlHttpClient& client)
    : client_(client), loop_(client.loop_), multi_(curl_multi_init()) {
  if (multi_ == nullptr) std::abort();  // Out of memory.
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Pool::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Pool::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnections);
}

CurlHttpClient::Pool::~Pool() {
  for (auto& [easy, flight] : flights_) Detach(*flight);
  flights_.clear();
  curl_multi_cleanup(multi_);
  loop_.Cancel(timer_);
}

void CurlHttpClient::Pool::Send(std::shared_ptr<const Tenant> tenant, HttpRequest request,
                                Done done) {
  auto flight = std::make_unique<Flight>();
  flight->tenant = std::move(tenant);
  flight->request = std::move(request);
  flight->done = std::move(done);
  flight->deadline = loop_.Now() + flight->request.timeout;
  if (Begin(*flight, CurlTransfer::Connection::kAny)) {
    CURL* easy = flight->transfer->handle();
    flights_[easy] = std::move(flight);
    return;
  }
  loop_.Post([flight = std::move(flight)]() mutable {
    flight->done({Failure(Reason::kUpstreamUnavailable, "the request could not be prepared"),
                  /*body_sent=*/false});
  });
}

bool CurlHttpClient::Pool::Begin(Flight& flight, CurlTransfer::Connection connection) {
  flight.transfer = CurlTransfer::New(*flight.tenant, flight.request, client_.user_agent_,
                                      client_.limits_, flight.deadline - loop_.Now(), connection,
                                      [this, &flight] { WatchSpeed(flight); });
  return flight.transfer != nullptr &&
         curl_multi_add_handle(multi_, flight.transfer->handle()) == CURLM_OK;
}

int CurlHttpClient::Pool::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& pool = *static_cast<Pool*>(self);
  if (what == CURL_POLL_REMOVE) {
    pool.loop_.Unwatch(fd);
  } else {
    pool.loop_.Watch(fd, ToEpollEvents(what),
                     [&pool, fd](uint32_t events) { pool.Drive(fd, ToCurlMask(events)); });
  }
  return 0;
}

int CurlHttpClient::Pool::OnTimer(CURLM*, long milliseconds, void* self) {
  auto& pool = *static_cast<Pool*>(self);
  pool.loop_.Cancel(pool.timer_);
  pool.timer_ = 0;
  if (milliseconds < 0) return 0;
  pool.timer_ = pool.loop_.After(absl::Milliseconds(milliseconds), [&pool] {
    pool.timer_ = 0;
    pool.Drive(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlHttpClient::Pool::Drive(curl_socket_t fd, int mask) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, mask, &running);
  CollectFinished();
}

void CurlHttpClient::Pool::CollectFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    OnFinished(message->easy_handle, message->data.result);
  }
}

void CurlHttpClient::Pool::OnFinished(CURL* easy, CURLcode code) {
  auto node = flights_.extract(easy);
  std::unique_ptr<Flight> flight = std::move(node.mapped());
  Detach(*flight);
  const bool sent = flight->transfer->body_sent();
  if (ShouldRetry(*flight, code)) {
    flight->retried = true;
    if (Begin(*flight, CurlTransfer::Connection::kFresh)) {
      flights_[flight->transfer->handle()] = std::move(flight);
      return;
    }
    Finish(std::move(flight), {StatusFromCurl(code), sent});
    return;
  }
  absl::StatusOr<HttpResponse> response = flight->transfer->TakeResponse(code);
  Finish(std::move(flight), {std::move(response), sent});
}

bool CurlHttpClient::Pool::ShouldRetry(const Flight& flight, CURLcode code) const {
  if (!flight.request.repeatable || flight.retried || !LooksLikeDeadConnection(code) ||
      flight.transfer->response_started() || loop_.Now() >= flight.deadline) {
    return false;
  }
  // libcurl itself found the kept connection dead, and could not send the body over a new one.
  if (code == CURLE_SEND_FAIL_REWIND) return true;
  long new_connections = 0;
  curl_easy_getinfo(flight.transfer->handle(), CURLINFO_NUM_CONNECTS, &new_connections);
  return new_connections == 0;
}

void CurlHttpClient::Pool::WatchSpeed(Flight& flight) {
  const size_t before = flight.transfer->received();
  flight.speed_timer = loop_.After(client_.limits_.slow_window, [this, &flight, before] {
    flight.speed_timer = 0;
    if (flight.transfer->received() - before >= client_.limits_.slow_bytes) {
      WatchSpeed(flight);
      return;
    }
    auto node = flights_.extract(flight.transfer->handle());
    std::unique_ptr<Flight> slow = std::move(node.mapped());
    const bool sent = slow->transfer->body_sent();
    Detach(*slow);
    Finish(std::move(slow),
           {Failure(Reason::kUpstreamUnavailable, "upstream answers too slowly"), sent});
  });
}

void CurlHttpClient::Pool::Finish(std::unique_ptr<Flight> flight, HttpResult result) {
  flight->transfer.reset();
  flight->done(std::move(result));
}

void CurlHttpClient::Pool::Detach(Flight& flight) {
  curl_multi_remove_handle(multi_, flight.transfer->handle());
  loop_.Cancel(flight.speed_timer);
  flight.speed_timer = 0;
}

CurlHttpClient::CurlHttpClient(EventLoop& loop, std::string user_agent, HttpLimits limits)
    : loop_(loop), user_agent_(std::move(user_agent)), limits_(limits) {}

CurlHttpClient::~CurlHttpClient() = default;

void CurlHttpClient::Send(std::shared_ptr<const Tenant> tenant, HttpRequest request, Done done) {
  std::unique_ptr<Pool>& pool = pools_[tenant->name];
  if (pool == nullptr) pool = std::make_unique<Pool>(*this);
  pool->Send(std::move(tenant), std::move(request), std::move(done));
}

}  // namespace credbroker
