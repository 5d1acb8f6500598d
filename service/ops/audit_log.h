#ifndef CREDBROKER_SERVICE_OPS_AUDIT_LOG_H_
#define CREDBROKER_SERVICE_OPS_AUDIT_LOG_H_

#include <string>

namespace credbroker {

// Where the audit log goes: to stdout, or to the end of a file, which is made if need be.
struct AuditOptions {
  std::string file;
  bool to_stdout = false;

  friend bool operator==(const AuditOptions&, const AuditOptions&) = default;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_AUDIT_LOG_H_
