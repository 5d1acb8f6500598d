#include "tests/simulation/trace.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "service/base/log.h"

namespace credbroker::simulation {
namespace {

Trace* current = nullptr;

void NoteLog(LogLevel, absl::string_view event, std::initializer_list<LogField> fields) {
  if (current == nullptr) return;
  current->Note([&] {
    std::string line = absl::StrCat("    log ", event);
    for (const LogField& field : fields) absl::StrAppend(&line, " ", field.key, "=", field.json);
    return line;
  });
}

}  // namespace

void Trace::TakeLog(Trace* trace) {
  current = trace;
  SetLogSink(NoteLog);
}

void Trace::Write(absl::string_view line) {
  lines_.push_back(absl::StrFormat("%16.9f  %s", absl::ToDoubleSeconds(time_), line));
  if (aloud_) absl::FPrintF(stderr, "%s\n", lines_.back());
}

}  // namespace credbroker::simulation
