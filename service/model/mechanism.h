#ifndef CREDBROKER_SERVICE_MODEL_MECHANISM_H_
#define CREDBROKER_SERVICE_MODEL_MECHANISM_H_

namespace credbroker {

// A SCRAM mechanism without channel binding: RFC 5802 (SHA-1), RFC 7677 (SHA-256), and the same
// construction over SHA-512.
enum class Mechanism { kScramSha1, kScramSha256, kScramSha512 };

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_MECHANISM_H_
