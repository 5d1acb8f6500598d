#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_VALUES_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_VALUES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker {

// What single values of the configuration file may look like. Pure functions; nothing stands for
// "it is something else".

// Decimal digits without a sign or leading zeros: what some readers would take for octal is
// refused.
std::optional<uint64_t> ParseWholeNumber(absl::string_view text);

// Digits, or digits, a point and digits.
std::optional<double> ParseDecimalNumber(absl::string_view text);

// A sequence of numbers with units, such as 30s, 5m, 250ms, 1.5h, 1h30m; no sign, no bare number.
std::optional<absl::Duration> ParseDuration(absl::string_view text);

// Whether unquoted `text` means a number, a boolean or nothing (the core schema of YAML 1.2, and
// JSON), so that it is not text.
bool MeansOtherThanText(absl::string_view text);

// RFC 9110 section 5.6.2 `token`.
bool IsHttpToken(absl::string_view text);

// Printable ASCII, without a space at either end: fit for an HTTP header's value.
bool IsPrintableAscii(absl::string_view text);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_VALUES_H_
