#ifndef CREDBROKER_SERVICE_BASE_RANDOM_H_
#define CREDBROKER_SERVICE_BASE_RANDOM_H_

#include <cstddef>
#include <string>

namespace credbroker {

// Where chance comes from, so that a test can decide it.
class Random {
 public:
  virtual ~Random() = default;
  // `count` bytes that nobody can guess. Thread-safe.
  virtual std::string Bytes(size_t count) = 0;
  // A number in [0, 1), for jitter: not for secrets. Thread-safe.
  virtual double Fraction() = 0;
};

// OpenSSL's CSPRNG, and abseil's generator for jitter. Aborts if the CSPRNG fails: nothing that
// follows would be safe. Lives for ever.
Random& SystemRandom();

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_RANDOM_H_
