// The overlay: names that come, go and move, and what listings make of them.
#include <random>
#include <set>

#include "tests/unit/fs/overlay/overlay_fixture.h"

namespace halcyon::test {
namespace {

class OverlayNames : public OverlayTest {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b", "c"}) host.put(name, name);
    host.mkdir("d");
    for (const char* name : {"d/1", "d/2", "d/3"}) host.put(name, name);
    host.mkdir("d/sub");
    host.put("d/sub/deep", "deep");
    cover();
  }
  std::vector<std::string> order(const std::string& path) {
    std::vector<std::string> names;
    for (Listed& entry : list(*must(root.open(path, flag::directory))))
      if (entry.name != "." && entry.name != "..") names.push_back(entry.name);
    return names;
  }
};

TEST_F(OverlayNames, ListingsMergeBothLayers) {
  root.put("/top/new", "");
  root.put("/top/0", "");
  EXPECT_EQ(root.unlink("/top/b"), "");
  EXPECT_EQ(order("/top"), (std::vector<std::string>{"a", "c", "d", "new", "0"}));
  forget();
  EXPECT_EQ(order("/top"), (std::vector<std::string>{"a", "c", "d", "new", "0"}));
  root.put("/top/b", "b is back");
  EXPECT_EQ(root.names("/top"), (std::vector<std::string>{"0", "a", "b", "c", "d", "new"}));
  EXPECT_EQ(root.get("/top/b"), "b is back");
}

TEST_F(OverlayNames, ListingsTellTheNumbersOfStat) {
  root.put("/top/new", "");
  EXPECT_EQ(root.rename("/top/a", "/top/moved"), "");
  root.put("/top/b", "changed");
  for (Listed& entry : list(*must(root.open("/top", flag::directory)))) {
    if (entry.name == "..") continue;
    EXPECT_EQ(entry.inode, number("/top/" + entry.name)) << entry.name;
    EXPECT_EQ(entry.type, root.lstat("/top/" + entry.name).type) << entry.name;
  }
}

TEST_F(OverlayNames, PositionsAreStable) {
  for (int i = 0; i < 40; ++i) host.put("d/x" + std::to_string(10 + i), "");
  for (int i = 0; i < 40; ++i) root.put("/top/d/y" + std::to_string(10 + i), "");
  auto directory = must(root.open("/top/d", flag::directory));
  std::multiset<std::string> seen;
  for (int step = 0;; ++step) {
    auto some = list(*directory, 9);
    if (some.empty()) break;
    for (Listed& entry : some) seen.insert(entry.name);
    // In the middle of it: names go that were seen, and others come.
    for (Listed& entry : some)
      if (entry.name.starts_with("x") || entry.name.starts_with("y")) root.unlink("/top/d/" + entry.name);
    root.put("/top/d/new" + std::to_string(step), "");
    if (step > 50) break;
  }
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(seen.count("x" + std::to_string(10 + i)), 1u) << i;
    EXPECT_EQ(seen.count("y" + std::to_string(10 + i)), 1u) << i;
  }
  EXPECT_EQ(seen.count("sub"), 1u);
}

TEST_F(OverlayNames, DirectoriesBelowAreRemovedAndMadeAnew) {
  EXPECT_EQ(root.rmdir("/top/d"), "ENOTEMPTY");
  for (const char* name : {"/top/d/1", "/top/d/2", "/top/d/3", "/top/d/sub/deep"}) EXPECT_EQ(root.unlink(name), "");
  EXPECT_EQ(root.rmdir("/top/d"), "ENOTEMPTY");
  EXPECT_EQ(root.rmdir("/top/d/sub"), "");
  EXPECT_EQ(root.rmdir("/top/d"), "");
  forget();
  EXPECT_EQ(root.stat_error("/top/d/1"), "ENOENT");
  // The new one has nothing of the old one.
  EXPECT_EQ(root.mkdir("/top/d"), "");
  EXPECT_TRUE(root.names("/top/d").empty());
  forget();
  EXPECT_TRUE(root.names("/top/d").empty());
  EXPECT_EQ(root.stat_error("/top/d/1"), "ENOENT");
  EXPECT_EQ(root.mkdir("/top/d/sub"), "");
  EXPECT_TRUE(root.names("/top/d/sub").empty());
  EXPECT_EQ(host.names("d"), (std::vector<std::string>{"1", "2", "3", "sub"}));
}

TEST_F(OverlayNames, ADirectoryWithOnlyNewEntriesIsNotEmpty) {
  EXPECT_EQ(root.mkdir("/top/e"), "");
  root.put("/top/e/f", "");
  EXPECT_EQ(root.rmdir("/top/e"), "ENOTEMPTY");
  EXPECT_EQ(root.unlink("/top/e/f"), "");
  EXPECT_EQ(root.rmdir("/top/e"), "");
}

TEST_F(OverlayNames, FilesBelowAreRenamed) {
  uint64_t before = number("/top/a");
  auto file = must(root.open("/top/a"));
  EXPECT_EQ(root.rename("/top/a", "/top/d/A"), "");
  EXPECT_EQ(number("/top/d/A"), before);
  EXPECT_EQ(root.get("/top/a"), "!ENOENT");
  forget();
  EXPECT_EQ(root.get("/top/a"), "!ENOENT");
  EXPECT_EQ(root.get("/top/d/A"), "a");
  EXPECT_EQ(number("/top/d/A"), before);
  EXPECT_EQ(describe(*file), "/top/d/A");
  // Over another one below, and back.
  EXPECT_EQ(root.rename("/top/d/A", "/top/b"), "");
  EXPECT_EQ(root.get("/top/b"), "a");
  EXPECT_EQ(root.rename("/top/b", "/top/a"), "");
  EXPECT_EQ(root.names("/top"), (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(host.names(), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(host.get("b"), "b");
}

TEST_F(OverlayNames, DirectoriesBelowAreRenamed) {
  uint64_t before = number("/top/d");
  uint64_t deep = number("/top/d/sub/deep");
  auto file = must(root.open("/top/d/sub/deep", flag::read_write));
  EXPECT_EQ(root.rename("/top/d", "/top/e"), "");
  EXPECT_EQ(root.stat_error("/top/d"), "ENOENT");
  EXPECT_EQ(number("/top/e"), before);
  EXPECT_EQ(root.get("/top/e/sub/deep"), "deep");
  EXPECT_EQ(describe(*file), "/top/e/sub/deep");
  must(write_text(*file, "DEEP"));
  file = nullptr;
  forget();
  EXPECT_EQ(root.names("/top/e"), (std::vector<std::string>{"1", "2", "3", "sub"}));
  EXPECT_EQ(root.get("/top/e/sub/deep"), "DEEP");
  EXPECT_EQ(number("/top/e/sub/deep"), deep);
  // Changes below a directory that was moved, and another in its old place.
  EXPECT_EQ(root.unlink("/top/e/1"), "");
  root.put("/top/e/new", "new");
  EXPECT_EQ(root.mkdir("/top/d"), "");
  root.put("/top/d/1", "another one");
  EXPECT_EQ(root.rename("/top/e", "/top/d/e"), "");
  forget();
  EXPECT_EQ(root.names("/top/d"), (std::vector<std::string>{"1", "e"}));
  EXPECT_EQ(root.names("/top/d/e"), (std::vector<std::string>{"2", "3", "new", "sub"}));
  EXPECT_EQ(root.get("/top/d/e/sub/deep"), "DEEP");
}

TEST_F(OverlayNames, DirectoriesReplaceEmptyOnes) {
  EXPECT_EQ(root.mkdir("/top/empty"), "");
  EXPECT_EQ(root.rename("/top/empty", "/top/d"), "ENOTEMPTY");
  EXPECT_EQ(root.rename("/top/d", "/top/empty"), "");
  EXPECT_EQ(root.get("/top/empty/1"), "d/1");
  EXPECT_EQ(root.rename("/top/a", "/top/empty"), "EISDIR");
  EXPECT_EQ(root.rename("/top/empty", "/top/a"), "ENOTDIR");
}

TEST_F(OverlayNames, Exchanging) {
  constexpr uint32_t exchange = 2;
  uint64_t file = number("/top/a");
  uint64_t directory = number("/top/d");
  uint32_t links = root.stat("/top").links;
  EXPECT_EQ(root.rename("/top/a", "/top/d", exchange), "");
  forget();
  EXPECT_EQ(number("/top/d"), file);
  EXPECT_EQ(number("/top/a"), directory);
  EXPECT_EQ(root.get("/top/d"), "a");
  EXPECT_EQ(root.get("/top/a/1"), "d/1");
  EXPECT_EQ(root.stat("/top").links, links);
  EXPECT_EQ(root.rename("/top/a/1", "/top/b", exchange), "");
  forget();
  EXPECT_EQ(root.get("/top/a/1"), "b");
  EXPECT_EQ(root.get("/top/b"), "d/1");
  EXPECT_EQ(root.names("/top"), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_F(OverlayNames, LinksOfDirectories) {
  uint32_t links = root.stat("/top").links;
  EXPECT_EQ(root.mkdir("/top/n"), "");
  EXPECT_EQ(root.mkdir("/top/n/m"), "");
  EXPECT_EQ(root.stat("/top").links, links == 1 ? 1 : links + 1);
  EXPECT_EQ(root.stat("/top/n").links, 3u);
  EXPECT_EQ(root.rename("/top/n/m", "/top/d/m"), "");
  EXPECT_EQ(root.stat("/top/n").links, 2u);
  EXPECT_EQ(root.rmdir("/top/n"), "");
  EXPECT_EQ(root.rmdir("/top/d/m"), "");
  EXPECT_EQ(root.stat("/top").links, links);
  auto directory = must(root.open("/top/d/sub", flag::directory));
  EXPECT_EQ(root.unlink("/top/d/sub/deep"), "");
  EXPECT_EQ(root.rmdir("/top/d/sub"), "");
  EXPECT_EQ(must(directory->attributes()).links, 0u);
}

// What the host adds is seen by listings, and by name if nobody asked before.
TEST_F(OverlayNames, WhatTheHostAdds) {
  root.put("/top/mine", "");
  host.put("theirs", "theirs");
  EXPECT_EQ(root.get("/top/theirs"), "theirs");
  EXPECT_EQ(root.names("/top"), (std::vector<std::string>{"a", "b", "c", "d", "mine", "theirs"}));
  host.put("mine", "not mine");
  EXPECT_EQ(root.get("/top/mine"), "");
}

TEST_F(OverlayNames, MountsOnDirectoriesBelow) {
  EXPECT_EQ(root.mount("none", "/top/d", "tmpfs"), "");
  root.put("/top/d/t", "t");
  forget();
  EXPECT_EQ(root.names("/top/d"), (std::vector<std::string>{"t"}));
  EXPECT_EQ(root.rename("/top/d", "/top/e"), "EBUSY");
  EXPECT_EQ(root.umount("/top/d"), "");
  EXPECT_EQ(root.get("/top/d/1"), "d/1");
}

// A lower layer that is no hostfs: another overlay, on one in memory.
TEST_F(OverlayNames, LayersUponLayers) {
  auto memory = must(fs::RamFileSystem::create(vfs));
  must(fs::mount_new(root.caller(), memory, "m", "/m"));
  root.put("/m/f", "memory");
  EXPECT_EQ(root.mkdir("/m/d"), "");
  auto again = must(fs::RamFileSystem::create(vfs));
  auto middle = must(fs::OverlayFileSystem::create(vfs, again));
  auto upper = must(fs::OverlayFileSystem::create(vfs, middle));
  must(fs::mount_new(root.caller(), upper, "u", "/u"));
  root.put("/u/f", "upper");
  EXPECT_EQ(root.mkdir("/u/d"), "");
  root.put("/u/d/g", "g");
  forget();
  EXPECT_EQ(root.get("/u/f"), "upper");
  EXPECT_EQ(root.names("/u"), (std::vector<std::string>{"d", "f"}));
}

// Random changes against a plain tree in memory, with everything forgotten in between now and then.
TEST_F(OverlayNames, AgreesWithAPlainTree) {
  EXPECT_EQ(root.mkdir("/plain"), "");
  for (const char* name : {"a", "b", "c"}) root.put(std::string("/plain/") + name, name);
  EXPECT_EQ(root.mkdir("/plain/d"), "");
  for (const char* name : {"d/1", "d/2", "d/3"}) root.put(std::string("/plain/") + name, name);
  EXPECT_EQ(root.mkdir("/plain/d/sub"), "");
  root.put("/plain/d/sub/deep", "deep");
  std::mt19937 random(7);
  const std::vector<std::string> names{"/a",     "/b",          "/c", "/d",   "/d/1", "/d/2",    "/d/3",
                                       "/d/sub", "/d/sub/deep", "/x", "/d/y", "/x/z", "/d/sub/w"};
  auto any = [&] { return names[random() % names.size()]; };
  for (int step = 0; step < 6000; ++step) {
    std::string one = any(), two = any();
    std::string text = std::to_string(step);
    auto both = [&](auto action) {
      std::string above = action("/top"), plain = action("/plain");
      ASSERT_EQ(above, plain) << "step " << step << ": " << one << " " << two;
    };
    switch (random() % 9) {
      case 0: both([&](std::string base) { return root.unlink(base + one); }); break;
      case 1: both([&](std::string base) { return root.rmdir(base + one); }); break;
      case 2: both([&](std::string base) { return root.mkdir(base + one); }); break;
      case 3: both([&](std::string base) { return root.rename(base + one, base + two); }); break;
      case 4: both([&](std::string base) { return root.rename(base + one, base + two, 2); }); break;
      case 5: both([&](std::string base) { return root.link(base + one, base + two); }); break;
      case 6:
        both([&](std::string base) {
          auto file = root.open(base + one, flag::write_only | flag::create | (step % 2 ? flag::append : 0), 0644);
          return file ? error_of(write_text(**file, text)) : error_of(file);
        });
        break;
      case 7: both([&](std::string base) { return root.get(base + one); }); break;
      case 8:
        if (random() % 4 == 0) forget();
        both([&](std::string base) {
          auto directory = root.open(base + one, flag::directory);
          if (!directory) return error_of(directory);
          std::string seen;
          for (const std::string& name : root.names(base + one)) seen += name + " ";
          Attributes attributes = root.stat(base + one);
          return seen + std::to_string(attributes.permissions);
        });
        break;
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(host.names(), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(host.names("d"), (std::vector<std::string>{"1", "2", "3", "sub"}));
}

}  // namespace
}  // namespace halcyon::test
