#ifndef CREDBROKER_SERVICE_OPERATOR_OPERATOR_PROCESS_H_
#define CREDBROKER_SERVICE_OPERATOR_OPERATOR_PROCESS_H_

namespace credbroker {

// What a command that handles an account's secrets settles for its process, before it has a second
// thread: no core file, nothing of the environment that steers the libraries (main/process.h), a
// secure heap, libcurl ready, and no log on stderr, where the command's own message belongs. Goes
// on with what succeeds.
void PrepareOperatorProcess();

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPERATOR_OPERATOR_PROCESS_H_
