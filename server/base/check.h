#ifndef NEMF_SERVER_BASE_CHECK_H_
#define NEMF_SERVER_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the process when an invariant of this program is broken, in every build type. It is not for
// input: bad input is answered with a status.
//
//   NEMF_CHECK(slots.in_use() == 0);
//   NEMF_CHECK(left >= 0, "a job ended twice");
//
// The message on stderr is "FILE:LINE: check failed: CONDITION", followed by " (TEXT)" if there is
// a text, a string literal.
#define NEMF_CHECK(condition, ...)                                                          \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      ::nemf::CheckFailed(__FILE__, __LINE__, #condition __VA_OPT__(" (" __VA_ARGS__ ")")); \
    }                                                                                       \
  } while (false)

namespace nemf {

// Writes the message to stderr and aborts.
[[noreturn]] inline void CheckFailed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what);
  std::abort();
}

}  // namespace nemf

#endif  // NEMF_SERVER_BASE_CHECK_H_
