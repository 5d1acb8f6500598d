#ifndef CREDBROKER_TESTS_SANDBOX_CONNECTION_H_
#define CREDBROKER_TESTS_SANDBOX_CONNECTION_H_

#include <httplib.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker::sandbox {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// One accepted connection, which cpp-httplib reads from and writes to, and which an answer can take
// away from it (Detach). Belongs to one thread.
class Connection : public httplib::Stream {
 public:
  // Does not own `socket`. `ssl`, if any, has shaken hands already.
  Connection(int socket, std::unique_ptr<SSL, SslDeleter> ssl);

  // Waits for the next request's first byte; false when idle for too long, or closed.
  bool AwaitRequest(absl::Duration timeout);

  // From here on what cpp-httplib writes is dropped, and the connection ends after this request.
  void Detach() { detached_ = true; }
  // Past Detach, too: false if the peer is gone.
  bool Send(absl::string_view bytes);
  // End the connection after the answer, which does not announce it.
  void CloseAfterAnswer() { close_after_answer_ = true; }
  // A detached connection ends by a TCP reset instead of a FIN.
  void ResetOnClose();
  bool ShouldClose() const { return detached_ || close_after_answer_; }
  // A TLS close_notify, unless the answer was withheld.
  void SayGoodbye();

  bool is_readable() const override { return true; }
  bool is_writable() const override { return !detached_; }
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  // Always 0: cpp-httplib asks only in order to refuse what select() cannot watch, and we poll().
  socket_t socket() const override { return 0; }

 private:
  ssize_t ReadSome(char* data, size_t size);

  const int socket_;
  const std::unique_ptr<SSL, SslDeleter> ssl_;
  std::array<char, 4096> buffer_;
  size_t begin_ = 0, end_ = 0;
  // Bytes that this request may still bring: cpp-httplib does not bound chunked bodies.
  size_t allowance_ = 0;
  bool detached_ = false;
  bool close_after_answer_ = false;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_CONNECTION_H_
