#ifndef CREDBROKER_SERVICE_BASE_LOG_H_
#define CREDBROKER_SERVICE_BASE_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One name and value of a log line.
struct LogField {
  LogField(absl::string_view name, absl::string_view value);
  LogField(absl::string_view name, const char* value) : LogField(name, absl::string_view(value)) {}
  LogField(absl::string_view name, const std::string& value)
      : LogField(name, absl::string_view(value)) {}
  LogField(absl::string_view name, int64_t value);
  LogField(absl::string_view name, uint64_t value);
  LogField(absl::string_view name, int value) : LogField(name, static_cast<int64_t>(value)) {}
  LogField(absl::string_view name, bool value);
  // In seconds; null if it is infinite.
  LogField(absl::string_view name, absl::Duration value);

  absl::string_view key;
  std::string json;  // The value, encoded.
};

// Writes one JSON object as a line to stderr: `time`, `level`, `event` and the fields. `event` is a
// constant in lower_snake_case, so that lines can be counted by it. What others chose (a name, an
// address) goes into a field, where it is escaped; secrets, e-mail addresses and bodies go nowhere.
// Thread-safe.
void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields = {});

// Takes what is logged instead of stderr, for tests; null: stderr again. Set it while nobody logs.
using LogSink = void (*)(LogLevel level, absl::string_view event,
                         std::initializer_list<LogField> fields);
void SetLogSink(LogSink sink);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_LOG_H_
