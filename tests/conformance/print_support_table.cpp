// usage: print_support_table [PROJECT_ROOT] > docs/support.md
#include <fmt/core.h>

#include "tests/conformance/support_table.h"

int main(int argc, char** argv) {
  fmt::print("{}", mote::conformance::support_markdown(argc > 1 ? argv[1] : "."));
  return 0;
}
