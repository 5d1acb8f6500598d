#include "service/base/random.h"

#include <openssl/rand.h>

#include <cstdlib>

#include "absl/random/random.h"

namespace credbroker {
namespace {

class MachineRandom : public Random {
 public:
  std::string Bytes(size_t count) override {
    std::string bytes(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
      std::abort();
    }
    return bytes;
  }

  double Fraction() override {
    thread_local absl::BitGen generator;
    return absl::Uniform(generator, 0.0, 1.0);
  }
};

}  // namespace

Random& SystemRandom() {
  static MachineRandom random;
  return random;
}

}  // namespace credbroker
