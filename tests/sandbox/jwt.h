#ifndef CREDBROKER_TESTS_SANDBOX_JWT_H_
#define CREDBROKER_TESTS_SANDBOX_JWT_H_

#include <string>

#include <nlohmann/json.hpp>

namespace credbroker::sandbox {

// claims as a JWS in compact form (RFC 7515), alg HS256 over key.
std::string SignJwt(const nlohmann::json& claims, const std::string& key);

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_JWT_H_
