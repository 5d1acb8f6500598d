#ifndef CREDBROKER_SERVICE_OPS_REQUEST_STREAM_H_
#define CREDBROKER_SERVICE_OPS_REQUEST_STREAM_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>

#include "httplib.h"

#include "service/base/clock.h"

namespace credbroker {

// What cpp-httplib reads one request from and writes its answer to. Its own stream bounds each read
// only, so that a client that sends a byte now and then would hold its thread for ever; this one
// bounds the whole request, in time and in bytes. Not thread-safe.
class RequestStream : public httplib::Stream {
 public:
  // `fd` is non-blocking and stays the caller's. Past `deadline` or after `max_bytes` read, reading
  // (past `deadline`, writing too) fails.
  RequestStream(int fd, Instant deadline, size_t max_bytes)
      : fd_(fd), deadline_(deadline), bytes_left_(max_bytes) {}

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* bytes, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  // Nobody asks: left empty.
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

  // Ends the answer and reads what the client still sends, so that closing does not reset the
  // connection under the answer. Until the client ends, or a bound is met.
  void Drain();

 private:
  ssize_t Fill();

  const int fd_;
  const Instant deadline_;
  size_t bytes_left_;
  // cpp-httplib reads headers byte by byte.
  std::array<char, 4096> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_REQUEST_STREAM_H_
