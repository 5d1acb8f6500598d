#include "tests/sandbox/scram_server.h"

#include <gsasl.h>

#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "tests/sandbox/scram_sha512_server.h"

namespace credbroker::sandbox {
namespace {

// One context for the process, never freed: GNU SASL allows sessions of it on any thread.
Gsasl* Context() {
  static Gsasl* const context = [] {
    Gsasl* made = nullptr;
    return gsasl_init(&made) == GSASL_OK ? made : nullptr;
  }();
  return context;
}

const char* GsaslName(Mechanism mechanism) {
  return mechanism == Mechanism::kScramSha1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
}

class GsaslScramServer : public ScramServer {
 public:
  explicit GsaslScramServer(Gsasl_session* session) : session_(session) {}
  ~GsaslScramServer() override { gsasl_finish(session_); }
  GsaslScramServer(const GsaslScramServer&) = delete;
  GsaslScramServer& operator=(const GsaslScramServer&) = delete;

  absl::StatusOr<std::string> First(const std::string& client_first) override {
    return Step(client_first, GSASL_NEEDS_MORE);
  }

  absl::StatusOr<std::string> Final(const std::string& client_final) override {
    return Step(client_final, GSASL_OK);
  }

 private:
  absl::StatusOr<std::string> Step(const std::string& input, int expected) {
    char* output = nullptr;
    size_t output_size = 0;
    const int code = gsasl_step(session_, input.data(), input.size(), &output, &output_size);
    std::string message = output == nullptr ? std::string() : std::string(output, output_size);
    gsasl_free(output);
    if (code == expected) return message;
    if (code == GSASL_AUTHENTICATION_ERROR) return absl::UnauthenticatedError("wrong proof");
    return absl::InvalidArgumentError(absl::StrCat("GNU SASL: ", gsasl_strerror_name(code)));
  }

  Gsasl_session* const session_;
};

}  // namespace

std::optional<Mechanism> MechanismFromName(absl::string_view name) {
  if (name == "SCRAM-SHA-1") return Mechanism::kScramSha1;
  if (name == "SCRAM-SHA-256") return Mechanism::kScramSha256;
  if (name == "SCRAM-SHA-512") return Mechanism::kScramSha512;
  return std::nullopt;
}

size_t HashSize(Mechanism mechanism) {
  if (mechanism == Mechanism::kScramSha1) return GSASL_HASH_SHA1_SIZE;
  return mechanism == Mechanism::kScramSha256 ? GSASL_HASH_SHA256_SIZE : 64;
}

absl::StatusOr<std::string> SaslPrep(const std::string& text) {
  if (text.find('\0') != std::string::npos) return absl::InvalidArgumentError("SASLprep: NUL");
  char* output = nullptr;
  if (gsasl_saslprep(text.c_str(), GSASL_ALLOW_UNASSIGNED, &output, nullptr) != GSASL_OK) {
    return absl::InvalidArgumentError("SASLprep refuses the text");
  }
  std::string prepared(output);
  gsasl_free(output);
  return prepared;
}

absl::StatusOr<ScramKeys> DeriveKeys(Mechanism mechanism, const std::string& password,
                                     const std::string& salt, unsigned iteration_count) {
  if (mechanism == Mechanism::kScramSha512) {
    return DeriveSha512Keys(password, salt, iteration_count);
  }
  std::array<char, GSASL_HASH_MAX_SIZE> salted_password, client_key, server_key, stored_key;
  const Gsasl_hash hash = mechanism == Mechanism::kScramSha1 ? GSASL_HASH_SHA1 : GSASL_HASH_SHA256;
  if (gsasl_scram_secrets_from_password(hash, password.c_str(), iteration_count, salt.data(),
                                        salt.size(), salted_password.data(), client_key.data(),
                                        server_key.data(), stored_key.data()) != GSASL_OK) {
    return absl::InternalError("GNU SASL could not derive the keys");
  }
  const size_t size = HashSize(mechanism);
  return ScramKeys{salt, iteration_count, std::string(stored_key.data(), size),
                   std::string(server_key.data(), size)};
}

absl::StatusOr<std::unique_ptr<ScramServer>> NewScramServer(Mechanism mechanism,
                                                            const ScramKeys& keys) {
  if (mechanism == Mechanism::kScramSha512) return NewSha512Server(keys, std::nullopt);
  Gsasl_session* session = nullptr;
  if (Context() == nullptr ||
      gsasl_server_start(Context(), GsaslName(mechanism), &session) != GSASL_OK) {
    return absl::InternalError("GNU SASL could not start a server");
  }
  auto server = std::make_unique<GsaslScramServer>(session);
  const std::pair<Gsasl_property, std::string> properties[] = {
      {GSASL_SCRAM_ITER, absl::StrCat(keys.iteration_count)},
      {GSASL_SCRAM_SALT, absl::Base64Escape(keys.salt)},
      // The header says hex; the implementation decodes base64.
      {GSASL_SCRAM_STOREDKEY, absl::Base64Escape(keys.StoredKey)},
      {GSASL_SCRAM_SERVERKEY, absl::Base64Escape(keys.ServerKey)},
  };
  for (const auto& [property, value] : properties) {
    if (gsasl_property_set(session, property, value.c_str()) != GSASL_OK) {
      return absl::InternalError("GNU SASL refused a property");
    }
  }
  return server;
}

}  // namespace credbroker::sandbox
