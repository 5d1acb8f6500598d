#include "service/base/niceness.h"

#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

// Of the thread that asks.
int OwnNiceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

TEST(NicenessTest, IsTheThreadsOwnAndItsChildrens) {
  const int before = OwnNiceness();
  int own = 0;
  int childs = 0;
  std::thread nice([&] {
    BeNice(before + 3);
    own = OwnNiceness();
    std::thread child([&] { childs = OwnNiceness(); });
    child.join();
  });
  nice.join();
  EXPECT_EQ(own, before + 3);
  EXPECT_EQ(childs, before + 3);
  EXPECT_EQ(OwnNiceness(), before);
}

}  // namespace
}  // namespace credbroker
