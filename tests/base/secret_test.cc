#include "service/base/secret.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/secure_heap.h"

namespace credbroker {
namespace {

template <typename T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <typename T>
concept Streamable = requires(std::ostream& out, const T& a) {
  out << a;
};
template <typename T>
concept Concatenable = requires(const T& a) {
  absl::StrCat(a);
};

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(!Comparable<Secret>);
static_assert(!Streamable<Secret>);
static_assert(!Concatenable<Secret>);
static_assert(!std::is_convertible_v<Secret, absl::string_view>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<std::string, Secret>);
// The concepts themselves can fail.
static_assert(Comparable<std::string> && Streamable<std::string> && Concatenable<std::string>);

// Looks at memory just before OpenSSL gives it back, which is after it should have been wiped.
int frees_of_canary = 0;
int frees_of_zeros = 0;
size_t canary_size = 0;
constexpr char kCanary[] = "canary-0123456789-canary-0123456789";

void* Allocate(size_t size, const char*, int) { return std::malloc(size); }
void* Reallocate(void* memory, size_t size, const char*, int) { return std::realloc(memory, size); }
void Free(void* memory, const char*, int) {
  static const void* const zeros = std::calloc(1, sizeof(kCanary));
  if (canary_size > 0 && malloc_usable_size(memory) >= canary_size) {
    if (std::memcmp(memory, kCanary, canary_size) == 0) ++frees_of_canary;
    if (std::memcmp(memory, zeros, canary_size) == 0) ++frees_of_zeros;
  }
  std::free(memory);
}

// Must come before OpenSSL allocates anything, hence at the start of the program.
const bool kWatchingFrees = CRYPTO_set_mem_functions(Allocate, Reallocate, Free) == 1;

class SecretWipeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(kWatchingFrees);
    frees_of_canary = frees_of_zeros = 0;
    canary_size = std::strlen(kCanary);
  }
  void TearDown() override { canary_size = 0; }
};

TEST_F(SecretWipeTest, BytesAreWipedWhenTheObjectEnds) {
  { const Secret secret = Secret::Copy(kCanary); }
  EXPECT_EQ(frees_of_zeros, 1);
  EXPECT_EQ(frees_of_canary, 0);
}

TEST_F(SecretWipeTest, BytesAreWipedWhenTheObjectIsAssignedTo) {
  Secret secret = Secret::Copy(kCanary);
  secret = Secret();
  EXPECT_EQ(frees_of_zeros, 1);
  EXPECT_EQ(frees_of_canary, 0);
}

TEST_F(SecretWipeTest, MovingLeavesNoCopyBehind) {
  {
    Secret a = Secret::Copy(kCanary);
    Secret b = std::move(a);
    Secret c;
    c = std::move(b);
    EXPECT_EQ(c.RevealSecret(), kCanary);
    EXPECT_EQ(frees_of_zeros, 0);
  }
  EXPECT_EQ(frees_of_zeros, 1);
  EXPECT_EQ(frees_of_canary, 0);
}

TEST(SecretTest, HoldsWhatWasCopied) {
  const std::string bytes("a\0b", 3);
  const Secret secret = Secret::Copy(bytes);
  EXPECT_EQ(secret.RevealSecret(), bytes);
  EXPECT_EQ(secret.size(), 3u);
  EXPECT_FALSE(secret.empty());
}

TEST(SecretTest, EmptySecret) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret::Copy("").empty());
  EXPECT_EQ(Secret().RevealSecret(), "");
  EXPECT_TRUE(Secret().Clone().empty());
  bool called = false;
  EXPECT_TRUE(Secret::Fill(0, [&](absl::Span<uint8_t> bytes) { called = bytes.empty(); }).empty());
  EXPECT_TRUE(called);
}

TEST(SecretTest, FillWritesInPlace) {
  const Secret secret = Secret::Fill(3, [](absl::Span<uint8_t> bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>('a' + i);
  });
  EXPECT_EQ(secret.RevealSecret(), "abc");
}

TEST(SecretTest, CloneIsIndependent) {
  Secret secret = Secret::Copy("abc");
  const Secret clone = secret.Clone();
  secret = Secret::Copy("xyz");
  EXPECT_EQ(clone.RevealSecret(), "abc");
}

TEST(SecretTest, MovedFromIsEmpty) {
  Secret a = Secret::Copy("abc");
  const Secret b = std::move(a);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(b.RevealSecret(), "abc");
}

TEST(SecretTest, AssigningToItselfKeepsTheBytes) {
  Secret secret = Secret::Copy("abc");
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.RevealSecret(), "abc");
}

TEST(SecretTest, EqualInConstantTimeComparesAllBytes) {
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  for (const char* other : {"", "ab", "abcd", "xbc", "axc", "abx"}) {
    EXPECT_FALSE(EqualInConstantTime("abc", other)) << other;
  }
}

// Leaves a canary on the stack, and says where.
[[gnu::noinline]] off_t LeaveOnStack() {
  std::array<char, 16384> local;
  std::memset(local.data(), 'c', local.size());
  asm volatile("" : : "r"(local.data()) : "memory");  // As if somebody had used it.
  return static_cast<off_t>(reinterpret_cast<uintptr_t>(local.data()) + local.size() / 2);
}

// What is at an address where nothing lives any more.
char ByteAt(off_t address) {
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  char byte = '?';
  EXPECT_EQ(pread(memory, &byte, 1, address), 1);
  close(memory);
  return byte;
}

TEST(WipeDeadStackTest, OverwritesWhatACallLeftBehind) {
  const off_t left = LeaveOnStack();
  ASSERT_EQ(ByteAt(left), 'c');
  WipeDeadStack();
  EXPECT_EQ(ByteAt(left), '\0');
}

// In processes of their own, since there is one secure heap a process, for good.
TEST(SecureHeapTest, SecretsAreThereIfTheyAreToAndGoBackWiped) {
  EXPECT_EXIT(
      {
        bool good = ReserveSecureHeap(size_t{1} << 16) != SecureHeapState::kMissing;
        {
          const Secret key = Secret::Copy(kCanary, Secret::Place::kSecureHeap);
          const Secret token = Secret::Copy(kCanary);
          good = good && key.place() == Secret::Place::kSecureHeap &&
                 key.Clone().place() == Secret::Place::kSecureHeap &&
                 CRYPTO_secure_allocated(key.RevealSecret().data()) == 1 &&
                 token.place() == Secret::Place::kHeap && token.RevealSecret() == kCanary &&
                 key.RevealSecret() == kCanary;
        }
        _exit(good && CRYPTO_secure_used() == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SecureHeapTest, FullHeapLeavesHalfToOpenSslAndIsSaidOnce) {
  EXPECT_EXIT(
      {
        ReserveSecureHeap(size_t{1} << 16);
        std::vector<Secret> keys;
        while (keys.empty() || keys.back().place() == Secret::Place::kSecureHeap) {
          keys.push_back(Secret::Fill(
              1024, [](absl::Span<uint8_t>) {}, Secret::Place::kSecureHeap));
        }
        const Secret last = Secret::Copy(kCanary, Secret::Place::kSecureHeap);
        const bool good = CRYPTO_secure_used() == size_t{1} << 15 && SecureHeapRefusals() == 2 &&
                          last.RevealSecret() == kCanary;
        void* theirs = OPENSSL_secure_malloc(1024);
        _exit(good && CRYPTO_secure_allocated(theirs) == 1 ? 0 : 1);
      },
      testing::ExitedWithCode(0),
      testing::AllOf(
          testing::HasSubstr("secure_heap_full"),
          testing::Not(testing::ContainsRegex("secure_heap_full[^$]*secure_heap_full"))));
}

TEST(SecureHeapTest, WithoutOneSecretsAreOnTheOrdinaryHeap) {
  EXPECT_EXIT(
      {
        const Secret key = Secret::Copy(kCanary, Secret::Place::kSecureHeap);
        _exit(key.place() == Secret::Place::kHeap && key.RevealSecret() == kCanary &&
                      SecureHeapRefusals() == 0
                  ? 0
                  : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace credbroker
