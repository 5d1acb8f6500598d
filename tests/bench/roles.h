#ifndef CREDBROKER_TESTS_BENCH_ROLES_H_
#define CREDBROKER_TESTS_BENCH_ROLES_H_

#include <functional>
#include <string>
#include <vector>

namespace credbroker {

// What this program does as a child process of a benchmark. Every server is a process of its own,
// and the client another: so each has its CPU time, memory and allocations to itself, and the
// broker, which as shipped shares its process with nobody, is measured as what it is.
//
//   broker TENANTS ACCOUNTS    SimulatedBroker
//   typed-echo BYTES           BareEcho
//   raw-echo BYTES             BareEcho; `push`
//   sessions TENANTS ACCOUNTS  memory of that many sessions, see session_roles.h
//   refreshing TENANTS ACCOUNTS MINUTES spread|at-once   see session_roles.h
//   login-upstream MILLISECONDS  LoginUpstream
//   watchers ADDRESS CONNECTIONS STREAMS  see watcher_role.h
//
// A server prints `listening on HOST:PORT`, then answers lines on stdin: `count` and `allocations`
// (those since the last `count`). Returns the exit code.
int PlayRole(const std::string& role, const std::vector<std::string>& arguments);

// Answers each line of stdin with a line, until there is no more.
void AnswerLines(const std::function<std::string(const std::string&)>& answer);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_ROLES_H_
