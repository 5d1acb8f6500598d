// What an answer held of secrets, and was not believed, is wiped before it is freed.

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "tests/upstream/upstream_fixture.h"

namespace {

constexpr char kCanaryText[] = "canary-0123456789-canary-0123456789";

// How many blocks were given back that began with the canary; only the test's thread looks.
thread_local bool looking_at_frees = false;
thread_local int canaries_freed = 0;

void Free(void* block) {
  constexpr size_t kSize = sizeof(kCanaryText) - 1;
  if (looking_at_frees && block != nullptr && malloc_usable_size(block) >= kSize &&
      std::memcmp(block, kCanaryText, kSize) == 0) {
    ++canaries_freed;
  }
  std::free(block);
}

}  // namespace

void* operator new(size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) std::abort();
  return block;
}
void operator delete(void* block) noexcept { Free(block); }
void operator delete(void* block, size_t) noexcept { Free(block); }

namespace credbroker {
namespace {

class WipedAnswerTest : public UpstreamFixture {
 protected:
  // The answer's body is `text`, in which CANARY stands for the secret.
  int CanariesLeftBy(const FakeHttpClient::Headers& headers, const std::string& text) {
    // The texts behind it overwrite what the parser read it into.
    const std::string body = absl::StrReplaceAll(text, {{"CANARY", kCanaryText}});
    canaries_freed = 0;
    looking_at_frees = true;
    http_.Answer(200, headers, body);
    looking_at_frees = false;
    return canaries_freed;
  }
};

TEST_F(WipedAnswerTest, TheWatchCanSeeOne) {
  looking_at_frees = true;
  canaries_freed = 0;
  { EXPECT_EQ(std::string(kCanaryText).size(), sizeof(kCanaryText) - 1); }
  looking_at_frees = false;
  EXPECT_EQ(canaries_freed, 1);
}

TEST_F(WipedAnswerTest, Row15ASessionThatIsNotBelieved) {
  Login();
  ReachFinal();
  EXPECT_EQ(CanariesLeftBy({}, R"({"refreshToken":"CANARY","signature":"AAAA"})"), 0);
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUntrusted);
}

TEST_F(WipedAnswerTest, Row9ALoginWithoutAToken) {
  Login();
  ReachFinal();
  const std::string signature = server_.Expect("reporting@acme.example", client_nonce_).signature;
  EXPECT_EQ(CanariesLeftBy({}, absl::StrCat(R"({"refreshToken":"CANARY","deviceId":"d",)",
                                            R"("signature":")", signature, R"("})")),
            0);
  EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed);
}

TEST_F(WipedAnswerTest, AnAnswerThatIsNoObject) {
  Login();
  ReachFinal();
  EXPECT_EQ(CanariesLeftBy({}, R"([{"refreshToken":["CANARY"]},"x"])"), 0);
  EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed);
}

TEST_F(WipedAnswerTest, Row9ARefreshWithoutAToken) {
  std::optional<absl::StatusOr<IssuedToken>> refreshed;
  upstream_->Refresh(account_, Secret::Copy("refresh-1"),
                     [&](absl::StatusOr<IssuedToken> token) { refreshed = std::move(token); });
  EXPECT_EQ(CanariesLeftBy({}, R"({"sendbirdSessionToken":"CANARY","deviceId":"d"})"), 0);
  EXPECT_EQ(ReasonOf(refreshed->status()), Reason::kUpstreamMalformed);
}

}  // namespace
}  // namespace credbroker
