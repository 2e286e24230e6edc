#include "tests/conformance/support_table.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "toolchain/base/files.h"

namespace mote::conformance {
namespace {

TEST(SupportTable, DocumentIsUpToDate) {
  const fs::path source = std::getenv("MOTE_SOURCE_DIR");
  const auto document = read_text(source / "docs/support.md");
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ(*document, support_markdown(source)) << "run build/tests/conformance/print_support_table > docs/support.md";
}

}  // namespace
}  // namespace mote::conformance
