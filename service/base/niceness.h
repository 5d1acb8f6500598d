#ifndef CREDBROKER_SERVICE_BASE_NICENESS_H_
#define CREDBROKER_SERVICE_BASE_NICENESS_H_

namespace credbroker {

// Makes the calling thread, and those that it will start, leave the cores to others that want them,
// the more the greater the niceness: 1 to 19, see nice(2). From Linux 6.12 on also for short turns,
// so that nobody else waits for the end of a long one. Never refused, and not to be undone without
// privileges. Safe between fork and exec.
void BeNice(int niceness);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_NICENESS_H_
