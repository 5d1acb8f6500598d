#ifndef CREDBROKER_SERVICE_OPS_TOKEN_FINGERPRINT_H_
#define CREDBROKER_SERVICE_OPS_TOKEN_FINGERPRINT_H_

#include <string>

#include "service/base/secret.h"

namespace credbroker {

// What stands for a token in the audit log: the first 16 hex digits of its SHA-256.
std::string TokenFingerprint(const Secret& token);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_TOKEN_FINGERPRINT_H_
