#ifndef CREDBROKER_TESTS_BENCH_WATCHER_ROLE_H_
#define CREDBROKER_TESTS_BENCH_WATCHER_ROLE_H_

#include <string>
#include <vector>

namespace credbroker {

// Opens WatchToken streams to a server, all of one account, and reads what comes: for a process of
// its own, so that it disturbs the client that measures as little as other machines would.
//
// Prints `watching` once each stream has had its first message. Then answers `arrived N` with when
// (CLOCK_MONOTONIC, nanoseconds) the last stream had its N-th message: waits for that.
int PlayWatchers(const std::string& address, int connections, int streams);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_WATCHER_ROLE_H_
