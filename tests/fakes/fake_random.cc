#include "tests/fakes/fake_random.h"

namespace credbroker {

std::string FakeRandom::Bytes(size_t count) {
  absl::MutexLock lock(&mutex_);
  std::string bytes;
  while (bytes.size() < count) {
    // SplitMix64: even neighbouring seeds give streams that look nothing alike.
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    bytes.push_back(static_cast<char>((mixed ^ (mixed >> 31)) & 0xff));
  }
  return bytes;
}

double FakeRandom::Fraction() {
  absl::MutexLock lock(&mutex_);
  return fraction_;
}

void FakeRandom::SetFraction(double fraction) {
  absl::MutexLock lock(&mutex_);
  fraction_ = fraction;
}

}  // namespace credbroker
