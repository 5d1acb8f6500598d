#include "service/upstream/key_cache.h"

#include <openssl/crypto.h>

#include "gtest/gtest.h"

#include "service/model/failure.h"
#include "service/upstream/file_credential.h"
#include "tests/fakes/fake_random.h"

namespace credbroker {
namespace {

const AccountKey kAccount{"acme", "reporting"};
const KeyParameters kParameters{Mechanism::kScramSha256, "salt", 4096};

class KeyCacheTest : public testing::Test {
 protected:
  std::shared_ptr<const ScramKeys> Keys(const AccountKey& account, const KeyParameters& parameters,
                                        absl::string_view password) {
    const auto keys = cache_.KeysFor(account, parameters, CallerCredential(Secret::Copy(password)));
    EXPECT_TRUE(keys.ok()) << keys.status();
    return keys.ok() ? *keys : nullptr;
  }

  // Expects the keys to be those that the arithmetic gives for exactly these, derived anew.
  void ExpectDerived(const AccountKey& account, const KeyParameters& parameters,
                     absl::string_view password) {
    const uint64_t before = cache_.derivations();
    const auto keys = Keys(account, parameters, password);
    const ScramKeys expected = DeriveKeys(parameters, Secret::Copy(password));
    EXPECT_TRUE(
        EqualInConstantTime(keys->client_key.RevealSecret(), expected.client_key.RevealSecret()));
    EXPECT_TRUE(
        EqualInConstantTime(keys->server_key.RevealSecret(), expected.server_key.RevealSecret()));
    EXPECT_EQ(cache_.derivations(), before + 1);
  }

  FakeRandom random_;
  KeyCache cache_{random_};
};

TEST_F(KeyCacheTest, SameEverythingIsDerivedOnce) {
  const auto first = Keys(kAccount, kParameters, "pencil");
  EXPECT_EQ(Keys(kAccount, kParameters, "pencil"), first);
  EXPECT_EQ(cache_.derivations(), 1U);
}

TEST_F(KeyCacheTest, OtherSaltNeverMeetsAnOldKey) {
  Keys(kAccount, kParameters, "pencil");
  ExpectDerived(kAccount, {Mechanism::kScramSha256, "other", 4096}, "pencil");
}

TEST_F(KeyCacheTest, OtherTenantNeverMeetsAnOldKey) {
  Keys(kAccount, kParameters, "pencil");
  ExpectDerived({"globex", "reporting"}, {Mechanism::kScramSha256, "globex", 4096}, "pencil");
  ExpectDerived({"initech", "reporting"}, kParameters, "pencil");
}

TEST_F(KeyCacheTest, ChangedPasswordNeverMeetsAnOldKey) {
  Keys(kAccount, kParameters, "pencil");
  ExpectDerived(kAccount, kParameters, "pencil2");
}

TEST_F(KeyCacheTest, ChangedIterationCountNeverMeetsAnOldKey) {
  Keys(kAccount, kParameters, "pencil");
  ExpectDerived(kAccount, {Mechanism::kScramSha256, "salt", 4097}, "pencil");
}

TEST_F(KeyCacheTest, ChangedMechanismNeverMeetsAnOldKey) {
  Keys(kAccount, kParameters, "pencil");
  ExpectDerived(kAccount, {Mechanism::kScramSha512, "salt", 4096}, "pencil");
}

TEST_F(KeyCacheTest, OnlyTheLastIsKept) {
  Keys(kAccount, kParameters, "pencil");
  Keys(kAccount, {Mechanism::kScramSha256, "other", 4096}, "pencil");
  ExpectDerived(kAccount, kParameters, "pencil");
}

TEST_F(KeyCacheTest, Row32UnreadablePasswordIsServedIfTheParametersFit) {
  const FileCredential unreadable("/nowhere/password");
  const absl::Status why = unreadable.Read().status();
  EXPECT_EQ(cache_.KeysFor(kAccount, kParameters, unreadable).status(), why);
  const auto first = Keys(kAccount, kParameters, "pencil");
  const auto served = cache_.KeysFor(kAccount, kParameters, unreadable);
  ASSERT_TRUE(served.ok());
  EXPECT_EQ(*served, first);
  const KeyParameters other_salt{Mechanism::kScramSha256, "other", 4096};
  EXPECT_EQ(cache_.KeysFor(kAccount, other_salt, unreadable).status(), why);
  EXPECT_EQ(cache_.KeysFor({"globex", "reporting"}, kParameters, unreadable).status(), why);
}

TEST_F(KeyCacheTest, PasswordThatSaslPrepRefusesIsLoginRequired) {
  EXPECT_EQ(
      ReasonOf(
          cache_.KeysFor(kAccount, kParameters, CallerCredential(Secret::Copy("a\ab"))).status()),
      Reason::kLoginRequired);
}

TEST_F(KeyCacheTest, CallersOwnAccountsAreNotKept) {
  const AccountKey own{"acme", "someone@acme.example"};
  Keys(own, kParameters, "pencil");
  ExpectDerived(own, kParameters, "pencil");
  EXPECT_FALSE(cache_.Differs(own, Secret::Copy("other")));
}

TEST_F(KeyCacheTest, RejectedKeysAreDroppedButTheContentIsRemembered) {
  Keys(kAccount, kParameters, "pencil");
  cache_.DropRejected(kAccount);
  EXPECT_FALSE(cache_.Differs(kAccount, Secret::Copy("pencil")));
  EXPECT_TRUE(cache_.Differs(kAccount, Secret::Copy("pencil2")));
  ExpectDerived(kAccount, kParameters, "pencil");
}

TEST_F(KeyCacheTest, ContentIsRecognisedAndMayBeRememberedAsRejected) {
  const auto content = [&](absl::string_view password) {
    return cache_.Recognise(kAccount, CallerCredential(Secret::Copy(password))).value();
  };
  EXPECT_EQ(content("pencil"), content("pencil"));
  EXPECT_NE(content("pencil"), content("pencil2"));
  cache_.RememberRejected(kAccount, content("pencil"));
  EXPECT_FALSE(cache_.Differs(kAccount, Secret::Copy("pencil")));
  EXPECT_TRUE(cache_.Differs(kAccount, Secret::Copy("pencil2")));
}

TEST_F(KeyCacheTest, Row32OnlyCachedKeysMakeUpForAnUnreadablePassword) {
  const FileCredential unreadable("/nowhere/password");
  const absl::Status why = unreadable.Read().status();
  EXPECT_EQ(cache_.Recognise(kAccount, unreadable).status(), why);
  Keys(kAccount, kParameters, "pencil");
  EXPECT_EQ(cache_.Recognise(kAccount, unreadable).value(), "");
  EXPECT_EQ(cache_.Recognise({"globex", "reporting"}, unreadable).status(), why);
  cache_.DropRejected(kAccount);
  EXPECT_EQ(cache_.Recognise(kAccount, unreadable).status(), why);
}

}  // namespace
}  // namespace credbroker
