#include "service/api/grpc_log.h"

#include <grpc/support/log.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/log.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

std::vector<std::string>& Lines() {
  static auto* const lines = new std::vector<std::string>;
  return *lines;
}

TEST(GrpcLogTest, ComplaintsComeOutAsOneLineWithoutTheirWords) {
  SetLogSink([](LogLevel, absl::string_view event, std::initializer_list<LogField> fields) {
    std::string line(event);
    for (const LogField& field : fields) absl::StrAppend(&line, " ", field.key, "=", field.json);
    Lines().push_back(line);
  });
  // As grpc_init does.
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  RouteGrpcLog();
  gpr_log("src/core/hpack_parser.cc", 12, GPR_LOG_SEVERITY_INFO, "not a complaint");
  for (int i = 0; i < 100; ++i) {
    gpr_log("src/core/hpack_parser.cc", 34, GPR_LOG_SEVERITY_ERROR, "canary");
  }
  EXPECT_THAT(Lines(),
              ElementsAre("grpc_error file=\"hpack_parser.cc\" line=34 count=1 message=\"\""));
  SetLogSink(nullptr);
}

}  // namespace
}  // namespace credbroker
