#include "server/service/correspondence/preview_queue.h"

#include <gtest/gtest.h>

namespace nemf {
namespace {

FlowSnapshot Preview(int iteration, std::size_t points) {
  return {iteration, std::vector<Point>(points)};
}

TEST(PreviewQueueTest, KeepsTheOrder) {
  PreviewQueue queue(1000);
  EXPECT_TRUE(queue.empty());
  for (const int i : {0, 3, 5}) queue.Push(Preview(i, 10));
  EXPECT_EQ(queue.bytes(), 240);
  EXPECT_EQ(queue.Pop().iteration, 0);
  EXPECT_EQ(queue.Pop().iteration, 3);
  EXPECT_EQ(queue.Pop().iteration, 5);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0);
}

TEST(PreviewQueueTest, LetsNewerOnesReplaceOlderOnes) {
  PreviewQueue queue(160);  // two of 80 bytes
  for (int i = 0; i < 10; ++i) {
    queue.Push(Preview(i, 10));
    EXPECT_LE(queue.bytes(), 160);
  }
  EXPECT_EQ(queue.Pop().iteration, 8);
  EXPECT_EQ(queue.Pop().iteration, 9);
  EXPECT_TRUE(queue.empty());
}

TEST(PreviewQueueTest, KeepsTheNewestWhateverItsSize) {
  PreviewQueue queue(160);
  queue.Push(Preview(1, 10));
  queue.Push(Preview(2, 1000));
  EXPECT_EQ(queue.Pop().iteration, 2);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace nemf
