#ifndef CREDBROKER_SERVICE_OPS_AUDIT_FILE_H_
#define CREDBROKER_SERVICE_OPS_AUDIT_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace credbroker {

// Where the audit log goes: to stdout, or to the end of a file, which is made (mode 0600) if need
// be. A FIFO will do.
struct AuditOptions {
  std::string file;
  bool to_stdout = false;

  friend bool operator==(const AuditOptions&, const AuditOptions&) = default;
};

// The file descriptor of the audit log. For one thread, which may be held up by a disk or a network
// file system that hangs, but not by a pipe or terminal that nobody reads.
class AuditFile {
 public:
  explicit AuditFile(AuditOptions options);
  ~AuditFile();
  AuditFile(const AuditFile&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;

  // Opens the file unless it is open. UNAVAILABLE with errno's text.
  absl::Status Open();
  bool is_open() const { return fd_ >= 0; }
  // What is there does not end with a line's end: a write was cut short by a crash or a full disk.
  bool ends_torn() const { return ends_torn_; }

  // write(2): how many of the bytes the sink took, which may be fewer, or, if it took none for
  // kPauseMs, 0. UNAVAILABLE with errno's text if it failed: unless the disk is merely full, the
  // file is closed then, for Open to try anew.
  static constexpr int kPauseMs = 100;
  absl::StatusOr<size_t> Write(absl::string_view bytes);

  void Close();

 private:
  const AuditOptions options_;
  int fd_ = -1;
  bool is_regular_ = false;
  bool is_socket_ = false;
  bool ends_torn_ = false;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_AUDIT_FILE_H_
