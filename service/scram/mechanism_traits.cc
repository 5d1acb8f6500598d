#include "service/scram/mechanism_traits.h"

#include <openssl/sha.h>

#include <array>

namespace credbroker {
namespace {

struct Row {
  Mechanism mechanism;
  const char* name;
  size_t hash_size;
};

constexpr std::array kTable = {
    Row{Mechanism::kScramSha1, "SCRAM-SHA-1", SHA_DIGEST_LENGTH},
    Row{Mechanism::kScramSha256, "SCRAM-SHA-256", SHA256_DIGEST_LENGTH},
    Row{Mechanism::kScramSha512, "SCRAM-SHA-512", SHA512_DIGEST_LENGTH},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].mechanism != static_cast<Mechanism>(i)) return false;
  }
  return true;
}
static_assert(InOrder(), "the table is indexed by the mechanism");

}  // namespace

absl::string_view MechanismName(Mechanism mechanism) {
  return kTable[static_cast<size_t>(mechanism)].name;
}

std::optional<Mechanism> ParseMechanism(absl::string_view name) {
  for (const Row& row : kTable) {
    if (row.name == name) return row.mechanism;
  }
  return std::nullopt;
}

size_t HashSize(Mechanism mechanism) { return kTable[static_cast<size_t>(mechanism)].hash_size; }

}  // namespace credbroker
