#include "toolchain/data/get/get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toolchain/base/json.h"
#include "toolchain/base/process.h"
#include "toolchain/data/get/test_server.h"
#include "toolchain/data/get/unpack.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Get : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("no_proxy", "127.0.0.1", 1); }  // the server is on this machine

  DownloadRequest request(const std::string& sha256 = "", int64_t bytes = 0) {
    return {server_.address("set.tar.gz"), folder_.path() / "cache/set.tar.gz", bytes, sha256, "mote/test"};
  }
  std::string content() { return read_text(folder_.path() / "cache/set.tar.gz").value(); }
  bool part_is_there() { return fs::exists(folder_.path() / "cache/set.tar.gz.part"); }
  // `files` of `folder` below the test's folder, packed by the system's tools.
  std::string packed(const std::string& program, const std::string& arguments) {
    const auto done = run_process({"sh", "-c", program + " " + arguments}, 60, folder_.path());
    EXPECT_TRUE(done.ok() && done->exit_status == 0) << done->errors;
    return read_text(folder_.path() / "archive").value();
  }
  static std::string body() {
    std::string text;
    for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "\n";
    return text;
  }

  ProjectFolder folder_;
  TestServer server_;
  std::vector<std::string> notices_;
  DownloadHooks hooks_{{}, {}, [this](const std::string& text) { notices_.push_back(text); }};
};

TEST_F(Get, DownloadsOnceAndTakesTheCacheThen) {
  server_.set("abc");
  const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4, "abc"
  const auto first = download(request(sha256, 3), hooks_);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->sha256, sha256);
  EXPECT_FALSE(first->cached);
  EXPECT_EQ(content(), "abc");
  EXPECT_TRUE(download(request(sha256), hooks_)->cached);
  EXPECT_TRUE(download(request(), hooks_)->cached);  // known by the checksum that was noted
  EXPECT_EQ(server_.requests().size(), 1u);
  EXPECT_THAT(server_.requests()[0], HasSubstr("User-Agent: mote/test"));
  folder_.write("cache/set.tar.gz", "abd");  // a disk that forgets
  EXPECT_FALSE(download(request(), hooks_)->cached);
  EXPECT_EQ(content(), "abc");
}

TEST_F(Get, ACutConnectionIsResumed) {
  server_.set(body());
  server_.cut({100000, 50000});
  const auto done = download(request("", static_cast<int64_t>(body().size())), hooks_);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(content(), body());
  ASSERT_EQ(server_.requests().size(), 3u);
  EXPECT_THAT(server_.requests()[0], Not(HasSubstr("Range")));
  EXPECT_THAT(server_.requests()[1], AllOf(HasSubstr("Range: bytes=100000-"), HasSubstr("If-Range: \"v1\"")));
  EXPECT_THAT(server_.requests()[2], HasSubstr("Range: bytes=150000-"));
  EXPECT_EQ(notices_.size(), 2u);
  EXPECT_FALSE(part_is_there());
}

// What a call left behind, the next one takes up.
TEST_F(Get, AnInterruptedCallIsResumedByTheNext) {
  server_.set(body());
  server_.cut({100000});
  hooks_.cancelled = [&] { return !notices_.empty(); };
  const auto interrupted = download(request(), hooks_);
  ASSERT_FALSE(interrupted.ok());
  EXPECT_EQ(interrupted.error().kind, Error::Kind::interrupted);
  EXPECT_TRUE(part_is_there());
  hooks_.cancelled = {};
  const auto done = download(request(), hooks_);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_GE(done->resumed, 100000);
  EXPECT_EQ(content(), body());
}

TEST_F(Get, APartOfAnotherVersionOrWithoutRangesBeginsAnew) {
  for (const bool ranges : {true, false}) {
    folder_.write("cache/set.tar.gz.part", "of an old file, and longer than nothing");
    folder_.write("cache/set.tar.gz.part.tag", "\"v0\"");
    server_.set(body(), "\"v1\"", ranges);
    const auto done = download(request(), hooks_);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(done->resumed, 0);
    EXPECT_EQ(content(), body());
    fs::remove(folder_.path() / "cache/set.tar.gz");
  }
  // A part that is as long as the file or longer.
  folder_.write("cache/set.tar.gz.part", body() + "more");
  folder_.write("cache/set.tar.gz.part.tag", "\"v1\"");
  server_.set(body());
  ASSERT_TRUE(download(request(), hooks_).ok());
  EXPECT_EQ(content(), body());
}

TEST_F(Get, WrongChecksumAndSizeAreRefusedAndRemoved) {
  server_.set("tampered");
  const auto wrong = download(request(std::string(64, 'a')), hooks_);
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, AllOf(HasSubstr("SHA-256 is "), HasSubstr("expected aaaa")));
  EXPECT_THAT(download(request("", 9), hooks_).error().message, HasSubstr("has 8 bytes, expected 9"));
  EXPECT_FALSE(part_is_there());
  EXPECT_FALSE(fs::exists(folder_.path() / "cache/set.tar.gz"));
}

TEST_F(Get, RefusalsAreNamed) {
  DownloadRequest missing = request();
  missing.address = server_.address("missing");
  bool offline = true;
  EXPECT_THAT(download(missing, hooks_, &offline).error().message, HasSubstr("404"));
  EXPECT_FALSE(offline);
  missing.address = "http://127.0.0.1:9/x";  // nobody listens there
  EXPECT_FALSE(download(missing, hooks_, &offline).ok());
  EXPECT_TRUE(offline);
  missing.address = "file:///etc/passwd";
  EXPECT_FALSE(download(missing, hooks_).ok());
}

TEST_F(Get, ASetIsUnpackedWithItsOrigin) {
  folder_.write("top/data/a.csv", "x\n1\n");
  folder_.write("top/._a.csv", "of a Mac");
  folder_.write("inner/b/c.txt", "deep");
  packed("cd inner && python3 -m zipfile -c ../top/inner.zip b && cd ..", "&& tar czf archive top");
  server_.set(read_text(folder_.path() / "archive").value());
  PublicDataSet set;
  set.name = "set";
  set.licence = "MIT";
  set.address = server_.address("set.tar.gz");
  set.file = "set.tar.gz";
  set.strip = 1;
  set.inner = "inner.zip";
  set.mirror = "the_set";
  const GetOptions options{folder_.path() / "out", folder_.path() / "cache", "", false, "mote/test"};
  const auto got = get_data_set(set, options, hooks_);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->files, 2);
  EXPECT_EQ(read_text(options.folder / "data/a.csv").value(), "x\n1\n");
  EXPECT_EQ(read_text(options.folder / "b/c.txt").value(), "deep");
  EXPECT_FALSE(fs::exists(options.folder / "inner.zip"));
  EXPECT_FALSE(fs::exists(options.folder / "._a.csv"));
  const auto origin = read_json(options.folder / "mote-source.json");
  ASSERT_TRUE(origin.ok());
  EXPECT_EQ((*origin)["licence"], "MIT");
  EXPECT_EQ((*origin)["sha256"], got->archive.sha256);
  EXPECT_THAT(get_data_set(set, options, hooks_).error().message, HasSubstr("is there already"));

  folder_.write("mirror/data/the_set/README.md", "a part");
  GetOptions mirrored{folder_.path() / "out2", folder_.path() / "cache2", folder_.path() / "mirror", false, ""};
  const auto copied = get_data_set(set, mirrored, hooks_);
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_TRUE(copied->mirrored);
  EXPECT_EQ(read_text(mirrored.folder / "README.md").value(), "a part");
  mirrored.folder = folder_.path() / "out3";
  mirrored.link = true;
  ASSERT_TRUE(get_data_set(set, mirrored, hooks_).ok());
  EXPECT_TRUE(fs::is_symlink(mirrored.folder));
}

TEST_F(Get, DamagedAndHostileArchivesLeaveNothing) {
  folder_.write("data/a.csv", std::string(5000, 'x'));
  std::string archive = packed("tar", "czf archive data");
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    folder_.write("bad", bytes);
    const auto files = unpack(folder_.path() / "bad", folder_.path() / "to", 0, {});
    EXPECT_FALSE(files.ok());
    EXPECT_THAT(files.ok() ? "" : files.error().message, HasSubstr(message));
  };
  refused("<html>please log in</html>", "no archive that can be unpacked");
  refused(archive.substr(0, archive.size() / 2), "no archive that can be unpacked");
  refused(packed("tar", "czPf archive data/../data/a.csv"), "would lead out of the folder");
  refused(packed("python3", "-c \"import zipfile; zipfile.ZipFile('archive','w').writestr('/tmp/x','y')\""),
          "would lead out of the folder");
}

TEST_F(Get, TheCatalogIsWhole) {
  for (const PublicDataSet& set : public_data_sets()) {
    EXPECT_TRUE(set.address.starts_with("https://")) << set.name;
    EXPECT_TRUE(set.sha256.empty() || set.sha256.find_first_not_of("0123456789abcdef") == std::string::npos);
    EXPECT_TRUE(set.sha256.empty() || (set.sha256.size() == 64 && set.bytes > 0)) << set.name;
    for (const std::string& text : {set.title, set.licence, set.citation, set.home, set.file, set.checked, set.mirror})
      EXPECT_NE(text, "") << set.name;
    EXPECT_EQ(find_data_set(set.name).value(), &set);
  }
  EXPECT_THAT(find_data_set("uci-hat").error().message, HasSubstr("Did you mean 'uci-har'"));
}

}  // namespace
}  // namespace mote
