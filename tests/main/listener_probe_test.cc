#include "service/main/listener_probe.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/ops/tcp_listener.h"

namespace credbroker {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);
constexpr absl::Duration kShort = absl::Milliseconds(100);

TEST(ProbeListener, AServerThatAnswersIsThereWhateverItsHealth) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  grpc::CallbackGenericService any;
  builder.RegisterCallbackGenericService(&any);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const std::string address = absl::StrCat("127.0.0.1:", port);
  EXPECT_EQ(ProbeListener(address, kLong), absl::OkStatus());
  server->GetHealthCheckService()->SetServingStatus(false);
  EXPECT_EQ(ProbeListener(address, kLong), absl::OkStatus());
  server->Shutdown();
  EXPECT_FALSE(ProbeListener(address, kLong).ok());
}

TEST(ProbeListener, AListenerThatNobodyServesIsNotEnough) {
  const auto listener = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok());
  const std::string address = absl::StrCat("127.0.0.1:", (*listener)->port());
  EXPECT_EQ(ProbeListener(address, kShort).code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace credbroker
