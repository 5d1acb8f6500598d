#include "service/base/log.h"

#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace credbroker {
namespace {

std::atomic<LogSink> log_sink = nullptr;

std::string Quoted(absl::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* made =
        new spdlog::logger("credbroker", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum Spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

absl::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

LogField::LogField(absl::string_view field, absl::string_view value)
    : key(field), json(Quoted(value)) {}
LogField::LogField(absl::string_view field, int64_t value)
    : key(field), json(absl::StrCat(value)) {}
LogField::LogField(absl::string_view field, uint64_t value)
    : key(field), json(absl::StrCat(value)) {}
LogField::LogField(absl::string_view field, bool value)
    : key(field), json(value ? "true" : "false") {}
LogField::LogField(absl::string_view field, absl::Duration value)
    // JSON has no infinity.
    : key(field),
      json(absl::AbsDuration(value) == absl::InfiniteDuration()
               ? "null"
               : absl::StrCat(absl::ToDoubleSeconds(value))) {}

void Log(LogLevel level, absl::string_view event, std::initializer_list<LogField> fields) {
  if (const LogSink sink = log_sink.load(std::memory_order_relaxed); sink != nullptr) {
    sink(level, event, fields);
    return;
  }
  if (!Logger().should_log(Spdlog(level))) return;
  std::string line = absl::StrCat("\"level\":\"", Name(level), "\",\"event\":", Quoted(event));
  for (const LogField& field : fields) {
    absl::StrAppend(&line, ",", Quoted(field.key), ":", field.json);
  }
  Logger().log(Spdlog(level), "{}", line);
}

void SetLogSink(LogSink sink) { log_sink.store(sink, std::memory_order_relaxed); }

}  // namespace credbroker
