#ifndef CREDBROKER_TESTS_SANDBOX_RANDOM_H_
#define CREDBROKER_TESTS_SANDBOX_RANDOM_H_

#include <cstddef>
#include <string>

namespace credbroker::sandbox {

// Raw bytes of OpenSSL's generator. Thread-safe, as all here.
std::string RandomBytes(size_t size);

// 24 random bytes in URL-safe base64: fit for nonces, tokens and identifiers.
std::string RandomText();

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_RANDOM_H_
