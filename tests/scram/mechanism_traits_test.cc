#include "service/scram/mechanism_traits.h"

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(MechanismTraitsTest, NamesAreTheRegisteredOnes) {
  EXPECT_EQ(MechanismName(Mechanism::kScramSha1), "SCRAM-SHA-1");
  EXPECT_EQ(MechanismName(Mechanism::kScramSha256), "SCRAM-SHA-256");
  EXPECT_EQ(MechanismName(Mechanism::kScramSha512), "SCRAM-SHA-512");
}

TEST(MechanismTraitsTest, EveryNameParsesBack) {
  for (const Mechanism mechanism :
       {Mechanism::kScramSha1, Mechanism::kScramSha256, Mechanism::kScramSha512}) {
    EXPECT_EQ(ParseMechanism(MechanismName(mechanism)), mechanism);
  }
}

TEST(MechanismTraitsTest, OtherSpellingsAreRefused) {
  for (const char* name : {"", "scram-sha-1", "SCRAM-SHA1", "SCRAM-SHA-1 ", "SCRAM-SHA-1-PLUS",
                           "SCRAM-SHA-384", "PLAIN"}) {
    EXPECT_FALSE(ParseMechanism(name).has_value()) << name;
  }
}

TEST(MechanismTraitsTest, HashSizes) {
  EXPECT_EQ(HashSize(Mechanism::kScramSha1), 20u);
  EXPECT_EQ(HashSize(Mechanism::kScramSha256), 32u);
  EXPECT_EQ(HashSize(Mechanism::kScramSha512), 64u);
}

}  // namespace
}  // namespace credbroker
