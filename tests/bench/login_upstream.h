#ifndef CREDBROKER_TESTS_BENCH_LOGIN_UPSTREAM_H_
#define CREDBROKER_TESTS_BENCH_LOGIN_UPSTREAM_H_

#include <memory>
#include <string>
#include <unordered_map>

#include "absl/time/time.h"

#include "service/base/event_loop.h"
#include "service/scram/keys.h"

namespace credbroker {

// Upstream's two calls of a login, over plain HTTP/1.1 on loopback, as cheaply as one thread can:
// it stands for other machines where logins are what is measured, on cores that it shares with the
// broker. Every account has the password "pencil" and the same salt, with SCRAM-SHA-1 and 4096
// iterations; proofs are not looked at (sandbox-upstream does that).
class LoginUpstream {
 public:
  // `latency`: of each answer.
  explicit LoginUpstream(absl::Duration latency);
  ~LoginUpstream();
  LoginUpstream(const LoginUpstream&) = delete;
  LoginUpstream& operator=(const LoginUpstream&) = delete;

  std::string address() const;

 private:
  // Closes the connection with itself.
  struct Connection {
    explicit Connection(int socket) : fd(socket) {}
    ~Connection();
    const int fd;
    std::string received;
  };

  void Accept();
  void Read(const std::shared_ptr<Connection>& connection);
  // Answers the request, if it is whole.
  void Serve(const std::shared_ptr<Connection>& connection);
  std::string Answer(const std::string& path, const std::string& body) const;
  std::string FirstAnswer(const std::string& client_nonce) const;
  std::string FinalAnswer(const std::string& email, const std::string& nonce) const;

  const absl::Duration latency_;
  const std::string salt_;
  const ScramKeys keys_;
  const int listener_;
  // The loop's.
  std::unordered_map<int, std::shared_ptr<Connection>> connections_;
  EventLoop loop_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_LOGIN_UPSTREAM_H_
