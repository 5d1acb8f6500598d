// Our client against a server that we did not write: GNU SASL.

#include <gsasl.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "service/scram/exchange.h"
#include "service/scram/mechanism_traits.h"
#include "service/scram/saslprep.h"
#include "tests/fakes/fake_random.h"

namespace credbroker {
namespace {

struct Finish {
  void operator()(Gsasl* context) const { gsasl_done(context); }
  void operator()(Gsasl_session* session) const { gsasl_finish(session); }
};

// Says what GNU SASL asks for; the session's hook is the password.
int Answer(Gsasl*, Gsasl_session* session, Gsasl_property property) {
  switch (property) {
    case GSASL_PASSWORD:
      return gsasl_property_set(session, property,
                                static_cast<const char*>(gsasl_session_hook_get(session)));
    case GSASL_SCRAM_ITER:
      return gsasl_property_set(session, property, "4097");
    case GSASL_SCRAM_SALT:
      return gsasl_property_set(session, property, "QSXCR+Q6sek8bf92");
    default:
      return GSASL_NO_CALLBACK;
  }
}

class GsaslServer {
 public:
  GsaslServer(Mechanism mechanism, std::string password) : password_(std::move(password)) {
    Gsasl* context = nullptr;
    EXPECT_EQ(gsasl_init(&context), GSASL_OK);
    context_.reset(context);
    gsasl_callback_set(context, Answer);
    Gsasl_session* session = nullptr;
    EXPECT_EQ(gsasl_server_start(context, std::string(MechanismName(mechanism)).c_str(), &session),
              GSASL_OK);
    session_.reset(session);
    gsasl_session_hook_set(session, password_.data());
  }

  // The library's code, and the attributes of its answer by letter.
  std::pair<int, std::map<char, std::string>> Step(const std::string& message) {
    char* output = nullptr;
    size_t size = 0;
    const int code = gsasl_step(session_.get(), message.data(), message.size(), &output, &size);
    std::map<char, std::string> attributes;
    if (output != nullptr) {
      for (const auto part : absl::StrSplit(std::string(output, size), ',')) {
        if (part.size() >= 2) attributes[part[0]] = std::string(part.substr(2));
      }
      gsasl_free(output);
    }
    return {code, std::move(attributes)};
  }

  // The user that the client named.
  std::string user() {
    const char* user = gsasl_property_fast(session_.get(), GSASL_AUTHID);
    return user == nullptr ? "" : user;
  }

 private:
  std::string password_;
  std::unique_ptr<Gsasl, Finish> context_;
  std::unique_ptr<Gsasl_session, Finish> session_;
};

// Runs one exchange; whether both sides are satisfied.
bool LogIn(Mechanism mechanism, const std::string& user, const std::string& nonce_bytes,
           const std::string& password, GsaslServer& server) {
  ScramExchange exchange =
      ScramExchange::New(mechanism, user, MakeClientNonce(nonce_bytes), {}).value();
  const ScramExchange::First first = exchange.ClientFirst();
  auto challenge =
      server.Step(absl::StrCat("n,,", ClientFirstMessageBare(first.user, first.nonce)));
  EXPECT_EQ(challenge.first, GSASL_NEEDS_MORE);
  ServerFirst server_first{challenge.second['r'], challenge.second['s'], 0};
  EXPECT_TRUE(absl::SimpleAtoi(challenge.second['i'], &server_first.iteration_count));
  const auto parameters = exchange.OnServerFirst(server_first);
  EXPECT_TRUE(parameters.ok()) << parameters.status();
  const auto prepared = SaslPrepPassword(Secret::Copy(password));
  EXPECT_TRUE(prepared.ok()) << prepared.status();
  if (!parameters.ok() || !prepared.ok()) return false;
  const ScramExchange::Final final = exchange.ClientFinal(DeriveKeys(*parameters, *prepared));
  auto outcome =
      server.Step(absl::StrCat(ClientFinalMessageWithoutProof(final.nonce), ",p=", final.proof));
  return outcome.first == GSASL_OK && exchange.VerifyServerFinal(outcome.second['v']).ok();
}

class GsaslTest : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Mechanisms, GsaslTest,
                         testing::Values(Mechanism::kScramSha1, Mechanism::kScramSha256),
                         [](const auto& p) {
                           return p.param == Mechanism::kScramSha1 ? "Sha1" : "Sha256";
                         });

TEST_P(GsaslTest, UnderstandsPasswordsOfAllKinds) {
  // All assigned in Unicode 3.2, of one direction, and some that SASLprep changes.
  const std::vector<std::string> alphabet = {"a",      "Z",      "0",      " ",      ",",
                                             "=",      "\u00fc", "\u00df", "\u2168", "\u00aa",
                                             "\u00a0", "\u4e2d", "\u0416", "\u00ad", "u\u0308"};
  FakeRandom random;
  for (int i = 0; i < 100; ++i) {
    std::string password = "p";
    for (const char c : random.Bytes(1 + static_cast<unsigned char>(random.Bytes(1)[0]) % 40)) {
      password += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    }
    GsaslServer server(GetParam(), password);
    EXPECT_TRUE(LogIn(GetParam(), "user", random.Bytes(18), password, server)) << password;
  }
}

TEST_P(GsaslTest, ReadsTheUserThatWeEscaped) {
  FakeRandom random;
  for (const char* user : {"user@example.com", "a=b,c@example.com", "=2C=3D", "j\u00f6rg"}) {
    GsaslServer server(GetParam(), "pencil");
    EXPECT_TRUE(LogIn(GetParam(), user, random.Bytes(18), "pencil", server)) << user;
    EXPECT_EQ(server.user(), user);
  }
}

TEST_P(GsaslTest, RefusesAnotherPassword) {
  GsaslServer server(GetParam(), "pencil");
  EXPECT_FALSE(LogIn(GetParam(), "user", FakeRandom().Bytes(18), "pencil2", server));
}

}  // namespace
}  // namespace credbroker
