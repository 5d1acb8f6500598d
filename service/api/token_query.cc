#include "service/api/token_query.h"

#include <cstddef>
#include <cstdint>

#include "service/model/names.h"

namespace credbroker {
namespace {

// https://protobuf.dev/programming-guides/encoding/: a field begins with (number << 3) | type.
constexpr char kTenantTag = (1 << 3) | 2;
constexpr char kAccountTag = (2 << 3) | 2;
constexpr char kLifetimeTag = (3 << 3) | 2;
constexpr char kSecondsTag = (1 << 3) | 0;
constexpr char kNanosTag = (2 << 3) | 0;

// As google.protobuf.Duration bounds them.
constexpr uint64_t kMostSeconds = 315'576'000'000;
constexpr uint64_t kMostNanos = 999'999'999;

bool Take(absl::string_view& bytes, char expected) {
  if (bytes.empty() || bytes.front() != expected) return false;
  bytes.remove_prefix(1);
  return true;
}

// A field's content; those of names and durations are shorter than 128 bytes, so that their length
// is one byte.
std::optional<absl::string_view> TakeContent(absl::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto length = static_cast<unsigned char>(bytes.front());
  if (length > 127 || length >= bytes.size()) return std::nullopt;
  const absl::string_view content = bytes.substr(1, length);
  bytes.remove_prefix(size_t{1} + length);
  return content;
}

// A varint of at most 63 bits: so, nothing negative.
std::optional<uint64_t> TakeVarint(absl::string_view& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 9 && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<absl::Duration> ReadDuration(absl::string_view bytes) {
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  if (Take(bytes, kSecondsTag)) {
    const std::optional<uint64_t> value = TakeVarint(bytes);
    if (!value.has_value() || *value > kMostSeconds) return std::nullopt;
    seconds = *value;
  }
  if (Take(bytes, kNanosTag)) {
    const std::optional<uint64_t> value = TakeVarint(bytes);
    if (!value.has_value() || *value > kMostNanos) return std::nullopt;
    nanos = *value;
  }
  if (!bytes.empty()) return std::nullopt;
  return absl::Seconds(seconds) + absl::Nanoseconds(nanos);
}

}  // namespace

std::optional<TokenQuery> ReadTokenQuery(absl::string_view bytes) {
  TokenQuery query;
  if (Take(bytes, kTenantTag)) {
    const std::optional<absl::string_view> tenant = TakeContent(bytes);
    if (!tenant.has_value() || !IsName(*tenant)) return std::nullopt;
    query.tenant = *tenant;
  }
  if (query.tenant.empty()) return std::nullopt;
  if (Take(bytes, kAccountTag)) {
    const std::optional<absl::string_view> account = TakeContent(bytes);
    if (!account.has_value() || !IsName(*account)) return std::nullopt;
    query.account = *account;
  }
  if (Take(bytes, kLifetimeTag)) {
    const std::optional<absl::string_view> content = TakeContent(bytes);
    const std::optional<absl::Duration> lifetime =
        content.has_value() ? ReadDuration(*content) : std::nullopt;
    if (!lifetime.has_value()) return std::nullopt;
    query.min_remaining_lifetime = *lifetime;
  }
  if (!bytes.empty()) return std::nullopt;
  return query;
}

}  // namespace credbroker
